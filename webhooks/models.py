"""What GoBiz sent us, as it came."""

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from gobiz_admin.merchants.models import GobizApp, Outlet


class Notification(models.Model):
    """One webhook delivery from GoBiz, stored as received.

    The row is the work: a worker claims it, dispatches it and finishes it; nothing about it stands
    in the broker.
    """

    class Verdict(models.TextChoices):
        VERIFIED = "verified", _("Signature verified")
        UNVERIFIED = "unverified", _("Signature not verified (record only)")
        FORGED = "forged", _("Signature wrong or missing")

    class State(models.TextChoices):
        PENDING = "pending", _("Waiting")
        DONE = "done", _("Done")
        IGNORED = "ignored", _("Without effect")
        FAILED = "failed", _("Failed, will be tried again")
        DEAD = "dead", _("Failed")

    gobiz_app = models.ForeignKey(GobizApp, on_delete=models.CASCADE, related_name="notifications")
    outlet = models.ForeignKey(Outlet, null=True, on_delete=models.SET_NULL, related_name="notifications")
    event_id = models.CharField(max_length=200)
    event_name = models.CharField(max_length=200, blank=True)
    order_number = models.CharField(max_length=200, blank=True)
    raw = models.BinaryField()
    headers = models.JSONField(default=dict)
    source_address = models.GenericIPAddressField(null=True)
    verdict = models.CharField(max_length=10, choices=Verdict.choices)
    received_at = models.DateTimeField(auto_now_add=True)
    state = models.CharField(max_length=10, choices=State.choices, default=State.PENDING)
    # Why it had no effect, or the error of the last attempt.
    note = models.TextField(blank=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    next_attempt_at = models.DateTimeField(default=timezone.now)
    finished_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            # GoBiz delivers at least once. A forged delivery uses up no event id, nor does an
            # unverified one that of a verified one.
            models.UniqueConstraint(
                fields=["gobiz_app", "event_id", "verdict"],
                condition=~models.Q(verdict="forged"),
                name="notification_once",
            ),
        ]
        indexes = [
            models.Index(
                fields=["next_attempt_at", "id"],
                condition=models.Q(state__in=["pending", "failed"]),
                name="notifications_to_work_off",
            ),
            models.Index(fields=["gobiz_app", "-id"], name="notification_log"),
            models.Index(fields=["order_number"], name="notification_order"),
        ]

    def __str__(self) -> str:
        return f"{self.event_name or '?'} {self.event_id}"
