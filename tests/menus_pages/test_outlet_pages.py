"""The pages of several outlets: whose things they touch, what they cost, and what they say."""

import json

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from menus.models import Catalog, CatalogEdit, MenuImport, OutletCatalog, OutletOverride
from menus.overrides import set_override
from tests.factories import OutletFactory
from tests.menus.factories import MenuFactory, MenuItemFactory, selling_outlet
from tests.menus_pages.conftest import Shop

pytestmark = pytest.mark.django_db
HTMX = {"headers": {"HX-Request": "true"}}


@pytest.fixture
def shop(cast):
    return Shop(cast)


@pytest.fixture
def second(shop):
    return more_outlets(shop, 1)[0]


def more_outlets(shop, count):
    found = []
    for n in range(count):
        outlet = OutletFactory(gobiz_app=shop.cast.app, name=f"Kemang {n}")
        OutletCatalog.objects.create(outlet=outlet, catalog=shop.catalog, imported_at=timezone.now())
        found.append(outlet)
    return found


def own_price(shop, price=17000, outlet=None):
    set_override(shop.catalog, "item", shop.item.pk, [outlet or shop.outlet], shop.cast.owner, price=price)


def many(shop, *outlets, **fields):
    base = {"kind": "item", "things": [shop.item.pk], "outlets": [outlet.pk for outlet in outlets]}
    return {**base, **fields}


# --- another's --------------------------------------------------------------------------------


def test_other_outlets_and_things_are_not_there(shop, second):
    client, foreign = shop.client(), selling_outlet()
    apart = OutletFactory(gobiz_app=shop.cast.app)
    item, there = shop.item.pk, foreign.selling.catalog.menu_items.get().pk
    for address in (
        shop.url("place_values", "item", item, foreign.pk),
        shop.url("place_values", "item", item, apart.pk),
        shop.url("place_values", "item", there, shop.outlet.pk),
        shop.url("place_values", "menu", shop.item.menu_id, shop.outlet.pk),
        shop.url("place_stock", "item", item, foreign.pk),
        shop.url("overrides_clear", apart.pk),
    ):
        assert client.post(address, {"field": "hidden", "value": "1"}).status_code == 404, address
    at = {"at": foreign.pk, "price": "1"}
    assert client.post(shop.url("outlet_values", "item", item), at).status_code == 404
    named = {"thing": f"item-{there}"}
    assert client.post(shop.url("overrides_clear", shop.outlet.pk), named).status_code == 404
    for wanted in (foreign.selling.catalog_id, "x", "9" * 30):
        assert client.get(shop.url("matrix"), {"catalog": wanted}).status_code == 404
    answer = client.post(shop.url("matrix_many", shop.catalog.pk), many(shop, foreign, verb="hidden-1"))
    assert answer.status_code == 422
    assert "not sold here any more" in answer.content.decode()
    assert not OutletOverride.objects.exists()


def test_catalogs_and_outlets_of_others_are_not_shared(shop):
    client, foreign = shop.client(), selling_outlet()
    new = OutletFactory(gobiz_app=shop.cast.app)
    for outlet, fields in (
        (shop.outlet, {"do": "share", "catalog": foreign.selling.catalog_id}),
        (shop.outlet, {"do": "share"}),
        (new, {"do": "start", "mode": "share", "source": foreign.pk}),
    ):
        assert client.post(shop.url("sharing_outlet", outlet.pk), fields).status_code == 404
    page = shop.url("sharing_outlet", shop.outlet.pk)
    assert client.get(page, {"catalog": foreign.selling.catalog_id}).status_code == 404
    assert not MenuImport.objects.exists()


def test_a_cashier_switches_stock_and_nothing_else(shop):
    client, item = shop.client("cashier"), shop.item.pk
    page = client.get(shop.url("matrix")).content.decode()
    assert "data-stock" in page
    assert "place-price" not in page
    assert "Change many at once" not in page
    assert client.post(shop.url("place_values", "item", item, shop.outlet.pk)).status_code == 403
    answer = client.post(shop.url("place_stock", "item", item, shop.outlet.pk), {"in_stock": "0"}, **HTMX)
    assert 'aria-checked="false"' in answer.content.decode()
    assert OutletOverride.objects.get().in_stock is False


