"""The sentences behind the codes that this app stores or raises: what happened, what is safe, what to do."""

from django.utils.functional import Promise
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from gobiz_admin.gobiz.errors import GobizError, GobizUnavailable, ScopeMissing
from gobiz_admin.gobiz.scopes import CATALOG_READ, CATALOG_WRITE
from menus.models import LiveReading, MenuImport, StockSwitch, Sync

Sentence = str | Promise
UNEXPECTED = _(
    "Something unexpected happened on our side. Nothing was changed on GoFood. Try again; if it stays so, "
    "contact support."
)

SYNC: dict[str, Sentence] = {
    "not_taken": _(
        "GoFood answered that it took the menu, but after ten minutes the live menu still differs. Look at "
        "what differs, then publish again."
    ),
    "not_confirmed": _(
        "GoFood took the menu, but we could not prove that it is live: GoBiz sent no confirmation, and the "
        "live menu could not be read. Look at the menu in the GoFood app, or publish again."
    ),
    "worker_lost": _(
        "Sending was interrupted on our side. We look at the live menu before anything is sent again."
    ),
    "version_damaged": _(
        "The stored version is not what was checked, so it was not sent. Nothing was changed on GoFood. "
        "Publish again to make a new version."
    ),
    "made_anew": _(
        "Somebody changed the menu in the GoBiz app meanwhile. A newer version leaves that as it is and changes only "
        "the timed prices."
    ),
    "live_unreadable": _(
        "GoFood's menu is empty or could not be read in whole, so a timed price could not be changed without "
        "overwriting what stands there. Nothing was changed on GoFood. Look at the menu in the GoBiz app, then review "
        "and publish: the menu carries the right price."
    ),
    "empty_menu": _("A menu without items is never sent. Nothing was changed on GoFood."),
}
TIMED: dict[str, Sentence] = {
    "timed_never_published": _(
        "Nothing was ever published to this outlet from here, so the price cannot begin by itself. Review and "
        "publish the menu: it carries the price."
    ),
    "timed_last_failed": _(
        "The last publish to this outlet failed, so this price was not sent. Look at why, and publish again: the "
        "menu carries the right price."
    ),
    "timed_not_there": _(
        "GoFood does not have this item at this outlet yet. When you publish it, it goes with the price of that "
        "moment."
    ),
}
STOCK_WORKER_LOST = _("Sending was interrupted on our side. It is sent again.")
IMPORT: dict[str, Sentence] = {
    "menu_without_name": _(
        "A menu on GoFood has no name. Nothing was taken over. Give it a name in the GoBiz app, then import again."
    ),
    "item_without_name": _(
        "An item in the GoFood menu “{name}” has no name. Nothing was taken over. Give it a name in the GoBiz "
        "app, then import again."
    ),
    "item_without_price": _(
        "The price of “{name}” on GoFood cannot be read. Nothing was taken over. Set it again in the GoBiz app, "
        "then import again."
    ),
    "item_with_unknown_category": _(
        "“{name}” on GoFood has a variant category that GoFood did not send. Nothing was taken over, so that no "
        "choice is lost. Save the item again in the GoBiz app, then import again."
    ),
    "category_without_name": _(
        "A variant category on GoFood has no name. Nothing was taken over. Give it a name in the GoBiz app, then "
        "import again."
    ),
    "category_without_variants": _(
        "The variants of “{name}” on GoFood cannot be read. Nothing was taken over. Import again in a minute."
    ),
    "variant_without_name": _(
        "A variant of “{name}” on GoFood has no name. Nothing was taken over. Give it a name in the GoBiz app, "
        "then import again."
    ),
    "variant_without_price": _(
        "The price of the variant “{name}” on GoFood cannot be read. Nothing was taken over. Set it again in the "
        "GoBiz app, then import again."
    ),
}
# Of a reading: the codes are those of an import that was refused, but nothing was to be taken over.
UNREADABLE_MENU = _(
    "GoFood's menu could not be read in whole: something in it has no name, no price or no variants that can be "
    "read. Save it again in the GoBiz app, then read again."
)
UNREADABLE_PART = _(
    "GoFood's menu could not be read in whole: “{name}” has no name, no price or no variants that can be read. "
    "Save it again in the GoBiz app, then read again."
)
IDS: dict[str, Sentence] = {
    "format": _("Use letters, digits, hyphens and underscores, at most 200, without spaces."),
    "taken": _("This id was used before in this catalog. An id is never given out twice: choose another."),
    "doubled": _("This id is chosen twice. Give each its own."),
    "fixed": _("It has an id already. It is not changed, because orders are recognised by it."),
    "unknown": _("It is no longer in the catalog. Reload the page."),
    "not_typed": _("Type the id that it has now, exactly, to show that you mean it. Nothing was changed."),
}
# What is wrong with an ingredient (menus/ingredients.py).
INGREDIENT: dict[str, Sentence] = {
    "required": _("Type the name of the ingredient, for example Ayam."),
    "too_long": _("A name has at most 60 characters. Put commas between several ingredients."),
    "taken": _("Another ingredient has this name already. Choose another one."),
    "too_many": _("At most 30 ingredients are kept of one item. Take some away."),
    "foreign": _("A chosen outlet does not sell this menu any more. Choose again."),
}
# What is wrong with what somebody says that a row on GoFood is (menus/live_ids.py).
BIND: dict[str, Sentence] = {
    "unknown": _("Nothing here has exactly this name or id. Choose one from the list."),
    "several": _("Several have this name. Type the id of the one that you mean."),
    "doubled": _("You chose the same one twice. On GoFood these are two."),
    "live_already": _("GoFood has this one already, under its own id. Choose another."),
    "changed": _("GoFood's menu was read or published anew meanwhile, so nothing was done. Look again."),
}
PICTURE: dict[str, Sentence] = {
    "empty": _("The file is empty. Choose another picture."),
    "too_large": _("The file is larger than 10 MB. Choose a smaller picture."),
    "too_many_pixels": _("The picture has more than 40 million pixels. Choose a smaller one."),
    "not_an_image": _(
        "This is not a picture that can be read. Use a JPEG, PNG, HEIC, WebP, AVIF or GIF file, or take the photo "
        "again."
    ),
    "too_small": _(
        "The picture, or what you cut out of it, is smaller than 500 × 500 pixels: customers would see it blurred. "
        "Choose a larger one."
    ),
    "far_too_small": _(
        "What you chose is smaller than 100 × 100 pixels: nothing can be seen on it. Choose more of it."
    ),
    "odd_box": _("The chosen square does not lie within the picture. Choose it again."),
    "does_not_fit": _("The picture cannot be made smaller than 1 MB. Choose another one."),
    "busy": _("Many pictures are being made ready just now. Nothing was changed: try again in a moment."),
    "nothing_chosen": _("Choose a picture first."),
    "not_an_address": _("This is not a web address. It looks like https://example.com/ayam.png."),
}
# What is wrong with a picture that stands elsewhere (menus/picture_checks.py).
PICTURE_CHECK: dict[str, Sentence] = {
    "picture_unreachable": _(
        "Its picture cannot be fetched from its address, so GoFood may show none. Upload a picture."
    ),
    "picture_not_png": _("Its picture is not a PNG file, which GoFood asks for. We can make one of it."),
    "picture_not_square": _("Its picture is not square, which GoFood asks for. We can cut it square."),
    "picture_too_large": _(
        "Its picture is larger than 1 MB, which GoFood does not take. We can make it smaller."
    ),
    "picture_private": _(
        "Its picture stands at an address that cannot be reached from outside, so GoFood cannot fetch it. Upload a "
        "picture."
    ),
}
# Those that “fix it for me” can mend.
MENDABLE = ("picture_not_png", "picture_not_square", "picture_too_large")
EDIT: dict[str, Sentence] = {
    "required": _("Enter a name."),
    "not_a_number": _("Enter a whole number."),
    "too_large": _("The number is too large."),
    "foreign": _("It is not part of this catalog. Reload the page."),
}
CONFIRM: dict[str, Sentence] = {
    "unreadable": _("Type it in digits, for example 15.000."),
    "other_price": _(
        "This is not the price that the menu has. Type that one, or change the price if it is not what you want."
    ),
    "other_count": _("This is not the number of prices. Count again: it stands in the question."),
    "changed": _("The prices have changed since you looked, so nothing was confirmed. Look again."),
}


