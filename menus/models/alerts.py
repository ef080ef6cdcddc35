"""Orders that GoBiz could not deliver, and the names that it found no mapping for."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from gobiz_admin.merchants.models import Merchant, Outlet
from menus.models.catalogs import ExternalId
from menus.models.syncs import Sync


class MappingAlert(models.Model):
    """GoBiz could not deliver an order because of missing mappings."""

    class State(models.TextChoices):
        OPEN = "open", _("Open")
        CLOSED = "closed", _("Closed")

    outlet = models.ForeignKey(Outlet, on_delete=models.CASCADE, related_name="mapping_alerts")
    order_number = models.CharField(max_length=200, blank=True)
    error_type = models.CharField(max_length=100, blank=True)
    state = models.CharField(max_length=10, choices=State.choices, default=State.OPEN)
    # By our clock; only syncs confirmed after it count.
    opened_at = models.DateTimeField()
    # By GoBiz's clock, of the newest notification: a repeated one does not open it again.
    event_at = models.DateTimeField(null=True)
    closed_at = models.DateTimeField(null=True)
    # When a member who may repair it looked at it first; when members were told by e-mail, and again.
    seen_at = models.DateTimeField(null=True)
    seen_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )
    told_at = models.DateTimeField(null=True)
    told_again_at = models.DateTimeField(null=True)
    # Whether it was resynced without asking, and why not (`repairing.automatic`).
    auto_at = models.DateTimeField(null=True)
    auto_code = models.CharField(max_length=20, blank=True)
    closed_by_sync = models.ForeignKey(Sync, null=True, on_delete=models.SET_NULL)

    class Meta:
        ordering = ["-opened_at", "-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["outlet", "order_number"], condition=Q(state="open"), name="one_open_alert_per_order"
            )
        ]
        indexes = [
            models.Index(fields=["opened_at"], condition=Q(told_at=None), name="alerts_to_tell"),
            models.Index(fields=["opened_at"], condition=Q(state="open"), name="alerts_open"),
        ]


class MappingAlertName(models.Model):
    """One name that GoBiz found no mapping for."""

    alert = models.ForeignKey(MappingAlert, on_delete=models.CASCADE, related_name="names")
    kind = models.CharField(max_length=20, choices=ExternalId.Kind.choices)
    name = models.TextField()
    covered = models.BooleanField(default=False)
    # Somebody said that it is another name for the row of ours with this external_id, or that it is not sold
    # any more.
    stands_for = models.TextField(blank=True)
    gone = models.BooleanField(default=False)

    class Meta:
        ordering = ["pk"]
        constraints = [models.UniqueConstraint(fields=["alert", "kind", "name"], name="alert_name_once")]


class AlertSetting(models.Model):
    """How a merchant wants alerts to be dealt with; without a row, as the defaults say."""

    merchant = models.OneToOneField(Merchant, on_delete=models.CASCADE, related_name="alert_setting")
    resync_without_asking = models.BooleanField(default=False)
