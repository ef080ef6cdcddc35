"""Editing in place: fields that save themselves, two people at once, moving, undo."""

from __future__ import annotations

import json
from typing import Any

import pytest

from menus import editing
from menus.models import CatalogEdit, Menu, MenuItem, Variant
from menus.seen import seen
from tests.menus.factories import (
    MenuFactory,
    MenuItemFactory,
    VariantCategoryFactory,
    VariantFactory,
    selling_outlet,
)
from tests.menus_pages.conftest import Shop

pytestmark = pytest.mark.django_db
HTMX = {"HX-Request": "true"}


def save(shop: Shop, field: str, value: Any, thing: Any = None, kind: str = "item", **data: str) -> str:
    thing = thing or shop.item
    shown = {"shown": seen(thing, field), **data}
    answer = shop.client().post(
        shop.url("save_field", kind, thing.pk), {"field": field, "value": value, **shown}, headers=HTMX
    )
    assert answer.status_code == 200
    return answer.content.decode()


class TestFields:
    @pytest.mark.parametrize(
        ("field", "value", "words"),
        [
            ("price", "abc", "not an amount"),
            ("price", "1.5e4", "type 15000"),
            ("price", "-1", "below zero"),
            ("price", "", "Type the price"),
            ("price", "9999999999", "more than"),
            ("name", " \x00 ", "Type something"),
            ("name", "a" * 151, "151 characters"),
            ("description", "\u202e" * 10_000, "10000 characters"),
            ("menu", "0", "not there any more"),
            ("categories", "0", "not there any more"),
        ],
    )
    def test_what_cannot_be_meant_says_what_to_type(self, shop, field, value, words):
        before = shop.revision()
        body = save(shop, field, value)
        assert words in body
        assert 'data-result="error"' in body
        assert shop.revision() == before

    def test_the_menu_that_somebody_else_chose_is_told_by_its_name(self, shop):
        drinks, soups = MenuFactory(catalog=shop.catalog, name="Minuman"), MenuFactory(catalog=shop.catalog)
        shown = seen(shop.item, "menu")
        editing.save_item(shop.item, {"menu": drinks}, shop.cast.manager)
        body = save(shop, "menu", soups.pk, shown=shown)
        assert "<strong>Minuman</strong>" in body
        assert f'data-take="{drinks.pk}"' in body

    def test_the_variant_categories_that_somebody_else_chose_can_be_taken(self, shop):
        other = VariantCategoryFactory(catalog=shop.catalog)
        shown = seen(shop.item, "categories")
        editing.save_item(shop.item, {"categories": [shop.category, other]}, shop.cast.manager)
        body = save(shop, "categories", [other.pk], shown=shown)
        assert f'data-take="{shop.category.pk} {other.pk}"' in body

    def test_a_field_that_is_not_there(self, shop):
        answer = shop.client().post(shop.url("save_field", "item", shop.item.pk), {"field": "external_id"})
        assert answer.status_code == 400
        assert shop.client().post(shop.url("save_field", "nothing", 1)).status_code == 404

    @pytest.mark.parametrize(
        ("field", "typed", "kept"),
        [
            ("price", "Rp 15.500", 15500),
            ("price", "16,000", 16000),
            ("name", "Ayam 🐔 \u200f", "Ayam 🐔 \u200f"),
            ("description", "", ""),
            ("internal_name", "Dapur\x00", "Dapur"),
        ],
    )
    def test_what_was_meant_is_saved_and_said(self, shop, field, typed, kept):
        body = save(shop, field, typed)
        assert "Saved" in body
        shop.item.refresh_from_db()
        assert getattr(shop.item, field) == kept
        assert f'data-shown="{seen(shop.item, field)}"' in body

    def test_a_finding_stands_beside_its_field(self, shop):
        assert "Its price is zero" in save(shop, "price", "0")

    def test_what_came_too_long_from_gofood_may_stay(self, shop):
        MenuItem.objects.update(name="x" * 200)
        shop.item.refresh_from_db()
        assert "Saved" in save(shop, "name", "x" * 200)

    def test_categories_keep_their_order_and_new_ones_come_behind(self, shop):
        first = VariantCategoryFactory(catalog=shop.catalog, position=0)
        save(shop, "categories", [first.pk, shop.category.pk])
        links = shop.item.category_links.values_list("category", flat=True)
        assert list(links) == [shop.category.pk, first.pk]
        save(shop, "categories", [])
        assert not shop.item.category_links.exists()

    def test_a_shared_category_says_how_many_items_it_changes(self, shop):
        other = MenuItemFactory(menu=shop.item.menu)
        other.variant_categories.add(shop.category)
        assert "changes 2 items" in save(shop, "max_quantity", "2", shop.category, "variant_category")

    def test_variants_and_menus(self, shop):
        variant = shop.category.variants.first()
        assert "Saved" in save(shop, "price", "-1.000", variant, "variant")
        variant.refresh_from_db()
        assert "Saved" in save(shop, "price", "", variant, "variant")
        assert "Saved" in save(shop, "name", "Minum", shop.item.menu, "menu")
        assert Variant.objects.get(pk=variant.pk).price == 0
        assert Menu.objects.get(pk=shop.item.menu_id).name == "Minum"

    def test_who_changed_it_meanwhile_and_to_what(self, shop):
        before = seen(shop.item, "price")
        editing.save_item(shop.item, {"price": 21000}, shop.cast.manager)
        body = save(shop, "price", "30000", shown=before)
        assert str(shop.cast.manager) in body
        assert "Rp\u00a021.000" in body
        assert f'data-shown-now="{seen(shop.item, "price")}"' in body
        shop.item.refresh_from_db()
        assert shop.item.price == 21000
        assert "Saved" in save(shop, "price", "30000")


