"""Versions of the menu, and the syncs that bring them to GoFood."""

from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from gobiz_admin.merchants.models import Outlet


class CatalogVersion(models.Model):
    """An immutable snapshot of the payload for an outlet. Number 0 is the live menu found at first."""

    outlet = models.ForeignKey(Outlet, on_delete=models.CASCADE, related_name="versions")
    number = models.PositiveIntegerField()
    # Number 0: the `data` of GET catalog. Others: `menus` and `variant_categories` of PUT catalog.
    payload = models.JSONField()
    checksum = models.CharField(max_length=64)
    # The merchant's own words about it.
    note = models.CharField(max_length=200, blank=True)
    # What it changed of what GoFood had: how many, per kind (`differences.counted`).
    changes = models.JSONField(default=dict)
    # The hints that were open, as code → how many; no error was, or it would not exist.
    hints = models.JSONField(default=dict)
    # What looked wrong and was typed to be right: [{"code", "name", "value", "by", "at"}].
    confirmations = models.JSONField(default=list)
    # Of its prices those that are timed: [{"place", "external_id", "price", "base", "label"}]; `base` comes back.
    timed = models.JSONField(default=list)
    # Made when a timed price began or ended, of the version before it: nobody published it.
    by_clock = models.BooleanField(default=False)
    # Of one by the clock: the menu without what others had changed on GoFood, which it leaves as it is; null where
    # nobody had (menus/theirs.py).
    own = models.JSONField(null=True)
    # The older version that this one brought back.
    restores = models.ForeignKey("self", null=True, on_delete=models.SET_NULL, related_name="+")
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["outlet", "number"], name="version_number_per_outlet")]

    @property
    def ours(self) -> Any:
        """What was published: by this it is told what others changed, and not by what is sent because they did."""
        return self.payload if self.own is None else self.own


class Sync(models.Model):
    """One attempt to bring a version to GoFood."""

    class State(models.TextChoices):
        QUEUED = "queued", _("Queued")
        SENDING = "sending", _("Sending")
        ACCEPTED = "accepted", _("Accepted by GoFood")
        CONFIRMED = "confirmed", _("Confirmed")
        FAILED = "failed", _("Failed")
        SUPERSEDED = "superseded", _("Replaced by a newer one")

    outlet = models.ForeignKey(Outlet, on_delete=models.CASCADE, related_name="syncs")
    version = models.ForeignKey(CatalogVersion, on_delete=models.CASCADE, related_name="syncs")
    state = models.CharField(max_length=10, choices=State.choices, default=State.QUEUED)
    # Kept over retries (gobiz-api.md, "How we read": Sending); matches the confirmation.
    request_id = models.CharField(max_length=64, unique=True)
    requested_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL)
    attempts = models.PositiveSmallIntegerField(default=0)
    # When it is due: queued, to be sent; sending, to be taken from a dead worker; accepted, or confirmed by a
    # notification alone, to be read back.
    next_attempt_at = models.DateTimeField(null=True)
    # A PUT of it went out and no answer came: look at the live menu before sending it again.
    maybe_applied = models.BooleanField(default=False)
    # `code` names the sentence, `error` is GoBiz's own message.
    error_code = models.CharField(max_length=40, blank=True)
    error = models.TextField(blank=True)
    queued_at = models.DateTimeField(auto_now_add=True)
    sending_at = models.DateTimeField(null=True)
    accepted_at = models.DateTimeField(null=True)
    mapping_updated_at = models.DateTimeField(null=True)
    # The external_ids of items that GoBiz's notifications about it named; perhaps not all of them.
    mapped_ids = models.JSONField(default=list)
    confirmed_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)
    # How it was proven (menus/states.py): "notification", "read_back" or "arrived".
    proof = models.CharField(max_length=20, blank=True)
    # When the live menu was last compared with it after the confirmation, and what differed then:
    # [{"kind", "of", "name", "old", "new"}], as `differences.Change`.
    read_back_at = models.DateTimeField(null=True)
    differs = models.JSONField(default=list)

    class Meta:
        constraints = [
            # One PUT at a time per outlet, and one waiting: what is newer replaces what waits.
            models.UniqueConstraint(fields=["outlet"], condition=Q(state="sending"), name="one_sync_sending"),
            models.UniqueConstraint(fields=["outlet"], condition=Q(state="queued"), name="one_sync_queued"),
        ]
        indexes = [
            models.Index(fields=["outlet", "-id"], name="sync_history"),
            models.Index(
                fields=["next_attempt_at"],
                condition=Q(state__in=["queued", "sending", "accepted", "confirmed"]),
                name="syncs_to_work_off",
            ),
        ]


class SyncAttempt(models.Model):
    """One call of PUT catalog; the row stands before the call is made."""

    sync = models.ForeignKey(Sync, on_delete=models.CASCADE, related_name="attempt_log")
    number = models.PositiveSmallIntegerField()
    started_at = models.DateTimeField(auto_now_add=True)
    duration_ms = models.PositiveIntegerField(null=True)
    status = models.PositiveSmallIntegerField(null=True)
    outcome = models.CharField(max_length=40, blank=True)
    answer = models.TextField(blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["sync", "number"], name="sync_attempt_number")]
