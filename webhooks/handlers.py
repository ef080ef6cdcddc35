"""What this app does with notifications of its own: the test that we send ourselves."""

from webhooks.dispatch import Delivery, handles
from webhooks.round_trip import TEST_EVENT


@handles(TEST_EVENT)
def take_test(delivery: Delivery) -> None:
    """Nothing: that it got here is what it is for."""
