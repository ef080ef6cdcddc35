"""What dishes are made of: an ingredient that is out switches off all that bear it."""

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Lower
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from gobiz_admin.merchants.models import Outlet
from menus.models.catalogs import Catalog, MenuItem, Variant

ONE_BEARER = Q(item__isnull=False, variant__isnull=True) | Q(item__isnull=True, variant__isnull=False)


class Ingredient(models.Model):
    """A tag of a catalog, as “Ayam”; outlets that share the catalog share it."""

    catalog = models.ForeignKey(Catalog, on_delete=models.CASCADE, related_name="ingredients")
    name = models.CharField(_("name"), max_length=60)

    class Meta:
        constraints = [
            models.UniqueConstraint(F("catalog"), Lower("name"), name="ingredient_name_once_in_catalog")
        ]

    def __str__(self) -> str:
        return self.name


class IngredientLink(models.Model):
    """An item or variant that bears an ingredient."""

    ingredient = models.ForeignKey(Ingredient, on_delete=models.CASCADE, related_name="links")
    item = models.ForeignKey(MenuItem, null=True, on_delete=models.CASCADE, related_name="ingredient_links")
    variant = models.ForeignKey(Variant, null=True, on_delete=models.CASCADE, related_name="ingredient_links")

    class Meta:
        constraints = [
            models.CheckConstraint(condition=ONE_BEARER, name="ingredient_of_item_or_variant"),
            models.UniqueConstraint(
                fields=["ingredient", "item", "variant"],
                nulls_distinct=False,
                name="ingredient_once_per_bearer",
            ),
        ]

    @property
    def key(self) -> tuple[str, int]:
        return ("item", self.item_id) if self.item_id else ("variant", self.variant_id or 0)


class IngredientOut(models.Model):
    """An ingredient that is out at an outlet: since when, by whom, and when it comes back by itself."""

    ingredient = models.ForeignKey(Ingredient, on_delete=models.CASCADE, related_name="outs")
    outlet = models.ForeignKey(Outlet, on_delete=models.CASCADE, related_name="ingredient_outs")
    # Null: until somebody says.
    back_at = models.DateTimeField(null=True)
    since = models.DateTimeField(default=timezone.now)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["ingredient", "outlet"], name="ingredient_out_once_per_outlet")
        ]
        indexes = [
            models.Index(
                fields=["back_at"], condition=Q(back_at__isnull=False), name="ingredients_coming_back"
            )
        ]
