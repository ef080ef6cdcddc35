"""What the menu pages show of a catalog at an outlet: its tree, its problems, what is not published."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass, field
from typing import Any

from gobiz_admin.merchants.models import Outlet
from menus.checks import Check, check_catalog, check_tree
from menus.differences import Change, differences, from_live
from menus.models import CatalogVersion, OutletCatalog, Sync
from menus.payload import payload_of
from menus.tree import Tree, load_tree


@dataclass
class Review:
    """A catalog as an outlet would sell it, against what GoFood was last known to have."""

    outlet: Outlet
    selling: OutletCatalog | None
    tree: Tree | None
    checks: list[Check]
    # The version that GoFood has; None: nothing was ever read or published.
    base: CatalogVersion | None = None
    changes: list[Change] = field(default_factory=list)
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
    tree = load_tree(selling.catalog, outlet)
    found = Review(outlet, selling, tree, check_tree(tree), base=version_on_gofood(outlet))
    if found.base is not None:
        old = found.base.payload if found.base.number else from_live(found.base.payload)
        new = payload_of(tree)
        found.changes = differences(old, new)
        found.newly_mapped = newly_mapped(old, new)
    return found


def version_on_gofood(outlet: Outlet) -> CatalogVersion | None:
    """The version that GoFood took last, else the live menu as it was found."""
    taken = Sync.objects.filter(outlet=outlet, state__in=[Sync.State.ACCEPTED, Sync.State.CONFIRMED])
    sync = taken.select_related("version").order_by("-pk").first()
    return sync.version if sync else CatalogVersion.objects.filter(outlet=outlet, number=0).first()


def newly_mapped(old: dict[str, Any], new: dict[str, Any]) -> int:
    """How many items and variants of `old` have no external_id there and will have one."""
    without = Counter(row["name"] for row in _mapped_rows(old) if not row["external_id"])
    with_one = Counter(row["name"] for row in _mapped_rows(new) if row["external_id"])
    return sum(min(count, with_one[name]) for name, count in without.items())


def _mapped_rows(payload: dict[str, Any]) -> list[dict[str, Any]]:
    items = [item for menu in payload["menus"] for item in menu["menu_items"]]
    return items + [row for category in payload["variant_categories"] for row in category["variants"]]
