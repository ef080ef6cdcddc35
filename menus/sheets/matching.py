"""Which row of a catalog a row of a file is about: by external_id, else by name."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from menus.ids import FORMAT
from menus.models import ExternalId
from menus.sheets.cells import FIELDS, CellRefused, as_cell, short
from menus.sheets.columns import heading_of
from menus.sheets.library import Library
from menus.sheets.plans import FieldChange, Reason, RowPlan, Values
from menus.sheets.sentences import reason

Cells = dict[str, str]
COLUMN = {"picture": "image_url", "hours": "operational_hours"}
Kind = ExternalId.Kind
LOW_PRICE = 100
# Where a node of the tree has its row.
ROW_IN = {Kind.ITEM: "item", Kind.VARIANT_CATEGORY: "category", Kind.VARIANT: "variant"}


class RowRefused(Exception):
    """`reason` why the row cannot be matched."""

    def __init__(self, why: Reason) -> None:
        super().__init__(why.code)
        self.why = why


@dataclass
class Draft:
    """What the rows before have taken already."""

    library: Library
    # New menus and variant categories: folded name → number below zero.
    menus: dict[str, int] = field(default_factory=dict)
    menu_names: dict[int, str] = field(default_factory=dict)
    claimed: set[tuple[str, int]] = field(default_factory=set)
    new_ids: set[tuple[str, str]] = field(default_factory=set)
    # (kind, folded name of its menu or number of its category, folded name) of new rows without id.
    new_names: set[tuple[str, Any, str]] = field(default_factory=set)
    below_zero: int = 0

    def next_below_zero(self) -> int:
        self.below_zero -= 1
        return self.below_zero


def match(
    draft: Draft,
    kind: str,
    cells: Cells,
    called_so: Sequence[Any],
    unchanged: Callable[[Any], bool],
    column: str = "external_id",
) -> Any | None:
    """The node that is meant; None for something new. RowRefused where neither can be told."""
    external_id = cells.get(column, "")
    if external_id:
        with_id = draft.library.by_id[kind].get(external_id, [])
        if with_id:
            return _free(draft, kind, with_id, unchanged, cells, column)
        _refuse_bad_id(draft, kind, external_id, column)
        # One of that name without any gets this id; it is not added a second time.
        without = [node for node in called_so if not _row(kind, node).external_id]
        without = [node for node in without if (kind, _row(kind, node).pk) not in draft.claimed]
        return without[0] if len(without) == 1 else None
    if called_so:
        return _free(draft, kind, called_so, unchanged, cells, column)
    return None


def _row(kind: str, node: Any) -> Any:
    return getattr(node, ROW_IN[Kind(kind)])


def _free(
    draft: Draft,
    kind: str,
    nodes: Sequence[Any],
    unchanged: Callable[[Any], bool],
    cells: Cells,
    column: str,
) -> Any:
    """Of several that are called so, the one that is already as the row says."""
    free = [node for node in nodes if (kind, _row(kind, node).pk) not in draft.claimed]
    if not free:
        raise RowRefused(reason(column if cells.get(column) else "name", "twice"))
    if len(free) == 1:
        return free[0]
    for node in free:
        if unchanged(node):
            return node
    raise RowRefused(reason("external_id", "ambiguous", name=short(_row(kind, free[0]).name)))


def _refuse_bad_id(draft: Draft, kind: str, external_id: str, column: str) -> None:
    if external_id in draft.library.used[kind]:
        raise RowRefused(reason(column, "id_taken", id=short(external_id)))
    if not FORMAT.fullmatch(external_id):
        raise RowRefused(reason(column, "id_format", id=short(external_id)))
    if (kind, external_id) in draft.new_ids:
        raise RowRefused(reason(column, "id_twice", id=short(external_id)))


@dataclass
class Difference:
    """What a row's cells change in what stands there, column by column; or why they cannot."""

    values: Values = field(default_factory=dict)
    changes: list[FieldChange] = field(default_factory=list)
    reasons: list[Reason] = field(default_factory=list)

    def set(self, name: str, column: str, old: Any, new: Any, value: Any) -> None:
        self.values[column] = value
        self.changes.append(FieldChange(name, old, new))

    @property
    def is_empty(self) -> bool:
        return not self.changes and not self.reasons

    def put_into(self, plan: RowPlan) -> None:
        plan.values.update(self.values)
        plan.changes += self.changes
        plan.reasons += self.reasons


def differences(
    kind: str, cells: Cells, current: dict[str, Any] | None, headed: Mapping[str, str] = MappingProxyType({})
) -> Difference:
    """As `Difference`, of the fields that stand alone; `current` by field, None for a new row.

    `headed`: field → its column, where that is called otherwise.
    """
    found = Difference()
    for column in FIELDS[kind]:
        name = headed.get(column.name, column.name)
        cell = cells.get(name)
        if current is None:
            _first_value(found, column, name, cell or "")
            continue
        old = current[column.name]
        if cell is None or cell == as_cell(column.written(old)) or not (cell or column.empties):
            continue
        value = _read(found, column, name, cell)
        if value is not None and value != old:
            found.set(name, COLUMN.get(column.name, column.name), old, value, value)
    return found


def _first_value(found: Difference, column: Any, name: str, cell: str) -> None:
    value = _read(found, column, name, cell) if cell else column.otherwise
    if not cell and column.required:
        found.reasons.append(reason(name, "required", column=heading_of(name)))
    elif value is not None:
        found.values[COLUMN.get(column.name, column.name)] = value
        if cell:
            found.changes.append(FieldChange(name, None, value))


def _read(found: Difference, column: Any, name: str, cell: str) -> Any:
    if not cell:
        return ""
    try:
        value = column.read(cell)
    except CellRefused as refused:
        found.reasons.append(Reason(name, refused.code, refused.words))
        return None
    if column.required and value == "":
        found.reasons.append(reason(name, "required", column=heading_of(name)))
        return None
    return value


def plan_given_id(cells: Cells, plan: RowPlan, row: Any | None) -> None:
    """The external_id that the row gives to something new, or to something that has none."""
    external_id = cells.get("external_id", "")
    if row is None:
        plan.new = True
        plan.values["external_id"] = external_id or None
    elif external_id and not row.external_id:
        plan.values["external_id"] = external_id
        plan.changes.insert(0, FieldChange("external_id", "", external_id))


def doubt_price(plan: RowPlan) -> None:
    """Mark a price that a spreadsheet program may have divided by a thousand."""
    if 0 < abs(plan.values.get("price") or 0) < LOW_PRICE:
        plan.doubts.append("low_price")
