"""The rules about how a menu is made: gobiz-api.md, "Catalog", and what would keep customers from ordering.

An error is what GoBiz would refuse the whole menu for, or what would cost the merchant an order or money.
A warning is shown and stops nothing.
"""

from urllib.parse import urlsplit

from django.utils.translation import gettext_lazy as _

from menus.checks.findings import (
    CATALOG,
    CATEGORY,
    ERROR,
    ITEM,
    MAPPED,
    MENU,
    VARIANT,
    WARNING,
    Broken,
    Rule,
    Subject,
)
from menus.hours import DAYS, never_opens, read_time
from menus.ids import FORMAT


def _longer(name: str, limit: int) -> Broken:
    return lambda subject: len(getattr(subject.row, name)) > limit


def _odd_id(subject: Subject) -> bool:
    value = subject.row.external_id
    return bool(value) and len(value) <= 200 and not FORMAT.fullmatch(value)


def _live_id(subject: Subject) -> bool:
    return (subject.kind, subject.row.external_id) in subject.known.tree.live_ids


def _not_web(subject: Subject) -> bool:
    item = subject.row
    if item.picture_id or not item.image_url:
        return False
    try:
        parts = urlsplit(item.image_url)
    except ValueError:
        return True
    return parts.scheme not in ("http", "https") or not parts.netloc


def _bad_picture(code: str) -> Broken:
    return lambda subject: subject.known.tree.bad_pictures.get(subject.row.pk) == code


def _live_picture(subject: Subject) -> bool:
    item = subject.row
    return not item.picture_id and subject.last is not None and subject.last.image == item.image_url


def _unreadable_hours(subject: Subject) -> bool:
    hours = subject.row.operational_hours
    if hours is None:
        return False
    if not isinstance(hours, dict) or hours.keys() - set(DAYS):
        return True
    spans = [span for day in hours.values() for span in (day if isinstance(day, list) else [None])]
    return any(
        not isinstance(span, dict)
        or read_time(span.get("start")) != span.get("start")
        or read_time(span.get("end")) != span.get("end")
        or span.get("start") is None
        or span.get("end") is None
        for span in spans
    )


def _never_sold(subject: Subject) -> bool:
    hours = subject.row.operational_hours
    return hours is not None and not _unreadable_hours(subject) and never_opens(hours)


def _loose_spaces(subject: Subject) -> bool:
    name = subject.row.name
    return bool(name.strip()) and name != " ".join(name.split())


def _too_few_in_stock(subject: Subject) -> bool:
    variants = [node for node in subject.node.variants if not node.hidden]
    return bool(variants) and sum(node.in_stock for node in variants) < subject.row.min_quantity


def _more_than_there_are(subject: Subject) -> bool:
    # Hidden ones count: the number belongs to all outlets. Less than "at least" it cannot become.
    return max(1, subject.row.min_quantity) <= len(subject.node.variants) < subject.row.max_quantity


def _same_name(subject: Subject) -> bool:
    return bool(subject.row.name.strip()) and subject.known.names[subject.folded_name] > 1


