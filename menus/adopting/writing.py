"""Writing what was chosen of a live menu into the catalog: a constant number of queries, whatever its size."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from functools import cached_property
from typing import Any, TypeVar

from menus.adopting.comparing import live_values, row_of
from menus.adopting.plans import NEW, ORDER, PLACE, Plan
from menus.journal import Change
from menus.ledger import keep_live_ids
from menus.models import (
    ExternalId,
    Menu,
    MenuItem,
    OutletCatalog,
    OutletOverride,
    Variant,
    VariantCategory,
)
from menus.snapshots import write_lists, write_rows

Kind = ExternalId.Kind
Thing = TypeVar("Thing")
# What an outlet may have of its own.
OF_OUTLET = ("price", "in_stock", "hidden")
MODELS: dict[str, type[Any]] = {
    "menu": Menu,
    "variant_category": VariantCategory,
    "variant": Variant,
    "item": MenuItem,
}


class Adoption:
    """One writing of one plan's chosen differences within `change`, under whose lock it was compared.

    `pks`: by kind and index the pk that a new row had before it was removed.
    """

    def __init__(
        self,
        change: Change,
        plan: Plan,
        chosen: set[str],
        pks: dict[tuple[str, int], int] | None = None,
    ) -> None:
        self.change, self.catalog = change, change.catalog
        self.pks = pks or {}
        self.plan, self.live, self.found = plan, plan.live, plan.found
        self.chosen = [one for one in plan.differences if one.key in chosen]
        self.keys = {one.key for one in self.chosen}
        self.nodes: dict[str, Sequence[Any]] = {
            "menu": self.found.menus,
            "item": self.found.items,
            "variant_category": self.found.categories,
            "variant": self.found.variants,
        }
        # By kind the row of each live one: the one that it is, the one that is made of it, or None.
        self.rows: dict[str, list[Any]] = {
            kind: [row_of(node) if node else None for node in nodes] for kind, nodes in self.nodes.items()
        }
        self.lives: dict[str, list[Any]] = {
            "menu": list(self.live.menus),
            "item": list(self.live.items),
            "variant_category": list(self.live.categories),
            "variant": list(self.live.variants),
        }
        # Rows that came to stand where they stand now: made, or moved there.
        self.arrived: set[int] = set()
        self.made: dict[str, list[tuple[int, Any]]] = defaultdict(list)
        self.links: dict[int, list[int]] = {}

    def write(self) -> None:
        self._note()
        self._make("menu", [])
        self._make("variant_category", [])
        self._take_values()
        self._make("variant", self.plan.category_of_variant)
        self._make("item", self.plan.menu_of_item)
        self._link()
        self._put_in_order()
        self._save()
        self._keep_ids()

    def _note(self) -> None:
        """What stands in the rows that may change; what does not change in the end is not kept."""
        for kind, nodes in self._ours().items():
            fields = {name for one in self.chosen if one.kind == kind for name in _columns(one.field)}
            fields |= {"position"} if kind == "menu" else {"position", "external_id", "gobiz_id"}
            if kind in ("item", "variant"):
                fields |= {"overrides"}
            self.change.note(kind, [row_of(node).pk for node in nodes], fields)

    def _ours(self) -> dict[str, list[Any]]:
        tree = self.plan.tree
        return {
            "menu": list(tree.menus),
            "variant_category": list(tree.categories),
            "variant": tree.variants,
            "item": tree.items,
        }

    def _make(self, kind: str, parents: list[int]) -> None:
        """The rows of what is new and was chosen; variants come with their new variant category."""
        for index, live in enumerate(self.lives[kind]):
            if self.rows[kind][index] is None and self._is_wanted(kind, index):
                values = _columns_and_values(kind, live_values(kind, live))
                if kind != "menu":
                    values["gobiz_id"] = live.gobiz_id
                if kind in PARENT:
                    of, column = PARENT[kind]
                    values[column] = self.rows[of][parents[index]].pk
                if kind == "item":
                    # As it is on GoFood: None where it has no hours at all.
                    values["operational_hours"] = live.operational_hours
                pk = self.pks.get((kind, index))
                self.rows[kind][index] = MODELS[kind](pk=pk, catalog=self.catalog, **values)
                self.made[kind].append((index, self.rows[kind][index]))
        made = [row for _index, row in self.made[kind]]
        MODELS[kind].objects.bulk_create(made)
        self.change.made(kind, [row.pk for row in made])
        self.arrived |= {id(row) for row in made}

    def _is_wanted(self, kind: str, index: int) -> bool:
        if f"{kind}-{index}-{NEW}" in self.keys:
            return True
        if kind != "variant":
            return False
        return f"variant_category-{self.plan.category_of_variant[index]}-{NEW}" in self.keys

    def _take_values(self) -> None:
        """What differs in rows that are here too, at the outlet where that has its own."""
        for one in self.chosen:
            if one.field in (NEW, ORDER):
                continue
            node, row = self.nodes[one.kind][one.index], self.rows[one.kind][one.index]
            if one.field == PLACE:
                self.arrived.add(id(row))
            elif one.field in PARENT_FIELDS:
                of, column = PARENT[one.kind]
                places = self.plan.menu_of_item if one.kind == "item" else self.plan.category_of_variant
                setattr(row, column, self.rows[of][places[one.index]].pk)
                self.arrived.add(id(row))
            elif one.field == "categories":
                self.links[row.pk] = self.lives["item"][one.index].categories
            elif one.field in OF_OUTLET and _has_own(node, one.field):
                setattr(node.override, one.field, one.new)
            elif one.field == "in_stock" and self.is_shared:
                self._own_stock(one.kind, node, one.new)
            else:
                for name, value in _columns_and_values(one.kind, {one.field: one.new}).items():
                    setattr(row, name, value)

    @cached_property
    def is_shared(self) -> bool:
        """Whether other outlets sell the catalog: what is out here is not out there."""
        here = self.plan.tree.outlet
        return OutletCatalog.objects.filter(catalog=self.catalog).exclude(outlet=here).exists()

    def _own_stock(self, kind: str, node: Any, in_stock: bool) -> None:
        if node.override is None:
            node.override = OutletOverride(outlet=self.plan.tree.outlet, **{kind: row_of(node)})
        node.override.in_stock = in_stock

    def _link(self) -> None:
        """The variant categories of new items, and of those whose choice of them was chosen."""
        for row, live in zip(self.rows["item"], self.lives["item"], strict=True):
            if row is not None and id(row) in self.arrived and row.pk not in self._were_here("item"):
                self.links[row.pk] = live.categories
        categories = self.rows["variant_category"]
        write_lists(
            "item",
            {
                "categories": {
                    pk: [categories[index].pk for index in indexes] for pk, indexes in self.links.items()
                }
            },
        )

    def _were_here(self, kind: str) -> set[int]:
        return {row_of(node).pk for node in self.nodes[kind] if node is not None}

    def _put_in_order(self) -> None:
        """Each list as GoFood has it where that was chosen; else new rows behind the one before them there."""
        tree = self.plan.tree
        self._order("catalog", 0, [node.menu for node in tree.menus], self.rows["menu"])
        self._order("catalog", 1, [node.category for node in tree.categories], self.rows["variant_category"])
        for kind, of in (("item", "menu"), ("variant", "variant_category")):
            column = PARENT[kind][1]
            standing: dict[int, list[Any]] = defaultdict(list)
            for node in self._ours()[kind]:
                row = row_of(node)
                if id(row) not in self.arrived:
                    standing[getattr(row, column)].append(row)
            places = self.plan.menu_of_item if kind == "item" else self.plan.category_of_variant
            live: dict[int, list[Any]] = defaultdict(list)
            for row, place in zip(self.rows[kind], places, strict=True):
                parent = self.rows[of][place]
                if row is not None and parent is not None and getattr(row, column) == parent.pk:
                    live[place].append(row)
            for place, parent in enumerate(self.rows[of]):
                if parent is not None:
                    self._order(of, place, standing[parent.pk], live[place])

    def _order(self, kind: str, index: int, ours: list[Any], live: list[Any]) -> None:
        live = [row for row in live if row is not None]
        chosen = f"{kind}-{index}-{ORDER}" in self.keys
        if not chosen and not any(id(row) in self.arrived for row in live):
            return
        rows = _as_live(ours, live) if chosen else _with_arrived(ours, live)
        for position, row in enumerate(rows):
            row.position = position

    def _save(self) -> None:
        for kind, nodes in self._ours().items():
            rows = [row_of(node) for node in nodes]
            known = {id(row) for row in rows}
            rows += [row for row in self.rows[kind] if row is not None and id(row) not in known]
            fields = {name for one in self.chosen if one.kind == kind for name in _columns(one.field)}
            fields = {name for name in fields if name not in ("categories", "overrides", "hidden")}
            if kind != "menu":
                fields.add("gobiz_id")
                for row, live in zip(self.rows[kind], self.lives[kind], strict=True):
                    if row is not None and live.gobiz_id:
                        row.gobiz_id = live.gobiz_id
            write_rows(rows, fields | {"position"})
        overrides = [
            node.override for kind in ("item", "variant") for node in self._ours()[kind] if node.override
        ]
        if any(one.field in OF_OUTLET for one in self.chosen):
            self._save_overrides(overrides)

    def _save_overrides(self, overrides: list[OutletOverride]) -> None:
        empty = [row.pk for row in overrides if row.price is None and row.in_stock is None and not row.hidden]
        OutletOverride.objects.filter(pk__in=empty).delete()
        write_rows([row for row in overrides if row.pk not in set(empty)], OF_OUTLET)

    def _keep_ids(self) -> None:
        """Every external_id that rows of ours have and GoFood too is in the ledger."""
        owners = {}
        for kind in Kind:
            for row, live in zip(self.rows[kind], self.lives[kind], strict=True):
                if row is not None and live.external_id and row.external_id == live.external_id:
                    owners[str(kind), live.external_id] = row.pk
        keep_live_ids(self.catalog, owners)


PARENT = {"item": ("menu", "menu_id"), "variant": ("variant_category", "category_id")}
PARENT_FIELDS = ("menu", "category")


def _has_own(node: Any, name: str) -> bool:
    return node.override is not None and getattr(node.override, name) is not None


def _columns(name: str) -> set[str]:
    """The columns behind a difference's field."""
    if name in (NEW, ORDER, PLACE, "hidden"):
        return set()
    if name == "quantities":
        return {"min_quantity", "max_quantity"}
    return {{"menu": "menu_id", "category": "category_id"}.get(name, name)}


def _columns_and_values(kind: str, values: dict[str, Any]) -> dict[str, Any]:
    """The values by column."""
    values = dict(values)
    if kind == "variant_category":
        values.update(values.pop("quantities", {}))
    return values


def _as_live(ours: Iterable[Any], live: list[Any]) -> list[Any]:
    """In GoFood's order, and behind it what is only here."""
    known = {id(row) for row in live}
    return [*live, *(row for row in ours if id(row) not in known)]


def _with_arrived(ours: list[Any], live: list[Any]) -> list[Any]:
    """In our order, with each new one behind the one that it follows on GoFood."""
    known = {id(row) for row in ours}
    following: dict[int | None, list[Any]] = defaultdict(list)
    before: int | None = None
    for row in live:
        if id(row) in known:
            before = id(row)
        else:
            following[before].append(row)
    return [*following[None], *(one for row in ours for one in (row, *following[id(row)]))]
