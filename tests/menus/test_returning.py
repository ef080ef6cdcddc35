"""Bringing whole menus back at several outlets: to a moment, or to before a rollout."""

from datetime import timedelta

import pytest
import time_machine
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from menus.editing import save_item
from menus.models import CatalogVersion, MenuItem, OutletCatalog, Rollout, Sync
from menus.overrides import set_override
from menus.publishing import request_publish
from menus.returning import digest_of, returns, start_return, versions_at, versions_before
from menus.rollouts.advancing import advance
from menus.rollouts.starting import Plan, RolloutRefused, start
from tests.factories import MemberFactory, OutletFactory
from tests.menus.factories import MenuItemFactory, live_from
from tests.menus.test_rollouts import confirm, make_chain
from tests.menus.timed import MINUTE, MORNING, NOON, plan, prices_of
from tests.threads import at_once

pytestmark = pytest.mark.django_db


@pytest.fixture
def clock():
    with time_machine.travel(MORNING, tick=False) as traveller:
        yield traveller


@pytest.fixture
def chain(fake_gobiz, clock):
    """Three outlets of one catalog: at 8 the item costs 15.000 there, at 12 it costs 16.000."""
    outlets = make_chain(3)
    clock.move_to(NOON)
    for outlet in outlets:
        confirm(request_publish(outlet, None))
    clock.shift(MINUTE)
    return outlets


def back(outlets, find, **how):
    found = returns(outlets, find)
    seen = {one.outlet.pk: digest_of([one]) for one in found}
    return start_return(outlets[0].merchant, Plan([outlets], **how), find, None, seen)


def refused(outlets, find, seen=None):
    found = returns(outlets, find)
    shown = {one.outlet.pk: digest_of([one]) for one in found} if seen is None else seen
    before = CatalogVersion.objects.count()
    with pytest.raises(RolloutRefused) as info:
        start_return(outlets[0].merchant, Plan([outlets]), find, None, shown)
    assert (CatalogVersion.objects.count(), Rollout.objects.count()) == (before, 0)
    return info.value


AT_NINE = MORNING + timedelta(hours=1)


# --- what is refused --------------------------------------------------------------------------


def test_nobody_chosen(chain):
    with pytest.raises(RolloutRefused) as info:
        start_return(chain[0].merchant, Plan([]), versions_at(AT_NINE), None, {})
    assert info.value.code == "nothing_chosen"


def test_one_of_which_nothing_is_known_then(chain):
    found = refused(chain, versions_at(MORNING - MINUTE))
    assert (found.code, set(found.outlets)) == ("blocked", set(chain))


def test_one_that_sells_nothing_from_here(chain):
    new = OutletFactory(merchant=chain[0].merchant, gobiz_app=chain[0].gobiz_app)
    assert [one.held_up for one in returns([*chain, new], versions_at(AT_NINE))] == ["", "", "", "nothing"]
    assert refused([*chain, new], versions_at(AT_NINE)).outlets == [new]


def test_one_whose_old_menu_had_no_ids(chain):
    payload = live_from(CatalogVersion.objects.filter(number=1).first().payload)
    payload["menus"][0]["menu_items"][0].update(external_id=None, name="Lain")
    CatalogVersion.objects.create(outlet=chain[0], number=0, payload=payload, checksum="x")
    CatalogVersion.objects.filter(number=0).update(created_at=MORNING - timedelta(hours=2))
    found = returns(chain[:1], versions_at(MORNING - MINUTE))
    assert found[0].held_up == "ids"


def test_one_where_much_would_disappear(chain):
    item = MenuItem.objects.get()
    MenuItemFactory(menu=item.menu, name="Es Teh")
    confirm(request_publish(chain[1], None))
    found = refused(chain, versions_at(AT_NINE))
    assert (found.code, found.outlets) == ("removal", [chain[1]])


def test_a_menu_that_changed_since_it_was_shown(chain):
    find = versions_at(AT_NINE)
    shown = {one.outlet.pk: digest_of([one]) for one in returns(chain, find)}
    MenuItem.objects.update(price=17_000)
    confirm(request_publish(chain[2], None))
    assert refused(chain, find, shown).code == "changed"
    assert refused(chain, find, {}).code == "changed"


# --- the way ----------------------------------------------------------------------------------