# --- a place ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("typed", "words"), [("abc", "“abc” is not an amount"), ("1.5e4", "type 15000"), ("-1", "below zero")]
)
def test_what_cannot_be_read_stays_with_its_error(shop, typed, words):
    fields = {"field": "price", "value": typed, "seen": "15000"}
    address = shop.url("place_values", "item", shop.item.pk, shop.outlet.pk)
    answer = shop.client().post(address, fields, **HTMX)
    body = answer.content.decode()
    assert f'value="{typed}"' in body
    assert words in body
    assert json.loads(answer["HX-Trigger"])["place-saved"]["wrong"]
    assert not OutletOverride.objects.exists()


def test_a_price_is_saved_and_cleared_in_its_place(shop):
    client, address = shop.client(), shop.url("place_values", "item", shop.item.pk, shop.outlet.pk)
    body = client.post(
        address, {"field": "price", "value": "17.500", "seen": "15000"}, **HTMX
    ).content.decode()
    assert "Rp\xa017.500" in body
    assert "own price" in body
    assert client.post(address, {"field": "hidden", "value": "1"}, **HTMX).status_code == 200
    row = OutletOverride.objects.get()
    assert (row.price, row.hidden) == (17500, True)
    body = client.post(address, {"field": "clear"}, **HTMX).content.decode()
    assert "own price" not in body
    client.post(address, {"field": "price", "value": "17.500"}, **HTMX)
    client.post(address, {"field": "price", "value": ""}, **HTMX)
    assert not OutletOverride.objects.exists()


def test_what_a_place_says_it_showed_need_not_be_a_number(shop):
    address = shop.url("place_values", "item", shop.item.pk, shop.outlet.pk)
    for seen in ("--5", "x", ""):
        fields = {"field": "price", "value": "18000", "seen": seen}
        assert shop.client().post(address, fields, **HTMX).status_code == 200


def test_two_people_at_one_place_are_told(shop):
    own_price(shop, 16000)
    fields = {"field": "price", "value": "18000", "seen": "15000"}
    address = shop.url("place_values", "item", shop.item.pk, shop.outlet.pk)
    body = shop.client().post(address, fields, **HTMX).content.decode()
    assert "Somebody else set Rp\xa016.000 meanwhile" in body
    assert 'value="18000"' in body
    assert 'data-was="16000"' in body
    assert OutletOverride.objects.get().price == 16000


# --- many -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"verb": "price", "amount": ""}, "Type the price"),
        ({"verb": "price", "amount": "abc"}, "not an amount"),
        ({"verb": "percent", "amount": "1e9"}, "Type a percentage"),
        ({"verb": "percent", "amount": "NaN"}, "Type a percentage"),
        ({"verb": "hidden-1", "things": []}, "at least one row"),
        ({"verb": "hidden-1", "outlets": []}, "at least one outlet"),
        ({"verb": "drop"}, "drop"),
    ],
)
def test_many_says_what_is_missing(shop, fields, words):
    answer = shop.client().post(shop.url("matrix_many", shop.catalog.pk), many(shop, shop.outlet, **fields))
    assert answer.status_code == 422
    assert words in answer.content.decode()
    assert not OutletOverride.objects.exists()


def test_many_shows_first_and_does_what_was_shown(shop, second):
    client, address = shop.client(), shop.url("matrix_many", shop.catalog.pk)
    fields = many(shop, shop.outlet, second, verb="percent", amount="10")
    page = client.post(address, fields)
    assert "2 places change" in page.content.decode()
    assert not OutletOverride.objects.exists()
    own_price(shop, 20000, second)
    stale = client.post(address, {**fields, "digest": page.context["plan"].digest})
    assert "Something changed since" in stale.content.decode()
    answer = client.post(address, {**fields, "digest": stale.context["plan"].digest}, **HTMX)
    assert "2 places changed" in json.loads(answer["HX-Trigger"])["toast"]["text"]
    prices = {row.outlet_id: row.price for row in OutletOverride.objects.all()}
    assert prices == {shop.outlet.pk: 16500, second.pk: 22000}
    page = client.get(shop.url("matrix")).content.decode()
    assert "price of “Ayam Geprek” at 2 outlets" in page
    undone = client.post(shop.url("undo_edit", CatalogEdit.objects.latest("pk").pk), follow=True)
    assert "Taken back: price of “Ayam Geprek” at 2 outlets." in undone.content.decode()
    assert {row.outlet_id: row.price for row in OutletOverride.objects.all()} == {second.pk: 20000}


