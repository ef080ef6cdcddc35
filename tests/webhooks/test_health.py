"""What the health part of the page finds, and how it says it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.utils import translation

from gobiz_admin.gobiz import events
from tests.factories import GobizAppFactory, OutletFactory
from webhooks import health
from webhooks.health import Counts, counts_of, dead_count, health_of
from webhooks.health_words import findings_of
from webhooks.models import Notification
from webhooks.round_trip import TEST_EVENT
from webhooks.silence import Level, Silence

pytestmark = pytest.mark.django_db
State, Verdict = Notification.State, Notification.Verdict
NOW = datetime(2026, 11, 25, 5, 0, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _now():
    with time_machine.travel(NOW, tick=False), translation.override("en"):
        yield


def row(app, ago: float = 0, **fields) -> Notification:
    """One that came `ago` seconds before now, GoBiz's time two seconds earlier, worked off in half a second."""
    at = NOW - timedelta(seconds=ago)
    return Notification.objects.create(
        **{
            "gobiz_app": app,
            "event_id": str(Notification.objects.count()),
            "event_name": events.ORDER_ACCEPTED,
            "raw": b"{}",
            "verdict": Verdict.VERIFIED,
            "state": State.DONE,
            "sent_at": at - timedelta(seconds=2),
            "received_at": at,
            "next_attempt_at": at,
            "finished_at": at + timedelta(seconds=0.5),
            **fields,
        }
    )


def only_health(cast):
    [found] = health_of([cast.app])
    return found


class TestHealth:
    def test_of_an_app_that_has_heard_nothing(self, cast):
        found = only_health(cast)
        assert (found.last, found.median_arrival, found.median_effect, found.refused_at) == (None,) * 4
        assert [event.event_name for event in found.events] == list(events.EVENTS)
        assert not any(event.last or event.arrival or event.effect for event in found.events)

    def test_of_none(self):
        assert health_of([]) == []
        assert counts_of([]) == Counts()

    def test_the_newest_of_each_event(self, cast):
        row(cast.app, 50)
        accepted = row(cast.app, 40)
        placed = row(cast.app, 30, event_name=events.ORDER_PLACED, sent_at=None)
        row(cast.app, 20, event_name="gofood.order.teleported")
        found = only_health(cast)
        by_name = {event.event_name: event for event in found.events}
        assert by_name[events.ORDER_ACCEPTED].last == accepted
        assert (by_name[events.ORDER_ACCEPTED].arrival, by_name[events.ORDER_ACCEPTED].effect) == (2.0, 0.5)
        assert by_name[events.ORDER_PLACED].last == placed
        assert by_name[events.ORDER_PLACED].arrival is None
        assert by_name[events.ORDER_CANCELLED].last is None
        assert found.last.event_name == "gofood.order.teleported"

    def test_neither_refused_ones_nor_our_own_tests_are_heard_from_gobiz(self, cast):
        heard = row(cast.app, 30)
        row(cast.app, 20, verdict=Verdict.FORGED)
        row(cast.app, 10, event_name=TEST_EVENT)
        assert only_health(cast).last == heard

    def test_unverified_ones_are(self, cast):
        heard = row(cast.app, verdict=Verdict.UNVERIFIED)
        assert only_health(cast).last == heard

    def test_a_clock_that_is_ahead_is_no_negative_time(self, cast):
        row(cast.app, sent_at=NOW + timedelta(hours=1))
        assert only_health(cast).median_arrival == 0.0

    def test_medians_are_of_the_newest(self, cast, monkeypatch):
        monkeypatch.setattr(health, "MEDIAN_OF", 3)
        row(cast.app, 900, sent_at=NOW - timedelta(hours=9))
        for seconds in (1, 2, 6):
            row(cast.app, sent_at=NOW - timedelta(seconds=seconds), finished_at=None)
        found = only_health(cast)
        assert (found.median_arrival, found.median_effect) == (2.0, None)

    def test_each_app_has_its_own(self, cast):
        second = GobizAppFactory(merchant=cast.merchant)
        mine, its = row(cast.app, 20), row(second, 10, verdict=Verdict.UNVERIFIED)
        row(cast.other_app)
        assert [found.last for found in health_of([cast.app, second])] == [mine, its]


