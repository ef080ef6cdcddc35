"""What GoBiz sent us, as it came, and what we know of its sending."""

from django.conf import settings
from django.contrib.postgres.indexes import BrinIndex
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

    # Every index is paid for at each notification: those of the foreign keys stand below, with more
    # in them.
    gobiz_app = models.ForeignKey(
        GobizApp, on_delete=models.CASCADE, related_name="notifications", db_index=False
    )
    outlet = models.ForeignKey(
        Outlet, null=True, on_delete=models.SET_NULL, related_name="notifications", db_index=False
    )
    event_id = models.CharField(max_length=200)
    event_name = models.CharField(max_length=200, blank=True)
    order_number = models.CharField(max_length=200, blank=True)
    raw = models.BinaryField()
    headers = models.JSONField(default=dict)
    source_address = models.GenericIPAddressField(null=True)
    verdict = models.CharField(max_length=10, choices=Verdict.choices)
    # GoBiz's own time of it, from the header, as far as it could be read.
    sent_at = models.DateTimeField(null=True)
    received_at = models.DateTimeField(default=timezone.now)
    state = models.CharField(max_length=10, choices=State.choices, default=State.PENDING)
    # Why it had no effect, or the error of the last attempt.
    note = models.TextField(blank=True)
    # Of the last error, for operators.
    traceback = models.TextField(blank=True)
    # Paths in the body of what was there and could not be read, such as "order.order_total".
    unread = models.JSONField(default=list)
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
            models.Index(fields=["gobiz_app", "event_name", "-id"], name="notification_event"),
            models.Index(
                fields=["outlet", "-received_at"],
                condition=models.Q(outlet__isnull=False),
                name="notification_outlet",
            ),
            models.Index(
                fields=["order_number"], condition=~models.Q(order_number=""), name="notification_order"
            ),
            # What the page "Webhooks" looks for: few rows among many, and none of them where all is well.
            models.Index(
                fields=["gobiz_app", "state", "-id"],
                condition=models.Q(state__in=["failed", "dead"]),
                name="notification_failed",
            ),
            models.Index(
                fields=["gobiz_app", "note", "-id"],
                condition=models.Q(state="ignored"),
                name="notification_ignored",
            ),
            models.Index(
                fields=["gobiz_app", "verdict", "-id"],
                condition=models.Q(verdict__in=["unverified", "forged"]),
                name="notification_unproven",
            ),
            # For working off again what came since a time: rows lie on disk in the order in which they came.
            BrinIndex(fields=["received_at"], name="notification_age", autosummarize=True),
        ]

    def __str__(self) -> str:
        return f"{self.event_name or '?'} {self.event_id}"


class AppCheck(models.Model):
    """The latest look at one thing of a GoBiz app: its subscriptions, or a test of its address.

    The row is the work, as everywhere: `waiting` until a worker takes it, and due again later.
    """

    class Kind(models.TextChoices):
        SUBSCRIPTIONS = "subscriptions", _("Subscriptions")
        ROUND_TRIP = "round_trip", _("Test of the address")

    class State(models.TextChoices):
        WAITING = "waiting", _("Waiting")
        RUNNING = "running", _("Checking…")
        PASSED = "passed", _("As it should be")
        FAILED = "failed", _("Not as it should be")

    gobiz_app = models.ForeignKey(GobizApp, on_delete=models.CASCADE, related_name="checks")
    kind = models.CharField(max_length=20, choices=Kind.choices)
    state = models.CharField(max_length=10, choices=State.choices, default=State.WAITING)
    # `code` names the sentence (proof_words.py), `facts` fill it in: shown in any language.
    code = models.CharField(max_length=40, blank=True)
    facts = models.JSONField(default=dict)
    # When it came into its state.
    checked_at = models.DateTimeField(default=timezone.now)
    # When it is to be looked at again by itself; null: only when somebody asks.
    due_at = models.DateTimeField(null=True, default=timezone.now)
    failures = models.PositiveSmallIntegerField(default=0)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["gobiz_app", "kind"], name="check_once_per_app")]
        indexes = [models.Index(fields=["due_at"], name="checks_due")]

    def __str__(self) -> str:
        return f"{self.gobiz_app_id}: {self.kind} {self.state}"


class Rhythm(models.Model):
    """How many orders an outlet usually gets in each hour of the week: what silence is unusual."""

    outlet = models.OneToOneField(Outlet, on_delete=models.CASCADE, related_name="rhythm")
    # 168 means of orders per hour, from Monday 00:00 in the outlet's time zone.
    orders_per_hour = models.JSONField(default=list)
    # Whole days that the means are made of.
    days = models.PositiveSmallIntegerField(default=0)
    computed_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.outlet_id}: {self.days} days"


class NotificationLookup(models.Model):
    """One question to GoBiz: what did you try to deliver about this order?

    The row is the work, as everywhere; `claimed_at` is the claim of the worker that asks.
    """

    class State(models.TextChoices):
        QUEUED = "queued", _("Waiting")
        RUNNING = "running", _("Asking GoBiz…")
        DONE = "done", _("Answered")
        FAILED = "failed", _("Not answered")

    class Reason(models.TextChoices):
        ASKED = "asked", _("Somebody asked")
        UNDELIVERED = "undelivered", _("GoFood could not deliver the order")
        GAP = "gap", _("Something is missing among what we know of the order")

    gobiz_app = models.ForeignKey(GobizApp, on_delete=models.CASCADE, related_name="lookups")
    order_number = models.CharField(max_length=200)
    reason = models.CharField(max_length=12, choices=Reason.choices, default=Reason.ASKED)
    state = models.CharField(max_length=10, choices=State.choices, default=State.QUEUED)
    requested_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL)
    requested_at = models.DateTimeField(default=timezone.now)
    next_attempt_at = models.DateTimeField(default=timezone.now)
    claimed_at = models.DateTimeField(null=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    finished_at = models.DateTimeField(null=True)
    # What GoBiz told, as far as it is shown (webhooks/lookup_answers.py); never a body, which may be large.
    result = models.JSONField(default=list)
    found = models.PositiveIntegerField(default=0)
    taken_in = models.PositiveIntegerField(default=0)
    # As `words_of` takes them (merchants/wording.py).
    error_code = models.CharField(max_length=40, blank=True)
    error_facts = models.JSONField(default=dict)

    class Meta:
        constraints = [
            # Asking twice asks once.
            models.UniqueConstraint(
                fields=["gobiz_app", "order_number"],
                condition=models.Q(state__in=["queued", "running"]),
                name="one_open_lookup_per_order",
            )
        ]
        indexes = [
            models.Index(
                fields=["next_attempt_at", "id"],
                condition=models.Q(state__in=["queued", "running"]),
                name="lookups_to_do",
            ),
            models.Index(fields=["gobiz_app", "order_number", "-id"], name="lookup_of_order"),
            models.Index(fields=["gobiz_app", "claimed_at"], name="lookup_calls"),
            models.Index(fields=["finished_at"], name="lookup_age"),
        ]

    def __str__(self) -> str:
        return f"{self.gobiz_app_id}: {self.order_number} {self.state}"
