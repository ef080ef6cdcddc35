"""GoFood orders as last known, and what was done with them."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from gobiz_admin.merchants.models import Outlet
from webhooks.models import Notification


class Order(models.Model):
    """A GoFood order as last known."""

    class Status(models.TextChoices):
        AWAITING = "AWAITING_MERCHANT_ACCEPTANCE", _("Waiting for you")
        ACCEPTED = "MERCHANT_ACCEPTED", _("Accepted")
        DRIVER_OTW_PICKUP = "DRIVER_OTW_PICKUP", _("Driver on the way")
        DRIVER_ARRIVED = "DRIVER_ARRIVED", _("Driver has arrived")
        PLACED = "PLACED", _("Handed over")
        COMPLETED = "COMPLETED", _("Completed")
        CANCELLED = "CANCELLED", _("Cancelled")

    outlet = models.ForeignKey(Outlet, on_delete=models.CASCADE, related_name="orders")
    order_number = models.CharField(max_length=200)
    status = models.CharField(max_length=30, choices=Status.choices, default=Status.AWAITING)
    service_type = models.TextField(blank=True)
    pin = models.TextField(blank=True)
    order_total = models.BigIntegerField(null=True)
    currency = models.TextField(blank=True)
    takeaway_charges = models.BigIntegerField(null=True)
    cutlery_requested = models.BooleanField(null=True)
    customer_name = models.TextField(blank=True)
    driver_name = models.TextField(blank=True)
    created_at = models.DateTimeField(null=True)
    scheduled_start = models.DateTimeField(null=True)
    scheduled_end = models.DateTimeField(null=True)
    cancellation_reason = models.TextField(blank=True)
    has_promotion = models.BooleanField(default=False)
    received_at = models.DateTimeField(auto_now_add=True)
    food_ready_at = models.DateTimeField(null=True)
    # field → stamp of the notification that told it; the greatest stamp wins, so that any order of
    # arrival ends alike (orders/progress.py).
    told_by = models.JSONField(default=dict)
    # Of the lines as they were told: most notifications of an order repeat them.
    lines_digest = models.CharField(max_length=64, blank=True)
    # Names of fields that came in a form that could not be read.
    unread = models.JSONField(default=list)
    # A delivery whose signature was not verified had a part in this order.
    unverified = models.BooleanField(default=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["outlet", "order_number"], name="order_once_per_outlet")
        ]
        indexes = [
            models.Index(
                fields=["outlet", "-received_at"],
                condition=~Q(status__in=["PLACED", "COMPLETED", "CANCELLED"]),
                name="open_orders",
            ),
            models.Index(fields=["outlet", "-received_at"], name="order_history"),
            # For the sweep that looks for gaps among the young ones of all outlets (orders/gaps.py).
            models.Index(fields=["received_at"], name="order_age"),
        ]

    def __str__(self) -> str:
        return self.order_number


class OrderLine(models.Model):
    order = models.ForeignKey(Order, on_delete=models.CASCADE, related_name="lines")
    position = models.PositiveSmallIntegerField()
    name = models.TextField(blank=True)
    external_id = models.TextField(blank=True)
    gobiz_id = models.TextField(blank=True)
    quantity = models.PositiveIntegerField(null=True)
    price = models.BigIntegerField(null=True)
    notes = models.TextField(blank=True)
    mapped = models.BooleanField(default=False)

    class Meta:
        ordering = ["position"]


class OrderLineVariant(models.Model):
    line = models.ForeignKey(OrderLine, on_delete=models.CASCADE, related_name="variants")
    position = models.PositiveSmallIntegerField()
    name = models.TextField(blank=True)
    external_id = models.TextField(blank=True)
    gobiz_id = models.TextField(blank=True)
    mapped = models.BooleanField(default=False)

    class Meta:
        ordering = ["position"]


class OrderAction(models.Model):
    """What a member asked GoBiz to do with an order; sent once, whoever else presses the button."""

    class Kind(models.TextChoices):
        ACCEPT = "accept", _("Accept")
        CANCEL = "cancel", _("Reject")
        FOOD_READY = "food_ready", _("Food ready")

    class State(models.TextChoices):
        PENDING = "pending", _("Sending…")
        DONE = "done", _("Done")
        FAILED = "failed", _("Not done")

    order = models.ForeignKey(Order, on_delete=models.CASCADE, related_name="actions")
    kind = models.CharField(max_length=12, choices=Kind.choices)
    state = models.CharField(max_length=10, choices=State.choices, default=State.PENDING)
    reason_code = models.CharField(max_length=30, blank=True)
    reason = models.TextField(blank=True)
    requested_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL)
    requested_at = models.DateTimeField(auto_now_add=True)
    claimed_at = models.DateTimeField(null=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    next_attempt_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)
    error_code = models.CharField(max_length=40, blank=True)
    error = models.TextField(blank=True)

    class Meta:
        constraints = [
            # Acting twice, from two browsers, sends one request.
            models.UniqueConstraint(
                fields=["order"], condition=Q(state="pending"), name="one_pending_action_per_order"
            ),
            models.UniqueConstraint(
                fields=["order", "kind"], condition=Q(state="done"), name="action_done_once"
            ),
        ]


class TimelineEntry(models.Model):
    """One thing that happened to an order: a notification, or an action of a member."""

    order = models.ForeignKey(Order, on_delete=models.CASCADE, related_name="timeline")
    at = models.DateTimeField()
    event = models.CharField(max_length=200)
    notification = models.ForeignKey(Notification, null=True, on_delete=models.SET_NULL)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL)
    # Event id of the notification: the same one, replayed, is not told twice.
    event_id = models.CharField(max_length=200, blank=True)

    class Meta:
        ordering = ["at", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["order", "event_id"], condition=~Q(event_id=""), name="timeline_event_once"
            )
        ]


class UndeliveredOrder(models.Model):
    """An order that GoBiz could not deliver here: it stands in the inbox until it was handled, or arrives after all."""

    outlet = models.ForeignKey(Outlet, on_delete=models.CASCADE, related_name="undelivered_orders")
    # "?" and the event's id for an order without a number, as with orders.
    order_number = models.CharField(max_length=200)
    # What GoBiz found no mapping for.
    names = models.JSONField(default=list)
    # By our clock, when we were told first.
    opened_at = models.DateTimeField()
    handled_at = models.DateTimeField(null=True)
    handled_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL)
    arrived_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["outlet", "order_number"], name="undelivered_once_per_outlet")
        ]
        indexes = [
            models.Index(
                fields=["outlet", "-opened_at"],
                condition=Q(handled_at__isnull=True, arrived_at__isnull=True),
                name="undelivered_open",
            )
        ]

    def __str__(self) -> str:
        return self.order_number

    @property
    def is_open(self) -> bool:
        return self.handled_at is None and self.arrived_at is None

    @property
    def shown_number(self) -> str:
        """The number that the GoBiz app shows; "" when GoBiz told none."""
        return "" if self.order_number.startswith("?") else self.order_number
