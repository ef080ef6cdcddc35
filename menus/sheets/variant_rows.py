"""The plan of one row of variants, which speaks of its variant category as well."""

from typing import Any

from menus.models import ExternalId
from menus.sheets.category_drafts import (
    CategoryDrafts,
    category_difference,
    keys_meant,
    one_key,
    plan_category,
)
from menus.sheets.cells import FIELDS, short
from menus.sheets.library import fold, ingredient_names
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
from menus.tree import VariantNode

Kind = ExternalId.Kind


def plan_variant(draft: Draft, drafts: CategoryDrafts, cells: Cells, plan: RowPlan) -> None:
    """Fill in what the row would do, or why it is refused."""
    plan.name, plan.where = cells.get("name", ""), cells.get("category", "")
    try:
        if not (plan.name or cells.get("external_id")):
            _plan_category_only(draft, drafts, cells, plan)
            return
        key, node = _meant(draft, drafts, cells)
    except RowRefused as refused:
        plan.reasons.append(refused.why)
        return
    _difference(cells, node).put_into(plan)
    _plan_identity(draft, cells, plan, node, key)
    category = plan_category(draft, drafts, cells, plan, key)
    if category is not None:
        _take(draft, cells, plan, category)


def _plan_category_only(draft: Draft, drafts: CategoryDrafts, cells: Cells, plan: RowPlan) -> None:
    """A row without a variant: it is about its category alone."""
    plan.kind, plan.name, plan.where = str(Kind.VARIANT_CATEGORY), plan.where, ""
    key = one_key(draft, cells, keys_meant(draft, drafts, cells))
    plan_category(draft, drafts, cells, plan, key)


def _meant(draft: Draft, drafts: CategoryDrafts, cells: Cells) -> tuple[int | None, VariantNode | None]:
    """The key of the category, and the variant that is meant; None: a new one."""
    library = draft.library
    known = library.by_id[Kind.VARIANT].get(cells.get("external_id", ""), [])
    if known and not (cells.get("category") or cells.get("category_external_id")):
        keys = [node.variant.category_id for node in known]
    else:
        keys = keys_meant(draft, drafts, cells)

    def unchanged(node: VariantNode) -> bool:
        category = library.category_of[node.variant.category_id]
        return _difference(cells, node).is_empty and category_difference(cells, category).is_empty

    name = fold(cells.get("name", ""))
    called_so = [node for key in keys for node in library.variants.get((key, name), ())]
    node = match(draft, Kind.VARIANT, cells, called_so, unchanged)
    if node is None:
        return one_key(draft, cells, keys), None
    if node.variant.category_id not in keys:
        home = library.category_of[node.variant.category_id].category
        raise RowRefused(reason("external_id", "elsewhere", name=short(home.name)))
    return node.variant.category_id, node


def _difference(cells: Cells, node: VariantNode | None) -> Difference:
    current: dict[str, Any] | None = None
    if node:
        named = {field.name for field in FIELDS["variant"]} - {"ingredients"}
        current = {name: getattr(node.variant, name) for name in named}
        current["ingredients"] = ingredient_names(node)
    return differences(Kind.VARIANT, cells, current)


def _plan_identity(
    draft: Draft, cells: Cells, plan: RowPlan, node: VariantNode | None, key: int | None
) -> None:
    plan_given_id(cells, plan, node.variant if node else None)
    if node:
        plan.pk, plan.name = node.variant.pk, node.variant.name
        plan.where = draft.library.category_of[node.variant.category_id].category.name
    elif not cells.get("external_id") and (Kind.VARIANT, key, fold(plan.name)) in draft.new_names:
        plan.reasons.append(reason("name", "twice"))
    doubt_price(plan)


def _take(draft: Draft, cells: Cells, plan: RowPlan, category: int) -> None:
    """What no later row may be about."""
    if plan.pk is not None:
        draft.claimed.add((Kind.VARIANT, plan.pk))
    else:
        plan.values["category_id"] = category
        draft.new_names.add((Kind.VARIANT, category, fold(plan.name)))
    if plan.values.get("external_id"):
        draft.new_ids.add((Kind.VARIANT, plan.values["external_id"]))