def test_each_outlet_gets_what_it_had(chain, clock):
    item = MenuItem.objects.get()
    set_override(item.catalog, "item", item.pk, [chain[1]], None, price=18_000)
    confirm(request_publish(chain[1], None))
    now = timezone.now()
    clock.shift(MINUTE)
    save_item(item, {"price": 19_000}, None)
    for outlet in (chain[0], chain[1]):
        confirm(request_publish(outlet, None, again=True))
    started = back(chain[:2], versions_at(now), note="Kembali")
    advance(started.pk)
    rows = {row.outlet: row for row in started.rows.select_related("outlet", "sync__version__restores")}
    assert prices_of(rows[chain[0]].sync.version.payload)["Ayam Geprek"] == 16_000
    assert prices_of(rows[chain[1]].sync.version.payload)["Ayam Geprek"] == 18_000
    assert {row.sync.version.note for row in rows.values()} == {"Kembali"}
    assert all(row.version.restores is not None for row in rows.values())
    # The catalog beside it counts as not published.
    revisions = OutletCatalog.objects.filter(outlet__in=chain[:2]).values_list(
        "published_revision", flat=True
    )
    assert list(revisions) == [None, None]


def test_before_a_rollout(chain, clock):
    MenuItem.objects.update(price=19_000)
    started = start(chain[0].merchant, Plan([chain]), None)
    advance(started.pk)
    for row in started.rows.select_related("sync__outlet", "sync__version"):
        confirm(row.sync)
    clock.shift(MINUTE)
    again = back(chain, versions_before(started))
    assert {prices_of(row.version.payload)["Ayam Geprek"] for row in again.rows.all()} == {16_000}


def test_what_failed_then_was_not_what_it_had(chain, clock):
    MenuItem.objects.update(price=19_000)
    sync = request_publish(chain[0], None)
    Sync.objects.filter(pk=sync.pk).update(state="failed", accepted_at=timezone.now())
    clock.shift(MINUTE)
    (found,) = returns(chain[:1], versions_at(timezone.now()))
    assert found.same


def test_with_the_timed_prices_of_now(chain, clock):
    item = MenuItem.objects.get()
    plan(item, *chain, price=14_000, starts=NOON + 2 * MINUTE)
    clock.move_to(NOON + 3 * MINUTE)
    started = back(chain, versions_at(AT_NINE))
    version = started.rows.first().version
    assert prices_of(version.payload)["Ayam Geprek"] == 14_000
    assert version.timed[0]["base"] == 15_000


def test_a_look_costs_the_same_for_any_number_of_outlets(fake_gobiz, clock):
    def cost(size):
        outlets = make_chain(size)
        clock.shift(MINUTE)
        with CaptureQueriesContext(connection) as captured:
            assert len(returns(outlets, versions_at(timezone.now()))) == size
        return len(captured)

    assert cost(2) == cost(9)


# --- what is on its way meanwhile -------------------------------------------------------------


def test_what_is_on_its_way_is_said_and_does_not_arrive(chain):
    """GoFood still has the menu of before: nothing would change, and yet it would soon be another."""
    MenuItem.objects.update(price=19_000)
    waits = request_publish(chain[0], None)
    first, second, _ = returns(chain, versions_at(timezone.now()))
    assert (first.coming, first.changes, first.same) == (waits.version, [], False)
    assert second.same
    started = back(chain[:1], versions_at(timezone.now()))
    advance(started.pk)
    waits.refresh_from_db()
    assert waits.state == "superseded"
    assert prices_of(started.rows.get().sync.version.payload)["Ayam Geprek"] == 16_000


def test_what_waits_for_its_turn_in_a_rollout_is_on_its_way_too(chain):
    MenuItem.objects.update(price=19_000)
    started = start(chain[0].merchant, Plan([chain[:1], chain[1:]]), None)
    advance(started.pk)
    coming = [one.coming for one in returns(chain, versions_at(timezone.now()))]
    assert coming == [row.version for row in started.rows.order_by("outlet_id")]


def test_what_is_published_while_somebody_looks_is_shown_first(chain):
    find = versions_at(AT_NINE)
    shown = {one.outlet.pk: digest_of([one]) for one in returns(chain, find)}
    MenuItem.objects.update(price=19_000)
    request_publish(chain[1], None)
    assert refused(chain, find, shown).code == "changed"


def test_pressed_twice_it_is_one_rollout(page, chain):
    find = versions_at(AT_NINE)
    shown = {one.outlet.pk: digest_of([one]) for one in returns(chain, find)}
    first, second = (start_return(chain[0].merchant, Plan([chain]), find, None, shown) for _ in range(2))
    assert first == second
    advance(first.pk)
    # Also when it was sent already, and the page showed what was there before.
    assert start_return(chain[0].merchant, Plan([chain]), find, None, shown) == first
    assert Sync.objects.filter(version__restores__isnull=False).count() == len(chain)
    assert {one.held_up for one in returns(chain, find)} == {"coming"}
    assert "Menu saat itu sedang dalam perjalanan" in look(page, chain, "?at=2026-12-04T09:00")
    # At some of them only it is another wish.
    with pytest.raises(RolloutRefused) as info:
        start_return(chain[0].merchant, Plan([chain[:1]]), find, None, shown)
    assert info.value.code == "changed"


