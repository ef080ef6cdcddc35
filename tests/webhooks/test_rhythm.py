"""What is usual for an outlet: learned from its days, in its own zone, and told by the hour of the week."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
import time_machine
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from gobiz_admin.gobiz import events
from gobiz_admin.merchants.models import Outlet
from tests.factories import OutletFactory
from webhooks.models import Notification, Rhythm
from webhooks.rhythm import HOURS, compute, compute_due, expected_orders, learn, orders_seen
from webhooks.tasks import compute_rhythms

# A Wednesday, 10:30 in Jakarta.
NOW = datetime(2026, 11, 25, 3, 30, tzinfo=UTC)
means = st.lists(st.floats(0, 50), min_size=HOURS, max_size=HOURS)
zones = st.sampled_from(["Asia/Jakarta", "Asia/Makassar", "Asia/Jayapura"])
moments = st.datetimes(datetime(2026, 1, 1), datetime(2027, 1, 1), timezones=st.just(UTC))
spans = st.timedeltas(timedelta(0), timedelta(days=3.5))


def rhythm_of(orders_per_hour: list[float], zone: str = "Asia/Jakarta", days: int = 28) -> Rhythm:
    return Rhythm(outlet=Outlet(time_zone=zone), orders_per_hour=orders_per_hour, days=days)


def only(hour_of_week: int, orders: float = 6.0) -> Rhythm:
    return rhythm_of([orders if hour == hour_of_week else 0.0 for hour in range(HOURS)])


def local(day: int, hour: int, minute: int = 0) -> datetime:
    """November 2026 in Jakarta: the 23rd is a Monday."""
    return datetime(2026, 11, day, hour, minute, tzinfo=ZoneInfo("Asia/Jakarta"))


class TestExpected:
    @given(means, zones, moments, spans, spans)
    def test_additive_over_adjoining_spans(self, orders_per_hour, zone, start, first, second):
        rhythm = rhythm_of(orders_per_hour, zone)
        parts = expected_orders(rhythm, start, start + first) + expected_orders(
            rhythm, start + first, start + first + second
        )
        assert expected_orders(rhythm, start, start + first + second) == pytest.approx(parts, abs=1e-5)

    @given(means, zones, moments, st.timedeltas(timedelta(days=-30), timedelta(0)))
    def test_nothing_is_expected_of_no_time(self, orders_per_hour, zone, start, backwards):
        assert expected_orders(rhythm_of(orders_per_hour, zone), start, start + backwards) == 0

    @given(means, zones, moments, st.timedeltas(timedelta(0), timedelta(days=30)), spans)
    def test_never_less_for_longer(self, orders_per_hour, zone, start, span, more):
        rhythm = rhythm_of(orders_per_hour, zone)
        shorter = expected_orders(rhythm, start, start + span)
        assert 0 <= shorter <= expected_orders(rhythm, start, start + span + more) + 1e-5

    @given(means, zones, moments, st.timedeltas(timedelta(days=7), timedelta(days=400)))
    def test_a_week_at_most(self, orders_per_hour, zone, start, span):
        expected = expected_orders(rhythm_of(orders_per_hour, zone), start, start + span)
        assert expected == pytest.approx(sum(orders_per_hour))

    @pytest.mark.parametrize(
        ("since", "until", "expected"),
        [
            (local(23, 0), local(23, 1), 6.0),
            (local(23, 0, 15), local(23, 0, 45), 3.0),
            (local(22, 23), local(23, 0), 0.0),
            (local(22, 23, 30), local(23, 0, 10), 1.0),
            (local(23, 1), local(29, 23, 59), 0.0),
            (local(23, 0, 50), local(30, 0, 40), 5.0),
        ],
        ids=["an hour", "half an hour", "the hour before", "over the week's end", "the rest", "to the next"],
    )
    def test_the_first_hour_of_the_week(self, since, until, expected):
        assert expected_orders(only(0), since, until) == pytest.approx(expected)

    def test_the_last_hour_of_the_week(self):
        assert expected_orders(only(167), local(22, 23), local(23, 0)) == pytest.approx(6.0)
        assert expected_orders(only(167), local(22, 23, 30), local(23, 12)) == pytest.approx(3.0)

    def test_in_the_outlets_zone(self):
        """Monday 00:00 in Jayapura is Sunday 22:00 in Jakarta."""
        rhythm = only(0)
        rhythm.outlet.time_zone = "Asia/Jayapura"
        assert expected_orders(rhythm, local(22, 22), local(22, 23)) == pytest.approx(6.0)
        assert expected_orders(rhythm, local(23, 0), local(23, 1)) == 0

    @pytest.mark.parametrize("stored", [[], [1.0], [1.0] * 169])
    def test_what_was_stored_wrongly_expects_nothing(self, stored):
        assert expected_orders(rhythm_of(stored), NOW - timedelta(days=1), NOW) == 0


@pytest.fixture
def notify(cast):
    """Stores a notification of an order of the outlet, some time before NOW."""

    def store(number: str, *, outlet=None, at: datetime, **fields) -> Notification:
        outlet = outlet or cast.outlet
        return Notification.objects.create(
            gobiz_app=outlet.gobiz_app,
            outlet=outlet,
            event_id=f"{number} {at} {fields}",
            order_number=number,
            received_at=at,
            raw=b"{}",
            **{"event_name": events.ORDER_ACCEPTED, "verdict": "verified", "state": "done", **fields},
        )

    return store


@pytest.mark.django_db
class TestLearning:
    def test_nothing_to_learn_from(self, cast):
        assert learn(cast.outlet, NOW) == ([0.0] * HOURS, 0)

    def test_each_order_once_at_its_first_notification(self, cast, notify):
        notify("F-0", at=local(1, 12))
        for hour in (18, 19, 20):
            notify("F-1", at=local(23, hour))
        orders_per_hour, days = learn(cast.outlet, NOW)
        assert days == 23  # the first day is not a whole one
        assert [hour for hour, mean in enumerate(orders_per_hour) if mean] == [18]
        assert orders_per_hour[18] == pytest.approx(1 / 4, abs=1e-3)  # Mondays: 2nd, 9th, 16th, 23rd

    def test_28_whole_days_before_today(self, cast, notify):
        notify("F-1", at=local(25, 1))  # today
        notify("F-2", at=local(24, 23, 59))
        notify("F-3", at=local(28, 0) - timedelta(days=31))  # 28 October, the first one
        notify("F-4", at=local(28, 0) - timedelta(days=31, seconds=1))
        orders_per_hour, days = learn(cast.outlet, NOW)
        assert days == 28
        assert sum(orders_per_hour) * 4 == pytest.approx(2)
        assert orders_seen(Rhythm(orders_per_hour=orders_per_hour, days=days)) == pytest.approx(2)

    def test_an_order_that_began_before_them(self, cast, notify):
        notify("F-1", at=local(27, 23, 50) - timedelta(days=31))
        notify("F-1", at=local(28, 0, 20) - timedelta(days=31))
        assert learn(cast.outlet, NOW) == ([0.0] * HOURS, 28)

    @pytest.mark.parametrize(
        "fields",
        [
            {"verdict": "forged", "state": "ignored"},
            {"event_name": "gobiz_admin.test"},
            {"event_name": events.WEBHOOK_ERROR},
            {"event_name": events.MENU_MAPPING_UPDATED},
            {"number": ""},
        ],
    )
    def test_what_is_no_order(self, notify, cast, fields):
        notify(fields.pop("number", "F-1"), at=local(20, 12), **fields)
        assert learn(cast.outlet, NOW) == ([0.0] * HOURS, 0)

    def test_unverified_ones_count_where_they_are_taken_in(self, cast, notify):
        notify("F-0", at=local(1, 12))
        notify("F-1", at=local(20, 12), verdict="unverified")
        assert sum(learn(cast.outlet, NOW)[0]) > 0

    def test_anothers_orders_are_not_learned_from(self, cast, notify):
        notify("F-1", at=local(20, 12), outlet=cast.other_outlet)
        notify("F-1", at=local(20, 12), outlet=OutletFactory(gobiz_app=cast.app))
        assert learn(cast.outlet, NOW)[1] == 0

    def test_a_silence_does_not_make_itself_usual(self, cast, notify):
        for day in range(1, 24):
            notify(f"F-{day}", at=local(day, 12))
        before = compute(cast.outlet, NOW)
        later = compute(cast.outlet, NOW + timedelta(days=20))
        assert later.orders_per_hour == before.orders_per_hour
        assert later.computed_at == NOW + timedelta(days=20)
        assert compute(cast.outlet, NOW + timedelta(days=60)).orders_per_hour == [0.0] * HOURS

    def test_what_comes_again_is_learned_again(self, cast, notify):
        for day in range(1, 24):
            notify(f"F-{day}", at=local(day, 12))
        compute(cast.outlet, NOW)
        notify("F-99", at=NOW + timedelta(days=5))
        compute(cast.outlet, NOW + timedelta(days=10))
        assert Rhythm.objects.get().days == 28
        # Of 7 November and after.
        assert orders_seen(Rhythm.objects.get()) == pytest.approx(18, abs=0.1)

    def test_each_outlet_once_a_day_in_bounded_batches(self, cast):
        for _ in range(3):
            OutletFactory(gobiz_app=cast.app)
        assert [compute_due(limit=3), compute_due(limit=3), compute_due(limit=3)] == [3, 2, 0]
        Rhythm.objects.filter(outlet=cast.outlet).update(computed_at=timezone.now() - timedelta(hours=25))
        assert compute_due() == 1
        with time_machine.travel(timezone.now() + timedelta(days=1, minutes=1), tick=False):
            compute_rhythms()
        assert not Rhythm.objects.filter(computed_at__lt=timezone.now()).exists()
