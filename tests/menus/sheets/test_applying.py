"""Applying a plan: whole, once, in a constant number of queries, and taken back by one undo."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone, translation

from menus import editing, undoing
from menus.ids import without_external_id
from menus.models import CatalogEdit, ExternalId, MenuItem, OutletOverride, SheetUpload
from menus.payload import payload_of
from menus.sheets import applying, uploads
from menus.sheets.columns import ITEMS, VARIANTS
from menus.sheets.uploads import ApplyRefused, apply_upload, dry_run, store_upload
from menus.sheets.writing import as_csv, as_xlsx
from menus.tasks import forget_old_sheets
from menus.tree import load_tree
from tests.factories import UserFactory
from tests.menus.factories import CatalogFactory, selling_outlet
from tests.menus.sheets.trees import csv_file
from tests.menus.test_concurrency import at_once

ITEM_HEAD = "external_id|menu|name|price|in stock|description|variant categories|hours|picture"
VARIANT_HEAD = "category external_id|category|choose at least|choose at most|external_id|name|price"


@pytest.fixture
def outlet(db):
    return selling_outlet(external_id="geprek", menu__name="Ayam")


@pytest.fixture
def catalog(outlet):
    return outlet.selling.catalog


@pytest.fixture
def user(db):
    return UserFactory()


def uploaded(catalog, *rows, head=ITEM_HEAD, name="menu.csv"):
    return store_upload(catalog, [csv_file(head, *rows, name=name)], None)


def applied(upload, user=None, **options):
    return apply_upload(upload, dry_run(upload).digest, options.get("without_refused", False), user)


def whole(catalog):
    return payload_of(load_tree(catalog, catalog.outlets.first()))


def test_another_plan_than_was_shown_is_not_applied(catalog, user):
    upload = uploaded(catalog, "geprek|Ayam|Ayam Geprek|16000")
    shown = dry_run(upload).digest
    editing.save_item(catalog.menu_items.get(), {"price": 17000}, user)
    with pytest.raises(ApplyRefused) as refused:
        apply_upload(upload, shown, False, user)
    assert refused.value.code == "changed"
    assert catalog.menu_items.get().price == 17000


def test_ingredients_are_given_taken_and_undone_with_the_rest(catalog, user):
    head = "external_id|menu|name|price|bahan"
    upload = uploaded(
        catalog, "geprek|Ayam|Ayam Geprek|16000|ayam; Cabe", "|Ayam|Tahu|5000|AYAM, Tahu", head=head
    )
    applied(upload, user)
    names = catalog.ingredients.values_list("name", flat=True)
    assert {name.lower() for name in names} == {"ayam", "cabe", "tahu"}
    assert [item.ingredient_links.count() for item in catalog.menu_items.order_by("pk")] == [2, 2]
    applied(uploaded(catalog, "geprek|Ayam|Ayam Geprek|16000|", head=head), user)
    assert catalog.menu_items.order_by("pk")[0].ingredient_links.count() == 0
    undoing.undo(CatalogEdit.objects.latest("pk"), user)
    assert catalog.menu_items.order_by("pk")[0].ingredient_links.count() == 2


def test_too_long_an_ingredient_is_refused_in_its_row(catalog):
    head = "external_id|menu|name|price|ingredients"
    plan = dry_run(uploaded(catalog, f"geprek|Ayam|Ayam Geprek|16000|{'x' * 61}", head=head))
    assert [reason.code for row in plan.rows for reason in row.reasons] == ["ingredients"]


def test_nothing_of_it_is_applied_where_rows_are_refused_and_nobody_agreed(catalog, user):
    upload = uploaded(catalog, "geprek|Ayam|Ayam Geprek|16000", "|Ayam|Tahu|mahal")
    with pytest.raises(ApplyRefused) as refused:
        applied(upload, user)
    assert refused.value.code == "refused_rows"
    assert catalog.menu_items.get().price == 15000
    applied(upload, user, without_refused=True)
    assert catalog.menu_items.get().price == 16000


def test_what_changes_nothing_is_not_applied(catalog, user):
    with pytest.raises(ApplyRefused) as refused:
        applied(uploaded(catalog, "geprek|Ayam|Ayam Geprek|15000", head="external_id|menu|name|price"), user)
    assert refused.value.code == "nothing"
    assert not CatalogEdit.objects.exists()


@pytest.mark.parametrize("broken", ["write_rows", "write_lists", "fix_ids", "propose"])
def test_half_of_it_is_never_there(catalog, user, broken, monkeypatch):
    category = catalog.variant_categories.get()
    files = [
        csv_file(
            ITEM_HEAD,
            f"geprek|Camilan|Geprek|16000|yes||Topping;{category.name}",
            "|Camilan|Tahu|5000|yes||Topping",
        ),
        csv_file(
            VARIANT_HEAD, "|Topping|0|2||Keju|3000", f"|{category.name}|1|1||Paha atas|500", name="v.csv"
        ),
    ]
    upload, before = store_upload(catalog, files, user), whole(catalog)
    calls = []

    def fail(*arguments, **options):
        calls.append(arguments)
        if broken in ("fix_ids", "propose") or len(calls) == 3:
            raise RuntimeError("the power is gone")
        return getattr(original, broken)(*arguments, **options)

    original = __import__("menus.snapshots", fromlist=[broken])
    monkeypatch.setattr(applying, broken, fail)
    with pytest.raises(RuntimeError):
        applied(upload, user)
    assert whole(catalog) == before
    assert not ExternalId.objects.filter(catalog=catalog, live=False).exists()
    upload.refresh_from_db()
    assert upload.applied_at is None
    monkeypatch.undo()
    applied(upload, user)
    assert whole(catalog) != before


def test_applied_twice_is_applied_once(catalog, user):
    upload = uploaded(catalog, "|Ayam|Tahu|5000")
    shown = dry_run(upload).digest
    apply_upload(upload, shown, False, user)
    with pytest.raises(ApplyRefused) as refused:
        apply_upload(upload, shown, False, user)
    assert refused.value.code == "applied"
    assert catalog.menu_items.filter(name="Tahu").count() == 1


@pytest.mark.django_db(transaction=True)
def test_two_at_once_apply_it_once():
    catalog = selling_outlet(external_id="geprek", menu__name="Ayam").selling.catalog
    upload = uploaded(catalog, "|Ayam|Tahu|5000")
    shown = dry_run(upload).digest

    def go():
        return apply_upload(SheetUpload.objects.get(pk=upload.pk), shown, False, None)

    results = at_once(*[go] * 4)
    assert sorted(getattr(result, "code", "done") for result in results) == ["applied"] * 3 + ["done"]
    assert catalog.menu_items.filter(name="Tahu").count() == 1


@pytest.mark.django_db(transaction=True)
def test_two_files_at_once_are_one_after_the_other():
    catalog = selling_outlet(external_id="geprek", menu__name="Ayam").selling.catalog
    pairs = [
        (upload, dry_run(upload).digest)
        for upload in (uploaded(catalog, "tahu|Ayam|Tahu|5000") for _ in "ab")
    ]
    results = at_once(*[lambda pair=pair: apply_upload(*pair, False, None) for pair in pairs])
    assert sorted(getattr(result, "code", "done") for result in results) == ["changed", "done"]
    assert catalog.menu_items.filter(name="Tahu").count() == 1


def everything_in(catalog, user):
    """Items and variants new and changed, a new menu, a new category, an item that moves."""
    category = catalog.variant_categories.get()
    return store_upload(
        catalog,
        [
            csv_file(
                ITEM_HEAD,
                f"geprek|Camilan|Geprek|Rp 16.000|tidak|Renyah|Topping;{category.name}|Mon 08:00-09:00|https://x.example/a.png",
                "tahu|Camilan|Tahu|5000|yes||Topping",
                "|Ayam|Tahu Isi|6000",
            ),
            csv_file(
                VARIANT_HEAD,
                "|Topping|0|2||Keju|3000",
                f"{category.external_id}|Potongan Ayam|1|1||Paha atas|500",
                f"{category.external_id}|Potongan Ayam|1|1||Sayap|-500",
                name="variants.csv",
            ),
        ],
        user,
    )


def test_all_of_it(catalog, user):
    plan = applied(everything_in(catalog, user), user)
    assert plan.counts == {"refused": 0, "new": 4, "changed": 2, "unchanged": 0}
    item = catalog.menu_items.get(external_id="geprek")
    assert (item.name, item.price, item.in_stock, item.description) == ("Geprek", 16000, False, "Renyah")
    assert item.menu.name == "Camilan"
    assert item.image_url == "https://x.example/a.png"
    assert list(item.category_links.values_list("category__name", flat=True)) == ["Topping", "Potongan Ayam"]
    assert [menu.name for menu in catalog.menus.all()] == ["Ayam", "Camilan"]
    assert [item.name for item in catalog.menus.get(name="Camilan").menu_items.all()] == ["Geprek", "Tahu"]
    category = catalog.variant_categories.get(name="Potongan Ayam")
    assert (category.min_quantity, category.max_quantity) == (1, 1)
    assert list(category.variants.values_list("name", "price")) == [
        ("Paha atas", 500),
        ("Paha bawah", 0),
        ("Sayap", -500),
    ]
    assert catalog.menu_items.get(name="Tahu").external_id == "tahu"
    assert catalog.menu_items.get(name="Tahu Isi").external_id == "tahu-isi"
    assert not without_external_id(catalog)
    assert {"tahu", "tahu-isi"} <= set(catalog.external_ids.values_list("external_id", flat=True))


def test_one_undo_takes_all_of_it_back_and_another_brings_it_again(catalog, outlet, user):
    OutletOverride.objects.create(outlet=outlet, item=catalog.menu_items.get(), price=14000)
    before, upload = whole(catalog), everything_in(catalog, user)
    applied(upload, user)
    after = whole(catalog)
    upload.refresh_from_db()
    edit = undoing.last_edit(catalog, user)
    assert upload.edit == edit
    assert CatalogEdit.objects.count() == 1
    undoing.undo(edit, user)
    assert whole(catalog) == before
    undoing.undo(CatalogEdit.objects.get(takes_back=edit), user)
    assert whole(catalog) == after


@pytest.mark.parametrize("kind", ["xlsx", "csv"])
@pytest.mark.parametrize("language", ["en", "id"])
def test_an_export_makes_the_same_menu_elsewhere_and_changes_nothing_there(catalog, user, kind, language):
    applied(everything_in(catalog, user), user)
    other = CatalogFactory(merchant=catalog.merchant)
    with translation.override(language):
        tree = load_tree(catalog)
        if kind == "xlsx":
            files = [("menu.xlsx", as_xlsx(tree))]
        else:
            files = [("a.csv", as_csv(tree, ITEMS)), ("b.csv", as_csv(tree, VARIANTS))]
        applied(store_upload(other, files, user), user)
        assert set(row.state for row in dry_run(store_upload(other, files, user)).rows) == {"unchanged"}
    assert payload_of(load_tree(other)) == payload_of(load_tree(catalog))


def test_an_id_that_was_used_before_is_refused(catalog, user):
    editing.remove(catalog.menu_items.get(), user)
    ExternalId.objects.get_or_create(catalog=catalog, kind="item", external_id="geprek")
    row = dry_run(uploaded(catalog, "geprek|Ayam|Geprek|16000")).rows[0]
    assert [reason.code for reason in row.reasons] == ["id_taken"]


def test_an_id_for_what_has_none_is_kept_in_the_ledger(catalog, user):
    MenuItem.objects.update(external_id=None)
    applied(uploaded(catalog, "baru|Ayam|Ayam Geprek|15000"), user)
    assert catalog.menu_items.get().external_id == "baru"
    assert catalog.external_ids.filter(kind="item", external_id="baru").exists()


def test_rows_that_are_not_in_the_file_stay(catalog, user):
    applied(uploaded(catalog, "|Ayam|Tahu|5000"), user)
    assert catalog.menu_items.filter(external_id="geprek").exists()


def test_another_catalogs_rows_are_as_if_they_were_not_there(catalog, user):
    other = selling_outlet(external_id="geprek", menu__name="Ayam").selling.catalog
    applied(uploaded(other, "geprek|Ayam|Geprek|99000"), user)
    assert catalog.menu_items.get().price == 15000


def queries_for(size, user):
    catalog = selling_outlet(external_id="geprek", menu__name="Ayam").selling.catalog
    rows = [
        f"i-{number}|Menu {number % 7}|Item {number}|{number}000|yes||Cat {number}" for number in range(size)
    ]
    files = [
        csv_file(ITEM_HEAD, *rows),
        csv_file(VARIANT_HEAD, *[f"|Cat {n}|0|1||V {n}|100" for n in range(size)], name="v.csv"),
    ]
    applied(store_upload(catalog, files, user), user)
    changed = [row.replace("000|yes", "500|no") for row in rows]
    changed[: size // 2] = [row.replace("Menu", "New") for row in changed[: size // 2]]
    upload = store_upload(catalog, [csv_file(ITEM_HEAD, *changed, "|Menu 1|Besides|1000")], user)
    with CaptureQueriesContext(
        connection,
    ) as planned:
        digest = dry_run(upload).digest
    with CaptureQueriesContext(connection) as queries:
        apply_upload(upload, digest, False, user)
    return len(planned), len(queries)


def test_the_queries_do_not_grow_with_the_rows(user):
    assert queries_for(10, user) == queries_for(1000, user)


def test_uploads_are_forgotten_after_a_day(catalog):
    old, new = uploaded(catalog, "|Ayam|Tahu|1"), uploaded(catalog, "|Ayam|Tahu|2")
    SheetUpload.objects.filter(pk=old.pk).update(created_at=timezone.now() - timedelta(days=1, seconds=1))
    forget_old_sheets()
    assert list(SheetUpload.objects.all()) == [new]


def test_of_very_many_uploads_the_newest_are_kept(catalog, monkeypatch):
    monkeypatch.setattr(uploads, "MOST_KEPT", 2)
    kept = [uploaded(catalog, "|Ayam|Tahu|1") for _ in range(3)][1:]
    assert list(SheetUpload.objects.order_by("pk")) == kept
