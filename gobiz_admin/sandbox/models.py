"""What the sandbox remembers. All of it is in PostgreSQL, so that a restart goes on where it stopped."""

import uuid
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.db import models
from django.utils import timezone

ALL_SCOPES = [
    "gofood:catalog:read",
    "gofood:catalog:write",
    "gofood:order:read",
    "gofood:order:write",
    "gofood:outlet:write",
    "promo:food_promo:read",
    "promo:food_promo:write",
    "partner:outlet:read",
    "partner:outlet:write",
]


class App(models.Model):
    """One set of portal credentials."""

    class Ungranted(models.TextChoices):
        DROP = "drop", "Leave it out of the token"
        REFUSE = "refuse", "Answer invalid_scope"

    slug = models.SlugField(unique=True)
    name = models.CharField(max_length=100)
    app_id = models.CharField(max_length=100, unique=True)
    app_secret = models.CharField(max_length=100)
    partner_id = models.CharField(max_length=100)
    relay_secret = models.CharField(max_length=100)
    scopes = models.JSONField(default=list, blank=True)
    ungranted = models.CharField(max_length=10, choices=Ungranted, default=Ungranted.DROP)
    token_expires_in = models.PositiveIntegerField(default=3599)

    def __str__(self) -> str:
        return self.slug


class Outlet(models.Model):
    """One GoFood outlet with its live menu (`catalog`, in the shape that `catalog.py` describes)."""

    class Acceptance(models.TextChoices):
        AUTO = "auto", "Auto Accept"
        AUTO_ON_TIMEOUT = "auto_on_timeout", "Auto Accept on Timeout (60 s)"
        MANUAL = "manual", "Manual (3 min, then rejected)"

    app = models.ForeignKey(App, models.CASCADE, related_name="outlets")
    outlet_id = models.CharField(max_length=40, unique=True)
    external_outlet_id = models.CharField(max_length=100, null=True, default=None, blank=True)
    name = models.CharField(max_length=150)
    acceptance = models.CharField(max_length=20, choices=Acceptance, default=Acceptance.MANUAL)
    linked = models.BooleanField(default=True)
    force_closed = models.BooleanField(default=False)
    catalog = models.JSONField(default=dict, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    def __str__(self) -> str:
        return self.outlet_id

    def reference(self) -> dict[str, Any]:
        """The `outlet` object that notifications carry."""
        return {"id": self.outlet_id, "external_outlet_id": self.external_outlet_id}


class Token(models.Model):
    app = models.ForeignKey(App, models.CASCADE)
    value = models.CharField(max_length=100, unique=True)
    scopes = models.JSONField(default=list)
    expires_at = models.DateTimeField()


class Subscription(models.Model):
    """A URL that wants an event, of one outlet or (outlet empty) of all the partner's outlets."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    app = models.ForeignKey(App, models.CASCADE)
    outlet = models.ForeignKey(Outlet, models.CASCADE, null=True)
    event = models.CharField(max_length=100)
    url = models.CharField(max_length=2000)
    active = models.BooleanField(default=True)
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["app", "outlet", "event", "url"],
                name="sandbox_subscription_once",
                nulls_distinct=False,
            )
        ]


class Order(models.Model):
    """An order as GoFood knows it. `body` is the body of its latest notification."""

    number = models.CharField(max_length=40, unique=True)
    outlet = models.ForeignKey(Outlet, models.CASCADE, related_name="orders")
    service_type = models.CharField(max_length=20)
    status = models.CharField(max_length=40)
    food_prepared = models.BooleanField(default=False)
    unmapped = models.JSONField(null=True)
    body = models.JSONField()
    created_at = models.DateTimeField(default=timezone.now)


class Promo(models.Model):
    """One SKU promo of one item."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    outlet = models.ForeignKey(Outlet, models.CASCADE)
    external_menu_id = models.CharField(max_length=200)
    detail = models.JSONField()
    active = models.BooleanField(default=True)
    created_at = models.DateTimeField(default=timezone.now)


class IdempotentAnswer(models.Model):
    """The answer that a promo request with this X-Idempotency-Key got; a repeat gets the same."""

    outlet = models.ForeignKey(Outlet, models.CASCADE)
    key = models.CharField(max_length=32)
    answer = models.JSONField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["outlet", "key"], name="sandbox_idempotency_key_once")]


class Step(models.Model):
    """Something that happens by itself later: the next event of an order, a confirmation, a time limit."""

    due_at = models.DateTimeField(db_index=True)
    kind = models.CharField(max_length=30)
    data = models.JSONField()


class Delivery(models.Model):
    """One notification on its way to one URL, with every attempt made so far."""

    class State(models.TextChoices):
        WAITING = "waiting"
        DELIVERED = "delivered"
        DEAD = "dead"

    app = models.ForeignKey(App, models.CASCADE)
    event = models.CharField(max_length=100)
    entity_id = models.CharField(max_length=200, blank=True, db_index=True)
    url = models.CharField(max_length=2000)
    payload = models.BinaryField()
    headers = models.JSONField()
    lane = models.CharField(max_length=64)
    state = models.CharField(max_length=10, choices=State, default=State.WAITING)
    due_at = models.DateTimeField(default=timezone.now)
    attempts = models.JSONField(default=list)
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        indexes = [
            models.Index(fields=["due_at"], name="sandbox_delivery_due", condition=models.Q(state="waiting"))
        ]


class Fault(models.Model):
    """What goes wrong with the calls that match; see `faults.py`."""

    match = models.CharField(max_length=200)
    times = models.PositiveIntegerField(null=True, blank=True)
    status = models.PositiveIntegerField(null=True, blank=True)
    body = models.TextField(default="", blank=True)
    headers = models.JSONField(default=dict, blank=True)
    delay = models.FloatField(default=0)
    close = models.BooleanField(default=False)
    apply = models.BooleanField(default=False)


class Call(models.Model):
    """One API call as received."""

    at = models.DateTimeField(default=timezone.now)
    method = models.CharField(max_length=10)
    path = models.CharField(max_length=500)
    query = models.CharField(max_length=1000, blank=True)
    status = models.PositiveIntegerField(null=True)
    request_id = models.CharField(max_length=128, blank=True)
    app = models.CharField(max_length=50, blank=True)
    body = models.JSONField(null=True)
    milliseconds = models.PositiveIntegerField(default=0)


def _retry_speed() -> float:
    return settings.SANDBOX_RETRY_SPEED


def _confirm_after() -> float:
    return settings.SANDBOX_CONFIRM_AFTER


def _acceptance_speed() -> float:
    return settings.SANDBOX_ACCEPTANCE_SPEED


class Settings(models.Model):
    """The one row of switches that POST /_control/settings sets."""

    retry_speed = models.FloatField(default=_retry_speed)
    confirm_after = models.FloatField(default=_confirm_after)
    acceptance_speed = models.FloatField(default=_acceptance_speed)
    send_confirmation = models.BooleanField(default=True)
    token_expires_in = models.PositiveIntegerField(null=True, blank=True)
    missing_scope_status = models.PositiveIntegerField(default=401)
    duplicates = models.PositiveIntegerField(default=1)
    shuffle = models.BooleanField(default=False)
    fetch_images = models.BooleanField(default=False)
    delivery_timeout = models.FloatField(default=15.0)

    @classmethod
    def load(cls) -> "Settings":
        return cls.objects.get_or_create(pk=1)[0]

    def in_retry_time(self, seconds: float) -> timedelta:
        return timedelta(seconds=seconds / self.retry_speed)
