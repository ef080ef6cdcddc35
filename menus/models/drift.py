"""What GoFood's menu differs in from the version that it was proven to have."""

from django.db import models

from gobiz_admin.merchants.models import Outlet
from menus.models.syncs import CatalogVersion


class Drift(models.Model):
    """One row per outlet: what its newest reading differs in, sorted, and what somebody said of it.

    Home, the outlets and the Publish page show it from here; nothing is compared for them.
    """

    outlet = models.OneToOneField(Outlet, on_delete=models.CASCADE, related_name="drift")
    # When the live menu is to be read next by itself.
    next_due_at = models.DateTimeField()
    # The newest reading that was looked at, whether anything could be told by it or not.
    looked_at = models.DateTimeField(null=True)
    # Of which reading, version and revision of the catalog `lines` tell.
    read_at = models.DateTimeField(null=True)
    version = models.ForeignKey(CatalogVersion, null=True, on_delete=models.SET_NULL, related_name="+")
    revision = models.PositiveBigIntegerField(null=True)
    # As `menus.drift.sorting.Line`: of all that differs those that matter most (`menus.drift.bounds`).
    lines = models.JSONField(default=list)
    # How many there are in all, how many of them nobody decided about, and how many of these cost orders or money.
    found = models.PositiveIntegerField(default=0)
    open = models.PositiveIntegerField(default=0)
    urgent = models.PositiveIntegerField(default=0)
    # Fingerprints of lines of which somebody said that the next publish overwrites them: {print: {by, at}}.
    decided = models.JSONField(default=dict)
    # Fingerprints of lines that a letter told of.
    told = models.JSONField(default=list)

    class Meta:
        indexes = [
            models.Index(fields=["next_due_at"], name="drift_due"),
            models.Index(fields=["outlet"], condition=models.Q(open__gt=0), name="drift_open"),
        ]

    def __str__(self) -> str:
        return f"{self.outlet_id} {self.open} open, {self.urgent} urgent"