def _gobiz_sentences() -> dict[str, Sentence]:
    sentences: dict[str, Sentence] = {}
    kinds: list[type[GobizError]] = [GobizError]
    while kinds:
        kind = kinds.pop()
        sentences.setdefault(kind.code, kind.sentence)
        kinds += kind.__subclasses__()
    sentences["too_many_requests"] = GobizUnavailable.sentence_never_sent
    sentences["gobiz_failed"] = sentences["timeout"] = GobizUnavailable.sentence
    return sentences


GOBIZ = _gobiz_sentences()


def sync_sentence(sync: Sync) -> Sentence:
    """Why the sync failed or waits; "" when nothing went wrong. `sync.error` has the details."""
    if not sync.error_code:
        return ""
    if sync.error_code == ScopeMissing.code:
        return ScopeMissing(scope=CATALOG_WRITE).words
    return SYNC.get(sync.error_code) or GOBIZ.get(sync.error_code) or UNEXPECTED


def sync_error(sync: Sync) -> str:
    """The sentence with its details, on one line; "" when nothing went wrong."""
    parts = [str(sync_sentence(sync)), sync.error]
    return " ".join(part for part in parts if part)


def stock_sentence(switch: StockSwitch) -> str:
    """Why a stock switch failed or waits, with GoBiz's own words; "" when nothing went wrong."""
    if not switch.error_code:
        return ""
    if switch.error_code == ScopeMissing.code:
        return str(ScopeMissing(scope=CATALOG_WRITE).words)
    if switch.error_code == "worker_lost":
        return str(STOCK_WORKER_LOST)
    words = str(GOBIZ.get(switch.error_code) or UNEXPECTED)
    return f"{words} “{switch.error}”" if switch.error else words


