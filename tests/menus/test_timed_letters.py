"""Who is told by e-mail that a timed price is over and may still be on GoFood: once, and in whose words."""

import pytest
from django.core import mail
from django.utils import timezone

from gobiz_admin.merchants.mailing import send_due
from gobiz_admin.merchants.models import Letter
from menus import timed_letters, timed_turns
from menus.models import OutletCatalog, Sync, TimedPlace
from menus.tasks import sweep_timed_prices
from tests.factories import MemberFactory, OutletFactory
from tests.menus.test_timed_turns import clock, item, only, outlet, promo, swept
from tests.menus.timed import EVENING, MINUTE, NOON, plan, prove, publish
from tests.threads import at_once

__all__ = ["clock", "item", "outlet", "promo"]
pytestmark = pytest.mark.django_db


@pytest.fixture
def members(outlet):
    return {
        role: MemberFactory(merchant=outlet.merchant, role=role).user
        for role in ("owner", "manager", "cashier")
    }


@pytest.fixture
def failed(outlet, promo, clock, members):
    """It has begun; its end was refused."""
    clock.move_to(NOON)
    prove(only(swept()))
    clock.move_to(EVENING)
    Sync.objects.filter(pk=only(swept()).pk).update(state="failed")
    swept()


def readers():
    return sorted(Letter.objects.filter(template="timed_stuck").values_list("user__email", flat=True))


def test_owner_and_manager_are_told_once_of_an_end_that_failed(failed, members, clock):
    timed_letters.tell()
    clock.shift(5 * MINUTE)
    timed_letters.tell()
    assert readers() == sorted(members[role].email for role in ("owner", "manager"))


def test_in_whose_words(failed, members, outlet):
    members["owner"].language = "en"
    members["owner"].save()
    timed_letters.tell()
    send_due()
    letters = {message.to[0]: message for message in mail.outbox}
    english, other = letters[members["owner"].email], letters[members["manager"].email]
    assert english.subject == f"{outlet.merchant.name}: a timed price is over and may still be on GoFood"
    assert "Harga sementara" in other.subject or "harga sementara" in other.subject
    for letter in (english, other):
        assert f"- Ayam Geprek ({outlet.name}): Rp\xa015.000" in letter.body
        assert f"/m/{outlet.merchant_id}/" in letter.body


def test_one_that_is_long_under_way_is_told_of(outlet, promo, clock, members, monkeypatch):
    monkeypatch.setattr("menus.tasks.turn_prices.apply_async", lambda **_: None)
    clock.move_to(NOON)
    prove(only(swept()))
    clock.move_to(EVENING)
    swept()
    clock.shift(timed_turns.LATE - MINUTE)
    timed_letters.tell()
    assert readers() == []
    clock.shift(MINUTE)
    sweep_timed_prices()
    assert len(readers()) == 2


def test_one_that_came_back_is_not_told_of(outlet, promo, clock, members):
    clock.move_to(NOON)
    prove(only(swept()))
    clock.move_to(EVENING)
    prove(only(swept()))
    swept()
    clock.shift(60 * MINUTE)
    timed_letters.tell()
    assert readers() == []


def test_a_chain_gets_one_letter_and_another_for_what_follows(outlet, item, failed, members, clock):
    timed_letters.tell()
    second = OutletFactory(merchant=outlet.merchant, gobiz_app=outlet.gobiz_app)
    OutletCatalog.objects.create(outlet=second, catalog=item.catalog, imported_at=timezone.now())
    plan(item, second, price=15_000, starts=EVENING + MINUTE, ends=EVENING + 10 * MINUTE)
    place = TimedPlace.objects.filter(outlet=second)
    place.update(begun_at=EVENING + MINUTE, problem="timed_last_failed", ends_at=EVENING + 2 * MINUTE)
    TimedPlace.objects.exclude(outlet=second).update(told_at=EVENING + 2 * MINUTE)
    clock.move_to(EVENING + 2 * MINUTE + MINUTE / 2)
    timed_letters.tell()
    assert Letter.objects.count() == 2
    clock.shift(MINUTE)
    timed_letters.tell()
    assert Letter.objects.count() == 4


@pytest.mark.django_db(transaction=True)
def test_two_sweeps_at_once_write_one_letter_each(failed):
    at_once(lambda _: timed_letters.tell())
    assert len(readers()) == 2


def test_a_price_that_is_over_at_two_outlets_leads_to_the_list(outlet, item, failed, members, clock):
    second = OutletFactory(merchant=outlet.merchant, gobiz_app=outlet.gobiz_app)
    OutletCatalog.objects.create(outlet=second, catalog=item.catalog, imported_at=timezone.now())
    publish(second)
    plan(item, second, price=15_000, starts=EVENING + MINUTE, ends=EVENING + 10 * MINUTE)
    TimedPlace.objects.filter(outlet=second).update(
        begun_at=EVENING, problem="timed_last_failed", starts_at=NOON, ends_at=EVENING
    )
    timed_letters.tell()
    facts = Letter.objects.first().facts
    assert facts["count"] == 2
    assert facts["path"].endswith("/timed-prices/")
