"""Ingredients: one that is out takes off all that bears it, and nothing comes back that has another reason."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from menus import stock, stock_sending
from menus.editing import remove, save_item, save_variant, set_stock
from menus.ingredient_outs import effects, switch_ingredient
from menus.ingredients import (
    IngredientRefused,
    add_ingredient,
    change_bearers,
    names_in,
    remove_ingredient,
    rename_ingredient,
)
from menus.matrix import load_matrix
from menus.models import (
    CatalogEdit,
    Ingredient,
    IngredientLink,
    IngredientOut,
    MenuItem,
    StockSwitch,
    Variant,
)
from menus.overrides import set_override
from menus.payload import build_payload
from menus.publishing import request_publish
from menus.sharing import give_own_catalog
from menus.stock_effect import stock_at
from menus.stock_lists import items_off, off_lines
from menus.undoing import UndoRefused, undo
from tests.factories import OutletFactory
from tests.menus.factories import MenuItemFactory, selling_outlet
from tests.menus.test_stock import know, second_outlet, sent

pytestmark = pytest.mark.django_db
State = StockSwitch.State


@pytest.fixture
def outlet(fake_gobiz):
    """An outlet that sells Ayam Geprek (of ayam and cabe) and Nasi (of neither); GoFood has it so."""
    outlet = selling_outlet()
    item = item_of(outlet)
    MenuItemFactory(menu=item.menu, name="Nasi")
    save_item(item, {"ingredients": ["Ayam", "Cabe"]}, None)
    save_variant(Variant.objects.get(name="Paha atas"), {"ingredients": ["ayam"]}, None)
    know(outlet, fake_gobiz)
    return outlet


def item_of(outlet):
    return MenuItem.objects.get(catalog=outlet.selling.catalog, name="Ayam Geprek")


def ingredient(outlet, name="Ayam"):
    return Ingredient.objects.get(catalog=outlet.selling.catalog, name=name)


def out(outlet, name="Ayam", back_at=None):
    switch_ingredient(ingredient(outlet, name), True, [outlet], None, back_at)


def back(outlet, name="Ayam"):
    switch_ingredient(ingredient(outlet, name), False, [outlet], None)


def off_at(outlet):
    """The names of what is off there, by every way of asking; they have to agree."""
    catalog = outlet.selling.catalog
    names = {("item", row.pk): row.name for row in MenuItem.objects.filter(catalog=catalog)}
    names |= {("variant", row.pk): row.name for row in Variant.objects.filter(catalog=catalog)}
    off = {names[key] for key, on in stock_at(outlet.pk, catalog.pk).items() if not on}
    payload = build_payload(outlet)
    rows = [row for menu in payload["menus"] for row in menu["menu_items"]]
    rows += [row for category in payload["variant_categories"] for row in category["variants"]]
    assert off == {row["name"] for row in rows if not row["in_stock"]}
    assert off == {line.thing.name for _, lines in off_lines([outlet]) for line in lines}
    cells = [
        row.places[0]
        for kind in ("item", "variant")
        for group in load_matrix(catalog, [outlet], kind)
        for row in group.rows
    ]
    assert off == {place.thing.name for place in cells if not place.in_stock}
    of_items = {row["name"] for row in rows if "operational_hours" in row}
    assert items_off([outlet]) == {outlet.pk: len(off & of_items)}
    return off


# --- what may not be --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "code"),
    [("x" * 61, "too_long"), (",".join(str(n) for n in range(31)), "too_many")],
)
def test_names_that_are_too_long_or_too_many_are_refused(text, code):
    with pytest.raises(IngredientRefused) as refused:
        names_in(text)
    assert refused.value.code == code


def test_names_are_read_once_each_ignoring_case_and_spaces():
    assert names_in(" Ayam , ayam;Bawang  merah\n\x00,,") == ["Ayam", "Bawang merah"]


@pytest.mark.parametrize(("name", "code"), [("", "required"), ("x" * 61, "too_long"), ("CABE", "taken")])
def test_a_name_that_cannot_be_is_refused_and_nothing_changes(outlet, name, code):
    with pytest.raises(IngredientRefused) as refused:
        rename_ingredient(ingredient(outlet), name, None)
    assert refused.value.code == code
    assert set(Ingredient.objects.values_list("name", flat=True)) == {"Ayam", "Cabe"}


def test_another_spelling_of_itself_is_no_other_ingredient(outlet):
    rename_ingredient(ingredient(outlet), "AYAM", None)
    assert add_ingredient(outlet.selling.catalog, "ayam", None).name == "AYAM"
    assert Ingredient.objects.count() == 2


def test_an_outlet_that_does_not_sell_it_is_refused(outlet):
    with pytest.raises(IngredientRefused):
        switch_ingredient(ingredient(outlet), True, [OutletFactory()], None)
    assert not IngredientOut.objects.exists()


def test_things_of_another_catalog_are_never_given_it(outlet):
    foreign = MenuItemFactory()
    assert change_bearers(ingredient(outlet), {("item", foreign.pk)}, set(), None) == 0
    assert not foreign.ingredient_links.exists()


# --- out and back -----------------------------------------------------------------------------


def test_all_that_bears_it_goes_off_in_one_batch_and_comes_back(fake_gobiz, outlet):
    out(outlet)
    assert off_at(outlet) == {"Ayam Geprek", "Paha atas"}
    assert {switch.state for switch in sent(outlet)} == {State.DONE}
    assert [(kind, len(changes)) for _, kind, changes in fake_gobiz.patches] == [("item", 1), ("variant", 1)]
    back(outlet)
    assert off_at(outlet) == set()
    assert {switch.told for switch in sent(outlet)} == {True}


def test_only_at_the_outlets_that_were_chosen(fake_gobiz, outlet):
    other = second_outlet(outlet, fake_gobiz)
    switch_ingredient(ingredient(outlet), True, [other], None)
    assert (off_at(outlet), off_at(other)) == (set(), {"Ayam Geprek", "Paha atas"})
    assert set(StockSwitch.objects.values_list("outlet", flat=True)) == {other.pk}


def test_what_was_switched_off_by_hand_stays_off(outlet):
    set_stock("item", item_of(outlet), False, None)
    out(outlet)
    back(outlet)
    assert off_at(outlet) == {"Ayam Geprek"}


def test_what_bears_another_that_is_out_stays_off(outlet):
    out(outlet)
    out(outlet, "Cabe")
    back(outlet)
    assert off_at(outlet) == {"Ayam Geprek"}
    back(outlet, "Cabe")
    assert off_at(outlet) == set()


def test_switching_it_on_by_hand_does_not_sell_what_is_out(outlet):
    out(outlet)
    stock.switch("item", item_of(outlet), True, None, outlet)
    assert off_at(outlet) == {"Ayam Geprek", "Paha atas"}


def test_switched_off_by_hand_while_it_is_out_nothing_is_sent_and_it_stays_off(outlet):
    out(outlet)
    StockSwitch.objects.all().delete()
    set_stock("item", item_of(outlet), False, None)
    assert not StockSwitch.objects.exists()
    back(outlet)
    assert [switch.key[0] for switch in StockSwitch.objects.all()] == ["variant"]


def test_it_comes_back_by_itself_and_only_once(outlet):
    out(outlet, back_at=timezone.now() + timedelta(hours=1))
    assert stock.bring_back() == 0
    IngredientOut.objects.update(back_at=timezone.now())
    assert stock.bring_back() == 1
    assert stock.bring_back() == 0
    assert off_at(outlet) == set()


def test_another_end_keeps_since_when_it_is_out(outlet):
    out(outlet)
    since = IngredientOut.objects.get().since
    later = timezone.now() + timedelta(hours=2)
    out(outlet, back_at=later)
    assert (IngredientOut.objects.get().back_at, IngredientOut.objects.get().since) == (later, since)


def test_pressed_twice_it_is_one_change(outlet):
    out(outlet)
    count = CatalogEdit.objects.count()
    out(outlet)
    assert CatalogEdit.objects.count() == count


def test_a_publish_while_it_is_out_carries_the_same_stock(fake_gobiz, outlet):
    out(outlet)
    save_item(item_of(outlet), {"price": item_of(outlet).price + 500}, None)
    item = request_publish(outlet, None).version.payload["menus"][0]["menu_items"][0]
    assert item["in_stock"] is False


def test_what_will_go_off_is_known_before(outlet):
    set_stock("variant", Variant.objects.get(name="Paha atas"), False, None)
    (effect,) = effects(ingredient(outlet), [outlet])
    assert [thing.name for thing in effect.items] == ["Ayam Geprek"]
    assert effect.variants == []
    assert [thing.name for thing in effect.off_anyway] == ["Paha atas"]


# --- edits while it is out --------------------------------------------------------------------


def test_what_gets_an_ingredient_that_is_out_goes_off_at_once(fake_gobiz, outlet):
    out(outlet)
    sent(outlet)
    nasi = MenuItem.objects.get(name="Nasi")
    save_item(nasi, {"ingredients": ["AYAM"]}, None)
    assert StockSwitch.objects.get(item=nasi).in_stock is False
    save_item(nasi, {"ingredients": []}, None)
    assert StockSwitch.objects.get(item=nasi).in_stock is True
    assert off_at(outlet) == {"Ayam Geprek", "Paha atas"}


def test_removing_it_brings_back_and_undo_takes_off_again(outlet):
    out(outlet)
    remove_ingredient(ingredient(outlet), None)
    assert off_at(outlet) == set()
    undo(CatalogEdit.objects.latest("pk"), None)
    assert off_at(outlet) == {"Ayam Geprek", "Paha atas"}
    assert StockSwitch.objects.filter(in_stock=False).count() == 2


def test_undo_of_the_switch_itself(outlet):
    out(outlet)
    undo(CatalogEdit.objects.latest("pk"), None)
    assert off_at(outlet) == set()


def test_undo_of_a_new_ingredient_that_more_bears_by_now_is_refused(outlet):
    nasi = MenuItem.objects.get(name="Nasi")
    save_item(nasi, {"ingredients": ["Beras"]}, None)
    edit = CatalogEdit.objects.latest("pk")
    change_bearers(ingredient(outlet, "Beras"), {("item", item_of(outlet).pk)}, set(), None)
    with pytest.raises(UndoRefused):
        undo(edit, None)
    assert IngredientLink.objects.filter(ingredient__name="Beras").count() == 2


def test_bearers_that_others_changed_meanwhile_stay(outlet):
    nasi = MenuItem.objects.get(name="Nasi")
    change_bearers(ingredient(outlet), {("item", nasi.pk)}, set(), None)
    change_bearers(ingredient(outlet), set(), {("item", item_of(outlet).pk)}, None)
    assert set(ingredient(outlet).links.values_list("item__name", flat=True)) == {"Nasi", None}


def test_an_item_that_was_removed_meanwhile_comes_back_as_it_has_to_be(fake_gobiz, outlet):
    remove(item_of(outlet), None)
    edit = CatalogEdit.objects.latest("pk")
    out(outlet)
    undo(edit, None)
    assert StockSwitch.objects.get(item__isnull=False).in_stock is False
    sent(outlet)
    assert fake_gobiz.patches[-2][2][0]["in_stock"] is False


def test_its_own_copy_of_the_catalog_has_the_same_out(fake_gobiz, outlet):
    other = second_outlet(outlet, fake_gobiz)
    switch_ingredient(ingredient(outlet), True, [other], None)
    before = build_payload(other)
    give_own_catalog(other, None)
    other.refresh_from_db()
    assert build_payload(other) == before
    assert off_at(outlet) == set()
    assert ingredient(other).outs.count() == 1
    assert ingredient(outlet).outs.count() == 0


# --- the older switches -----------------------------------------------------------------------


def test_off_for_an_hour_at_one_outlet_keeps_its_end_where_the_catalog_has_it_off(fake_gobiz, outlet):
    other = second_outlet(outlet, fake_gobiz)
    item = item_of(outlet)
    set_stock("item", item, False, None)
    set_override(item.catalog, "item", item.pk, [other], None, in_stock=True)
    stock.switch("item", item, False, None, other, timezone.now() - timedelta(seconds=1))
    assert off_at(other) == {"Ayam Geprek"}
    assert stock.bring_back() == 1
    assert (off_at(other), off_at(outlet)) == (set(), {"Ayam Geprek"})


# --- what it costs ----------------------------------------------------------------------------


def test_the_cost_does_not_grow_with_what_bears_it(fake_gobiz, outlet):
    def cost(size):
        for item in MenuItemFactory.create_batch(size, menu=item_of(outlet).menu):
            IngredientLink.objects.create(ingredient=ingredient(outlet), item=item)
        know(outlet, fake_gobiz)
        counts = []
        for work in (
            lambda: out(outlet),
            lambda: effects(ingredient(outlet), [outlet]),
            lambda: items_off([outlet]),
            lambda: off_lines([outlet]),
        ):
            with CaptureQueriesContext(connection) as captured:
                work()
            counts.append(len(captured))
        StockSwitch.objects.update(next_attempt_at=timezone.now())
        with CaptureQueriesContext(connection) as sending:
            stock_sending.send(outlet.pk)
        back(outlet)
        StockSwitch.objects.all().delete()
        CatalogEdit.objects.all().delete()
        return [*counts, len(sending)]

    few = cost(3)
    assert cost(40) == few
