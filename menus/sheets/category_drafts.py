"""Variant categories as the rows of a sheet of variants name, change and make them."""

from menus.models import ExternalId
from menus.sheets.cells import FIELDS, as_cell, short
from menus.sheets.library import Library, fold
from menus.sheets.matching import Cells, Difference, Draft, RowRefused, differences, match
from menus.sheets.plans import CategoryPlan, RowPlan, Values
from menus.sheets.sentences import reason
from menus.tree import CategoryNode

KIND = ExternalId.Kind.VARIANT_CATEGORY
# Fields of a variant category → their columns in the sheet of variants.
HEADED = {
    "name": "category",
    "internal_name": "category_internal_name",
    "external_id": "category_external_id",
}


class CategoryDrafts:
    """The variant categories as the rows before leave them: those that there are (pk), and new ones (below zero)."""

    def __init__(self, library: Library) -> None:
        self.library = library
        self.plans: dict[int, CategoryPlan] = {}
        # By external_ids that are new, and new ones by folded name.
        self.by_id: dict[str, int] = {}
        self.by_name: dict[str, int] = {}

    def keys_called(self, name: str) -> list[int]:
        """What an item's cell calls so: an id, else a name."""
        with_id = self.library.by_id[KIND].get(name)
        if with_id:
            return [node.category.pk for node in with_id]
        if name in self.by_id:
            return [self.by_id[name]]
        known = [node.category.pk for node in self.library.categories.get(fold(name), ())]
        new = self.by_name.get(fold(name))
        return known if new is None else [*known, new]

    def name_of(self, key: int) -> str:
        """What a cell calls it."""
        return self.library.labels[key] if key > 0 else str(self.plans[key].values["name"])

    def said(self, key: int | None) -> Values:
        """What rows before said of it that is not so yet."""
        return self.plans[key].values if key is not None and key in self.plans else {}

    def set(self, key: int, values: Values) -> None:
        """What a row says of it."""
        if not values:
            return
        self.plans.setdefault(key, CategoryPlan(key, {})).values.update(values)
        if "external_id" in values:
            self.by_id[values["external_id"]] = key
        if key < 0 and "name" in values:
            self.by_name.setdefault(fold(values["name"]), key)


def keys_meant(draft: Draft, drafts: CategoryDrafts, cells: Cells) -> list[int]:
    """The variant categories that the row may be about; none: one that is new. RowRefused when it names none."""
    external_id, name = cells.get("category_external_id", ""), cells.get("category", "")
    if external_id:
        return _keys_with_id(draft, drafts, external_id, name)
    if not name:
        raise RowRefused(reason("category", "no_category"))
    called_so = draft.library.categories.get(fold(name), [])
    alike = [node for node in called_so if _same_inside(node, cells)]
    if called_so:
        return [node.category.pk for node in alike or called_so]
    new = drafts.by_name.get(fold(name))
    return [] if new is None else [new]


def _keys_with_id(draft: Draft, drafts: CategoryDrafts, external_id: str, name: str) -> list[int]:
    with_id = draft.library.by_id[KIND].get(external_id)
    if with_id:
        return [node.category.pk for node in with_id]
    if external_id in drafts.by_id:
        return [drafts.by_id[external_id]]
    called_so = draft.library.categories.get(fold(name), [])
    cells = {"category_external_id": external_id}
    node = match(draft, KIND, cells, called_so, lambda node: False, "category_external_id")
    if node:
        return [node.category.pk]
    new = drafts.by_name.get(fold(name))
    return [] if new is None or "external_id" in drafts.said(new) else [new]


def _same_inside(node: CategoryNode, cells: Cells) -> bool:
    return as_cell(node.category.internal_name) == cells.get("category_internal_name", "")


def one_key(draft: Draft, cells: Cells, keys: list[int]) -> int | None:
    """Of several that are called so, the one that is as the row says; None: a new one."""
    if len(keys) < 2:
        return keys[0] if keys else None
    nodes = [draft.library.category_of[key] for key in keys]
    for node in nodes:
        if category_difference(cells, node).is_empty:
            return node.category.pk
    name = short(nodes[0].category.name)
    raise RowRefused(reason("category", "ambiguous_category", name=name))


def category_difference(cells: Cells, node: CategoryNode) -> Difference:
    """What the row changes in a variant category that there is."""
    category = node.category
    current = {field.name: getattr(category, field.name) for field in FIELDS["variant_category"]}
    found = differences(KIND, cells, current, HEADED)
    external_id = cells.get("category_external_id")
    if external_id and not category.external_id:
        found.set(HEADED["external_id"], "external_id", "", external_id, external_id)
    return found


def _said_of_new(drafts: CategoryDrafts, cells: Cells, key: int | None) -> Difference:
    """What the row says of a new one, and not what it leaves to be as usual."""
    name = cells.get("category") or drafts.said(key).get("name", "")
    found = differences(KIND, {**cells, "category": name}, None, HEADED)
    found.values = {_field(change.field): change.new for change in found.changes}
    if external_id := cells.get("category_external_id"):
        found.values["external_id"] = external_id
    return found


def _field(column: str) -> str:
    return next((field for field, headed in HEADED.items() if headed == column), column)


def plan_category(
    draft: Draft, drafts: CategoryDrafts, cells: Cells, plan: RowPlan, key: int | None
) -> int | None:
    """The key of the row's category, made if it is new; the plan says what of it the row changes.

    The same may stand in every row of a category or in one of them; None when the row is refused.
    """
    node = draft.library.category_of.get(key) if key is not None else None
    found = category_difference(cells, node) if node else _said_of_new(drafts, cells, key)
    said = drafts.said(key)
    plan.reasons += found.reasons
    plan.reasons += [
        reason(HEADED.get(name, name), "category_differs")
        for name, value in found.values.items()
        if name in said and said[name] != value
    ]
    if plan.reasons:
        return None
    if key is None:
        key = draft.next_below_zero()
        plan.new_category = True
    plan.category_changes = [change for change in found.changes if _field(change.field) not in said]
    drafts.set(key, found.values)
    return key
