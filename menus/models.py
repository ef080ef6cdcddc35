"""The menu tree, its versions, and the syncs that bring them to GoFood."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from gobiz_admin.merchants.models import Merchant, Outlet


class Catalog(models.Model):
    """One editable menu tree of a merchant; one or more outlets sell it."""

    merchant = models.ForeignKey(Merchant, on_delete=models.CASCADE, related_name="catalogs")
    name = models.CharField(_("name"), max_length=150)
    outlets = models.ManyToManyField(Outlet, through="OutletCatalog", related_name="+")
    # Counts every change, so that "not published" can be told without comparing payloads.
    revision = models.PositiveBigIntegerField(default=0)

    def __str__(self) -> str:
        return self.name


class OutletCatalog(models.Model):
    """Which catalog an outlet sells, and since when its live menu has been read in whole."""

    outlet = models.OneToOneField(Outlet, on_delete=models.CASCADE, related_name="selling")
    catalog = models.ForeignKey(Catalog, on_delete=models.CASCADE, related_name="sellings")
    imported_at = models.DateTimeField(null=True)
    # Revision of the catalog that the outlet's newest published version was built from.
    published_revision = models.PositiveBigIntegerField(null=True)


class MenuImport(models.Model):
    """One reading of an outlet's live menu into its catalog; it writes all of it or nothing."""

    class State(models.TextChoices):
        QUEUED = "queued", _("Queued")
        RUNNING = "running", _("Reading the live menu")
        DONE = "done", _("Done")
        FAILED = "failed", _("Failed")

    outlet = models.ForeignKey(Outlet, on_delete=models.CASCADE, related_name="imports")
    state = models.CharField(max_length=10, choices=State.choices, default=State.QUEUED)
    requested_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL)
    # What was read, created and left without external_id, per kind.
    counts = models.JSONField(default=dict)
    error_code = models.CharField(max_length=40, blank=True)
    error = models.TextField(blank=True)
    requested_at = models.DateTimeField(auto_now_add=True)
    started_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["outlet"], condition=Q(state__in=["queued", "running"]), name="one_import_per_outlet"
            )
        ]


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

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["catalog", "kind", "external_id"], name="external_id_never_reused"
            )
        ]


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


class CatalogVersion(models.Model):
    """An immutable snapshot of the payload for an outlet. Number 0 is the live menu found at first."""

    outlet = models.ForeignKey(Outlet, on_delete=models.CASCADE, related_name="versions")
    number = models.PositiveIntegerField()
    # Number 0: the `data` of GET catalog. Others: `menus` and `variant_categories` of PUT catalog.
    payload = models.JSONField()
    checksum = models.CharField(max_length=64)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["outlet", "number"], name="version_number_per_outlet")]


class Sync(models.Model):
    """One attempt to bring a version to GoFood."""

    class State(models.TextChoices):
        QUEUED = "queued", _("Queued")
        SENDING = "sending", _("Sending")
        ACCEPTED = "accepted", _("Accepted by GoFood")
        CONFIRMED = "confirmed", _("Confirmed")
        FAILED = "failed", _("Failed")
        SUPERSEDED = "superseded", _("Replaced by a newer one")

    outlet = models.ForeignKey(Outlet, on_delete=models.CASCADE, related_name="syncs")
    version = models.ForeignKey(CatalogVersion, on_delete=models.CASCADE, related_name="syncs")
    state = models.CharField(max_length=10, choices=State.choices, default=State.QUEUED)
    # Kept over retries (gobiz-api.md, "How we read": Sending); matches the confirmation.
    request_id = models.CharField(max_length=64, unique=True)
    requested_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL)
    attempts = models.PositiveSmallIntegerField(default=0)
    # When it is due: queued, to be sent; sending, to be taken from a dead worker; accepted, to be read back.
    next_attempt_at = models.DateTimeField(null=True)
    # A PUT of it went out and no answer came: look at the live menu before sending it again.
    maybe_applied = models.BooleanField(default=False)
    # `code` names the sentence, `error` is GoBiz's own message.
    error_code = models.CharField(max_length=40, blank=True)
    error = models.TextField(blank=True)
    queued_at = models.DateTimeField(auto_now_add=True)
    sending_at = models.DateTimeField(null=True)
    accepted_at = models.DateTimeField(null=True)
    mapping_updated_at = models.DateTimeField(null=True)
    confirmed_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)
    # How it was proven: "notification" or "read_back".
    proof = models.CharField(max_length=20, blank=True)

    class Meta:
        constraints = [
            # One PUT at a time per outlet, and one waiting: what is newer replaces what waits.
            models.UniqueConstraint(fields=["outlet"], condition=Q(state="sending"), name="one_sync_sending"),
            models.UniqueConstraint(fields=["outlet"], condition=Q(state="queued"), name="one_sync_queued"),
        ]
        indexes = [
            models.Index(fields=["outlet", "-id"], name="sync_history"),
            models.Index(
                fields=["next_attempt_at"],
                condition=Q(state__in=["queued", "sending", "accepted"]),
                name="syncs_to_work_off",
            ),
        ]


class SyncAttempt(models.Model):
    """One call of PUT catalog; the row stands before the call is made."""

    sync = models.ForeignKey(Sync, on_delete=models.CASCADE, related_name="attempt_log")
    number = models.PositiveSmallIntegerField()
    started_at = models.DateTimeField(auto_now_add=True)
    duration_ms = models.PositiveIntegerField(null=True)
    status = models.PositiveSmallIntegerField(null=True)
    outcome = models.CharField(max_length=40, blank=True)
    answer = models.TextField(blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["sync", "number"], name="sync_attempt_number")]


class MappingAlert(models.Model):
    """GoBiz could not deliver an order because of missing mappings."""

    class State(models.TextChoices):
        OPEN = "open", _("Open")
        CLOSED = "closed", _("Closed")

    outlet = models.ForeignKey(Outlet, on_delete=models.CASCADE, related_name="mapping_alerts")
    order_number = models.CharField(max_length=200, blank=True)
    error_type = models.CharField(max_length=100, blank=True)
    state = models.CharField(max_length=10, choices=State.choices, default=State.OPEN)
    # By our clock; only syncs confirmed after it count.
    opened_at = models.DateTimeField()
    # By GoBiz's clock, of the newest notification: a repeated one does not open it again.
    event_at = models.DateTimeField(null=True)
    closed_at = models.DateTimeField(null=True)
    closed_by_sync = models.ForeignKey(Sync, null=True, on_delete=models.SET_NULL)

    class Meta:
        ordering = ["-opened_at", "-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["outlet", "order_number"], condition=Q(state="open"), name="one_open_alert_per_order"
            )
        ]


class MappingAlertName(models.Model):
    """One name that GoBiz found no mapping for."""

    alert = models.ForeignKey(MappingAlert, on_delete=models.CASCADE, related_name="names")
    kind = models.CharField(max_length=20, choices=ExternalId.Kind.choices)
    name = models.TextField()
    covered = models.BooleanField(default=False)

    class Meta:
        ordering = ["pk"]
        constraints = [models.UniqueConstraint(fields=["alert", "kind", "name"], name="alert_name_once")]
