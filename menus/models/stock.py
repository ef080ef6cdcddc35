"""What is in stock where: what GoFood has to be told at once, and until when something is off."""

import uuid

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from gobiz_admin.merchants.models import Outlet
from menus.models.catalogs import MenuItem, Variant

ONE_TARGET = Q(item__isnull=False, variant__isnull=True) | Q(item__isnull=True, variant__isnull=False)


class StockSwitch(models.Model):
    """The newest switch of an item or variant at an outlet, and how far it is on its way to GoFood.

    One row per outlet and target: a newer wish counts `wish` up, also while an older one is being sent.
    """

    class State(models.TextChoices):
        QUEUED = "queued", _("Waiting")
        SENDING = "sending", _("Sending")
        DONE = "done", _("On GoFood")
        FAILED = "failed", _("Failed")

    outlet = models.ForeignKey(Outlet, on_delete=models.CASCADE, related_name="stock_switches")
    item = models.ForeignKey(MenuItem, null=True, on_delete=models.CASCADE, related_name="+")
    variant = models.ForeignKey(Variant, null=True, on_delete=models.CASCADE, related_name="+")
    in_stock = models.BooleanField()
    state = models.CharField(max_length=10, choices=State.choices, default=State.QUEUED)
    wish = models.PositiveIntegerField(default=0)
    # The wish that is being sent, and in which batch: a worker that comes back late finds another's.
    sending_wish = models.PositiveIntegerField(default=0)
    batch = models.UUIDField(null=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    # When it is due: queued, to be sent; sending, to be taken from a dead worker.
    next_attempt_at = models.DateTimeField(null=True)
    error_code = models.CharField(max_length=40, blank=True)
    error = models.TextField(blank=True)
    requested_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL)
    requested_at = models.DateTimeField(default=timezone.now)
    # What GoBiz answered to last, and when.
    told = models.BooleanField(null=True)
    told_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=ONE_TARGET, name="stock_switch_of_item_or_variant"),
            models.UniqueConstraint(
                fields=["outlet", "item", "variant"],
                nulls_distinct=False,
                name="stock_switch_once_per_target",
            ),
        ]
        indexes = [
            models.Index(
                fields=["next_attempt_at"],
                condition=Q(state__in=["queued", "sending"]),
                name="stock_switches_to_work_off",
            ),
            models.Index(
                fields=["outlet"],
                condition=Q(state__in=["queued", "sending", "failed"]),
                name="stock_switches_open",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.outlet_id} {self.key} {self.in_stock} {self.state}"

    @property
    def key(self) -> tuple[str, int]:
        return ("item", self.item_id) if self.item_id else ("variant", self.variant_id or 0)

    @property
    def thing(self) -> MenuItem | Variant | None:
        return self.item or self.variant

    @staticmethod
    def new_batch() -> uuid.UUID:
        return uuid.uuid4()


class StockOff(models.Model):
    """An item or variant that is off: since when, by whom, and when it comes back by itself.

    `outlet` null: off in the catalog, for all outlets that have nothing of their own there.
    """

    outlet = models.ForeignKey(Outlet, null=True, on_delete=models.CASCADE, related_name="stock_offs")
    item = models.ForeignKey(MenuItem, null=True, on_delete=models.CASCADE, related_name="stock_offs")
    variant = models.ForeignKey(Variant, null=True, on_delete=models.CASCADE, related_name="stock_offs")
    # Null: until somebody says.
    back_at = models.DateTimeField(null=True)
    since = models.DateTimeField(default=timezone.now)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=ONE_TARGET, name="stock_off_of_item_or_variant"),
            models.UniqueConstraint(
                fields=["outlet", "item", "variant"], nulls_distinct=False, name="stock_off_once_per_target"
            ),
        ]
        indexes = [
            models.Index(fields=["back_at"], condition=Q(back_at__isnull=False), name="stock_off_coming_back")
        ]

    def __str__(self) -> str:
        return f"{self.outlet_id} {self.key} until {self.back_at}"

    @property
    def key(self) -> tuple[str, int]:
        return ("item", self.item_id) if self.item_id else ("variant", self.variant_id or 0)
