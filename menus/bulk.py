"""One change of many items: planned as lines that can be looked at, then applied all or nothing.

What is applied is planned again under the catalog's lock, and is only done when it is what was shown.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from gobiz_admin.merchants.models import User
from menus.editing import note_removal
from menus.hours import all_day
from menus.ingredients import bear
from menus.journal import Change, one_edit
from menus.models import Catalog, MenuItem
from menus.ordering import move_items
from menus.seen import digest
from menus.snapshots import write_lists, write_rows
from menus.text import HIGHEST_PRICE, folded
from menus.tree import ItemNode, Tree, load_tree

Values = dict[str, Any]
LARGE_CHANGE = Decimal("0.3")
# Of a menu's items may go without that their number is typed.
MAY_GO = 0.2


@dataclass(frozen=True)
class Line:
    """What becomes of one item: `old` and `new` are what the field holds, as JSON."""

    pk: int
    name: str
    old: Any
    new: Any


@dataclass
class Plan:
    """`unchanged`: the names of the items that are that way already."""

    operation: str
    values: Values
    items: int
    lines: list[Line] = field(default_factory=list)
    unchanged: list[str] = field(default_factory=list)

    @property
    def digest(self) -> str:
        """What tells this plan from one of another menu, or of other wishes."""
        lines = [[line.pk, line.old, line.new] for line in self.lines]
        return digest([self.operation, lines])

    @property
    def large(self) -> int:
        """How many prices change by more than 30 %."""
        if self.operation != "price":
            return 0
        return sum(abs(line.new - line.old) > LARGE_CHANGE * line.old for line in self.lines)

    @property
    def asks_for_count(self) -> bool:
        """Whether so much would go that the number of items has to be typed."""
        return self.operation == "delete" and len(self.lines) > MAY_GO * self.items


class CountNotTyped(Exception):
    """So much would go that it has to be said how much."""


class PlanChanged(Exception):
    """The menu is not what was shown any more; `plan` is how it would be now."""

    def __init__(self, plan: Plan) -> None:
        super().__init__("plan_changed")
        self.plan = plan


def plan(tree: Tree, operation: str, values: Values, pks: list[int]) -> Plan:
    """What the operation would do to these items, in the order of the menu; nothing is written."""
    planned, chosen = Plan(operation, values, len(tree.items)), set(pks)
    find = OPERATIONS[operation].find
    for menu in tree.menus:
        for node in menu.items:
            if node.item.pk in chosen:
                old, new = find(node, values)
                if old == new:
                    planned.unchanged.append(node.item.name)
                else:
                    planned.lines.append(Line(node.item.pk, node.item.name, old, new))
    return planned


@dataclass(frozen=True)
class Wish:
    """What somebody has looked at and wants done: `shown` is the plan's digest, `typed` a count, if asked."""

    operation: str
    values: Values
    pks: list[int]
    shown: str
    typed: str = ""


def apply(catalog: Catalog, wish: Wish, user: User | None) -> int:
    """How many items changed.

    Raises PlanChanged when it is not what was shown any more, CountNotTyped when the number of items
    that go was not typed; then nothing is done.
    """
    operation = wish.operation
    facts = {"operation": operation, "count": 0}
    with one_edit(catalog.pk, f"items_{operation}", user, facts) as change:
        planned = plan(load_tree(change.catalog), operation, wish.values, wish.pks)
        if planned.digest != wish.shown:
            raise PlanChanged(planned)
        if planned.asks_for_count and wish.typed.strip() != str(len(planned.lines)):
            raise CountNotTyped
        facts["count"] = len(planned.lines)
        if planned.lines:
            OPERATIONS[operation].write(change, planned)
    return len(planned.lines)


# --- what each operation does -----------------------------------------------------------------
def new_price(price: int, values: Values) -> int:
    """The price after `by` (percent or rupiah, below zero to lower it) or `to`, rounded; from zero to the highest."""
    amount = Decimal(values["amount"])
    if values["how"] == "set":
        wished = amount
    elif values["how"] == "percent":
        wished = price * (1 + amount / 100)
    else:
        wished = price + amount
    step = values["round_to"]
    steps = int((wished / step).quantize(Decimal(1), ROUND_HALF_UP))
    return min(max(0, steps), HIGHEST_PRICE // step) * step


def _stock(node: ItemNode, values: Values) -> tuple[Any, Any]:
    return node.item.in_stock, values["in_stock"]


def _price(node: ItemNode, values: Values) -> tuple[Any, Any]:
    return node.item.price, new_price(node.item.price, values)


def _hours(node: ItemNode, values: Values) -> tuple[Any, Any]:
    return node.item.operational_hours, values["hours"] or all_day()


def _attach(node: ItemNode, values: Values) -> tuple[Any, Any]:
    have, pk = _categories(node), values["category"].pk
    return have, have if pk in have else [*have, pk]


def _detach(node: ItemNode, values: Values) -> tuple[Any, Any]:
    have = _categories(node)
    return have, [pk for pk in have if pk != values["category"].pk]


def _categories(node: ItemNode) -> list[int]:
    return [category.category.pk for category in node.categories]


def _give(node: ItemNode, values: Values) -> tuple[Any, Any]:
    have = {folded(one.name): one.name for one in node.ingredients}
    return list(have.values()), list(({folded(name): name for name in values["names"]} | have).values())


def _take(node: ItemNode, values: Values) -> tuple[Any, Any]:
    have, gone = [one.name for one in node.ingredients], {folded(name) for name in values["names"]}
    return have, [name for name in have if folded(name) not in gone]


def _move(node: ItemNode, values: Values) -> tuple[Any, Any]:
    return node.item.menu_id, values["menu"].pk


def _delete(node: ItemNode, _: Values) -> tuple[Any, Any]:
    return True, False


def _write_column(column: str) -> Callable[[Change, Plan], None]:
    def write(change: Change, planned: Plan) -> None:
        new = {line.pk: line.new for line in planned.lines}
        change.note("item", list(new), ["name", column])
        rows = list(MenuItem.objects.filter(pk__in=new))
        for row in rows:
            setattr(row, column, new[row.pk])
        write_rows(rows, [column])

    return write


def _write_categories(change: Change, planned: Plan) -> None:
    new = {line.pk: line.new for line in planned.lines}
    change.note("item", list(new), ["name", "categories"])
    write_lists("item", {"categories": new})


def _write_ingredients(change: Change, planned: Plan) -> None:
    bear(change, "item", {line.pk: line.new for line in planned.lines})


def _write_move(change: Change, planned: Plan) -> None:
    move_items(change.catalog, [line.pk for line in planned.lines], planned.values["menu"], change.user)


def _write_delete(change: Change, planned: Plan) -> None:
    pks = [line.pk for line in planned.lines]
    note_removal(change, "item", pks)
    MenuItem.objects.filter(pk__in=pks).delete()


@dataclass(frozen=True)
class Operation:
    """`find` says what an item has and what it would have; `write` brings a plan into the catalog."""

    find: Callable[[ItemNode, Values], tuple[Any, Any]]
    write: Callable[[Change, Plan], None]


OPERATIONS: dict[str, Operation] = {
    "price": Operation(_price, _write_column("price")),
    "stock": Operation(_stock, _write_column("in_stock")),
    "hours": Operation(_hours, _write_column("operational_hours")),
    "attach": Operation(_attach, _write_categories),
    "detach": Operation(_detach, _write_categories),
    "give": Operation(_give, _write_ingredients),
    "take": Operation(_take, _write_ingredients),
    "move": Operation(_move, _write_move),
    "delete": Operation(_delete, _write_delete),
}
