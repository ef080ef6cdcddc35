"""What outlets have alike is worked out once: a look at all of them shows what a look at each does."""

from copy import deepcopy
from dataclasses import fields
from datetime import timedelta

import pytest
from django.utils import timezone

from menus import on_gofood
from menus.confirmations import confirm_prices
from menus.confirming import read_back
from menus.editing import save_item
from menus.ingredient_outs import switch_ingredient
from menus.models import (
    Ingredient,
    LiveReading,
    MenuItem,
    OutletCatalog,
    StockSwitch,
    Sync,
    TimedPlace,
    TimedPrice,
    Variant,
)
from menus.overrides import set_override
from menus.publishing import request_publish
from menus.readings import keep, likeness
from menus.returning import returns, versions_at
from menus.reviewing import review, reviews
from menus.sending import send
from tests.factories import OutletFactory
from tests.menus.factories import MenuItemFactory, selling_outlet

pytestmark = pytest.mark.django_db
TEH, JERUK = "Es Teh", "Es Jeruk"


def item(name):
    return MenuItem.objects.get(name=name)


def own_price(gobiz, outlet):
    set_override(outlet.selling.catalog, "item", item(TEH).pk, [outlet], None, price=9000)


def another_own_price(gobiz, outlet):
    set_override(outlet.selling.catalog, "item", item(TEH).pk, [outlet], None, price=9100)


def hidden(gobiz, outlet):
    set_override(outlet.selling.catalog, "item", item(JERUK).pk, [outlet], None, hidden=True)


def off_by_hand(gobiz, outlet):
    pk = Variant.objects.get(name="Paha atas").pk
    set_override(outlet.selling.catalog, "variant", pk, [outlet], None, in_stock=False)


def out_of_an_ingredient(gobiz, outlet):
    switch_ingredient(Ingredient.objects.get(), True, [outlet], None)


def timed(gobiz, outlet):
    pk, now = item(JERUK).pk, timezone.now()
    times = {"starts_at": now - timedelta(hours=1), "ends_at": now + timedelta(hours=1)}
    amounts = {"how": "set", "amount": 4000}
    promo, _ = TimedPrice.objects.get_or_create(
        catalog=outlet.selling.catalog, thing=pk, name=JERUK, label="Promo", defaults=times | amounts
    )
    TimedPlace.objects.create(
        timed_price=promo, outlet=outlet, thing=pk, name=JERUK, price=4000, base=6000, **times
    )


def confirmed_price(gobiz, outlet):
    asking = [check for check in reviews([outlet])[0].checks if check.confirm]
    assert asking
    confirm_prices(outlet, asking, str(asking[0].asked), None)


def told_it_is_off(gobiz, outlet):
    now = timezone.now()
    StockSwitch.objects.update_or_create(
        outlet=outlet,
        item=item(TEH),
        defaults={"in_stock": False, "state": "done", "told": False, "told_at": now},
    )


def about_to_be_switched(gobiz, outlet):
    StockSwitch.objects.update_or_create(
        outlet=outlet, item=item(TEH), defaults={"in_stock": False, "state": "queued"}
    )


def shown_off(gobiz, outlet):
    reading = LiveReading.objects.get(outlet=outlet)
    reading.live["menus"][0]["menu_items"][1]["in_stock"] = False
    reading.proven, reading.checksum = reading.live, likeness(reading.live)
    reading.save()


def shown_off_and_about_to_be_switched(gobiz, outlet):
    shown_off(gobiz, outlet)
    about_to_be_switched(gobiz, outlet)


def seen(gobiz, outlet, change):
    live = deepcopy(gobiz.live[outlet.outlet_id])
    change(live)
    assert keep(outlet, live, timezone.now())


def edited_in_the_app(gobiz, outlet):
    seen(gobiz, outlet, lambda live: live["menus"][0]["menu_items"][1].update(price=1234))


def picture_of_another_place(gobiz, outlet):
    seen(
        gobiz,
        outlet,
        lambda live: live["menus"][0]["menu_items"][0].update(image="https://x.example/new.png"),
    )


def lost_its_id(gobiz, outlet):
    seen(gobiz, outlet, lambda live: live["menus"][0]["menu_items"][2].update(external_id=None))


def read_again_the_same(gobiz, outlet):
    seen(gobiz, outlet, lambda live: None)


def never_read(gobiz, outlet):
    LiveReading.objects.filter(outlet=outlet).delete()


def read_long_ago(gobiz, outlet):
    LiveReading.objects.filter(outlet=outlet).update(read_at=timezone.now() - timedelta(hours=1))


def read_and_not_proven(gobiz, outlet):
    LiveReading.objects.filter(outlet=outlet).update(proven=None, proven_version=None)


def never_published(gobiz, outlet):
    Sync.objects.filter(outlet=outlet).delete()
    outlet.versions.all().delete()


