"""What an order notification does."""

from django.urls import reverse

from gobiz_admin.gobiz.events import ORDER_EVENTS, WEBHOOK_ERROR
from gobiz_admin.merchants.models import Outlet
from orders import undelivered
from orders.board import on_the_board
from orders.progress import take_in
from webhooks.dispatch import Delivery, follows, handles
from webhooks.pointers import points_to_orders


@handles(*ORDER_EVENTS)
def take_order_in(delivery: Delivery) -> None:
    undelivered.arrived(take_in(delivery))


@follows(WEBHOOK_ERROR)
def keep_undelivered_order(delivery: Delivery) -> None:
    undelivered.keep(delivery)


@points_to_orders
def inbox_of_order(outlet: Outlet, order_number: str) -> str:
    """The inbox at the order's tile; "" for one that is not, or no longer, on the board."""
    pk = on_the_board([outlet]).filter(order_number=order_number).values_list("pk", flat=True).first()
    if pk is None:
        return ""
    return f"{reverse('inbox', args=[outlet.merchant_id])}?outlet={outlet.outlet_id}#order-{pk}"
