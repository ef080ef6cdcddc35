"""How unusual it is that nothing comes, and what is said about it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.utils import translation

from gobiz_admin.gobiz import events
from tests.factories import GobizAppFactory, OutletFactory
from webhooks.models import Notification, Rhythm
from webhooks.round_trip import TEST_EVENT
from webhooks.silence import Level, judge, silences_of

pytestmark = pytest.mark.django_db
# 12:00 in Jakarta.
NOW = datetime(2026, 11, 25, 5, 0, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _now():
    with time_machine.travel(NOW, tick=False), translation.override("en"):
        yield


def usual(outlet, orders_per_hour=2.0, days=28) -> Rhythm:
    return Rhythm.objects.create(
        outlet=outlet, orders_per_hour=[orders_per_hour] * 168, days=days, computed_at=NOW
    )


def heard(of_outlet, ago: timedelta, **fields) -> None:
    Notification.objects.create(
        gobiz_app=of_outlet.gobiz_app,
        event_id=f"{of_outlet.pk} {ago} {fields}",
        received_at=NOW - ago,
        raw=b"{}",
        **{
            "outlet": of_outlet,
            "event_name": events.ORDER_ACCEPTED,
            "verdict": "verified",
            "state": "done",
            **fields,
        },
    )


def silence(outlet):
    return silences_of([outlet])[outlet.pk]


@pytest.mark.parametrize(
    ("expected", "level"),
    [(4.5, Level.NORMAL), (4.6, Level.AMBER), (6.9, Level.AMBER), (7.0, Level.RED), (40.0, Level.RED)],
)
def test_from_how_many_missing_orders(cast, expected, level):
    usual(cast.outlet, orders_per_hour=expected / 10)
    heard(cast.outlet, timedelta(hours=10))
    assert silence(cast.outlet).level == level
    assert silence(cast.outlet).expected == pytest.approx(expected)


@pytest.mark.parametrize(
    ("orders_per_hour", "days", "level"),
    [
        (2.0, 6, Level.UNKNOWN),
        (2.0, 7, Level.RED),
        (19.5 / 168, 7, Level.UNKNOWN),
        (20.5 / 168, 7, Level.RED),
    ],
)
def test_from_how_much_history(cast, orders_per_hour, days, level):
    rhythm = Rhythm(outlet=cast.outlet, orders_per_hour=[orders_per_hour] * 168, days=days)
    assert judge(rhythm, NOW - timedelta(days=7), NOW)[0] == level


def test_without_a_rhythm_or_without_any_notification(cast):
    heard(cast.outlet, timedelta(days=5))
    other = OutletFactory(gobiz_app=cast.app)
    usual(other)
    found = silences_of([cast.outlet, other])
    assert {pk: row.level for pk, row in found.items()} == dict.fromkeys(found, Level.UNKNOWN)
    assert found[other.pk].since is None
    assert "7 days and 20 orders" in found[other.pk].sentence


@pytest.mark.parametrize(
    "fields",
    [
        {"event_name": TEST_EVENT},
        {"verdict": "forged", "state": "ignored"},
        {"outlet": None, "state": "ignored", "note": "unknown_outlet"},
    ],
    ids=["our own test", "refused", "about another outlet"],
)
def test_what_does_not_end_a_silence(cast, fields):
    usual(cast.outlet)
    heard(cast.outlet, timedelta(hours=5))
    heard(cast.outlet, timedelta(minutes=1), **fields)
    assert (silence(cast.outlet).level, silence(cast.outlet).since) == (Level.RED, NOW - timedelta(hours=5))


def test_any_notification_of_gobiz_ends_a_silence(cast):
    usual(cast.outlet)
    heard(cast.outlet, timedelta(hours=5))
    heard(cast.outlet, timedelta(minutes=1), event_name=events.MENU_MAPPING_UPDATED)
    assert silence(cast.outlet).level == Level.NORMAL


def test_another_outlets_notifications_do_not(cast):
    usual(cast.outlet)
    heard(cast.outlet, timedelta(hours=5))
    heard(OutletFactory(gobiz_app=cast.app), timedelta(minutes=1))
    heard(cast.other_outlet, timedelta(minutes=1))
    assert silence(cast.outlet).level == Level.RED


class TestBehind:
    """What no worker has taken may be about any outlet of its app: nobody is called silent meanwhile."""

    @pytest.fixture(autouse=True)
    def _silent(self, cast):
        usual(cast.outlet)
        heard(cast.outlet, timedelta(hours=5))

    def wait(self, app, ago):
        outlet = OutletFactory(gobiz_app=app)
        heard(outlet, ago, outlet=None, state="pending", next_attempt_at=NOW - ago)

    def test_waiting_for_long(self, cast):
        self.wait(cast.app, timedelta(minutes=2))
        assert silence(cast.outlet).level == Level.BEHIND
        assert "wait to be worked off" in silence(cast.outlet).sentence

    def test_just_come(self, cast):
        self.wait(cast.app, timedelta(seconds=5))
        assert silence(cast.outlet).level == Level.RED

    def test_at_another_app(self, cast):
        self.wait(GobizAppFactory(merchant=cast.merchant), timedelta(minutes=2))
        assert silence(cast.outlet).level == Level.RED


class TestSentence:
    def test_how_many_and_since_when(self, cast):
        usual(cast.outlet, orders_per_hour=9.0)
        heard(cast.outlet, timedelta(minutes=58))
        assert silence(cast.outlet).sentence == (
            "Usually about 9 orders come at this time of the week; nothing has come since 11:02."
        )

    def test_in_the_outlets_zone(self, cast):
        cast.outlet.time_zone = "Asia/Jayapura"
        usual(cast.outlet, orders_per_hour=9.0)
        heard(cast.outlet, timedelta(minutes=58))
        assert silence(cast.outlet).sentence.endswith("since 13:02.")

    def test_the_day_when_it_was_not_today(self, cast):
        usual(cast.outlet)
        heard(cast.outlet, timedelta(hours=13))
        assert silence(cast.outlet).sentence.endswith("since 24 Nov 2026, 23:00.")


def test_the_cost_is_constant(cast, django_assert_num_queries):
    outlets = [cast.outlet]
    for count in (1, 30):
        while len(outlets) < count:
            outlets.append(OutletFactory(gobiz_app=GobizAppFactory(merchant=cast.merchant)))
        for outlet in outlets:
            heard(outlet, timedelta(hours=count))
            Rhythm.objects.get_or_create(outlet=outlet, defaults={"computed_at": NOW})
        with django_assert_num_queries(3):
            assert all([row.sentence and row.label for row in silences_of(outlets).values()])
