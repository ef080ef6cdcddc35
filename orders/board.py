"""The inbox as columns of tiles."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from django.db.models import Prefetch, Q, QuerySet
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from gobiz_admin.gobiz.scopes import ORDER_WRITE
from gobiz_admin.merchants.models import Outlet
from gobiz_admin.merchants.wording import words_of
from orders import actions, undelivered
from orders.models import Order, OrderAction, UndeliveredOrder

Kind, Status = OrderAction.Kind, Order.Status
# On the board: what is open, and what ended not long ago. The rest is history.
ENDED_SHOWN_FOR = timedelta(hours=12)
MOST_TILES = 300
LABELS: dict[str, str | Promise] = {
    Kind.ACCEPT: _("Accept"),
    Kind.FOOD_READY: _("Food ready"),
    Kind.CANCEL: _("Reject"),
}


@dataclass
class Column:
    key: str
    title: str | Promise
    orders: list[Order] = field(default_factory=list)
    # Orders that GoBiz could not deliver, before the others.
    undelivered: list[UndeliveredOrder] = field(default_factory=list)

    @property
    def count(self) -> int:
        return len(self.orders) + sum(row.is_open for row in self.undelivered)


@dataclass(frozen=True)
class Button:
    kind: str
    label: str | Promise
    primary: bool


def board(outlets: list[Outlet]) -> dict[str, Any]:
    """Columns and counts of these outlets' orders, delivered or not; a fixed number of queries."""
    columns = [
        Column("waiting", _("New")),
        Column("cooking", _("Being prepared")),
        Column("pickup", _("Ready and on the way out")),
        Column("done", _("Ended")),
    ]
    by_key = {column.key: column for column in columns}
    for order in tiles(outlets):
        by_key[_column_of(order)].orders.append(order)
    waiting = by_key["waiting"]
    waiting.undelivered = undelivered.on_the_board(outlets)
    return {
        "columns": columns,
        "waiting_count": len(waiting.orders),
        "undelivered_count": waiting.count - len(waiting.orders),
        # Either kind rings until somebody has dealt with it.
        "ringing": waiting.count,
    }


def tiles(outlets: list[Outlet]) -> list[Order]:
    """The orders on the board, newest first, each with what its tile shows."""
    orders = (
        on_the_board(outlets)
        .select_related("outlet")
        .prefetch_related(
            "lines__variants",
            Prefetch("actions", OrderAction.objects.order_by("-pk"), to_attr="newest_actions"),
        )
        .order_by("-received_at", "-pk")
    )
    return [dressed(order) for order in orders[:MOST_TILES]]


def on_the_board(outlets: list[Outlet]) -> QuerySet[Order]:
    """What is open at these outlets, and what ended not long ago."""
    shown = ~Q(status__in=[Status.PLACED, Status.COMPLETED, Status.CANCELLED]) | Q(
        received_at__gte=timezone.now() - ENDED_SHOWN_FOR
    )
    return Order.objects.filter(shown, outlet__in=outlets)


def dressed(order: Order) -> Order:
    """The order with `pending`, `last_failure` and `buttons`, as its tile needs them."""
    tile: Any = order
    newest: OrderAction | None = next(iter(tile.newest_actions), None)
    tile.pending = newest if newest and newest.state == OrderAction.State.PENDING else None
    tile.last_failure = _failure(newest)
    kinds = [] if tile.pending else actions.possible(order)
    tile.buttons = [
        Button(kind, LABELS[kind], position == 0 and kind != Kind.CANCEL)
        for position, kind in enumerate(kinds)
    ]
    return order


def _failure(action: OrderAction | None) -> dict[str, Any] | None:
    if action is None or action.state != OrderAction.State.FAILED:
        return None
    facts = {"detail": action.error, "scope": ORDER_WRITE}
    return {"words": words_of(action.error_code, facts), "label": LABELS[action.kind]}


def _column_of(order: Order) -> str:
    if order.status == Status.AWAITING:
        return "waiting"
    if order.status in (Status.PLACED, Status.COMPLETED, Status.CANCELLED):
        return "done"
    return "pickup" if order.food_ready_at or order.status == Status.DRIVER_ARRIVED else "cooking"