def import_sentence(menu_import: MenuImport) -> Sentence:
    """Why the import failed, naming what is at fault; "" when it did not."""
    if not menu_import.error_code:
        return ""
    return refusal_sentence(menu_import.error_code, menu_import.error)


def refusal_sentence(code: str, name: str) -> Sentence:
    """The sentence of an import that was refused, or of GoBiz's error."""
    sentence = IMPORT.get(code)
    if sentence:
        return format_lazy(sentence, name=name)  # type: ignore[arg-type]
    return GOBIZ.get(code) or UNEXPECTED


def reading_sentence(reading: LiveReading) -> Sentence:
    """Why the live menu could not be read; "" when it was."""
    if not reading.error_code:
        return ""
    if reading.error_code in IMPORT:
        if not reading.error:
            return UNREADABLE_MENU
        return format_lazy(UNREADABLE_PART, name=reading.error)  # type: ignore[arg-type]
    if reading.error_code == ScopeMissing.code:
        return ScopeMissing(scope=CATALOG_READ).words
    sentence = GOBIZ.get(reading.error_code) or UNEXPECTED
    # A reading changes nothing, whether it arrived or not.
    return GobizUnavailable.sentence_never_sent if sentence == GobizUnavailable.sentence else sentence


def fix_sentence(code: str) -> Sentence:
    """Why a picture that stands elsewhere could not be made one of ours."""
    return PICTURE_CHECK.get(code) or PICTURE.get(code) or UNEXPECTED
