"""The menu tree that a merchant edits, and which outlets sell it."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from gobiz_admin.merchants.models import Merchant, Outlet
from menus.models.pictures import Picture


class Catalog(models.Model):
    """One editable menu tree of a merchant; one or more outlets sell it."""

    merchant = models.ForeignKey(Merchant, on_delete=models.CASCADE, related_name="catalogs")
    name = models.CharField(_("name"), max_length=150)
    outlets = models.ManyToManyField(Outlet, through="OutletCatalog", related_name="+")
    # Counts every change that waits for a publish, so that "not published" can be told without comparing payloads.
    revision = models.PositiveBigIntegerField(default=0)
    # When more of the prices than this change at once, somebody is asked whether that is meant.
    most_changed_percent = models.PositiveSmallIntegerField(default=20)

    def __str__(self) -> str:
        return self.name


class OutletCatalog(models.Model):
    """Which catalog an outlet sells, and since when its live menu has been read in whole.

    `imported_at` null: it was given this catalog (menus/sharing.py) and its live menu is not kept yet.
    """

    outlet = models.OneToOneField(Outlet, on_delete=models.CASCADE, related_name="selling")
    catalog = models.ForeignKey(Catalog, on_delete=models.CASCADE, related_name="sellings")
    imported_at = models.DateTimeField(null=True)
    # Revision of the catalog that the outlet's newest published version was built from.
    published_revision = models.PositiveBigIntegerField(null=True)


class ExternalId(models.Model):
    """Every external_id that a catalog ever used: one that is gone is never given out again."""

    class Kind(models.TextChoices):
        ITEM = "item", _("Menu item")
        VARIANT_CATEGORY = "variant_category", _("Variant category")
        VARIANT = "variant", _("Variant")

    catalog = models.ForeignKey(Catalog, on_delete=models.CASCADE, related_name="external_ids")
    kind = models.CharField(max_length=20, choices=Kind.choices)
    external_id = models.TextField()
    # It came from GoFood: kept as it is, even where it breaks the format rule.
    live = models.BooleanField(default=False)
    # The row of its kind that it was given to last: an order that names it is one for that, even when it
    # has another id by now. Not a foreign key: the row may be removed, and come back with an undo.
    thing = models.BigIntegerField(null=True)
    # Since when GoFood is known to have it: orders may name it.
    confirmed_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["catalog", "kind", "external_id"], name="external_id_never_reused"
            )
        ]


class Mapped(models.Model):
    """What GoBiz knows under an id of ours. Without one, an order that names it never reaches us."""

    external_id = models.TextField(_("external_id"), null=True)
    gobiz_id = models.TextField(blank=True, editable=False)
    name = models.TextField(_("name"))
    position = models.PositiveIntegerField(default=0)

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return self.name


class Menu(models.Model):
    catalog = models.ForeignKey(Catalog, on_delete=models.CASCADE, related_name="menus")
    name = models.TextField(_("name"))
    position = models.PositiveIntegerField(default=0)

    class Meta:
        ordering = ["position", "pk"]

    def __str__(self) -> str:
        return self.name


class VariantCategory(Mapped):
    catalog = models.ForeignKey(Catalog, on_delete=models.CASCADE, related_name="variant_categories")
    internal_name = models.TextField(_("internal name"), blank=True)
    min_quantity = models.IntegerField(_("choose at least"), default=0)
    max_quantity = models.IntegerField(_("choose at most"), default=1)

    class Meta:
        ordering = ["position", "pk"]
        constraints = [
            models.UniqueConstraint(fields=["catalog", "external_id"], name="variant_category_external_id"),
        ]


class Variant(Mapped):
    catalog = models.ForeignKey(Catalog, on_delete=models.CASCADE, related_name="variants")
    category = models.ForeignKey(VariantCategory, on_delete=models.CASCADE, related_name="variants")
    # Rupiah, added to the item's price; negative is a reduction.
    price = models.BigIntegerField(_("price"), default=0)
    in_stock = models.BooleanField(_("in stock"), default=True)

    class Meta:
        ordering = ["position", "pk"]
        constraints = [models.UniqueConstraint(fields=["catalog", "external_id"], name="variant_external_id")]


class MenuItem(Mapped):
    catalog = models.ForeignKey(Catalog, on_delete=models.CASCADE, related_name="menu_items")
    menu = models.ForeignKey(Menu, on_delete=models.CASCADE, related_name="menu_items")
    internal_name = models.TextField(_("internal name"), blank=True)
    description = models.TextField(_("description"), blank=True)
    # Rupiah, tax included.
    price = models.BigIntegerField(_("price"))
    in_stock = models.BooleanField(_("in stock"), default=True)
    picture = models.ForeignKey(Picture, null=True, on_delete=models.SET_NULL)
    # Where the live menu's picture stands, until one of ours replaces it.
    image_url = models.TextField(blank=True)
    # {"monday": [{"start": "08:00", "end": "14:00"}], …}; null: none given, sold all day.
    operational_hours = models.JSONField(null=True)
    variant_categories = models.ManyToManyField(VariantCategory, through="ItemVariantCategory")

    class Meta:
        ordering = ["position", "pk"]
        constraints = [
            models.UniqueConstraint(fields=["catalog", "external_id"], name="menu_item_external_id")
        ]


class ItemVariantCategory(models.Model):
    item = models.ForeignKey(MenuItem, on_delete=models.CASCADE, related_name="category_links")
    category = models.ForeignKey(VariantCategory, on_delete=models.CASCADE, related_name="item_links")
    position = models.PositiveIntegerField(default=0)

    class Meta:
        ordering = ["position", "pk"]
        constraints = [models.UniqueConstraint(fields=["item", "category"], name="item_has_category_once")]


class OutletOverride(models.Model):
    """What differs at one outlet: price, in stock, hidden. Null: as in the catalog."""

    outlet = models.ForeignKey(Outlet, on_delete=models.CASCADE, related_name="overrides")
    item = models.ForeignKey(MenuItem, null=True, on_delete=models.CASCADE, related_name="overrides")
    variant = models.ForeignKey(Variant, null=True, on_delete=models.CASCADE, related_name="overrides")
    price = models.BigIntegerField(null=True)
    in_stock = models.BooleanField(null=True)
    hidden = models.BooleanField(default=False)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(item__isnull=False, variant__isnull=True)
                | Q(item__isnull=True, variant__isnull=False),
                name="override_of_item_or_variant",
            ),
            models.UniqueConstraint(
                fields=["outlet", "item"], condition=Q(item__isnull=False), name="override_once_per_item"
            ),
            models.UniqueConstraint(
                fields=["outlet", "variant"],
                condition=Q(variant__isnull=False),
                name="override_once_per_variant",
            ),
        ]
