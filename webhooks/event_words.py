"""What each event is called by people."""

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from gobiz_admin.gobiz import events
from webhooks.round_trip import TEST_EVENT

WORDS: dict[str, str | Promise] = {
    events.ORDER_CREATED: gettext_lazy("Order created"),
    events.ORDER_AWAITING: gettext_lazy("Order waits for the outlet"),
    events.ORDER_ACCEPTED: gettext_lazy("Order accepted"),
    events.ORDER_DRIVER_OTW: gettext_lazy("Driver on the way to the outlet"),
    events.ORDER_DRIVER_ARRIVED: gettext_lazy("Driver has arrived"),
    events.ORDER_PLACED: gettext_lazy("Order handed over"),
    events.ORDER_COMPLETED: gettext_lazy("Order completed"),
    events.ORDER_CANCELLED: gettext_lazy("Order cancelled"),
    events.WEBHOOK_ERROR: gettext_lazy("Order not delivered: mapping missing"),
    events.MENU_MAPPING_UPDATED: gettext_lazy("Menu confirmed"),
    TEST_EVENT: gettext_lazy("Test of our own"),
}


def in_words(event_name: str) -> str:
    """The event in words; its own name when it is none that we know."""
    return str(WORDS.get(event_name) or event_name or _("No event name"))


def choices() -> list[tuple[str, str]]:
    """For a choice of one event."""
    return [(name, str(words)) for name, words in WORDS.items()]
