"""One publish to several outlets: at a time, a pilot first, then group by group."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from gobiz_admin.merchants.models import Merchant, Outlet
from menus.models.syncs import CatalogVersion, Sync


class Rollout(models.Model):
    """Versions that were frozen together; each stage is sent when the one before it is proven."""

    class State(models.TextChoices):
        RUNNING = "running", _("Under way")
        STOPPED = "stopped", _("Stopped")
        DONE = "done", _("Done")

    merchant = models.ForeignKey(Merchant, on_delete=models.CASCADE, related_name="rollouts")
    state = models.CharField(max_length=10, choices=State.choices, default=State.RUNNING)
    stage = models.PositiveSmallIntegerField(default=0)
    note = models.CharField(max_length=200, blank=True)
    requested_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL)
    requested_at = models.DateTimeField(auto_now_add=True)
    # Why it stopped by itself (`STOPPED` of views/together.py says it), or "" when somebody stopped it.
    stop_code = models.CharField(max_length=40, blank=True)
    ended_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [
            models.Index(fields=["merchant", "-id"], name="rollouts_newest_first"),
            models.Index(fields=["id"], condition=Q(state="running"), name="rollouts_under_way"),
        ]


class RolloutOutlet(models.Model):
    """One outlet of a rollout: when its turn comes, and what is sent to it then."""

    rollout = models.ForeignKey(Rollout, on_delete=models.CASCADE, related_name="rows")
    outlet = models.ForeignKey(Outlet, on_delete=models.CASCADE, related_name="+")
    stage = models.PositiveSmallIntegerField()
    due_at = models.DateTimeField()
    version = models.ForeignKey(CatalogVersion, on_delete=models.CASCADE, related_name="+")
    # Of the catalog that the version was made of; null when an older one comes back.
    revision = models.PositiveBigIntegerField(null=True)
    # What GoFood had before: to bring back.
    before = models.ForeignKey(CatalogVersion, null=True, on_delete=models.SET_NULL, related_name="+")
    sync = models.ForeignKey(Sync, null=True, on_delete=models.SET_NULL, related_name="+")

    class Meta:
        ordering = ["stage", "outlet__name", "pk"]
        constraints = [models.UniqueConstraint(fields=["rollout", "outlet"], name="outlet_once_per_rollout")]
