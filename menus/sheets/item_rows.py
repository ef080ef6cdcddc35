"""The plan of one row of menu items."""

from typing import Any

from menus.hours_text import full_week
from menus.models import ExternalId
from menus.sheets.category_drafts import CategoryDrafts
from menus.sheets.cells import FIELDS, as_cell, short
from menus.sheets.columns import heading_of
from menus.sheets.library import BETWEEN_NAMES, Library, fold, ingredient_names
from menus.sheets.matching import (
    Cells,
    Difference,
    Draft,
    RowRefused,
    differences,
    doubt_price,
    match,
    plan_given_id,
)
from menus.sheets.plans import RowPlan
from menus.sheets.sentences import reason
from menus.tree import ItemNode

KIND = ExternalId.Kind.ITEM


def plan_item(draft: Draft, drafts: CategoryDrafts, cells: Cells, plan: RowPlan) -> None:
    """Fill in what the row would do, or why it is refused."""
    plan.name, plan.where = cells.get("name", ""), cells.get("menu", "")
    if not plan.name and not cells.get("external_id"):
        plan.reasons.append(reason("name", "no_identity"))
        return
    try:
        node = match(
            draft,
            KIND,
            cells,
            _called_so(draft.library, cells),
            lambda node: _difference(draft, drafts, cells, node).is_empty,
        )
    except RowRefused as refused:
        plan.reasons.append(refused.why)
        return
    _difference(draft, drafts, cells, node).put_into(plan)
    plan_given_id(cells, plan, node.item if node else None)
    if node is None:
        _plan_new(draft, cells, plan)
    else:
        _plan_known(draft, plan, node)
    if plan.reasons:
        return
    doubt_price(plan)
    _take_menu(draft, cells, plan)
    if plan.values.get("external_id"):
        draft.new_ids.add((KIND, plan.values["external_id"]))


def _called_so(library: Library, cells: Cells) -> list[ItemNode]:
    name, menu = fold(cells.get("name", "")), fold(cells.get("menu", ""))
    found = library.items.get((menu, name), []) if menu else library.items_called.get(name, [])
    return list(found)


def _plan_new(draft: Draft, cells: Cells, plan: RowPlan) -> None:
    if not cells.get("menu"):
        plan.reasons.append(reason("menu", "required", column=heading_of("menu")))
    key = (str(KIND), fold(plan.where), fold(plan.name))
    if not cells.get("external_id") and key in draft.new_names:
        plan.reasons.append(reason("name", "twice"))
    if not plan.reasons:
        draft.new_names.add(key)
        if plan.name and _called_so(draft.library, cells):
            plan.doubts.append("same_name")


def _plan_known(draft: Draft, plan: RowPlan, node: ItemNode) -> None:
    plan.pk, plan.name = node.item.pk, node.item.name
    plan.where = draft.library.menu_of[node.item.menu_id].name
    if not plan.reasons:
        draft.claimed.add((KIND, node.item.pk))


def _take_menu(draft: Draft, cells: Cells, plan: RowPlan) -> None:
    """The menu that the row names, made where there is none."""
    name = cells.get("menu", "")
    if not plan.new and "menu_id" not in plan.values:
        return
    known = draft.library.menus.get(fold(name))
    if known:
        plan.values["menu_id"] = known[0].pk
        return
    if fold(name) not in draft.menus:
        number = draft.menus[fold(name)] = draft.next_below_zero()
        draft.menu_names[number] = name
    plan.values["menu_id"] = draft.menus[fold(name)]


def _difference(draft: Draft, drafts: CategoryDrafts, cells: Cells, node: ItemNode | None) -> Difference:
    current = _current(draft.library, node) if node else None
    found = differences(KIND, cells, current)
    if "image_url" in found.values:
        _set_picture(draft.library, found)
    if node and cells.get("menu"):
        menu = draft.library.menu_of[node.item.menu_id].name
        if fold(menu) != fold(cells["menu"]):
            found.set("menu", "menu_id", menu, cells["menu"], None)
    _set_categories(draft.library, drafts, cells, node, found)
    return found


def _current(library: Library, node: ItemNode) -> dict[str, Any]:
    item = node.item
    named = {field.name for field in FIELDS["item"]} - {"picture", "hours", "ingredients"}
    return {
        **{name: getattr(item, name) for name in named},
        "picture": library.picture_address(item),
        "hours": full_week(item.operational_hours),
        "ingredients": ingredient_names(node),
    }


def _set_picture(library: Library, found: Difference) -> None:
    """A picture of ours stays one; any other address takes its place."""
    own = library.pictures.get(found.values["image_url"])
    found.values["picture_id"] = own.pk if own else None
    if own:
        found.values["image_url"] = ""


def _set_categories(
    library: Library, drafts: CategoryDrafts, cells: Cells, node: ItemNode | None, found: Difference
) -> None:
    cell = cells.get("categories")
    old = library.labels_of(node.categories) if node else ""
    if cell is None or cell == as_cell(old):
        return
    wanted: list[int] = []
    for part in cell.replace("\n", BETWEEN_NAMES).split(BETWEEN_NAMES):
        name = part.strip()
        keys = drafts.keys_called(name) if name else []
        if len(keys) == 1:
            wanted.append(keys[0])
        elif name:
            code = "ambiguous_category" if keys else "unknown_category"
            found.reasons.append(reason("categories", code, name=short(name)))
    wanted = list(dict.fromkeys(wanted))
    if wanted != [category.category.pk for category in node.categories] if node else wanted:
        found.set("categories", "categories", old, "; ".join(drafts.name_of(key) for key in wanted), wanted)
