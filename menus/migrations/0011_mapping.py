"""Readings that wait for a choice, and a ledger that knows whose each external_id is."""

from django.db import migrations, models
from django.db.models import F, OuterRef, Q, Subquery


def fill_the_ledger(apps, schema_editor):
    """Each id belongs to what has it now; GoFood has those that came from it and those of confirmed syncs."""
    external_id = apps.get_model("menus", "ExternalId")
    kinds = {"item": "MenuItem", "variant_category": "VariantCategory", "variant": "Variant"}
    for kind, model in kinds.items():
        owner = apps.get_model("menus", model).objects.filter(
            catalog=OuterRef("catalog"), external_id=OuterRef("external_id")
        )
        external_id.objects.filter(kind=kind).update(thing=Subquery(owner.values("pk")[:1]))
    selling = apps.get_model("menus", "OutletCatalog")
    for row in selling.objects.exclude(imported_at=None):
        external_id.objects.filter(catalog=row.catalog_id, live=True, confirmed_at=None).update(
            confirmed_at=row.imported_at
        )
    sync = apps.get_model("menus", "Sync")
    confirmed = sync.objects.filter(state="confirmed").order_by("outlet_id", F("confirmed_at").desc())
    for row in confirmed.distinct("outlet_id").select_related("version"):
        named = Q()
        for kind, names in names_in(row.version.payload).items():
            named |= Q(kind=kind, external_id__in=names)
        external_id.objects.filter(named, catalog__sellings__outlet=row.outlet_id, confirmed_at=None).update(
            confirmed_at=row.confirmed_at
        )


def names_in(payload):
    categories = payload["variant_categories"]
    rows = {
        "item": [item for menu in payload["menus"] for item in menu["menu_items"]],
        "variant_category": categories,
        "variant": [variant for category in categories for variant in category["variants"]],
    }
    return {kind: [row["external_id"] for row in of if row.get("external_id")] for kind, of in rows.items()}


class Migration(migrations.Migration):
    dependencies = [("menus", "0010_stock")]

    operations = [
        migrations.AddField("externalid", "thing", models.BigIntegerField(null=True)),
        migrations.AddField("externalid", "confirmed_at", models.DateTimeField(null=True)),
        migrations.AddField("menuimport", "live", models.JSONField(null=True)),
        migrations.AddField("menuimport", "read_at", models.DateTimeField(null=True)),
        migrations.AlterField(
            "menuimport",
            "state",
            models.CharField(
                choices=[
                    ("queued", "Queued"),
                    ("running", "Reading the live menu"),
                    ("read", "Waits for your choice"),
                    ("done", "Done"),
                    ("failed", "Failed"),
                    ("expired", "Not answered"),
                ],
                default="queued",
                max_length=10,
            ),
        ),
        migrations.RemoveConstraint("menuimport", "one_import_per_outlet"),
        migrations.AddConstraint(
            "menuimport",
            models.UniqueConstraint(
                fields=["outlet"],
                condition=Q(state__in=["queued", "running", "read"]),
                name="one_import_per_outlet",
            ),
        ),
        migrations.RunPython(fill_the_ledger, migrations.RunPython.noop, elidable=True),
    ]
