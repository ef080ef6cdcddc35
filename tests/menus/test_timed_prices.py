"""Planning prices for a while: what is refused, what is asked, what holds when, and what the checks make of it."""

from datetime import timedelta

import pytest
import time_machine
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gobiz_admin.merchants.models import AuditEntry
from menus.checks import check_tree, errors_in
from menus.editing import save_item
from menus.models import (
    Menu,
    MenuItem,
    OutletCatalog,
    TimedPlace,
    TimedPrice,
    Variant,
    VariantCategory,
)
from menus.overrides import set_override
from menus.payload import build_payload
from menus.publishing import PublishRefused, request_publish
from menus.reviewing import review
from menus.sharing_effects import what_differs
from menus.timed_prices import TimedRefused, end_timed_price, make_plan, plan_timed_price
from menus.tree import load_tree
from tests.factories import OutletFactory
from tests.menus.factories import MenuItemFactory, selling_outlet
from tests.menus.timed import (
    EVENING,
    MINUTE,
    MORNING,
    NOON,
    catalog_of,
    plan,
    price_in,
    publish,
    wish,
)
from tests.threads import at_once

pytestmark = pytest.mark.django_db


@pytest.fixture
def clock():
    with time_machine.travel(MORNING, tick=False) as traveller:
        yield traveller


@pytest.fixture
def outlet(fake_gobiz, clock):
    outlet = selling_outlet(price=20_000)
    fake_gobiz.live[outlet.outlet_id] = {"menus": [], "variant_categories": []}
    return outlet


@pytest.fixture
def item(outlet):
    return MenuItem.objects.get()


@pytest.fixture
def branch(outlet):
    other = OutletFactory(merchant=outlet.merchant, gobiz_app=outlet.gobiz_app, time_zone="Asia/Makassar")
    OutletCatalog.objects.create(outlet=other, catalog=catalog_of(outlet), imported_at=timezone.now())
    return other


def refused(catalog, wanted, typed=None, shown=None):
    found = make_plan(catalog, wanted)
    before = TimedPrice.objects.count()
    with pytest.raises(TimedRefused) as info:
        plan_timed_price(catalog, wanted, shown or found.digest, typed, None)
    assert TimedPrice.objects.count() == before
    return info.value.code


# --- what is refused --------------------------------------------------------------------------


def test_what_would_be_over_already(outlet, item, clock):
    clock.move_to(EVENING + MINUTE)
    assert refused(item.catalog, wish(item, outlet, price=18_000)) == "over"


def test_no_price_that_changes(outlet, item):
    assert refused(item.catalog, wish(item, outlet, price=20_000)) == "nothing"


def test_what_is_hidden_there(outlet, item):
    set_override(item.catalog, "item", item.pk, [outlet], None, hidden=True)
    assert refused(item.catalog, wish(item, outlet, price=18_000)) == "nothing"


def test_a_menu_that_changed_since_it_was_shown(outlet, item):
    shown = make_plan(item.catalog, wish(item, outlet, percent=-10)).digest
    save_item(item, {"price": 21_000}, None)
    assert refused(item.catalog, wish(item, outlet, percent=-10), shown=shown) == "changed"


def test_one_that_overlaps_for_the_item_or_its_menu(outlet, item):
    plan(item, outlet, price=18_000)
    late = wish(item, outlet, price=17_000, starts=EVENING - MINUTE, ends=EVENING + MINUTE)
    assert refused(item.catalog, late) == "overlap"
    assert refused(item.catalog, wish(item.menu, outlet, percent=-5)) == "overlap"
    assert make_plan(item.catalog, wish(item.menu, outlet, percent=-5)).lines[0].overlaps == "Promo Jumat"
    # One that begins as the other ends, and one at another outlet, are none.
    assert plan(item, outlet, price=17_000, starts=EVENING, ends=EVENING + MINUTE)


def test_a_price_that_its_variants_would_make_negative(outlet, item):
    category = VariantCategory.objects.get()
    VariantCategory.objects.filter(pk=category.pk).update(min_quantity=1)
    Variant.objects.update(price=-15_000)
    assert refused(item.catalog, wish(item, outlet, price=14_900)) == "below_zero"


def test_a_price_that_looks_like_a_slip_is_typed(outlet, item):
    wanted = wish(item, outlet, price=2_000)
    found = make_plan(item.catalog, wanted)
    assert (found.asks, found.lines[0].guard) == (2_000, "price_tenth")
    for typed in (None, 20_000):
        assert refused(item.catalog, wanted, typed) == "untyped"
    kept = plan_timed_price(item.catalog, wanted, found.digest, 2_000, None)
    assert kept.confirmations == [
        {
            "code": "price_tenth",
            "name": item.name,
            "outlet": outlet.outlet_id,
            "value": 2_000,
            "last": 20_000,
        }
    ]


