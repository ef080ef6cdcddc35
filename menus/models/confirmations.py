"""Prices that looked wrong and that somebody said are right."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone

from gobiz_admin.merchants.models import Outlet
from menus.models.catalogs import MenuItem, Variant


class PriceConfirmation(models.Model):
    """Somebody typed this very value when asked whether it is right; another one is asked for again."""

    class Kind(models.TextChoices):
        CATALOG = "catalog"
        ITEM = "item"
        VARIANT = "variant"

    outlet = models.ForeignKey(Outlet, on_delete=models.CASCADE, related_name="price_confirmations")
    kind = models.CharField(max_length=10, choices=Kind.choices)
    item = models.ForeignKey(MenuItem, null=True, on_delete=models.CASCADE, related_name="+")
    variant = models.ForeignKey(Variant, null=True, on_delete=models.CASCADE, related_name="+")
    # The guard that asked (menus/checks/prices.py).
    code = models.CharField(max_length=40)
    # The price, or a digest of the changes that were confirmed together.
    value = models.CharField(max_length=64)
    # The price on GoFood that it was compared with: what is right beside one may be wrong beside another.
    last_price = models.BigIntegerField(null=True)
    confirmed_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL)
    confirmed_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(kind="catalog", item__isnull=True, variant__isnull=True)
                | Q(kind="item", item__isnull=False, variant__isnull=True)
                | Q(kind="variant", item__isnull=True, variant__isnull=False),
                name="price_confirmation_of_its_kind",
            ),
            models.UniqueConstraint(
                fields=["outlet", "kind", "item", "variant", "code", "value", "last_price"],
                nulls_distinct=False,
                name="price_confirmed_once",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.code} {self.value}"

    @property
    def row_pk(self) -> int | None:
        """The pk of the item or variant; None of what is about the whole catalog."""
        return self.item_id or self.variant_id
