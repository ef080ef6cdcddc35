"""Reading the live menu: all of it or nothing, and again without harm."""

import copy

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from gobiz_admin.gobiz.errors import GobizUnavailable, OutletUnknown
from menus.importing import ImportRefused, read_live_menu
from menus.models import (
    Catalog,
    CatalogVersion,
    ExternalId,
    ItemVariantCategory,
    Menu,
    MenuItem,
    OutletCatalog,
    Variant,
    VariantCategory,
)
from menus.tree import load_tree
from tests.factories import OutletFactory
from tests.menus.factories import MenuItemFactory, VariantFactory, live_category, live_item, live_menu

pytestmark = pytest.mark.django_db


def snapshot():
    """Every row that an import writes, as it is."""
    models = [
        Menu,
        MenuItem,
        VariantCategory,
        Variant,
        ItemVariantCategory,
        ExternalId,
        CatalogVersion,
        Catalog,
    ]
    return {model.__name__: list(model.objects.order_by("pk").values()) for model in models}


@pytest.fixture
def outlet(fake_gobiz):
    outlet = OutletFactory(name="Warung Bu Sri")
    fake_gobiz.live[outlet.outlet_id] = live_menu()
    return outlet


def broken(path, value):
    """The small warung with one value replaced, or taken out when it is `...`."""
    data = live_menu()
    *way, last = path
    place = data
    for step in way:
        place = place[step]
    if value is ...:
        del place[last]
    else:
        place[last] = value
    return data


ITEM = ("menus", 0, "menu_items", 0)
CATEGORY = ("variant_categories", 0)
VARIANT = (*CATEGORY, "variants", 1)


@pytest.mark.parametrize(
    ("path", "value", "code", "name"),
    [
        ((*ITEM, "name"), "", "item_without_name", "Ayam"),
        ((*ITEM, "name"), None, "item_without_name", "Ayam"),
        ((*ITEM, "name"), {"id": "Ayam"}, "item_without_name", "Ayam"),
        ((*ITEM, "name"), "\x00 ", "item_without_name", "Ayam"),
        ((*ITEM, "price"), ..., "item_without_price", "Ayam Geprek"),
        ((*ITEM, "price"), "15.000", "item_without_price", "Ayam Geprek"),
        ((*ITEM, "price"), "Rp 15000", "item_without_price", "Ayam Geprek"),
        ((*ITEM, "price"), True, "item_without_price", "Ayam Geprek"),
        ((*ITEM, "price"), 12000.5, "item_without_price", "Ayam Geprek"),
        ((*ITEM, "price"), 2**63, "item_without_price", "Ayam Geprek"),
        ((*ITEM, "variant_category_ids"), ["nowhere"], "item_with_unknown_category", "Ayam Geprek"),
        (("menus", 0, "name"), None, "menu_without_name", ""),
        ((*CATEGORY, "variants"), "none", "category_without_variants", "Potongan"),
        ((*VARIANT, "name"), ..., "variant_without_name", "Potongan"),
        ((*VARIANT, "price"), "dua ribu", "variant_without_price", "Paha bawah"),
    ],
)
def test_what_cannot_be_read_refuses_the_whole_import_and_names_it(
    fake_gobiz, outlet, path, value, code, name
):
    fake_gobiz.live[outlet.outlet_id] = broken(path, value)
    before = snapshot()
    with pytest.raises(ImportRefused) as refused:
        read_live_menu(outlet)
    assert (refused.value.code, refused.value.name) == (code, name)
    assert snapshot() == before
    assert not OutletCatalog.objects.exists()


@pytest.mark.parametrize("error", [GobizUnavailable("down"), OutletUnknown("unknown")])
def test_a_failed_read_writes_nothing(fake_gobiz, outlet, error):
    fake_gobiz.reads = [error]
    with pytest.raises(type(error)):
        read_live_menu(outlet)
    assert not Catalog.objects.exists()
    assert not CatalogVersion.objects.exists()


def test_the_first_import_keeps_the_live_menu_as_version_0(fake_gobiz, outlet):
    counts = read_live_menu(outlet)
    assert counts == {
        "read": {"menus": 2, "menu_items": 3, "variant_categories": 2, "variants": 3},
        "created": {"menus": 2, "menu_items": 3, "variant_categories": 2, "variants": 3},
        "without_external_id": {"menu_items": 2, "variant_categories": 2, "variants": 3},
        "only_here": {"menus": 0, "menu_items": 0, "variant_categories": 0, "variants": 0},
    }
    version = CatalogVersion.objects.get()
    assert (version.number, version.payload) == (0, live_menu())
    selling = OutletCatalog.objects.get()
    assert selling.imported_at is not None
    assert (selling.catalog.name, selling.catalog.merchant) == ("Warung Bu Sri", outlet.merchant)
    assert MenuItem.objects.get(name="Es Teh").price == 5000