def never_imported(gobiz, outlet):
    OutletCatalog.objects.filter(outlet=outlet).update(imported_at=None)


DIFFERENT = [
    own_price,
    another_own_price,
    hidden,
    off_by_hand,
    out_of_an_ingredient,
    timed,
    confirmed_price,
    told_it_is_off,
    about_to_be_switched,
    shown_off,
    shown_off_and_about_to_be_switched,
    edited_in_the_app,
    picture_of_another_place,
    lost_its_id,
    read_again_the_same,
    never_read,
    read_long_ago,
    read_and_not_proven,
    never_published,
    never_imported,
]


@pytest.fixture
def plain(fake_gobiz):
    """The first outlet of a chain: three items, one of them with a picture, one of an ingredient."""
    outlet = selling_outlet(image_url="https://pictures.example/ayam.png")
    menu = item("Ayam Geprek").menu
    MenuItemFactory(menu=menu, name=TEH, price=5000)
    MenuItemFactory(menu=menu, name=JERUK, price=6000)
    save_item(item(TEH), {"ingredients": ["Gula"]}, None)
    published(fake_gobiz, outlet)
    return outlet


def another(gobiz, plain):
    outlet = OutletFactory(merchant=plain.merchant, gobiz_app=plain.gobiz_app)
    OutletCatalog.objects.create(outlet=outlet, catalog=plain.selling.catalog, imported_at=timezone.now())
    published(gobiz, outlet)
    return outlet


def published(gobiz, outlet):
    """Proven to be live; GoFood has ids and pictures of its own for each outlet."""
    sync = request_publish(outlet, None)
    send(sync.pk)
    live = gobiz.live[outlet.outlet_id]
    for row in live["menus"][0]["menu_items"]:
        row["id"] = f"{outlet.outlet_id}-{row['id']}"
        row["image"] = row["image"] and f"https://gofood.example/{outlet.outlet_id}.png"
    Sync.objects.filter(pk=sync.pk).update(next_attempt_at=timezone.now())
    read_back(sync.pk)
    assert Sync.objects.get(pk=sync.pk).state == "confirmed"


@pytest.fixture
def three(fake_gobiz, plain):
    return [plain, another(fake_gobiz, plain), another(fake_gobiz, plain)]


@pytest.fixture
def chain(fake_gobiz, plain, three):
    """Three plain outlets, and two that differ in each way; a price is raised too far, and a name is another."""
    pairs = [(way, [another(fake_gobiz, plain), another(fake_gobiz, plain)]) for way in DIFFERENT]
    outlets = list(three)
    save_item(item(TEH), {"name": "Es Teh Manis"}, None)
    MenuItem.objects.filter(name="Es Teh Manis").update(name=TEH, price=50_000, description="Manis")
    for way, alike in pairs:
        for outlet in alike:
            way(fake_gobiz, outlet)
        outlets += alike
    return outlets


def told(found):
    """All that a review says, but for how it was worked out."""
    there = found.on_gofood
    says = {
        one.name: getattr(found, one.name) for one in fields(found) if one.name not in ("tree", "on_gofood")
    }
    facts = {
        name: getattr(there, name) for name in ("known", "seen", "shown", "published", "now", "changed_there")
    }
    return says | facts


def test_reviews_of_many_say_what_each_says(chain):
    together = {one.outlet.pk: told(one) for one in reviews(chain)}
    for outlet in chain:
        selling = OutletCatalog.objects.filter(outlet=outlet, imported_at__isnull=False)
        alone = told(review(outlet, selling.select_related("catalog").first()))
        if alone["selling"] is not None:
            assert together[outlet.pk] == alone, outlet


def test_what_comes_back_at_many_is_what_comes_back_at_each(chain):
    find = versions_at(timezone.now())
    together = returns(chain, find)
    assert together == [one for outlet in chain for one in returns([outlet], find)]


def test_one_menu_is_read_of_those_that_show_the_same(three, monkeypatch):
    read = []
    work = on_gofood._read
    monkeypatch.setattr(on_gofood, "_read", lambda readings: read.extend(readings) or work(readings))
    found = on_gofood.all_on_gofood(three)
    assert (len(read), len({there.key for there in found.values()})) == (1, 1)
    assert [there.live is None for there in found.values()] == [False, True, True]


@pytest.mark.parametrize("times", [1, 2, 3])
def test_menus_that_are_read_again_meanwhile_are_looked_at_again(three, monkeypatch, times):
    work, left = on_gofood._read, [None] * times

    def late(readings):
        if left:
            left.pop()
            LiveReading.objects.update(read_at=timezone.now())
        return work(readings)

    monkeypatch.setattr(on_gofood, "_read", late)
    found = on_gofood.all_on_gofood(three)
    # Whatever goes on being read for longer is not known.
    assert [there.known for there in found.values()] == [times < on_gofood.LOOKS] * 3