# --- pages ------------------------------------------------------------------------------------


def test_the_matrix_shows_all_or_what_is_asked_for(shop, second):
    MenuItemFactory(menu=shop.item.menu, name="Es Teh")
    own_price(shop)
    client, address = shop.client(), shop.url("matrix")
    page = client.get(address).content.decode()
    assert "Es Teh" in page
    assert second.name in page
    assert "Es Teh" not in client.get(address, {"only": "1"}).content.decode()
    assert f"row-{shop.item.pk}" not in client.get(address, {"q": "TEH"}).content.decode()
    assert "Paha atas" in client.get(address, {"tab": "variants"}).content.decode()
    rows = client.get(shop.url("matrix_rows", shop.catalog.pk), {"row": [f"item-{shop.item.pk}", "item-x"]})
    assert "Ayam Geprek" in rows.content.decode()
    assert "Es Teh" not in rows.content.decode()


def test_without_a_menu_the_pages_say_what_to_do(shop):
    OutletCatalog.objects.all().delete()
    client = shop.client()
    assert "No outlet sells a menu yet" in client.get(shop.url("matrix")).content.decode()
    assert "has no menu yet" in client.get(shop.url("outlet_differences")).content.decode()
    assert "Outlets without a menu" in client.get(shop.url("sharing")).content.decode()


def test_differences_at_an_outlet_are_cleared_one_by_one_and_all(shop, second):
    client, chosen = shop.client(), {"outlet": second.outlet_id}
    variant = shop.category.variants.first()
    own_price(shop, outlet=second)
    set_override(shop.catalog, "variant", variant.pk, [second], shop.cast.owner, hidden=True)
    page = client.get(shop.url("outlet_differences"), chosen).content.decode()
    assert "Rp\xa017.000 instead of Rp\xa015.000" in page
    assert "Hidden here" in page
    clear = shop.url("overrides_clear", second.pk)
    client.post(clear, {"thing": f"item-{shop.item.pk}"})
    assert OutletOverride.objects.get().variant == variant
    answer = client.post(f"{clear}?outlet={second.outlet_id}", {"all": "1"}, follow=True)
    assert "Nothing differs here" in answer.content.decode()


def test_a_thing_at_each_outlet(shop, second):
    client, address = shop.client(), shop.url("outlet_values", "item", shop.item.pk)
    assert second.name in client.get(address).content.decode()
    answer = client.post(address, {"at": second.pk, "price": "x", "in_stock": "0"}, **HTMX)
    assert answer.status_code == 422
    assert 'value="x"' in answer.content.decode()
    answer = client.post(address, {"at": second.pk, "price": "18.000", "in_stock": "0"}, **HTMX)
    assert "Saved" in answer.content.decode()
    row = OutletOverride.objects.get()
    assert (row.outlet, row.price, row.in_stock, row.hidden) == (second, 18000, False, False)
    assert client.post(address, {"at": second.pk, "clear": "1"}).status_code == 302
    assert not OutletOverride.objects.exists()


def fields_of(shop, outlet, **typed):
    """What the form of the item at the outlet sends as it stands on the page, but for what was typed."""
    page = shop.client().get(shop.url("outlet_values", "item", shop.item.pk))
    form = next(form for form in page.context["forms"] if form.at.outlet == outlet)
    fields = {**form.values, **{f"shown-{field}": value for field, value in form.shown.items()}, **typed}
    return {"at": outlet.pk, **{name: value for name, value in fields.items() if name != "hidden" or value}}


def save_place(shop, fields, **extra):
    return shop.client().post(shop.url("outlet_values", "item", shop.item.pk), fields, **extra)


def of_its_own(outlet):
    row = OutletOverride.objects.filter(outlet=outlet).first()
    return (row.price, row.in_stock, row.hidden) if row else None


