"""The dry run: what an upload would do to a catalog as it stands, without doing any of it."""

from menus.models import Catalog
from menus.sheets.category_drafts import CategoryDrafts
from menus.sheets.columns import ITEMS, VARIANTS
from menus.sheets.item_rows import plan_item
from menus.sheets.library import Library, library_of
from menus.sheets.matching import Cells, Draft
from menus.sheets.plans import Plan, RowPlan
from menus.sheets.reading import Sheet, Upload
from menus.sheets.variant_rows import plan_variant
from menus.tree import load_tree

WORD = {ITEMS: "item", VARIANTS: "variant"}


def plan_for(catalog: Catalog, upload: Upload) -> Plan:
    """The plan for the catalog as it is now: nine queries, however many rows."""
    return make_plan(library_of(load_tree(catalog)), upload)


def make_plan(library: Library, upload: Upload) -> Plan:
    """What becomes of each row: variants first, because items name their categories."""
    draft, drafts = Draft(library), CategoryDrafts(library)
    rows: list[RowPlan] = []
    order = sorted(range(len(upload.sheets)), key=lambda index: upload.sheets[index].kind != VARIANTS)
    for index in order:
        sheet = upload.sheets[index]
        for number, cells in sheet.rows:
            plan = RowPlan(index, number, WORD[sheet.kind])
            _plan_row(draft, drafts, sheet, _named(sheet, cells), plan)
            if plan.reasons:
                # Nothing of it is done.
                plan.values, plan.changes, plan.category_changes = {}, [], []
            rows.append(plan)
    rows.sort(key=lambda row: (row.sheet, row.number))
    return Plan(rows, draft.menu_names, list(drafts.plans.values()))


def _named(sheet: Sheet, cells: list[str]) -> Cells:
    return dict(zip(sheet.fields, cells, strict=True))


def _plan_row(draft: Draft, drafts: CategoryDrafts, sheet: Sheet, cells: Cells, plan: RowPlan) -> None:
    if sheet.kind == VARIANTS:
        plan_variant(draft, drafts, cells, plan)
    else:
        plan_item(draft, drafts, cells, plan)
