"""Pictures of menu items."""

from django.db import models

from gobiz_admin.merchants.models import Merchant


class Picture(models.Model):
    """One square PNG, known by the SHA-256 of its bytes, so that its public URL never changes."""

    merchant = models.ForeignKey(Merchant, on_delete=models.CASCADE, related_name="pictures")
    sha256 = models.CharField(max_length=64)
    file = models.FileField(max_length=200)
    side = models.PositiveIntegerField()
    size = models.PositiveIntegerField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["merchant", "sha256"], name="picture_once_per_merchant")
        ]