def test_several_that_look_like_slips_are_counted(outlet, item):
    MenuItemFactory.create_batch(2, menu=item.menu, price=10_000)
    wanted = wish(item.menu, outlet, percent=-50)
    assert make_plan(item.catalog, wanted).asks == 3
    assert refused(item.catalog, wanted, 2) == "untyped"
    assert plan(item.menu, outlet, percent=-50)


@pytest.mark.django_db(transaction=True)
def test_two_that_plan_the_same_at_once(outlet, item):
    wanted = wish(item, outlet, price=18_000)
    shown = make_plan(item.catalog, wanted).digest

    def try_it(_):
        try:
            return bool(plan_timed_price(item.catalog, wanted, shown, None, None))
        except TimedRefused as refusal:
            return refusal.code

    assert sorted(map(str, at_once(try_it))) == ["True", "overlap"]


def test_the_database_keeps_one_at_a_time(outlet, item):
    first = plan(item, outlet, price=18_000)
    row = {"timed_price": first, "outlet": outlet, "thing": item.pk, "name": "x", "price": 1, "base": 2}
    for times in ((NOON + MINUTE, NOON + 2 * MINUTE), (MORNING, EVENING + MINUTE)):
        with pytest.raises(IntegrityError), transaction.atomic():
            TimedPlace.objects.create(**row, starts_at=times[0], ends_at=times[1])
    with pytest.raises(IntegrityError), transaction.atomic():
        TimedPlace.objects.create(**row, starts_at=EVENING + MINUTE, ends_at=EVENING)
    TimedPlace.objects.create(**row, starts_at=MORNING, ends_at=NOON)
    TimedPlace.objects.create(**row, starts_at=NOON, ends_at=EVENING, on=False)


SPAN = st.tuples(st.integers(1, 60), st.integers(1, 30)).map(lambda pair: (pair[0], pair[0] + pair[1]))


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(spans=st.lists(SPAN, min_size=1, max_size=6))
def test_at_no_moment_two_prices(outlet, item, spans):
    """What is planned is what the first of each overlap leaves room for, by the database as by the plan."""
    point, kept = transaction.savepoint(), []
    for start, end in spans:
        free = all(end <= other or start >= until for other, until in kept)
        how = {"starts": MORNING + start * MINUTE, "ends": MORNING + end * MINUTE}
        if free:
            plan(item, outlet, price=18_000, **how)
            kept.append((start, end))
        else:
            assert refused(item.catalog, wish(item, outlet, price=18_000, **how)) == "overlap"
    transaction.savepoint_rollback(point)


# --- what holds when --------------------------------------------------------------------------


def test_the_price_holds_from_until_and_the_item_keeps_its_own(outlet, item, clock):
    plan(item, outlet, price=18_000)
    for moment, price in (
        (NOON - MINUTE, 20_000),
        (NOON, 18_000),
        (EVENING - MINUTE, 18_000),
        (EVENING, 20_000),
    ):
        clock.move_to(moment)
        assert price_in(build_payload(outlet), item) == price
        assert load_tree(item.catalog, outlet).items[0].base_price == 20_000
    clock.move_to(MORNING)
    assert load_tree(item.catalog, outlet, NOON).items[0].price == 18_000
    item.refresh_from_db()
    assert item.price == 20_000


def test_each_outlet_has_its_own_clock_and_its_own_price(outlet, branch, item, clock):
    set_override(item.catalog, "item", item.pk, [branch], None, price=24_000)
    plan(item, outlet, branch, percent=-10)
    # It is an hour later there.
    clock.move_to(NOON - timedelta(minutes=30))
    assert price_in(build_payload(outlet), item) == 20_000
    assert price_in(build_payload(branch), item) == 21_600
    assert TimedPrice.objects.get().starts_at == NOON - timedelta(hours=1)


def test_what_is_edited_meanwhile_changes_nothing_before_the_end(outlet, item, clock):
    plan(item, outlet, percent=-10)
    clock.move_to(NOON)
    save_item(item, {"price": 30_000}, None)
    assert price_in(build_payload(outlet), item) == 18_000
    clock.move_to(EVENING)
    assert price_in(build_payload(outlet), item) == 30_000


def test_all_of_a_menu_and_nothing_else(outlet, item, clock):
    MenuItemFactory(menu=item.menu, price=10_000, name="Teman")
    other = MenuItemFactory(menu=Menu.objects.create(catalog=item.catalog, name="Minum"), price=9_000)
    assert len(make_plan(item.catalog, wish(item.menu, outlet, percent=-10)).lines) == 2
    plan(item.menu, outlet, percent=-10)
    clock.move_to(NOON)
    added = MenuItemFactory(menu=item.menu, price=7_000)
    found = {node.item.pk: node.price for node in load_tree(item.catalog, outlet).items}
    assert (found[item.pk], found[other.pk], found[added.pk]) == (18_000, 9_000, 7_000)


