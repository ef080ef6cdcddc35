"""What an order notification does."""

from gobiz_admin.gobiz.events import ORDER_EVENTS
from orders.progress import take_in
from webhooks.dispatch import Delivery, handles


@handles(*ORDER_EVENTS)
def take_order_in(delivery: Delivery) -> None:
    take_in(delivery)
