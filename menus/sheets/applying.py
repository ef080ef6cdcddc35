"""Doing what a plan says: all of it in one change, which one undo takes back, or none of it."""

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any

from menus.ids import fix_ids, propose
from menus.ingredients import bear
from menus.journal import Change
from menus.models import ExternalId, Menu, MenuItem, Variant, VariantCategory
from menus.sheets.library import Library
from menus.sheets.plans import Plan, RowPlan, Values
from menus.snapshots import LISTS, write_lists, write_rows

Kind = ExternalId.Kind
Rows = list[tuple[Any, Values]]


def apply_plan(change: Change, library: Library, plan: Plan) -> None:
    """Make and change what the plan says, within `change`, whose lock the library was loaded under.

    The number of queries does not depend on the number of rows.
    """
    work = Work(change, library)
    menus = work.make_menus(plan.menus)
    categories = work.save_categories(plan)
    rows = [row for row in plan.work if row.kind == Kind.VARIANT]
    work.save(Kind.VARIANT, _with_parent(rows, "category_id", categories))
    rows = [row for row in plan.work if row.kind == Kind.ITEM]
    for row in rows:
        if "categories" in row.values:
            row.values["categories"] = [categories.get(key, key) for key in row.values["categories"]]
    work.save(Kind.ITEM, _with_parent(rows, "menu_id", menus))
    work.fix_ids()


def _with_parent(
    rows: Iterable[RowPlan], column: str, made: dict[int, int]
) -> list[tuple[int | None, Values]]:
    """The rows' values, with what was made by now in place of what was below zero."""
    found = []
    for row in rows:
        values = dict(row.values)
        if column in values:
            values[column] = made.get(values[column], values[column])
        found.append((row.pk, values))
    return found


class Work:
    """What is written of one plan, kind by kind, and the ids that are fixed at its end."""

    def __init__(self, change: Change, library: Library) -> None:
        self.change, self.library, self.catalog = change, library, change.catalog
        self.ids: dict[tuple[str, int], str] = {}
        # What was made and has no id yet: it gets one from its name.
        self.nameless: list[tuple[str, Any]] = []
        self.next_place: Counter[tuple[str, int]] = Counter()
        self._rows = self._count_places()

    def _count_places(self) -> dict[tuple[str, int], Any]:
        """By kind and pk what is there; and where the next one of each parent would stand."""
        tree, rows = self.library.tree, {}
        for kind, parent, found in (
            ("menu", "catalog_id", [node.menu for node in tree.menus]),
            (Kind.ITEM, "menu_id", [node.item for node in tree.items]),
            (Kind.VARIANT_CATEGORY, "catalog_id", [node.category for node in tree.categories]),
            (Kind.VARIANT, "category_id", [node.variant for node in tree.variants]),
        ):
            for row in found:
                rows[str(kind), row.pk] = row
                key = (str(kind), getattr(row, parent))
                self.next_place[key] = max(self.next_place[key], row.position + 1)
        return rows

    def _place(self, kind: str, parent: int) -> int:
        place = self.next_place[str(kind), parent]
        self.next_place[str(kind), parent] += 1
        return place

    def make_menus(self, menus: dict[int, str]) -> dict[int, int]:
        """Number below zero → pk."""
        rows = [
            Menu(catalog=self.catalog, name=name, position=self._place("menu", self.catalog.pk))
            for name in menus.values()
        ]
        made = Menu.objects.bulk_create(rows)
        self.change.made("menu", [menu.pk for menu in made])
        return dict(zip(menus, [menu.pk for menu in made], strict=True))

    def save_categories(self, plan: Plan) -> dict[int, int]:
        """Number below zero → pk."""
        rows = [(None if row.pk < 0 else row.pk, dict(row.values)) for row in plan.categories]
        made = self.save(Kind.VARIANT_CATEGORY, rows)
        return dict(zip([row.pk for row in plan.categories if row.pk < 0], made, strict=True))

    def save(self, kind: str, rows: Sequence[tuple[int | None, Values]]) -> list[int]:
        """The pks of those that are new, in their order."""
        self._change(kind, [(self._rows[str(kind), pk], values) for pk, values in rows if pk is not None])
        return self._make(kind, [values for pk, values in rows if pk is None])

    def _change(self, kind: str, rows: Rows) -> None:
        lists, borne = {}, {}
        for _row, values in rows:
            if "menu_id" in values:
                values["position"] = self._place(kind, values["menu_id"])
        fields = {name for _row, values in rows for name in values}
        self.change.note(kind, [row.pk for row, _values in rows], fields)
        for row, values in rows:
            if external_id := values.pop("external_id", None):
                self.ids[str(kind), row.pk] = external_id
            if "categories" in values:
                lists[row.pk] = values.pop("categories")
            if "ingredients" in values:
                borne[row.pk] = values.pop("ingredients") or []
            for name, value in values.items():
                setattr(row, name, value)
        write_rows([row for row, _values in rows], fields - {"external_id", *LISTS.get(kind, ())})
        write_lists(kind, {"categories": lists})
        self._give(kind, borne)

    def _give(self, kind: str, borne: dict[int, list[str]]) -> None:
        if borne:
            bear(self.change, str(kind), borne)

    def _make(self, kind: str, rows: list[Values]) -> list[int]:
        model, parent = MODELS[kind], PARENTS[kind]
        lists, given, made, names = [], [], [], []
        for values in rows:
            given.append(values.pop("external_id", None))
            lists.append(values.pop("categories", None))
            names.append(values.pop("ingredients", None))
            position = self._place(kind, values.get(parent, self.catalog.pk))
            made.append(model(catalog=self.catalog, position=position, **values))
        model.objects.bulk_create(made)
        self.change.made(kind, [row.pk for row in made])
        links = {row.pk: wanted for row, wanted in zip(made, lists, strict=True) if wanted}
        write_lists(kind, {"categories": links})
        self._give(kind, {row.pk: wanted for row, wanted in zip(made, names, strict=True) if wanted})
        for row, external_id in zip(made, given, strict=True):
            if external_id:
                self.ids[str(kind), row.pk] = external_id
            else:
                self.nameless.append((str(kind), row))
        return [row.pk for row in made]

    def fix_ids(self) -> None:
        """The ids that the file gives, and proposals for what was made without one."""
        taken = {kind: {value.lower() for value in self.library.used[kind]} for kind in MODELS}
        for (kind, _pk), external_id in self.ids.items():
            taken[kind].add(external_id.lower())
        for kind, row in self.nameless:
            self.ids[kind, row.pk] = propose(kind, row.name, taken[kind])
        if self.ids:
            fix_ids(self.catalog, self.ids, self.change.user)


MODELS: dict[str, type[Any]] = {
    Kind.ITEM: MenuItem,
    Kind.VARIANT_CATEGORY: VariantCategory,
    Kind.VARIANT: Variant,
}
PARENTS: dict[str, str] = {
    Kind.ITEM: "menu_id",
    Kind.VARIANT_CATEGORY: "catalog_id",
    Kind.VARIANT: "category_id",
}
