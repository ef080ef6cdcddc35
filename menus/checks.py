"""Findings about a catalog before it is sent, from one table of rules.

The errors are the field rules of gobiz-api.md, "Catalog": GoBiz would refuse the whole menu for any
of them. A warning is shown and stops nothing.
"""

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from gobiz_admin.merchants.models import Outlet
from menus.hours import DAYS, read_time
from menus.ids import FORMAT
from menus.models import Catalog, ExternalId, OutletCatalog
from menus.text import folded
from menus.tree import Tree, load_tree

Kind = ExternalId.Kind
CATALOG, MENU, ITEM, CATEGORY, VARIANT = "catalog", "menu", Kind.ITEM, Kind.VARIANT_CATEGORY, Kind.VARIANT
ERROR, WARNING = "error", "warning"
Sentence = str | Promise


@dataclass(frozen=True)
class Check:
    """One finding. `severity`: error (blocks) or warning. `kind`: catalog, menu, item,
    variant_category, variant; `pk` and `name` of it; the `field` that it is about, "" for the whole."""

    code: str
    severity: str
    sentence: Sentence
    kind: str
    pk: int | None
    name: str
    field: str

    @property
    def blocks(self) -> bool:
        return self.severity == ERROR


@dataclass
class Subject:
    """What a rule looks at: a row, its node in the tree, and what is known of the whole."""

    kind: str
    row: Any
    node: Any
    known: "Known"


@dataclass
class Known:
    """What a rule about one row has to know of the others."""

    tree: Tree
    used_ids: Counter[tuple[str, str]] = field(default_factory=Counter)
    names_in_menu: Counter[tuple[int, str]] = field(default_factory=Counter)


@dataclass(frozen=True)
class Rule:
    """`broken` says whether a subject of one of `kinds` breaks it."""

    code: str
    severity: str
    field: str
    kinds: tuple[str, ...]
    sentence: Sentence
    broken: Callable[[Subject], bool]


def _longer(name: str, limit: int) -> Callable[[Subject], bool]:
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


MAPPED = (ITEM, CATEGORY, VARIANT)
RULES = (
    Rule(
        "external_id_missing", ERROR, "external_id", MAPPED,
        _("It has no external_id. Without one, orders for it never reach you. Accept the proposed id, or enter one."),
        lambda subject: not subject.row.external_id,
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
        "price_below_zero", ERROR, "price", (ITEM,),
        _("Its price is below zero."),
        lambda subject: subject.node.price < 0,
    ),
    Rule(
        "image_address", ERROR, "picture", (ITEM,),
        _("The address of its picture is not a web address. Upload a picture."),
        _not_web,
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
    ),
    Rule(
        "external_id_odd", WARNING, "external_id", MAPPED,
        _("Its external_id on GoFood has unusual characters. It is kept, because changing it would break orders."),
        lambda subject: _odd_id(subject) and _live_id(subject),
    ),
    Rule(
        "price_zero", WARNING, "price", (ITEM,),
        _("Its price is zero."),
        lambda subject: subject.node.price == 0,
    ),
    Rule(
        "name_twice", WARNING, "name", (ITEM,),
        _("Another item of this menu has the same name."),
        lambda subject: subject.known.names_in_menu[subject.row.menu_id, folded(subject.row.name)] > 1,
    ),
    Rule(
        "menu_empty", WARNING, "", (MENU,),
        _("It has no items."),
        lambda subject: not subject.node.items,
    ),
    Rule(
        "category_unused", WARNING, "", (CATEGORY,),
        _("No item uses it."),
        lambda subject: not subject.node.used_by,
    ),
    Rule(
        "category_empty", WARNING, "", (CATEGORY,),
        _("It has no variants."),
        lambda subject: not subject.node.variants,
    ),
    Rule(
        "min_over_variants", WARNING, "min_quantity", (CATEGORY,),
        _("Customers must choose more variants than there are."),
        lambda subject: 0 < len(subject.node.variants) < subject.row.min_quantity,
    ),
)  # fmt: skip

NEVER_IMPORTED = _(
    "The live GoFood menu of this outlet was never imported. Import it first, so that publishing cannot "
    "remove what is sold there now."
)
NEVER_IMPORTED_CHECK = Check("never_imported", ERROR, NEVER_IMPORTED, CATALOG, None, "", "")
EMPTY = _("The catalog has no items. Publishing it would empty the GoFood menu, so it is not sent.")


def check_catalog(catalog: Catalog | None, outlet: Outlet) -> list[Check]:
    """Errors first, then warnings, each in the order of the menu; nine queries, whatever its size."""
    imported = OutletCatalog.objects.filter(outlet=outlet, catalog=catalog, imported_at__isnull=False)
    if catalog is None or not imported.exists():
        return [NEVER_IMPORTED_CHECK]
    return check_tree(load_tree(catalog, outlet))


def check_tree(tree: Tree) -> list[Check]:
    """The findings about a loaded tree."""
    known = _known(tree)
    found = [
        _of_row(rule, subject)
        for subject in _subjects(tree, known)
        for rule in RULES
        if subject.kind in rule.kinds and rule.broken(subject)
    ]
    if all(item.hidden for item in tree.items):
        found.insert(0, Check("empty_catalog", ERROR, EMPTY, CATALOG, tree.catalog.pk, tree.catalog.name, ""))
    return sorted(found, key=lambda check: not check.blocks)


def errors_in(checks: list[Check]) -> list[Check]:
    """Those that block publishing."""
    return [check for check in checks if check.blocks]


def _known(tree: Tree) -> Known:
    known = Known(tree)
    for kind, row, node in _rows(tree):
        if kind in MAPPED and row.external_id:
            known.used_ids[kind, row.external_id] += 1
        if kind == ITEM and not node.hidden:
            known.names_in_menu[row.menu_id, folded(row.name)] += 1
    return known


def _subjects(tree: Tree, known: Known) -> Iterator[Subject]:
    return (Subject(kind, row, node, known) for kind, row, node in _rows(tree))


def _rows(tree: Tree) -> Iterator[tuple[str, Any, Any]]:
    """What is sent from this outlet, in the order of the menu: what is hidden is not looked at."""
    for menu in tree.menus:
        yield MENU, menu.menu, menu
        yield from ((ITEM, item.item, item) for item in menu.items if not item.hidden)
    for category in tree.categories:
        yield CATEGORY, category.category, category
        yield from ((VARIANT, node.variant, node) for node in category.variants if not node.hidden)


def _of_row(rule: Rule, subject: Subject) -> Check:
    return Check(
        rule.code,
        rule.severity,
        rule.sentence,
        str(subject.kind),
        subject.row.pk,
        subject.row.name,
        rule.field,
    )