def test_a_save_shows_anew_only_the_form_that_was_sent(shop, second):
    for price, status in (("18.000", 200), ("x", 422)):
        answer = save_place(shop, fields_of(shop, second, price=price), **HTMX)
        body = answer.content.decode()
        assert answer.status_code == status
        assert body.count("<form") == 1
        assert second.name in body
        assert shop.outlet.name not in body
    assert 'id="save-' in body


def test_stock_that_was_switched_off_since_stays_off_when_a_price_is_saved(shop, second):
    fields = fields_of(shop, second, price="18.000")
    cashier = {"in_stock": "0"}
    place = shop.url("place_stock", "item", shop.item.pk, second.pk)
    assert shop.client("cashier").post(place, cashier, **HTMX).status_code == 200
    answer = save_place(shop, fields, **HTMX)
    assert answer.status_code == 200
    assert of_its_own(second) == (18000, False, False)
    assert '<option value="0" selected>' in answer.content.decode()


def test_a_value_that_another_set_since_is_told_and_nothing_is_saved(shop, second):
    fields = fields_of(shop, second, price="18.000", hidden="on")
    own_price(shop, 16000, second)
    answer = save_place(shop, fields, **HTMX)
    body = answer.content.decode()
    assert answer.status_code == 422
    assert "so nothing was saved. Now: Rp\xa016.000. Save again" in body
    assert 'value="18.000"' in body
    assert " checked>" in body
    assert of_its_own(second) == (16000, None, False)
    # Who has read it and saves again means it.
    again = {**fields, "shown-price": "16000"}
    assert 'name="shown-price" value="16000"' in body
    assert save_place(shop, again, **HTMX).status_code == 200
    assert of_its_own(second) == (18000, None, True)


def test_what_was_switched_off_since_is_not_cleared_unseen(shop, second):
    own_price(shop, 16000, second)
    fields = fields_of(shop, second, clear="1", price="typed and left")
    set_override(shop.catalog, "item", shop.item.pk, [second], shop.cast.owner, in_stock=False, hidden=True)
    answer = save_place(shop, fields)
    body = answer.content.decode()
    assert answer.status_code == 422
    assert "so nothing was saved. Now: Out of stock, Hidden here." in body
    assert "typed and left" not in body
    assert shop.outlet.name in body
    assert of_its_own(second) == (16000, False, True)
    assert save_place(shop, fields_of(shop, second, clear="1"), **HTMX).status_code == 200
    assert of_its_own(second) is None


def test_what_cannot_be_read_keeps_what_was_chosen_and_what_was_shown(shop, second):
    fields = fields_of(shop, second, price="x", in_stock="1")
    set_override(shop.catalog, "item", shop.item.pk, [second], shop.cast.owner, in_stock=False)
    body = save_place(shop, fields, **HTMX).content.decode()
    assert '<option value="1" selected>' in body
    # Nobody was told yet that it is off.
    assert 'name="shown-in_stock" value=""' in body
    assert "Now: Out of stock." in save_place(shop, {**fields, "price": ""}, **HTMX).content.decode()
    assert of_its_own(second) == (None, False, False)


def test_a_form_saved_as_it_stands_changes_nothing(shop, second):
    own_price(shop, 16000, second)
    fields = fields_of(shop, second)
    edits = CatalogEdit.objects.count()
    assert save_place(shop, fields, **HTMX).status_code == 200
    # What nobody showed is what was typed over nothing.
    assert save_place(shop, {**fields, "shown-in_stock": "x", "shown-price": "--5"}).status_code == 302
    assert CatalogEdit.objects.count() == edits