@pytest.mark.django_db(transaction=True)
def test_two_who_bring_the_same_back_at_once_start_it_once(chain):
    find = versions_at(AT_NINE)
    shown = {one.outlet.pk: digest_of([one]) for one in returns(chain, find)}
    started = at_once(lambda _: start_return(chain[0].merchant, Plan([chain]), find, None, shown).pk)
    assert len(set(started)) == 1
    assert Rollout.objects.count() == 1


# --- the page ---------------------------------------------------------------------------------


@pytest.fixture
def page(chain):
    client = Client()
    user = MemberFactory(merchant=chain[0].merchant).user
    client.force_login(user, "django.contrib.auth.backends.ModelBackend")
    return client


def test_the_page_shows_one_line_for_what_changes_alike_and_starts_the_rollout(page, chain):
    url = reverse("publish_back", args=[chain[0].merchant_id])
    assert page.get(url).status_code == 200
    at = f"{url}?at=2026-12-04T09:00"
    shown = page.get(at)
    assert len(shown.context["lines"]) == 1
    fields = {f"seen-{outlet.pk}": digest for outlet, _, digest in shown.context["lines"][0].rows}
    assert page.post(at, fields).status_code == 422
    assert (
        page.post(at, {**fields, "outlets": [chain[0].pk], f"seen-{chain[0].pk}": "old"}).status_code == 422
    )
    elsewhere = {**fields, "outlets": [chain[0].pk, chain[2].pk], "pilot": chain[1].pk}
    assert page.post(at, elsewhere).status_code == 422
    assert not Rollout.objects.exists()
    answer = page.post(at, {**fields, "outlets": [chain[0].pk, chain[2].pk], "pilot": chain[2].pk})
    started = Rollout.objects.get()
    assert answer["Location"] == reverse("rollout", args=[chain[0].merchant_id, started.pk])
    assert [(row.outlet, row.stage) for row in started.rows.order_by("stage")] == [
        (chain[2], 0),
        (chain[0], 1),
    ]
    followed = page.get(answer["Location"]).content.decode()
    assert "Mengembalikan menu di 2 outlet" in followed
    assert followed.count("seperti versi 1") == 2


def look(page, chain, query=""):
    answer = page.get(reverse("publish_back", args=[chain[0].merchant_id]) + query)
    assert answer.status_code == 200
    return answer.content.decode()


def test_the_page_offers_what_was_before_publishes_to_several(page, chain):
    assert "?before=" not in look(page, chain)
    MenuItem.objects.update(price=19_000)
    started = start(chain[0].merchant, Plan([chain], note="Harga Desember"), None)
    assert "?before=" not in look(page, chain)
    advance(started.pk)
    shown = look(page, chain)
    assert f"?before={started.pk}" in shown
    assert "Harga Desember" in shown


def test_where_nothing_changes_nothing_can_be_pressed(page, chain, clock):
    shown = look(page, chain, "?at=2026-12-04T12:00")
    assert "Tidak ada yang perlu dikembalikan" in shown
    assert 'name="outlets"' not in shown
    assert 'name="note"' not in shown


def test_where_nothing_is_known_it_says_since_when_it_is(page, chain):
    shown = look(page, chain, "?at=2026-12-04T07:00")
    assert "Tidak ada yang bisa dikembalikan dari sini" in shown
    assert "Diketahui sejak 4 Des 2026, 08:00" in shown
    assert 'name="outlets"' not in shown


def test_what_is_on_its_way_stands_beside_the_outlet(page, chain):
    MenuItem.objects.update(price=19_000)
    waits = request_publish(chain[0], None).version
    shown = look(page, chain, "?at=2026-12-04T12:00")
    assert f"Versi {waits.number} sedang dalam perjalanan ke sana" in shown
    assert shown.count('name="outlets"') == 1


@pytest.mark.parametrize(
    "query", ["at=kapan", "at=2026-12-05T09:00", "at=9999-99-99T99:99", "at=0001-01-01T00:00"]
)
def test_a_time_that_cannot_be(page, chain, query):
    answer = page.get(reverse("publish_back", args=[chain[0].merchant_id]) + f"?{query}")
    assert answer.status_code == 200
    assert not [line for line in answer.context["lines"] if not line.first.held_up]


def test_the_rollout_of_another_merchant(page, chain):
    foreign = Rollout.objects.create(merchant=OutletFactory().merchant)
    url = reverse("publish_back", args=[chain[0].merchant_id])
    for before in (foreign.pk, "x", "9" * 30):
        assert page.get(f"{url}?before={before}").status_code == 404