def test_order_and_unused_variant_categories_are_preserved(fake_gobiz, outlet):
    read_live_menu(outlet)
    tree = load_tree(Catalog.objects.get())
    assert [menu.menu.name for menu in tree.menus] == ["Ayam", "Minum"]
    assert [item.item.name for item in tree.menus[0].items] == ["Ayam Geprek", "Ayam Bakar"]
    assert [node.category.name for node in tree.categories] == ["Potongan", "Tidak dipakai"]
    assert [node.variant.name for node in tree.categories[0].variants] == ["Paha atas", "Paha bawah"]
    assert [node.used_by for node in tree.categories] == [2, 0]


def test_an_identical_menu_changes_nothing(fake_gobiz, outlet):
    read_live_menu(outlet)
    before = snapshot()
    counts = read_live_menu(outlet)
    assert snapshot() == before
    assert sum(counts["created"].values()) == 0


def test_hours(fake_gobiz, outlet):
    data = live_menu()
    rows = data["menus"][0]["menu_items"]
    rows[0]["operational_hours"] = {"monday": [{"start": "8:00", "end": "24:00"}]}
    del rows[1]["operational_hours"]
    fake_gobiz.live[outlet.outlet_id] = data
    read_live_menu(outlet)
    given, none = MenuItem.objects.filter(menu__name="Ayam").order_by("position")
    assert given.operational_hours["monday"] == [{"start": "08:00", "end": "23:59"}]
    assert given.operational_hours["tuesday"] == []
    assert len(given.operational_hours) == 7
    assert none.operational_hours is None


def test_two_equal_external_ids_the_first_keeps_it(fake_gobiz, outlet):
    data = live_menu()
    for item in data["menus"][0]["menu_items"]:
        item["external_id"] = "I-1"
    fake_gobiz.live[outlet.outlet_id] = data
    read_live_menu(outlet)
    ids = (
        MenuItem.objects.filter(menu__name="Ayam").order_by("position").values_list("external_id", flat=True)
    )
    assert list(ids) == ["I-1", None]
    before = snapshot()
    read_live_menu(outlet)
    assert snapshot() == before


def test_a_live_external_id_that_breaks_the_format_is_kept(fake_gobiz, outlet):
    fake_gobiz.live[outlet.outlet_id] = broken((*ITEM, "external_id"), "menu #1 é")
    read_live_menu(outlet)
    assert MenuItem.objects.get(name="Ayam Geprek").external_id == "menu #1 é"
    assert ExternalId.objects.get(kind="item").live


def test_odd_text_is_stored_without_what_postgresql_refuses(fake_gobiz, outlet):
    data = broken((*ITEM, "name"), "Nasi\x00 Goreng \ud800 🍛")
    data["menus"][0]["menu_items"][0]["weird"] = {"a\x00b": ["\udfff"]}
    fake_gobiz.live[outlet.outlet_id] = data
    read_live_menu(outlet)
    assert MenuItem.objects.filter(name="Nasi Goreng ? 🍛").exists()


def test_every_optional_field_may_be_missing(fake_gobiz, outlet):
    fake_gobiz.live[outlet.outlet_id] = {
        "menus": [{"name": "M", "menu_items": [{"name": "Nasi", "price": 1000}]}],
        "variant_categories": [{"name": "C", "variants": None, "rules": None}],
    }
    read_live_menu(outlet)
    item, category = MenuItem.objects.get(), VariantCategory.objects.get()
    assert (item.in_stock, item.description, item.external_id, item.image_url) == (True, "", None, "")
    assert (category.min_quantity, category.max_quantity) == (0, 1)


def test_an_empty_live_menu_is_read_as_one(fake_gobiz, outlet):
    fake_gobiz.live[outlet.outlet_id] = {"menus": [], "variant_categories": []}
    counts = read_live_menu(outlet)
    assert sum(counts["read"].values()) == 0
    assert CatalogVersion.objects.get().number == 0


