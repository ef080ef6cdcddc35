"""What members changed in a catalog, so that it can be taken back."""

from django.conf import settings
from django.db import models
from django.utils import timezone

from menus.models.catalogs import Catalog


class CatalogEdit(models.Model):
    """One change of a catalog, of one field or of a thousand rows, with what stood there before."""

    catalog = models.ForeignKey(Catalog, on_delete=models.CASCADE, related_name="edits")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL)
    action = models.CharField(max_length=60)
    # What the sentence about it needs.
    facts = models.JSONField(default=dict)
    # [{"kind", "pk", "before": {field: value} | null, "after": {field: value} | null}, …]
    rows = models.JSONField(default=list)
    at = models.DateTimeField(default=timezone.now)
    # Whether it has been taken back; `takes_back` is what did it, and can be taken back itself.
    undone = models.BooleanField(default=False)
    takes_back = models.ForeignKey("self", null=True, on_delete=models.SET_NULL, related_name="+")

    class Meta:
        indexes = [
            models.Index(fields=["catalog", "-id"], name="edits_of_catalog"),
            models.Index(fields=["at"], name="edits_by_age"),
        ]

    def __str__(self) -> str:
        return f"{self.at:%Y-%m-%d %H:%M} {self.action}"