@pytest.mark.parametrize("page", ["matrix", "differences", "item", "rows"])
def test_the_cost_does_not_grow(shop, page):
    client = shop.client()
    address = {
        "matrix": shop.url("matrix"),
        "differences": f"{shop.url('outlet_differences')}?outlet={shop.outlet.outlet_id}",
        "item": shop.url("outlet_values", "item", shop.item.pk),
        "rows": f"{shop.url('matrix_rows', shop.catalog.pk)}?row=item-{shop.item.pk}",
    }[page]

    def cost(items, outlets):
        menu, chosen = MenuFactory(catalog=shop.catalog), more_outlets(shop, outlets)
        for _ in range(items):
            item = MenuItemFactory(menu=menu)
            places = [OutletOverride(outlet=outlet, item=item, price=1) for outlet in chosen]
            OutletOverride.objects.bulk_create(
                [*places, OutletOverride(outlet=shop.outlet, item=item, price=1)]
            )
        client.get(address)
        with CaptureQueriesContext(connection) as queries:
            assert client.get(address).status_code == 200
        return len(queries)

    few, much = cost(10, 2), cost(300, 18) if page == "matrix" else cost(60, 18)
    assert few == much
    assert much < 25


def test_sharing_costs_the_same_for_many_outlets(shop):
    client, address = shop.client(), shop.url("sharing")

    def cost(count):
        more_outlets(shop, count)
        with CaptureQueriesContext(connection) as queries:
            client.get(address)
        return len(queries)

    assert cost(2) == cost(30)


# --- sharing ----------------------------------------------------------------------------------


def test_a_new_outlet_starts_from_another_and_waits_for_its_backup(shop):
    client, new = shop.client(), OutletFactory(gobiz_app=shop.cast.app, name="Senopati")
    page = shop.url("sharing_outlet", new.pk)
    assert "Start from another outlet" in client.get(page).content.decode()
    answer = client.post(page, {"do": "start", "mode": "share", "source": shop.outlet.pk}, follow=True)
    body = answer.content.decode()
    assert "Senopati starts from" in body
    assert "is being kept as a backup" in body
    again = client.post(page, {"do": "start", "mode": "share", "source": shop.outlet.pk})
    assert again.status_code == 422
    assert "has a menu already" in again.content.decode()
    MenuImport.objects.update(state="failed", error_code="outlet_unknown")
    assert "is not kept yet" in client.get(shop.url("sharing")).content.decode()
    MenuImport.objects.update(state="done", error_code="", counts={"read": {}, "kept": {}})
    body = client.get(shop.url("import_progress", new.pk)).content.decode()
    assert "The live menu is kept" in body


def test_another_catalog_is_shown_before_it_is_sold(shop, second):
    client = shop.client()
    answer = client.post(shop.url("sharing_outlet", second.pk), {"do": "own"}, follow=True)
    assert "has its own catalog" in answer.content.decode()
    own = Catalog.objects.exclude(pk=shop.catalog.pk).get()
    shop.version(0)
    own.menu_items.update(price=99000)
    page = shop.url("sharing_outlet", shop.outlet.pk)
    body = client.get(page, {"catalog": own.pk}).content.decode()
    assert "Changes 1 price" in body
    assert "Rp\xa099.000" in body
    assert (
        "Nothing changes for customers" in client.get(page, {"catalog": own.pk, "keep": "1"}).content.decode()
    )
    answer = client.post(page, {"do": "share", "catalog": own.pk, "keep": "1"}, follow=True)
    assert "GoFood changes when you publish" in answer.content.decode()
    assert OutletOverride.objects.get(item__catalog=own).price == 15000


def test_a_catalog_is_renamed(shop):
    client, address = shop.client(), shop.url("catalog_name", shop.catalog.pk)
    assert "Enter a name" in client.post(address, {"name": " "}).content.decode()
    assert "Menu pusat" in client.post(address, {"name": "Menu pusat"}, follow=True).content.decode()


def test_a_name_that_is_too_long_for_a_catalog_is_not_cut(shop):
    client, address, before = shop.client(), shop.url("catalog_name", shop.catalog.pk), shop.catalog.name
    answer = client.post(address, {"name": "Menu " + "x" * 150})
    body = answer.content.decode()
    assert answer.status_code == 422
    assert "This name has 155 characters, and GoFood takes 150. Leave out 5 characters." in body
    assert f'value="Menu {"x" * 150}"' in body
    shop.catalog.refresh_from_db()
    assert shop.catalog.name == before
    client.post(address, {"name": "y" * 150})
    shop.catalog.refresh_from_db()
    assert shop.catalog.name == "y" * 150