def test_an_outlet_that_sells_another_catalog_by_now(outlet, item, clock):
    from menus.copying import copy_catalog

    plan(item, outlet, price=18_000)
    clock.move_to(NOON)
    OutletCatalog.objects.filter(outlet=outlet).update(catalog=copy_catalog(item.catalog, "x", None))
    assert price_in(build_payload(outlet), item) == 20_000


# --- ending it early --------------------------------------------------------------------------


def test_cancelled_before_it_begins(outlet, item, clock):
    kept = plan(item, outlet, price=18_000)
    assert end_timed_price(kept, None).state == "cancelled"
    clock.move_to(NOON)
    assert price_in(build_payload(outlet), item) == 20_000
    clock.move_to(MORNING)
    assert plan(item, outlet, price=17_000)
    with pytest.raises(TimedRefused):
        end_timed_price(kept, None)
    assert AuditEntry.objects.filter(action="menu.timed_price_ended").count() == 1


def test_ended_while_it_runs(outlet, item, clock):
    kept = plan(item, outlet, price=18_000)
    clock.move_to(NOON + MINUTE)
    assert end_timed_price(kept, None).state == "ended"
    assert price_in(build_payload(outlet), item) == 20_000
    assert TimedPlace.objects.get().ends_at == NOON + MINUTE


# --- the checks -------------------------------------------------------------------------------


def guards(outlet):
    return [
        (check.code, check.value) for check in errors_in(check_tree(load_tree(catalog_of(outlet), outlet)))
    ]


def test_neither_its_beginning_nor_its_end_asks_again(outlet, item, clock):
    publish(outlet)
    plan(item, outlet, price=10_000)
    clock.move_to(NOON)
    assert guards(outlet) == []
    sync = publish(outlet)
    assert price_in(sync.version.payload, item) == 10_000
    assert [row["base"] for row in sync.version.timed] == [20_000]
    assert guards(outlet) == []
    clock.move_to(EVENING)
    assert guards(outlet) == []
    assert price_in(publish(outlet).version.payload, item) == 20_000


def test_a_slip_in_the_own_price_is_asked_for_while_it_runs(outlet, item, clock):
    publish(outlet)
    plan(item, outlet, price=18_000)
    clock.move_to(NOON)
    publish(outlet)
    save_item(item, {"price": 200_000}, None)
    assert guards(outlet) == [("price_tenfold", 200_000)]
    with pytest.raises(PublishRefused):
        request_publish(outlet, None)


def test_variants_that_would_make_it_negative_stop_it(outlet, item, clock):
    VariantCategory.objects.update(min_quantity=1)
    plan(item, outlet, price=15_000)
    Variant.objects.update(price=-18_000)
    assert "total_below_zero" not in dict(guards(outlet))
    clock.move_to(NOON)
    assert "total_below_zero" in dict(guards(outlet))


def test_an_own_price_that_changes_under_it_is_sent_all_the_same(outlet, item, clock):
    """GoFood's menu stays byte for byte what it is; what comes back after it does not."""
    plan(item, outlet, price=18_000)
    clock.move_to(NOON)
    first = publish(outlet)
    save_item(item, {"price": 21_000}, None)
    second = publish(outlet)
    assert second.pk != first.pk
    assert second.version.payload == first.version.payload
    assert second.version.timed[0]["base"] == 21_000


def test_the_review_shows_it_and_nothing_when_gofood_has_it(outlet, item, clock):
    publish(outlet)
    plan(item, outlet, price=18_000)
    clock.move_to(NOON)
    selling = OutletCatalog.objects.select_related("catalog", "outlet").get()
    assert [(change.kind, change.old, change.new) for change in review(outlet, selling).changes] == [
        ("repriced", 20_000, 18_000)
    ]
    publish(outlet)
    assert review(outlet, selling).changes == []


def test_a_shared_catalog_keeps_the_price_without_it(outlet, item, clock):
    plan(item, outlet, price=18_000)
    clock.move_to(NOON)
    tree = load_tree(item.catalog, outlet)
    assert what_differs(tree, load_tree(item.catalog))["item", item.pk]["price"] == 20_000


def test_queries_do_not_grow(outlet, item):
    def cost():
        with CaptureQueriesContext(connection) as captured:
            plan(item.menu, outlet, percent=-10)
        end_timed_price(TimedPrice.objects.latest("pk"), None)
        return len(captured)

    cost()
    few = cost()
    MenuItemFactory.create_batch(40, menu=item.menu)
    assert cost() == few
