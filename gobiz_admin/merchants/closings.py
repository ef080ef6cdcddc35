"""The row that says whether an outlet is closed on GoFood. What is done with it: merchants/closing.py."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

# A press takes seconds; the sweep looks every five.
LATE_AFTER = timedelta(minutes=1)


def keep_while_closed(collector: Any, relation: Any, rows: models.QuerySet[Any], using: str) -> None:
    """An outlet goes with its row, as with CASCADE; ProtectedError while GoFood may have it closed.

    The row is all that ever opens it again.
    """
    if closed := [row for row in rows if not row.surely_open]:
        raise models.ProtectedError("An outlet that is closed on GoFood stays.", set(closed))
    models.CASCADE(collector, relation, rows, using)


class OutletClosing(models.Model):
    """Whether an outlet is to be closed on GoFood, and how far that is on its way: one row per outlet.

    No row: never closed from here. A newer wish counts `wish` up, also while an older one is being sent.
    """

    class State(models.TextChoices):
        QUEUED = "queued", _("Waiting")
        SENDING = "sending", _("Sending")
        DONE = "done", _("On GoFood")
        FAILED = "failed", _("Failed")

    class Reason(models.TextChoices):
        TOO_BUSY = "too_busy", _("Too busy")
        OUT_OF_STOCK = "out_of_stock", _("Sold out")
        NO_POWER = "no_power", _("No gas or power")
        HOLIDAY = "holiday", _("Holiday")
        OTHER = "other", _("Another reason")

    class Shown(models.TextChoices):
        OPEN = "open", pgettext_lazy("outlet", "Open")
        CLOSING = "closing", _("Closing…")
        CLOSED = "closed", pgettext_lazy("outlet", "Closed")
        OPENING = "opening", _("Opening…")
        NOT_CLOSED = "not_closed", _("Not closed")
        NOT_OPENED = "not_opened", _("Still closed")

    outlet = models.OneToOneField("merchants.Outlet", on_delete=keep_while_closed, related_name="closing")
    closed = models.BooleanField(default=False)
    reason = models.CharField(max_length=20, choices=Reason.choices, blank=True)
    words = models.CharField(max_length=120, blank=True)
    # Null while closed: until somebody says.
    reopen_at = models.DateTimeField(null=True)
    # When, and by whom, it was closed; kept while it is opened again.
    since = models.DateTimeField(null=True)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    state = models.CharField(max_length=10, choices=State.choices, default=State.DONE)
    wish = models.PositiveIntegerField(default=0)
    wished_at = models.DateTimeField(null=True)
    # The wish that is being sent, and by whom: a worker that comes back late finds another's.
    sending_wish = models.PositiveIntegerField(default=0)
    claim = models.UUIDField(null=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    # When it is due: queued, to be sent; sending, to be taken from a dead worker.
    next_attempt_at = models.DateTimeField(null=True)
    error_code = models.CharField(max_length=40, blank=True)
    error_facts = models.JSONField(default=dict)
    # What GoFood has as far as we told it, and when it said so; null: a call was lost, it may be either.
    told = models.BooleanField(null=True, default=False)
    told_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(closed=True) | models.Q(reopen_at__isnull=True),
                name="only_what_is_closed_opens_again",
            ),
        ]
        indexes = [
            models.Index(
                fields=["next_attempt_at"],
                condition=models.Q(state__in=["queued", "sending"]),
                name="closings_to_work_off",
            ),
            models.Index(
                fields=["reopen_at"],
                condition=models.Q(reopen_at__isnull=False),
                name="closings_to_open_again",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.outlet}: {self.shown.label}"

    @property
    def surely_open(self) -> bool:
        """Whether GoFood does not have it closed by us, and no call is on its way that closes it."""
        return not self.closed and self.told is False and self.state != self.State.SENDING

    @property
    def shown(self) -> Shown:
        """Where the outlet stands, for people; `label` says it."""
        if self.state == self.State.DONE:
            return self.Shown.CLOSED if self.closed else self.Shown.OPEN
        if self.state == self.State.FAILED:
            return self.Shown.NOT_CLOSED if self.closed else self.Shown.NOT_OPENED
        return self.Shown.CLOSING if self.closed else self.Shown.OPENING

    def is_late(self, now: datetime) -> bool:
        """Whether it should be open by now, or closed, and is not: GoBiz refuses, or no worker runs."""
        on_its_way = self.state in (self.State.QUEUED, self.State.SENDING)
        return (
            self.state == self.State.FAILED
            or (on_its_way and self.attempts > 1)
            or (on_its_way and _over(self.wished_at, now))
            or _over(self.reopen_at, now)
        )


def _over(moment: datetime | None, now: datetime) -> bool:
    return moment is not None and moment < now - LATE_AFTER
