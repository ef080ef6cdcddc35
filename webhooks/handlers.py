"""What this app does with notifications of its own: the test that we send ourselves."""

from gobiz_admin.gobiz.events import WEBHOOK_ERROR
from webhooks import lookups
from webhooks.dispatch import Delivery, follows, handles
from webhooks.models import NotificationLookup
from webhooks.round_trip import TEST_EVENT


@handles(TEST_EVENT)
def take_test(delivery: Delivery) -> None:
    """Nothing: that it got here is what it is for."""


@follows(WEBHOOK_ERROR)
def look_up_undelivered(delivery: Delivery) -> None:
    """Ask GoBiz what it tried to deliver of an order that it says it could not deliver."""
    app = delivery.notification.gobiz_app
    lookups.ask(app, delivery.order_number, reason=NotificationLookup.Reason.UNDELIVERED)
