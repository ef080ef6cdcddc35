"""Repairs of missing mappings: what somebody chose for each name, and the sync that it led to."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from gobiz_admin.merchants.models import Outlet
from menus.models.syncs import Sync


class Repair(models.Model):
    """One "fix and resync" at one outlet: queued until a worker has applied it and queued its sync."""

    class State(models.TextChoices):
        QUEUED = "queued", _("Queued")
        SENT = "sent", _("Published")
        REFUSED = "refused", _("Not published")

    outlet = models.ForeignKey(Outlet, on_delete=models.CASCADE, related_name="repairs")
    state = models.CharField(max_length=10, choices=State.choices, default=State.QUEUED)
    # {"item:es teh": "adopt", …}: see `menus.repairing.choices`.
    choices = models.JSONField(default=dict)
    # Started by itself, as the merchant wishes.
    automatic = models.BooleanField(default=False)
    requested_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL)
    requested_at = models.DateTimeField(auto_now_add=True)
    sync = models.ForeignKey(Sync, null=True, on_delete=models.SET_NULL, related_name="+")
    # Why it was refused, and the errors that block it: [{"code", "kind", "pk", "name", "field"}].
    code = models.CharField(max_length=40, blank=True)
    checks = models.JSONField(default=list)
    ended_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            # Pressed twice, or by two people at once, it is one.
            models.UniqueConstraint(fields=["outlet"], condition=Q(state="queued"), name="one_repair_queued")
        ]
        indexes = [models.Index(fields=["outlet", "-id"], name="repairs_newest_first")]
