"""What an ingredient takes off is of the day: nobody's change in the GoBiz app, and nothing that stops a publish."""

from copy import deepcopy

import pytest
from django.utils import timezone

from menus.adopting.comparing import compare as compare_with_catalog
from menus.checks import check_tree, errors_in
from menus.drift.deciding import take_over
from menus.drift.scanning import compare, drift_now
from menus.editing import remove, save_item, save_variant
from menus.ingredient_outs import switch_ingredient
from menus.live_menu import read_menu
from menus.models import (
    CatalogEdit,
    Ingredient,
    MenuItem,
    OutletCatalog,
    OutletOverride,
    StockSwitch,
    Variant,
    VariantCategory,
)
from menus.restoring.comparing import restore_plan
from menus.restoring.writing import restore
from menus.tree import load_tree
from menus.undoing import undo
from tests.factories import OutletFactory
from tests.menus.factories import VariantFactory
from tests.menus.test_on_gofood import edited, outlet, publish, shows

__all__ = ["outlet"]
pytestmark = pytest.mark.django_db


@pytest.fixture
def live(fake_gobiz, outlet):
    """Ayam is out: the item and a variant are off, and GoFood was told and shows it."""
    save_item(MenuItem.objects.get(name="Ayam Geprek"), {"ingredients": ["Ayam"]}, None)
    save_variant(Variant.objects.get(name="Paha atas"), {"ingredients": ["Ayam"]}, None)
    switch_ingredient(Ingredient.objects.get(), True, [outlet], None)
    StockSwitch.objects.update(state="done", told=False, told_at=timezone.now())
    live = deepcopy(fake_gobiz.live[outlet.outlet_id])
    switch(live, False)
    return live


def switch(live, in_stock):
    for row in [*live["menus"][0]["menu_items"], *live["variant_categories"][0]["variants"]]:
        if row["name"] in ("Ayam Geprek", "Paha atas"):
            row["in_stock"] = in_stock


def test_what_it_takes_off_is_no_drift(fake_gobiz, outlet, live):
    shows(fake_gobiz, outlet, live)
    assert compare(outlet.pk).lines == []


def test_what_somebody_switches_on_in_the_gobiz_app_is_shown_and_not_taken_over(fake_gobiz, outlet, live):
    """Taken over it would stay off, and come back later although it was off by hand."""
    switch(live, True)
    shows(fake_gobiz, outlet, live)
    drift = compare(outlet.pk)
    told = [(one["key"], one["name"], one["field"], one["old"], one["new"]) for one in drift.lines]
    assert sorted(told) == [
        ("", "Ayam Geprek", "in_stock", False, True),
        ("", "Paha atas", "in_stock", False, True),
    ]
    assert drift.urgent == 2
    catalog = outlet.selling.catalog
    assert compare_with_catalog(catalog, outlet, read_menu(live)).differences == []


def test_the_checks_find_no_error_because_an_ingredient_is_out(outlet):
    """A reduction that needs another choice beside it, which is out now: nobody can order it, and all else goes on."""
    category = VariantCategory.objects.get()
    VariantCategory.objects.update(min_quantity=2, max_quantity=2)
    for variant in Variant.objects.all():
        save_variant(variant, {"ingredients": ["Ayam"], "price": 10_000}, None)
    VariantFactory(category=category, name="Tanpa nasi", external_id="tanpa-nasi", price=-20_000)

    def errors():
        found = errors_in(check_tree(load_tree(outlet.selling.catalog, outlet)))
        return {one.code for one in found if not one.confirm}

    assert errors() == set()
    switch_ingredient(Ingredient.objects.get(), True, [outlet], None)
    assert errors() == set()


def test_stock_that_is_taken_over_at_one_outlet_stays_as_it_is_at_the_others(fake_gobiz, outlet):
    """Switches go out at once: what is out here is not out there."""
    second = OutletFactory(merchant=outlet.merchant, gobiz_app=outlet.gobiz_app)
    OutletCatalog.objects.create(outlet=second, catalog=outlet.selling.catalog, imported_at=timezone.now())
    publish(second)
    edited(fake_gobiz, outlet, "Es Teh", in_stock=False)
    known = drift_now(outlet.pk)
    assert take_over(outlet, known.plan.digest, [line.print for line in known.lines], None) == 1
    assert MenuItem.objects.get(name="Es Teh").in_stock
    own = OutletOverride.objects.values_list("outlet", "item__name", "in_stock")
    assert list(own) == [(outlet.pk, "Es Teh", False)]
    assert not StockSwitch.objects.filter(outlet=second).exists()
    assert compare(outlet.pk).lines == []
    undo(CatalogEdit.objects.latest("pk"), None)
    assert not OutletOverride.objects.exists()


def test_what_was_out_on_the_day_of_a_version_does_not_come_back_as_off(fake_gobiz, outlet, live):
    version = publish(outlet, again=True).version
    item = MenuItem.objects.get(name="Ayam Geprek")
    assert not version.payload["menus"][0]["menu_items"][0]["in_stock"]
    remove(item, None)
    switch_ingredient(Ingredient.objects.get(), False, [outlet], None)
    found = restore_plan(version, "item", 0)
    restore(version, "item", 0, found.digest, None, everywhere=True)
    assert MenuItem.objects.get(name="Ayam Geprek").in_stock