class TestRefused:
    def test_the_newest_was(self, cast):
        row(cast.app, 20)
        refused = row(cast.app, 10, verdict=Verdict.FORGED, state=State.IGNORED)
        assert only_health(cast).refused_at == refused.received_at

    def test_one_was_taken_in_since(self, cast):
        row(cast.app, 20, verdict=Verdict.FORGED, state=State.IGNORED)
        row(cast.app, 10)
        assert only_health(cast).refused_at is None

    def test_it_is_news_for_a_day(self, cast):
        row(cast.app, 24 * 3600 + 1, verdict=Verdict.FORGED, state=State.IGNORED)
        assert only_health(cast).refused_at is None


class TestCounts:
    def test_each_kind_of_trouble(self, cast):
        row(cast.app, state=State.PENDING)
        row(cast.app, 61, state=State.PENDING)
        row(cast.app, state=State.FAILED)
        row(cast.app, 9_999_999, state=State.DEAD)
        row(cast.app, 9_999_999, state=State.IGNORED, note="no_outlet")
        row(cast.app, 24 * 3600 - 1, state=State.IGNORED, note="unknown_outlet")
        row(cast.app, 24 * 3600 + 1, state=State.IGNORED, note="unknown_outlet")
        row(cast.app, state=State.IGNORED, note="unknown_event")
        assert counts_of([cast.app]) == Counts(
            waiting=2, late=1, failed=1, dead=1, unknown_outlet=1, no_outlet=1
        )

    def test_one_that_is_replayed_later_is_not_late(self, cast):
        row(cast.app, 3600, state=State.PENDING, next_attempt_at=NOW + timedelta(seconds=30))
        assert (counts_of([cast.app]).waiting, counts_of([cast.app]).late) == (1, 0)

    def test_another_merchants_are_none_of_ours(self, cast):
        row(cast.other_app, state=State.DEAD)
        assert counts_of([cast.app]) == Counts()
        assert (dead_count(cast.merchant), dead_count(cast.other_merchant)) == (0, 1)

    def test_none_is_counted_without_end(self, cast, monkeypatch):
        monkeypatch.setattr(health, "MOST_COUNTED", 2)
        for _ in range(3):
            row(cast.app, state=State.DEAD)
        assert counts_of([cast.app]).dead == dead_count(cast.merchant) == 2


class TestInWords:
    def test_nothing_is_wrong(self, cast):
        row(cast.app)
        assert findings_of(health_of([cast.app]), counts_of([cast.app]), []) == []

    def test_the_worst_first(self, cast):
        silent = [
            Silence(cast.outlet, Level.AMBER, NOW - timedelta(hours=5), 5.0),
            *(
                Silence(OutletFactory(gobiz_app=cast.app), Level.RED, NOW - timedelta(hours=9), 9.0)
                for _ in range(5)
            ),
        ]
        row(cast.app, verdict=Verdict.FORGED, state=State.IGNORED)
        counts = Counts(late=1, failed=2, dead=health.MOST_COUNTED, unknown_outlet=1, no_outlet=3)
        found = findings_of(health_of([cast.app]), counts, silent)
        kinds = [finding.kind for finding in found]
        assert kinds == sorted(kinds)
        assert (kinds.count("danger"), kinds.count("warning")) == (7, 4)
        texts = "\n".join(finding.text for finding in found)
        assert "2 more outlets are silent." in texts
        assert "1000 or more notifications could not be worked off." in texts
        assert f"for app {cast.app.app_id} was refused" in texts
        assert all(finding.detail for finding in found)

    def test_what_can_be_looked_for_leads_there(self):
        counts = Counts(late=1, failed=1, dead=1, unknown_outlet=1, no_outlet=1)
        results = [finding.result for finding in findings_of([], counts, [])]
        assert sorted(results) == ["", "failed", "failed", "unknown_outlet", "unknown_outlet"]