def test_again_by_external_id_then_gobiz_id_then_name(fake_gobiz, outlet):
    read_live_menu(outlet)
    keys = {item.name: item.pk for item in MenuItem.objects.all()}
    data = live_menu()
    first, second = data["menus"][0]["menu_items"]
    first.update(id="new-gobiz-id", name="Ayam Geprek Baru", price=13000)
    second.update(name="Ayam Bakar Baru", external_id="I-2")
    data["menus"][1]["menu_items"][0].update(id="other", price=6000)
    fake_gobiz.live[outlet.outlet_id] = data
    counts = read_live_menu(outlet)
    assert sum(counts["created"].values()) == sum(counts["only_here"].values()) == 0
    by_external_id = MenuItem.objects.get(pk=keys["Ayam Geprek"])
    by_gobiz_id = MenuItem.objects.get(pk=keys["Ayam Bakar"])
    by_name = MenuItem.objects.get(pk=keys["Es Teh"])
    assert (by_external_id.name, by_external_id.price) == ("Ayam Geprek Baru", 13000)
    assert (by_gobiz_id.name, by_gobiz_id.external_id) == ("Ayam Bakar Baru", "I-2")
    assert (by_name.price, by_name.gobiz_id) == (6000, "other")


def test_ids_of_ours_stay_where_gofood_has_none_yet(fake_gobiz, outlet):
    read_live_menu(outlet)
    MenuItem.objects.filter(name="Es Teh").update(external_id="es-teh")
    read_live_menu(outlet)
    assert MenuItem.objects.get(name="Es Teh").external_id == "es-teh"


def test_by_name_alone_nothing_with_another_external_id_is_taken(fake_gobiz, outlet):
    read_live_menu(outlet)
    MenuItem.objects.filter(name="Es Teh").update(external_id="es-teh")
    data = live_menu()
    data["menus"][1]["menu_items"] = [live_item("Es Teh", id="other", external_id="POS-7")]
    fake_gobiz.live[outlet.outlet_id] = data
    counts = read_live_menu(outlet)
    assert counts["created"]["menu_items"] == counts["only_here"]["menu_items"] == 1
    assert set(MenuItem.objects.filter(name="Es Teh").values_list("external_id", flat=True)) == {
        "es-teh",
        "POS-7",
    }


def test_what_exists_only_here_is_kept_behind_what_is_live(fake_gobiz, outlet):
    read_live_menu(outlet)
    catalog = Catalog.objects.get()
    MenuItemFactory(menu=Menu.objects.get(name="Ayam"), name="Ayam Baru", position=0)
    VariantFactory(category=VariantCategory.objects.get(name="Potongan"), name="Dada", position=0)
    counts = read_live_menu(outlet)
    assert counts["only_here"] == {"menus": 0, "menu_items": 1, "variant_categories": 0, "variants": 1}
    tree = load_tree(catalog)
    assert [item.item.name for item in tree.menus[0].items] == ["Ayam Geprek", "Ayam Bakar", "Ayam Baru"]
    assert [node.variant.name for node in tree.categories[0].variants] == ["Paha atas", "Paha bawah", "Dada"]
    before = snapshot()
    read_live_menu(outlet)
    assert snapshot() == before


def test_equal_variant_names_in_two_categories_stay_apart(fake_gobiz, outlet):
    data = {
        "menus": [{"name": "M", "menu_items": [live_item("Nasi")]}],
        "variant_categories": [live_category("A", "Keju"), live_category("B", "Keju")],
    }
    fake_gobiz.live[outlet.outlet_id] = data
    read_live_menu(outlet)
    data = copy.deepcopy(data)
    for number, category in enumerate(data["variant_categories"]):
        category["variants"][0].update(id=f"changed-{number}", price=number)
    fake_gobiz.live[outlet.outlet_id] = data
    counts = read_live_menu(outlet)
    assert sum(counts["created"].values()) == 0
    assert list(Variant.objects.order_by("category__name").values_list("category__name", "price")) == [
        ("A", 0),
        ("B", 1),
    ]


def test_items_move_with_the_live_menu(fake_gobiz, outlet):
    read_live_menu(outlet)
    data = live_menu()
    data["menus"][1]["menu_items"].insert(0, data["menus"][0]["menu_items"].pop())
    data["menus"].reverse()
    fake_gobiz.live[outlet.outlet_id] = data
    read_live_menu(outlet)
    tree = load_tree(Catalog.objects.get())
    assert [(menu.menu.name, [item.item.name for item in menu.items]) for menu in tree.menus] == [
        ("Minum", ["Ayam Bakar", "Es Teh"]),
        ("Ayam", ["Ayam Geprek"]),
    ]


@pytest.mark.parametrize("again", [False, True])
def test_the_number_of_queries_does_not_grow_with_the_menu(fake_gobiz, again):
    def queries(size):
        outlet = OutletFactory()
        fake_gobiz.live[outlet.outlet_id] = live_menu(size)
        if again:
            read_live_menu(outlet)
            changed = live_menu(size)
            for item in changed["menus"][0]["menu_items"]:
                item["price"] += 500
            fake_gobiz.live[outlet.outlet_id] = changed
        with CaptureQueriesContext(
            connection,
        ) as captured:
            read_live_menu(outlet)
        return len(captured)

    assert queries(10) == queries(300)
