"""Any sequence of switches, ingredients, edits, ends and undos: what is in stock is what two rules say.

On: by hand (the outlet's own, else the catalog's), and nothing that it is made of is out there. And once GoBiz
has answered everything, GoFood has been told just that, whatever failed in between.
"""

from contextlib import suppress
from datetime import timedelta

import pytest
from django.db import transaction
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gobiz_admin.gobiz.errors import GobizUnavailable
from menus import stock, stock_sending
from menus.editing import remove, save_item, save_variant
from menus.ingredient_outs import switch_ingredient
from menus.ingredients import remove_ingredient
from menus.models import (
    Ingredient,
    IngredientLink,
    IngredientOut,
    MenuItem,
    OutletOverride,
    StockOff,
    StockSwitch,
    Variant,
)
from menus.overrides import clear_overrides
from menus.payload import build_payload
from menus.stock_effect import stock_at
from menus.stock_told import stock_rows
from menus.undoing import UndoRefused, last_edit, undo
from tests.factories import UserFactory
from tests.menus.factories import MenuItemFactory, selling_outlet
from tests.menus.test_stock import due, know, second_outlet

pytestmark = pytest.mark.django_db
NAMES = ("Ayam", "Telur")
ENDS = st.sampled_from([None, timedelta(hours=1)])
PLACES = st.sampled_from([None, 0, 1])
STEPS = st.one_of(
    st.tuples(st.just("hand"), st.integers(0, 2), st.booleans(), PLACES, ENDS),
    st.tuples(
        st.just("out"),
        st.sampled_from(NAMES),
        st.booleans(),
        st.sets(st.sampled_from([0, 1]), min_size=1),
        ENDS,
    ),
    st.tuples(st.just("bear"), st.integers(0, 2), st.sets(st.sampled_from(NAMES))),
    st.tuples(st.just("clear"), st.integers(0, 2), st.sampled_from([0, 1])),
    st.tuples(st.just("forget"), st.sampled_from(NAMES)),
    st.tuples(st.just("remove"), st.integers(0, 2)),
    st.just(("ends",)),
    st.just(("undo",)),
    st.tuples(st.just("send"), st.sampled_from([0, 1]), st.booleans()),
)


class World:
    """Two outlets with one catalog, and what GoFood was told at each."""

    def __init__(self, fake):
        self.fake, self.user = fake, UserFactory()
        first = selling_outlet()
        self.catalog = first.selling.catalog
        MenuItemFactory(menu=self.catalog.menus.get(), name="Nasi")
        know(first, fake)
        self.outlets = [first, second_outlet(first, fake)]
        items = [("item", item.pk) for item in MenuItem.objects.filter(catalog=self.catalog).order_by("pk")]
        self.keys = [*items, ("variant", Variant.objects.filter(catalog=self.catalog).order_by("pk")[0].pk)]
        self.told = {
            outlet.outlet_id: {
                (kind, row["external_id"]): row["in_stock"] for kind, row in stock_rows(build_payload(outlet))
            }
            for outlet in self.outlets
        }

    def thing(self, number):
        kind, pk = self.keys[number]
        return kind, (MenuItem if kind == "item" else Variant).objects.filter(pk=pk).first()

    # --- the steps ----------------------------------------------------------------------------
    def hand(self, number, on, place, end):
        kind, thing = self.thing(number)
        if thing is not None:
            outlet = None if place is None else self.outlets[place]
            stock.switch(kind, thing, on, self.user, outlet, end and timezone.now() + end)

    def out(self, name, out, places, end):
        row, _ = Ingredient.objects.get_or_create(catalog=self.catalog, name=name)
        outlets = [self.outlets[place] for place in places]
        switch_ingredient(row, out, outlets, self.user, end and timezone.now() + end)

    def bear(self, number, names):
        kind, thing = self.thing(number)
        if thing is not None:
            (save_item if kind == "item" else save_variant)(thing, {"ingredients": names}, self.user)

    def clear(self, number, place):
        if self.thing(number)[1] is not None:
            clear_overrides(self.catalog, [self.keys[number]], [self.outlets[place]], self.user)

    def forget(self, name):
        for row in Ingredient.objects.filter(catalog=self.catalog, name=name):
            remove_ingredient(row, self.user)

    def remove(self, number):
        _, thing = self.thing(number)
        if thing is not None:
            remove(thing, self.user)

    def ends(self):
        for model in (StockOff, IngredientOut):
            model.objects.filter(back_at__isnull=False).update(back_at=timezone.now())
        stock.bring_back()

    def undo(self):
        edit = last_edit(self.catalog, self.user)
        if edit is not None:
            with suppress(UndoRefused):
                undo(edit, self.user)

    def send(self, place, fails):
        """GoBiz is away, or takes it; what it took stands in `told`."""
        before = len(self.fake.patches)
        self.fake.refusals = [GobizUnavailable("down")] if fails else []
        due(self.outlets[place])
        stock_sending.send(self.outlets[place].pk)
        refused = int(fails and not self.fake.refusals)
        self.fake.refusals = []
        for outlet_id, kind, changes in self.fake.patches[before + refused :]:
            for change in changes:
                self.told[outlet_id][kind, change["external_id"]] = change["in_stock"]

    # --- what has to hold ---------------------------------------------------------------------
    def expected(self, outlet):
        own = OutletOverride.objects.filter(outlet=outlet, in_stock__isnull=False)
        hands = {("item", row.item_id) if row.item_id else ("variant", row.variant_id): row for row in own}
        out = set(IngredientOut.objects.filter(outlet=outlet).values_list("ingredient_id", flat=True))
        links = IngredientLink.objects.filter(ingredient__in=out)
        off = {link.key for link in links}
        found = {}
        for kind, model in (("item", MenuItem), ("variant", Variant)):
            for row in model.objects.filter(catalog=self.catalog):
                key = (kind, row.pk)
                hand = hands[key].in_stock if key in hands else row.in_stock
                found[key] = (row.external_id, hand and key not in off)
        return found

    def check(self):
        for outlet in self.outlets:
            expected = self.expected(outlet)
            assert stock_at(outlet.pk, self.catalog.pk) == {key: on for key, (_, on) in expected.items()}
            sold = {
                (kind, row["external_id"]): row["in_stock"] for kind, row in stock_rows(build_payload(outlet))
            }
            assert sold == {(key[0], external_id): on for key, (external_id, on) in expected.items()}

    def check_told(self):
        for _ in range(3):
            for place in (0, 1):
                self.send(place, fails=False)
        assert not StockSwitch.objects.exclude(state=StockSwitch.State.DONE).exists()
        for outlet in self.outlets:
            for (kind, _), (external_id, on) in self.expected(outlet).items():
                assert self.told[outlet.outlet_id][kind, external_id] == on


@settings(
    max_examples=25,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(steps=st.lists(STEPS, min_size=3, max_size=14))
def test_in_stock_is_on_by_hand_and_nothing_out_and_gofood_is_told_so(fake_gobiz, steps):
    with transaction.atomic():
        world = World(fake_gobiz)
        for name, *facts in steps:
            getattr(world, name)(*facts)
            world.check()
        world.check_told()
        transaction.set_rollback(True)