class TestMoving:
    def test_dropped_before_another_in_another_menu(self, shop):
        menu = MenuFactory(catalog=shop.catalog)
        other = MenuItemFactory(menu=menu)
        url = shop.url("place", "item", shop.item.pk)
        assert shop.client().post(url, {"before": other.pk, "into": menu.pk}).status_code == 204
        assert list(menu.menu_items.values_list("pk", flat=True)) == [shop.item.pk, other.pk]

    def test_before_what_moved_away_meanwhile(self, shop):
        other = MenuItemFactory(menu=MenuFactory(catalog=shop.catalog))
        url = shop.url("place", "item", shop.item.pk)
        assert shop.client().post(url, {"before": other.pk, "into": shop.item.menu_id}).status_code == 409

    @pytest.mark.parametrize("data", [{"before": "x"}, {"before": "9" * 30}, {"into": "0"}])
    def test_where_nothing_is(self, shop, data):
        assert shop.client().post(shop.url("place", "item", shop.item.pk), data).status_code == 404

    def test_into_another_merchants_menu(self, shop):
        url = shop.url("place", "item", shop.item.pk)
        assert shop.client().post(url, {"into": MenuFactory().pk}).status_code == 404

    def test_step_by_step_without_script(self, shop):
        variant = VariantFactory(category=shop.category, name="Sayap", position=10**6)
        answer = shop.client().post(shop.url("step", "variant", variant.pk), {"down": "0"})
        assert answer.url == shop.url("library", shop.catalog.pk) + f"#variant-{variant.pk}"
        names = list(shop.category.variants.values_list("name", flat=True))
        assert names == ["Paha atas", "Sayap", "Paha bawah"]


class TestUndo:
    def test_the_foot_says_what_it_would_take_back(self, shop):
        edit = shop.edit()
        body = shop.client().get(shop.url("menu")).content.decode()
        assert "price of “Ayam Geprek”" in body
        assert shop.url("undo_edit", edit.pk) in body
        assert (
            shop.url("undo_edit", edit.pk)
            not in shop.client("manager").get(shop.url("menu")).content.decode()
        )

    def test_back_to_the_page_it_was_pressed_on(self, shop):
        edit = shop.edit()
        library = shop.url("library", shop.catalog.pk)
        answer = shop.client().post(shop.url("undo_edit", edit.pk), {"back": library})
        assert answer.url == library
        shop.item.refresh_from_db()
        assert shop.item.price == 15000

    @pytest.mark.parametrize("back", ["https://evil.example/", "//evil.example", "javascript:alert(1)", ""])
    def test_never_to_another_site(self, shop, back):
        answer = shop.client().post(shop.url("undo_edit", shop.edit().pk), {"back": back})
        assert answer.url == shop.url("menu")

    def test_twice_is_said(self, shop):
        url = shop.url("undo_edit", shop.edit().pk)
        client = shop.client()
        client.post(url, headers=HTMX)
        events = json.loads(client.post(url, headers=HTMX)["HX-Trigger"])
        assert events["toast"] == {"text": "This was taken back already.", "kind": "warning"}

    def test_what_was_changed_since_is_named(self, shop):
        edit = shop.edit()
        editing.save_item(shop.item, {"price": 1}, shop.cast.manager)
        events = json.loads(shop.client().post(shop.url("undo_edit", edit.pk), headers=HTMX)["HX-Trigger"])
        assert "“Ayam Geprek” was changed since" in events["toast"]["text"]

    def test_another_merchants_change_is_not_there(self, shop):
        other = selling_outlet()
        item = MenuItem.objects.get(catalog=other.selling.catalog)
        editing.save_item(item, {"price": 1}, None)
        edit = CatalogEdit.objects.latest("pk")
        assert shop.client().post(shop.url("undo_edit", edit.pk)).status_code == 404
        edit.refresh_from_db()
        assert not edit.undone

    def test_what_was_taken_out_comes_back(self, shop):
        shop.client().post(shop.url("remove", "menu", shop.item.menu_id))
        assert not MenuItem.objects.filter(catalog=shop.catalog).exists()
        shop.client().post(shop.url("undo_edit", CatalogEdit.objects.latest("pk").pk))
        assert MenuItem.objects.filter(catalog=shop.catalog).get().pk == shop.item.pk


