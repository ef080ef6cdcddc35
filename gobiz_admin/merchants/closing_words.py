"""What people are told of an outlet that is closed, or on its way there or back: in the outlet's time."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _

from gobiz_admin.merchants.closing import CLOSED, OPENED
from gobiz_admin.merchants.closings import OutletClosing
from gobiz_admin.merchants.models import AuditEntry, Outlet
from gobiz_admin.merchants.moments import when
from gobiz_admin.merchants.wording import words_of

Shown = OutletClosing.Shown


def sentence(row: OutletClosing) -> str:
    """Since when, by whom and until when it is closed, or how far it is on its way."""
    shown = row.shown
    if shown == Shown.OPEN:
        return _("It is open.")
    if shown == Shown.CLOSED:
        return f"{closed_since(row)} {ends(row)}"
    return _on_its_way(row)


def closed_since(row: OutletClosing) -> str:
    """`Closed since 14:02 by siti@warung.example.`"""
    at = when(row.since, row.outlet.zone)
    if row.by is None:
        return _("Closed since %(time)s.") % {"time": at}
    return _("Closed since %(time)s by %(person)s.") % {"time": at, "person": row.by.email}


def ends(row: OutletClosing) -> str:
    """`Opens again at 17:00.`"""
    if row.reopen_at is None:
        return _("Stays closed until somebody opens it.")
    at = when(row.reopen_at, row.outlet.zone)
    if row.is_late(timezone.now()):
        return _("Should have opened at %(time)s and did not.") % {"time": at}
    return _("Opens again by itself: %(time)s.") % {"time": at}


def _on_its_way(row: OutletClosing) -> str:
    sentences = {
        Shown.CLOSING: _("GoFood is being told to close it."),
        Shown.OPENING: _("GoFood is being told to open it."),
        Shown.NOT_CLOSED: _("It could not be closed on GoFood: customers can still order."),
        Shown.NOT_OPENED: _("It could not be opened on GoFood: customers cannot order."),
    }
    return sentences[row.shown]


def why(row: OutletClosing) -> str:
    """What GoBiz answered at the last try and what happens next; "" while nothing has failed."""
    if not row.error_code:
        return ""
    words = words_of(row.error_code, row.error_facts)
    if row.state == OutletClosing.State.FAILED:
        return f"{words} {_instead(row)}"
    if row.next_attempt_at is None or row.state == OutletClosing.State.SENDING:
        return words
    at = f"{timezone.localtime(row.next_attempt_at, row.outlet.zone):%H:%M:%S}"
    then = _("It is tried again at %(time)s.") % {"time": at}
    return f"{words} {then}"


def _instead(row: OutletClosing) -> str:
    if row.closed:
        return _("Until then, close the outlet in the GoBiz app, or reject what you cannot make.")
    return _("Until then, open the outlet in the GoBiz app.")


def reason_of(reason: str, words: str) -> str:
    """`Too busy: the oven is full`"""
    label = str(dict(OutletClosing.Reason.choices).get(reason, ""))
    return ": ".join(part for part in (label, words) if part)


def history_line(entry: AuditEntry, outlet: Outlet) -> str:
    """What was done, why, and until when."""
    facts: dict[str, Any] = entry.facts
    if entry.action == OPENED:
        return _("Opened by itself") if facts.get("by_itself") else _("Opened")
    if entry.action != CLOSED:
        words = words_of(facts.get("code", ""), facts.get("error", {}))
        what = _("Could not be closed.") if facts.get("closed") else _("Could not be opened.")
        return f"{what} {words}"
    reason, until = reason_of(facts["reason"], facts["words"]), facts.get("until")
    if until is None:
        return _("Closed until somebody opens it. %(reason)s") % {"reason": reason}
    at = when(datetime.fromisoformat(until), outlet.zone)
    return _("Closed until %(time)s. %(reason)s") % {"time": at, "reason": reason}
