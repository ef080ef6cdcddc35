"""What a live menu differs in from ours, one thing that can be chosen at a time."""

import hashlib
import json
from collections.abc import Collection
from dataclasses import asdict, dataclass, field
from functools import cached_property
from typing import Any

from menus.live_menu import LiveMenu
from menus.recognising import Recognised
from menus.tree import Tree

NEW, ORDER, PLACE = "new", "order", "place"


@dataclass(frozen=True)
class Difference:
    """`index`: place of its row among those of its kind in the live menu. `field`: a column's name, or menu,
    category, categories, quantities, hidden, "new" (it is not here), "place" (of one item in its menu) or "order"
    (of what stands in it; the order of menus and of variant categories has the kind "catalog"). `old` and `new`
    are JSON."""

    kind: str
    index: int
    field: str
    name: str
    where: str = ""
    pk: int | None = None
    old: Any = None
    new: Any = None
    # GoFood still has what was published: it was changed here.
    by_us: bool = False

    @property
    def key(self) -> str:
        return f"{self.kind}-{self.index}-{self.field}"


@dataclass(frozen=True)
class OnlyHere:
    """What GoFood does not have. `was_there`: it had it, by what was published last."""

    kind: str
    pk: int
    name: str
    where: str
    was_there: bool


@dataclass
class Plan:
    """A live menu compared with the catalog as it stands in `tree`."""

    live: LiveMenu
    tree: Tree
    found: Recognised
    differences: list[Difference] = field(default_factory=list)
    only_here: list[OnlyHere] = field(default_factory=list)

    @property
    def digest(self) -> str:
        """The same for the same differences from the same rows."""
        told = json.dumps([asdict(one) for one in self.differences], sort_keys=True)
        return hashlib.sha256(told.encode()).hexdigest()[:32]

    @cached_property
    def menu_of_item(self) -> list[int]:
        """For each item the place of the menu that it stands in."""
        return [number for number, menu in enumerate(self.live.menus) for _ in menu.items]

    @cached_property
    def category_of_variant(self) -> list[int]:
        """For each variant the place of its variant category."""
        return [number for number, row in enumerate(self.live.categories) for _ in row.variants]

    def with_needed(self, chosen: Collection[str]) -> set[str]:
        """The chosen keys, and those without which they have no place: a new menu, a new variant category."""
        keys, items = {one.key for one in self.differences}, list(self.live.items)
        wanted = keys & set(chosen)
        for one in self.differences:
            if one.key not in wanted:
                continue
            if one.kind == "item" and one.field in (NEW, "menu"):
                wanted.add(f"menu-{self.menu_of_item[one.index]}-{NEW}")
            if one.kind == "item" and one.field in (NEW, "categories"):
                wanted |= {f"variant_category-{index}-{NEW}" for index in items[one.index].categories}
            if one.kind == "variant" and one.field == "category":
                wanted.add(f"variant_category-{self.category_of_variant[one.index]}-{NEW}")
        return wanted & keys