class TestPanel:
    def test_it_is_the_piece_for_htmx_and_the_page_without(self, shop):
        url = shop.url("menu_item", shop.item.pk)
        assert "<html" not in shop.client().get(url, headers=HTMX).content.decode()
        assert "<html" in shop.client().get(url).content.decode()

    def test_its_neighbours(self, shop):
        after = MenuItemFactory(menu=shop.item.menu, position=shop.item.position + 1)
        body = shop.client().get(shop.url("menu_item", shop.item.pk), headers=HTMX).content.decode()
        assert shop.url("menu_item", after.pk) in body
        assert "Previous" not in body


@pytest.mark.parametrize("page", ["menu", "library", "menu_foot", "item_row", "menu_item"])
def test_as_many_queries_for_ten_as_for_three_hundred(shop, page, django_assert_num_queries):
    args = {"library": [shop.catalog.pk], "item_row": [shop.item.pk], "menu_item": [shop.item.pk]}.get(
        page, []
    )
    client, url = shop.client(), shop.url(page, *args)

    def count() -> int:
        from django.db import connection
        from django.test.utils import CaptureQueriesContext

        with CaptureQueriesContext(connection) as queries:
            assert client.get(url, headers=HTMX).status_code == 200
        return len(queries)

    client.get(url)
    few = count()
    for _ in range(30):
        item = MenuItemFactory(menu=MenuFactory(catalog=shop.catalog))
        category = VariantCategoryFactory(catalog=shop.catalog)
        VariantFactory(category=category)
        item.variant_categories.add(category)
    assert count() == few


class TestHours:
    WEEK = dict.fromkeys(("monday", "tuesday", "wednesday", "thursday", "friday", "saturday"), "8-14")

    def post(self, shop: Shop, **data: str) -> Any:
        return shop.client().post(shop.url("item_hours", shop.item.pk), {**self.WEEK, **data}, headers=HTMX)

    def test_what_is_no_time_changes_nothing_and_stays_typed(self, shop):
        before = shop.revision()
        body = self.post(shop, sunday="pagi-pagi").content.decode()
        assert "no times we can read" in body
        assert 'value="pagi-pagi"' in body
        assert shop.revision() == before

    def test_a_week_is_saved_and_said(self, shop):
        body = self.post(shop, sunday="").content.decode()
        assert "Mon–Sat 08:00–14:00, Sun not sold" in body
        assert "Saved" in body

    def test_past_midnight_it_says_what_gofood_gets(self, shop):
        body = self.post(shop, sunday="22-2").content.decode()
        assert "Sold past midnight" in body

    def test_who_saved_meanwhile_is_not_overwritten_unasked(self, shop):
        shown = seen(shop.item, "operational_hours")
        editing.save_item(shop.item, {"operational_hours": None}, shop.cast.manager)
        body = self.post(shop, shown=shown).content.decode()
        assert "Somebody else changed these hours" in body
        shop.item.refresh_from_db()
        assert shop.item.operational_hours is None
        assert "Saved" in self.post(shop, shown=seen(shop.item, "operational_hours")).content.decode()

    def test_without_script(self, shop):
        url = shop.url("item_hours", shop.item.pk)
        assert "<html" in shop.client().get(url).content.decode()
        assert shop.client().post(url, {"template": "lunch"}).url == url
        shop.item.refresh_from_db()
        assert shop.item.operational_hours["sunday"] == [{"start": "11:00", "end": "15:00"}]

    def test_for_other_items_too(self, shop):
        body = shop.client().get(
            shop.url("bulk", shop.catalog.pk), {"operation": "hours", "like": shop.item.pk}
        )
        assert f'value="{shop.item.pk}" selected' in body.content.decode()

    def test_the_way_to_other_items_keeps_the_outlet(self, shop):
        query = f"?outlet={shop.outlet.outlet_id}"
        body = shop.client().get(shop.url("menu_item", shop.item.pk) + query).content.decode()
        assert f"like={shop.item.pk}&outlet={shop.outlet.outlet_id}" in body


def test_the_list_is_sent_compressed(shop):
    answer = shop.client().get(shop.url("menu"), headers={"accept-encoding": "gzip"})
    assert answer["Content-Encoding"] == "gzip"
    assert "Accept-Encoding" in answer["Vary"]
