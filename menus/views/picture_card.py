"""An item's picture in words: what it is, what was done to it, and what is wrong with one that stands elsewhere."""

from dataclasses import dataclass
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from menus.models import MenuItem, Picture, PictureCheck, PictureFix
from menus.picture_checks import checks_of
from menus.picture_files import SMALLEST_SIDE
from menus.picture_fixes import WAITING, latest_fix
from menus.pictures import shown_address
from menus.sentences import MENDABLE, PICTURE_CHECK, UNEXPECTED, fix_sentence

LOOKING = (PictureCheck.State.QUEUED, PictureCheck.State.CHECKING)
GOOD = gettext_lazy("GoFood can fetch it, and it is as GoFood asks for.")


@dataclass
class Card:
    """`address`: where it stands, "" for none. `ours`: stored here. `waiting`: worth asking again soon."""

    address: str
    ours: Picture | None
    about: str = ""
    is_small: bool = False
    elsewhere: bool = False
    looking: bool = False
    good: bool = False
    verdict: str | Promise = ""
    mendable: bool = False
    fixing: bool = False
    not_fixed: str | Promise = ""

    @property
    def waiting(self) -> bool:
        return self.looking or self.fixing


def card_of(item: MenuItem) -> Card:
    """What there is to say of the item's picture."""
    card = Card(shown_address(item), item.picture)
    if item.picture:
        card.about = about_ours(item.picture)
        card.is_small = item.picture.side < SMALLEST_SIDE
    elif item.image_url:
        _tell_of_elsewhere(card, item)
    return card


def _tell_of_elsewhere(card: Card, item: MenuItem) -> None:
    card.elsewhere = True
    check = checks_of(item.catalog.merchant_id, [item.image_url]).get(item.image_url)
    fix = latest_fix(item)
    # What is not in the table yet is taken in by the next sweep.
    card.looking = check is None or check.state in LOOKING
    card.about = _about_elsewhere(check.facts) if check else ""
    code = check.code if check else ""
    card.verdict = PICTURE_CHECK.get(code, UNEXPECTED) if code else ""
    card.good = check is not None and check.state == PictureCheck.State.GOOD
    card.mendable = code in MENDABLE
    card.fixing = fix is not None and fix.state in WAITING
    if fix is not None and fix.state == PictureFix.State.FAILED:
        card.not_fixed = fix_sentence(fix.code)


def about_ours(picture: Picture) -> str:
    """“1200 × 1200 pixels, 640 KB.”, and what had to be done so that it fits."""
    words = [
        _("%(side)d × %(side)d pixels, %(size)s.") % {"side": picture.side, "size": _bytes(picture.size)}
    ]
    colours = picture.facts.get("colours")
    if colours:
        words.append(_("Its colours were reduced to %(count)d so that it fits in 1 MB.") % {"count": colours})
    return " ".join(words)


def _about_elsewhere(facts: dict[str, Any]) -> str:
    parts = [facts["kind"]] if facts.get("kind") else []
    if facts.get("width"):
        parts.append(
            _("%(width)d × %(height)d pixels") % {"width": facts["width"], "height": facts["height"]}
        )
    if facts.get("bytes"):
        parts.append(_bytes(facts["bytes"]))
    if facts.get("status", 200) != 200:
        parts.append(_("answer %(status)d") % {"status": facts["status"]})
    return ", ".join(parts)


def _bytes(size: int) -> str:
    if size < 1_000_000:
        return _("%(count)d KB") % {"count": max(1, round(size / 1000))}
    return _("%(count)s MB") % {"count": f"{size / 1_000_000:.1f}"}
