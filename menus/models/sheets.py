"""Spreadsheets that were uploaded, between their dry run and what was done of them."""

from django.conf import settings
from django.db import models
from django.utils import timezone

from menus.models.catalogs import Catalog
from menus.models.edits import CatalogEdit


class SheetUpload(models.Model):
    """The rows of one upload, as they were read; nothing of it is done until somebody applies it."""

    catalog = models.ForeignKey(Catalog, on_delete=models.CASCADE, related_name="sheet_uploads")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL)
    file_name = models.TextField()
    # menus.sheets.reading.Upload.to_json()
    content = models.JSONField()
    created_at = models.DateTimeField(default=timezone.now)
    applied_at = models.DateTimeField(null=True)
    # How many rows were new, changed, unchanged and refused when it was applied.
    counts = models.JSONField(default=dict)
    edit = models.ForeignKey(CatalogEdit, null=True, on_delete=models.SET_NULL, related_name="+")

    class Meta:
        indexes = [models.Index(fields=["created_at"], name="sheet_uploads_by_age")]

    def __str__(self) -> str:
        return self.file_name
