"""What the menu pages show of a catalog at an outlet: its tree, its problems, what is not published."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field

from gobiz_admin.merchants.models import Outlet
from menus.checks import Check, check_catalog, check_tree
from menus.differences import Change, differences
from menus.models import CatalogVersion, OutletCatalog
from menus.payload import payload_of
from menus.removals import Removal, removal_in
from menus.tree import Tree, load_tree
from menus.versions import comparable, newly_mapped, version_on_gofood


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
    tree = load_tree(selling.catalog, outlet)
    found = Review(outlet, selling, tree, check_tree(tree), base=version_on_gofood(outlet))
    if found.base is not None:
        old, new = comparable(found.base), payload_of(tree)
        found.changes = differences(old, new)
        found.removal = removal_in(old, found.changes)
        found.newly_mapped = newly_mapped(old, new)
    return found
