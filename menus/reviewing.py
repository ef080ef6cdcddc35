"""A catalog at its outlets: its tree, its problems, and what publishing it would change."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from gobiz_admin.merchants.models import Outlet
from menus.checks import NEVER_IMPORTED_CHECK, Check, check_catalog, check_tree
from menus.differences import Change, differences
from menus.models import CatalogVersion, OutletCatalog
from menus.payload import Payload, checksum, payload_of
from menus.removals import Removal, removal_in
from menus.stock_told import Told, told_since_taken, with_told
from menus.tree import Tree, load_tree, load_trees
from menus.versions import comparable, newly_mapped, version_on_gofood, versions_on_gofood

# By checksums, and what was switched since: what differs, whether much goes, how many ids GoFood gets.
Known = dict[tuple[str, str, frozenset[Any]], tuple[list[Change], Removal | None, int]]


@dataclass
class Review:
    """A catalog as an outlet would sell it, against what GoFood was last known to have."""

    outlet: Outlet
    selling: OutletCatalog | None
    tree: Tree | None
    checks: list[Check]
    # The version that GoFood has; None: nothing was ever read or published.
    base: CatalogVersion | None = None
    # What would be sent.
    payload: Payload = field(default_factory=dict)
    changes: list[Change] = field(default_factory=list)
    # So many items would go that their number has to be typed.
    removal: Removal | None = None
    # Rows that GoFood has without an external_id: an order for one of them never reaches us.
    newly_mapped: int = 0

    @property
    def errors(self) -> list[Check]:
        return [check for check in self.checks if check.blocks]

    @property
    def warnings(self) -> list[Check]:
        return [check for check in self.checks if not check.blocks]

    @property
    def revision(self) -> int:
        return self.selling.catalog.revision if self.selling else 0

    @property
    def unmapped(self) -> int:
        return sum(check.code == "external_id_missing" for check in self.checks)

    @property
    def edited(self) -> bool:
        """Whether anything, seen by customers or not, was changed since the last publish."""
        return self.selling is not None and self.selling.published_revision != self.revision

    def problems_of(self) -> dict[tuple[str, int], list[Check]]:
        """The checks of each row, by kind and pk."""
        found: dict[tuple[str, int], list[Check]] = defaultdict(list)
        for check in self.checks:
            if check.pk is not None:
                found[check.kind, check.pk].append(check)
        return found


def review(outlet: Outlet, selling: OutletCatalog | None) -> Review:
    """The review, in a constant number of queries, whatever the size of the menu."""
    if selling is None:
        return Review(outlet, None, None, check_catalog(None, outlet))
    told = told_since_taken([outlet]).get(outlet.pk, {})
    return _review(selling, load_tree(selling.catalog, outlet), version_on_gofood(outlet), told, {})


def reviews(outlets: Sequence[Outlet]) -> list[Review]:
    """A review of each outlet, in their order; per catalog a constant number of queries."""
    rows = OutletCatalog.objects.filter(outlet__in=outlets, imported_at__isnull=False)
    sellings = {selling.outlet_id: selling for selling in rows.select_related("catalog")}
    of_catalog: dict[int, list[Outlet]] = defaultdict(list)
    for outlet in outlets:
        if outlet.pk in sellings:
            of_catalog[sellings[outlet.pk].catalog_id].append(outlet)
    trees: dict[int, Tree] = {}
    for sellers in of_catalog.values():
        trees |= load_trees(sellings[sellers[0].pk].catalog, sellers)
    bases = versions_on_gofood(outlets)
    told = told_since_taken(outlets)
    known: Known = {}
    return [
        _review(sellings[outlet.pk], trees[outlet.pk], bases.get(outlet.pk), told.get(outlet.pk, {}), known)
        if outlet.pk in sellings
        else Review(outlet, None, None, [NEVER_IMPORTED_CHECK])
        for outlet in outlets
    ]


def _review(
    selling: OutletCatalog, tree: Tree, base: CatalogVersion | None, told: Told, known: Known
) -> Review:
    """`told`: the stock that GoFood was told since it took `base`.

    `known`: what was compared before; where many outlets sell the same, once is enough.
    """
    assert tree.outlet is not None
    found = Review(tree.outlet, selling, tree, check_tree(tree), base=base, payload=payload_of(tree))
    if base is not None:
        taken = base.checksum if base.number else f"0 of {base.pk}"
        key = (checksum(found.payload), taken, frozenset(told.items()))
        if key not in known:
            old = with_told(comparable(base), told)
            changes = differences(old, found.payload)
            known[key] = changes, removal_in(old, changes), newly_mapped(old, found.payload)
        found.changes, found.removal, found.newly_mapped = known[key]
    return found
