"""Why a notification had no effect, in words."""

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from webhooks.models import Notification

NOTES: dict[str, str | Promise] = {
    "forged": _("Refused: its signature does not fit the Relay Secret."),
    "forged_cut": _("Refused: its signature does not fit the Relay Secret. Only its beginning was kept."),
    "not_json": _("Stored, without effect: it is not JSON."),
    "unknown_event": _("Stored, without effect: this event means nothing to us."),
    "unknown_outlet": _("Stored, without effect: it names an outlet that is not one of this app's."),
    "no_outlet": _("Stored, without effect: it names no outlet, and the app has several."),
}


def sentence_of(notification: Notification) -> str:
    """What came of the notification; an error's text is for operators and is not shown here."""
    if notification.note in NOTES:
        return str(NOTES[notification.note])
    return str(notification.get_state_display())
