"""A catalog at its outlets: its tree, its problems, and what publishing it would change."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Hashable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta

from gobiz_admin.merchants.models import Outlet
from menus.checks import NEVER_IMPORTED_CHECK, Check, check_catalog, check_tree
from menus.differences import Change, differences
from menus.models import CatalogVersion, OutletCatalog
from menus.on_gofood import NOT_AT_ALL, TELLS_FOR, OnGofood, all_on_gofood, on_gofood
from menus.payload import Payload, checksum, payload_of
from menus.removals import Removal, removal_in
from menus.stock_told import stock_rows
from menus.timed_now import bases_of
from menus.tree import Tree, load_tree, load_trees
from menus.versions import newly_mapped


@dataclass(frozen=True)
class Compared:
    """What a payload changes of what GoFood has."""

    changes: list[Change]
    removal: Removal | None
    newly_mapped: int
    overwritten: list[Change] = field(default_factory=list)
    already_there: list[Change] = field(default_factory=list)


@dataclass(frozen=True)
class Draft:
    """What would be sent, and what was found in it."""

    payload: Payload
    checksum: str
    checks: list[Check]


class Known:
    """What was made before: where many outlets sell the same, once is enough."""

    def __init__(self) -> None:
        self.drafts: dict[Hashable, Draft] = {}
        self.compared: dict[Hashable, Compared] = {}

    def draft(self, tree: Tree) -> Draft:
        given = tuple(
            (row.kind, row.row_pk, row.code, row.value, row.last_price) for row in tree.confirmations
        )
        key = (tree.catalog.pk, tree.sold, id(tree.confirmed), given)
        if key not in self.drafts:
            payload = payload_of(tree)
            self.drafts[key] = Draft(payload, checksum(payload), check_tree(tree))
        return self.drafts[key]

    def comparison(self, draft: Draft, there: OnGofood) -> Compared:
        key = (draft.checksum, there.key)
        if key not in self.compared:
            self.compared[key] = _compare(draft.payload, there)
        return self.compared[key]


@dataclass
class Review:
    """A catalog as an outlet would sell it, against what GoFood was last known to have."""

    outlet: Outlet
    selling: OutletCatalog | None
    tree: Tree | None
    checks: list[Check]
    # The version that GoFood has; None: nothing was ever read or published.
    base: CatalogVersion | None = None
    # GoFood's menu as it was just read, if it was.
    on_gofood: OnGofood = field(default_factory=OnGofood)
    # What would be sent.
    payload: Payload = field(default_factory=dict)
    checksum: str = ""
    # What it changes: of the live menu where that is known, else of the version.
    changes: list[Change] = field(default_factory=list)
    # Of these, what is not changed of the version: somebody changed it on GoFood.
    overwritten: list[Change] = field(default_factory=list)
    # What it changes of the version, and GoFood has already.
    already_there: list[Change] = field(default_factory=list)
    # What customers see only when a timed price is over: another price comes back than was published.
    later: list[Change] = field(default_factory=list)
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
    def own_changes(self) -> list[Change]:
        """The changes that were made here."""
        return without(self.changes, self.overwritten)

    @property
    def unpublished(self) -> list[Change]:
        """All that customers see of it at some time."""
        return [*self.changes, *self.later]

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


def draft_review(outlet: Outlet, selling: OutletCatalog | None) -> Review:
    """What was changed here since the last version, for the editor: GoFood as it is now does not matter."""
    return review(outlet, selling, NOT_AT_ALL)


def review(outlet: Outlet, selling: OutletCatalog | None, within: timedelta = TELLS_FOR) -> Review:
    """The review, in a constant number of queries, whatever the size of the menu.

    Against the live menu where it was read `within`, else against the version.
    """
    if selling is None:
        return Review(outlet, None, None, check_catalog(None, outlet))
    return _review(selling, load_tree(selling.catalog, outlet), on_gofood(outlet, within), Known())


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
    there = all_on_gofood(outlets)
    known = Known()
    return [
        _review(sellings[outlet.pk], trees[outlet.pk], there[outlet.pk], known)
        if outlet.pk in sellings
        else Review(outlet, None, None, [NEVER_IMPORTED_CHECK])
        for outlet in outlets
    ]


def _review(selling: OutletCatalog, tree: Tree, there: OnGofood, known: Known) -> Review:
    assert tree.outlet is not None
    draft = known.draft(tree)
    found = Review(
        tree.outlet,
        selling,
        tree,
        draft.checks,
        base=there.base,
        on_gofood=there,
        payload=draft.payload,
        checksum=draft.checksum,
    )
    if there.base is not None:
        found.later = own_prices_changed(tree, there)
        compared = known.comparison(draft, there)
        found.changes, found.removal = compared.changes, compared.removal
        found.newly_mapped = compared.newly_mapped
        found.overwritten, found.already_there = compared.overwritten, compared.already_there
    return found


def own_prices_changed(tree: Tree, there: OnGofood) -> list[Change]:
    """The own prices under timed ones that are others than were published last."""
    timed = [node for node in tree.items if node.timed is not None and not node.hidden]
    if not timed or there.base is None:
        return []
    rows = stock_rows(there.published or {})
    was = {row["external_id"]: row["price"] for kind, row in rows if kind == "item"}
    was |= bases_of(there.base.timed)
    return [
        Change("repriced", node.item.name, was[node.item.external_id], node.base_price)
        for node in timed
        if was.get(node.item.external_id, node.base_price) != node.base_price
    ]


def _compare(payload: Payload, there: OnGofood) -> Compared:
    changes = differences(there.now, payload)
    basics = changes, removal_in(there.now, changes), newly_mapped(there.now, payload)
    if there.shown is None or there.published is None:
        return Compared(*basics)
    since = differences(there.published, payload)
    return Compared(*basics, without(changes, since), without(since, changes))


def without(changes: list[Change], others: list[Change]) -> list[Change]:
    """The changes that are not among the others, each as often as it is more often here."""
    left = Counter(repr(change) for change in others)
    found = []
    for change in changes:
        if left[repr(change)]:
            left[repr(change)] -= 1
        else:
            found.append(change)
    return found
