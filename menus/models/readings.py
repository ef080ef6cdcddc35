"""What GoFood showed last: the newest reading of each outlet's live menu."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from gobiz_admin.merchants.models import Outlet
from menus.models.syncs import CatalogVersion


class LiveReading(models.Model):
    """One row per outlet: the reading that is asked for or under way, beside the newest that succeeded.

    One that fails leaves what was read before, with its time.
    """

    class State(models.TextChoices):
        QUEUED = "queued", _("Queued")
        READING = "reading", _("Reading the live menu")
        READ = "read", _("Read")
        FAILED = "failed", _("Failed")

    outlet = models.OneToOneField(Outlet, on_delete=models.CASCADE, related_name="reading")
    state = models.CharField(max_length=10, choices=State.choices, default=State.QUEUED)
    requested_at = models.DateTimeField()
    # Since when a worker reads; with it the worker knows that the row is still its own.
    started_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)
    error_code = models.CharField(max_length=40, blank=True)
    error = models.TextField(blank=True)
    # The `data` of GET catalog as it was read then, and when GoBiz was asked for it.
    live = models.JSONField(null=True)
    read_at = models.DateTimeField(null=True)
    # Of what can be compared in it (`readings.likeness`): the same for the same menu.
    checksum = models.CharField(max_length=64, blank=True)
    # The reading that proved a version: how GoFood writes what it was sent (menus/own_way.py).
    proven = models.JSONField(null=True)
    proven_version = models.ForeignKey(CatalogVersion, null=True, on_delete=models.SET_NULL, related_name="+")

    class Meta:
        indexes = [
            models.Index(
                fields=["requested_at"],
                condition=Q(state__in=["queued", "reading"]),
                name="readings_to_work_off",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.outlet_id} {self.state} {self.read_at}"

    @property
    def is_open(self) -> bool:
        return self.state in (self.State.QUEUED, self.State.READING)
