"""What an upload would do, row by row; a pure value, compared by its digest."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from menus.forms.fields import Words
from menus.seen import digest

Values = dict[str, Any]


class State(StrEnum):
    REFUSED = "refused"
    NEW = "new"
    CHANGED = "changed"
    UNCHANGED = "unchanged"


@dataclass(frozen=True)
class FieldChange:
    """`old` and `new` are what people read there: texts, numbers, hours, names of menus and categories."""

    field: str
    old: Any
    new: Any


@dataclass(frozen=True)
class Reason:
    """Why a row is refused, at which column, and what to type instead."""

    field: str
    code: str
    words: Words


@dataclass
class RowPlan:
    """One row: what it is about, and what would become of that.

    `pk` is the item's or variant's; None for a new one. `values` are columns to set; below zero, in
    menu_id, category_id and categories, are those that the plan itself makes.
    """

    sheet: int
    number: int
    kind: str
    name: str = ""
    where: str = ""
    pk: int | None = None
    new: bool = False
    values: Values = field(default_factory=dict)
    changes: list[FieldChange] = field(default_factory=list)
    # Of its variant category, where this row is the one that changes or makes it.
    category_changes: list[FieldChange] = field(default_factory=list)
    new_category: bool = False
    reasons: list[Reason] = field(default_factory=list)
    # What looks like a mistake and stops nothing: low_price, same_name.
    doubts: list[str] = field(default_factory=list)

    @property
    def state(self) -> State:
        if self.reasons:
            return State.REFUSED
        if self.new:
            return State.NEW
        changed = self.changes or self.category_changes or self.new_category
        return State.CHANGED if changed else State.UNCHANGED


@dataclass
class CategoryPlan:
    """A variant category that is new (`pk` below zero) or whose own values change."""

    pk: int
    values: Values


@dataclass
class Plan:
    rows: list[RowPlan]
    # New menus: below zero → name, in the order of the file.
    menus: dict[int, str] = field(default_factory=dict)
    categories: list[CategoryPlan] = field(default_factory=list)

    def of(self, *states: State) -> list[RowPlan]:
        return [row for row in self.rows if row.state in states]

    @property
    def counts(self) -> dict[str, int]:
        counts = {state.value: 0 for state in State}
        for row in self.rows:
            counts[row.state.value] += 1
        return counts

    @property
    def work(self) -> list[RowPlan]:
        """The rows that do something."""
        return self.of(State.NEW, State.CHANGED)

    @property
    def digest(self) -> str:
        """Sixteen characters that are others when anything else would be done, or was shown."""
        return digest([[_of_row(row) for row in self.rows], _listed(self.menus.items()), _categories(self)])


def _listed(pairs: Iterable[tuple[Any, Any]]) -> list[list[Any]]:
    return [list(pair) for pair in pairs]


def _categories(plan: Plan) -> list[Any]:
    return [[category.pk, category.values] for category in plan.categories]


def _of_row(row: RowPlan) -> list[Any]:
    changes = [[change.field, change.old, change.new] for change in row.changes + row.category_changes]
    reasons = [[reason.field, reason.code] for reason in row.reasons]
    return [row.sheet, row.number, row.state, row.pk, row.values, changes, reasons]
