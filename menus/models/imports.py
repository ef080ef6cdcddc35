"""Readings of the live menu into a catalog."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from gobiz_admin.merchants.models import Outlet


class MenuImport(models.Model):
    """One reading of an outlet's live menu; the first is written into its catalog, all of it or nothing.

    A later one waits in state `read` for what somebody chooses of it.
    """

    class State(models.TextChoices):
        QUEUED = "queued", _("Queued")
        RUNNING = "running", _("Reading the live menu")
        READ = "read", _("Waits for your choice")
        DONE = "done", _("Done")
        FAILED = "failed", _("Failed")
        EXPIRED = "expired", _("Not answered")

    outlet = models.ForeignKey(Outlet, on_delete=models.CASCADE, related_name="imports")
    state = models.CharField(max_length=10, choices=State.choices, default=State.QUEUED)
    requested_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL)
    # What was read, created and left without external_id, per kind.
    counts = models.JSONField(default=dict)
    # The `data` of GET catalog as it was read then; only the outlet's newest reading keeps it.
    live = models.JSONField(null=True)
    read_at = models.DateTimeField(null=True)
    error_code = models.CharField(max_length=40, blank=True)
    error = models.TextField(blank=True)
    requested_at = models.DateTimeField(auto_now_add=True)
    started_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["outlet"],
                condition=Q(state__in=["queued", "running", "read"]),
                name="one_import_per_outlet",
            )
        ]
