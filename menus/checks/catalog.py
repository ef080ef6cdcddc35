"""Every rule, over a whole catalog as an outlet sells it."""

from collections import defaultdict
from dataclasses import replace
from typing import Any

from django.utils.translation import gettext_lazy as _

from gobiz_admin.merchants.models import Outlet
from menus.checks import prices, rules
from menus.checks.findings import (
    CATALOG,
    ERROR,
    ITEM,
    MAPPED,
    VARIANT,
    WARNING,
    Check,
    Known,
    Rule,
    Subject,
    subjects,
)
from menus.models import Catalog, OutletCatalog, PriceConfirmation
from menus.tree import Tree, load_tree

RULES: tuple[Rule, ...] = (*rules.RULES, *prices.RULES, *prices.GUARDS)

NEVER_IMPORTED = _(
    "The live GoFood menu of this outlet was never imported. Import it first, so that publishing cannot "
    "remove what is sold there now."
)
NEVER_IMPORTED_CHECK = Check("never_imported", ERROR, NEVER_IMPORTED, CATALOG, None, "", "")

Given = dict[tuple[str, int | None], list[PriceConfirmation]]


def _by_kind(table: tuple[Rule, ...]) -> dict[str, list[Rule]]:
    found: dict[str, list[Rule]] = defaultdict(list)
    for rule in table:
        for kind in rule.kinds:
            found[kind].append(rule)
    return dict(found)


_RULES = _by_kind(tuple(rule for rule in RULES if not rule.confirm))
_GUARDS = _by_kind(prices.GUARDS)


def check_catalog(catalog: Catalog | None, outlet: Outlet) -> list[Check]:
    """Errors first, then guards, then warnings, each in the order of the menu; fifteen queries, whatever its size."""
    imported = OutletCatalog.objects.filter(outlet=outlet, catalog=catalog, imported_at__isnull=False)
    if catalog is None or not imported.exists():
        return [NEVER_IMPORTED_CHECK]
    return check_tree(load_tree(catalog, outlet))


def check_tree(tree: Tree) -> list[Check]:
    """The findings about a loaded tree, without the guards that were answered."""
    return [check for check in all_findings(tree) if check.confirmation is None]


def all_findings(tree: Tree) -> list[Check]:
    """As `check_tree`, with the guards that were answered, each with its confirmation."""
    known, given = known_of(tree), _given(tree)
    found = [check for subject in subjects(known) for check in _of_subject(subject, given)]
    return sorted(found, key=lambda check: (not check.blocks, check.confirm))


def errors_in(checks: list[Check]) -> list[Check]:
    """Those that block publishing."""
    return [check for check in checks if check.blocks]


def guards_in(checks: list[Check]) -> list[Check]:
    """Those of them that somebody can confirm."""
    return [check for check in checks if check.blocks and check.confirm]


def known_of(tree: Tree) -> Known:
    """What rules have to know of the whole, counted once."""
    known = Known(tree, cheapest={node.category.pk: prices.cheapest_choice(node) for node in tree.categories})
    for menu in tree.menus:
        known.usual[menu.menu.pk] = prices.range_of_menu(menu)
    for item in tree.items:
        for category in item.categories if not item.hidden else ():
            pk = category.category.pk
            known.dearest[pk] = max(known.dearest.get(pk, 0), item.base_price)
    for subject in subjects(known):
        if subject.kind in MAPPED and subject.row.external_id:
            known.used_ids[subject.kind, subject.row.external_id] += 1
        if subject.kind in (ITEM, VARIANT):
            known.names[subject.folded_name] += 1
    return known


def _of_subject(subject: Subject, given: Given) -> list[Check]:
    found = [_finding(rule, subject) for rule in _RULES[subject.kind] if rule.broken(subject)]
    guard = _guard(subject)
    return found if guard is None else [*found, _answered(_finding(guard, subject), given)]


def _guard(subject: Subject) -> Rule | None:
    """The gravest guard that asks. Without an outlet there is nothing to compare with."""
    if subject.known.tree.outlet is None or subject.kind not in _GUARDS:
        return None
    broken = (rule for rule in _GUARDS[subject.kind] if rule.broken(subject))
    if subject.kind == CATALOG or not subject.same_price:
        return next(broken, None)
    return next((rule for rule in broken if rule.kept), None)


def _finding(rule: Rule, subject: Subject) -> Check:
    kept = rule.kept is not None and rule.kept(subject)
    asks = rule.confirm and not kept
    return Check(
        rule.code,
        WARNING if kept else rule.severity,
        rule.sentence,
        str(subject.kind),
        subject.row.pk,
        subject.row.name,
        rule.field,
        where=subject.where,
        value=_value(rule, subject),
        fix=rule.fix,
        confirm=asks,
        **(_asked(subject) if asks else {}),
    )


def _value(rule: Rule, subject: Subject) -> Any:
    if rule.field == "price":
        return subject.price
    if rule.code == "many_prices_changed":
        return prices.changed_prices(subject.known)[1]
    return getattr(subject.row, rule.field) if rule.field not in ("", "picture") else None


def _asked(subject: Subject) -> dict[str, Any]:
    if subject.kind == CATALOG:
        changed, _compared = prices.changed_prices(subject.known)
        return {"asked": len(changed), "key": prices.digest_of(changed)}
    price = subject.price
    return {"asked": price, "key": str(price), "last_price": subject.last_price}


def _given(tree: Tree) -> Given:
    given: Given = defaultdict(list)
    for confirmation in tree.confirmations:
        given[confirmation.kind, confirmation.row_pk].append(confirmation)
    return given


def _answered(check: Check, given: Given) -> Check:
    """The check, with the confirmation of this very value by a guard as grave as this one, if there is one."""
    if not check.confirm:
        return check
    of = None if check.kind == CATALOG else check.pk
    for confirmation in given.get((check.kind, of), ()):
        if (
            confirmation.value == check.key
            and confirmation.last_price == check.last_price
            and prices.GRAVITY.get(confirmation.code, len(prices.GRAVITY)) <= prices.GRAVITY[check.code]
        ):
            return replace(check, confirmation=confirmation)
    return check