RULES = (
    Rule(
        "empty_catalog", ERROR, "", (CATALOG,),
        _("The catalog has no items. Publishing it would empty the GoFood menu, so it is not sent."),
        lambda subject: all(item.hidden for item in subject.node.items),
    ),
    Rule(
        "external_id_missing", ERROR, "external_id", MAPPED,
        _("It has no external_id. Without one, orders for it never reach you. Accept the proposed id, or enter one."),
        lambda subject: not subject.row.external_id,
        fix="accept_ids",
    ),
    Rule(
        "external_id_too_long", ERROR, "external_id", MAPPED,
        _("Its external_id has more than 200 characters."),
        lambda subject: len(subject.row.external_id or "") > 200,
    ),
    Rule(
        "external_id_format", ERROR, "external_id", MAPPED,
        _("Its external_id may have letters, digits, hyphens and underscores only."),
        lambda subject: _odd_id(subject) and not _live_id(subject),
    ),
    Rule(
        "external_id_doubled", ERROR, "external_id", MAPPED,
        _("Its external_id is used more than once."),
        lambda subject: subject.known.used_ids[subject.kind, subject.row.external_id] > 1,
    ),
    Rule(
        "name_missing", ERROR, "name", (MENU, *MAPPED),
        _("It has no name."),
        lambda subject: not subject.row.name.strip(),
    ),
    Rule(
        "name_too_long", ERROR, "name", (MENU, *MAPPED),
        _("Its name has more than 150 characters."),
        _longer("name", 150),
    ),
    Rule(
        "internal_name_too_long", ERROR, "internal_name", (ITEM, CATEGORY),
        _("Its internal name has more than 200 characters."),
        _longer("internal_name", 200),
    ),
    Rule(
        "description_too_long", ERROR, "description", (ITEM,),
        _("Its description has more than 200 characters."),
        _longer("description", 200),
    ),
    Rule(
        "image_address", ERROR, "picture", (ITEM,),
        _("The address of its picture is not a web address. Upload a picture."),
        _not_web,
    ),
    Rule(
        "picture_private", ERROR, "picture", (ITEM,),
        _("The address of its picture is inside a private network, where GoFood cannot fetch it. Upload the picture."),
        _bad_picture("picture_private"), kept=_live_picture,
    ),
    Rule(
        "picture_unreachable", ERROR, "picture", (ITEM,),
        _("Its picture could not be fetched from its address, so GoFood cannot fetch it either. Upload the picture."),
        _bad_picture("picture_unreachable"), kept=_live_picture,
    ),
    Rule(
        "picture_not_png", ERROR, "picture", (ITEM,),
        _("Its picture is not a PNG, and GoFood takes no other."),
        _bad_picture("picture_not_png"), kept=_live_picture, fix="mend_pictures",
    ),
    Rule(
        "picture_not_square", ERROR, "picture", (ITEM,),
        _("Its picture is not square, and GoFood takes square ones only."),
        _bad_picture("picture_not_square"), kept=_live_picture, fix="mend_pictures",
    ),
    Rule(
        "picture_too_large", ERROR, "picture", (ITEM,),
        _("Its picture is larger than the 1 MB that GoFood takes."),
        _bad_picture("picture_too_large"), kept=_live_picture, fix="mend_pictures",
    ),
    Rule(
        "hours_unreadable", ERROR, "operational_hours", (ITEM,),
        _("Its hours cannot be read. Each time is written like 08:00."),
        _unreadable_hours,
    ),
    Rule(
        "min_below_zero", ERROR, "min_quantity", (CATEGORY,),
        _("“Choose at least” is below zero."),
        lambda subject: subject.row.min_quantity < 0,
        fix="min_to_zero",
    ),
    Rule(
        "max_below_one", ERROR, "max_quantity", (CATEGORY,),
        _("“Choose at most” is below one."),
        lambda subject: subject.row.max_quantity < 1,
    ),
    Rule(
        "min_over_max", ERROR, "max_quantity", (CATEGORY,),
        _("“Choose at least” is more than “choose at most”."),
        lambda subject: subject.row.min_quantity > subject.row.max_quantity >= 1,
    ),
    Rule(
        "picture_missing", WARNING, "picture", (ITEM,),
        _("It has no picture. Customers order more of what they see."),
        lambda subject: not subject.row.picture_id and not subject.row.image_url,
    ),
    Rule(
        "hours_missing", WARNING, "operational_hours", (ITEM,),
        _("It has no hours: it is sold all day, every day."),
        lambda subject: subject.row.operational_hours is None,
        fix="all_day",
    ),
    Rule(
        "hours_never_open", WARNING, "operational_hours", (ITEM,),
        _("Its hours never open: it is sold on no day."),
        _never_sold,
    ),
    Rule(
        "external_id_odd", WARNING, "external_id", MAPPED,
        _("Its external_id on GoFood has unusual characters. It is kept, because changing it would break orders."),
        lambda subject: _odd_id(subject) and _live_id(subject),
    ),
    Rule(
        "name_spaces", WARNING, "name", (MENU, *MAPPED),
        _("Its name has spaces too many."),
        _loose_spaces, fix="tidy_names",
    ),
    Rule(
        "name_twice", WARNING, "name", (ITEM,),
        _("Another item of this menu has the same name."),
        _same_name,
    ),
    Rule(
        "variant_name_twice", WARNING, "name", (VARIANT,),
        _("Another variant of this variant category has the same name."),
        _same_name,
    ),
    Rule(
        "menu_empty", WARNING, "", (MENU,),
        _("It has no items."),
        lambda subject: not subject.node.items,
        fix="take_out_menus",
    ),
    Rule(
        "category_unused", WARNING, "", (CATEGORY,),
        _("No item uses it."),
        lambda subject: not subject.node.used_by,
        fix="take_out_categories",
    ),
    Rule(
        "category_empty", WARNING, "", (CATEGORY,),
        _("It has no variants."),
        lambda subject: not subject.node.variants,
    ),
    Rule(
        "min_over_stock", WARNING, "min_quantity", (CATEGORY,),
        _("Customers must choose more variants than are in stock, so they cannot order what uses it."),
        _too_few_in_stock,
    ),
    Rule(
        "max_over_variants", WARNING, "max_quantity", (CATEGORY,),
        _("Customers may choose more variants than there are."),
        _more_than_there_are, fix="max_to_variants",
    ),
)  # fmt: skip
