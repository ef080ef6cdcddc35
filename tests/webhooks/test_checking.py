"""Checks of an app: claimed by one worker, taken over from a dead one, due again in time."""

from __future__ import annotations

from datetime import timedelta

import pytest
import requests
from django.utils import timezone, translation

from gobiz_admin.merchants.models import GobizApp
from tests.factories import GobizAppFactory
from tests.gobiz_answers import Gobiz
from webhooks import addresses, app_health, check_words, checking, round_trip
from webhooks.models import AppCheck, Notification
from webhooks.outcomes import Outcome
from webhooks.working import work_off

pytestmark = pytest.mark.django_db
Kind, State = AppCheck.Kind, AppCheck.State
RIGHT = Outcome(True, "subscriptions_right", {"states": {}})


@pytest.fixture
def runs(monkeypatch):
    """Instead of the check: `runs.outcome` is what it finds, `runs.during` happens meanwhile."""

    class Runs:
        outcome, count = RIGHT, 0

        def during(self, claim: checking.Claim) -> None:
            pass

        def __call__(self, claim: checking.Claim) -> Outcome:
            self.count += 1
            self.during(claim)
            return self.outcome

    runs = Runs()
    monkeypatch.setitem(checking._RUNS, Kind.SUBSCRIPTIONS, runs)
    return runs


def check_of(cast) -> AppCheck:
    return AppCheck.objects.get(gobiz_app=cast.app, kind=Kind.SUBSCRIPTIONS)


def test_every_app_with_an_outlet_gets_one(cast):
    GobizAppFactory(merchant=cast.merchant)
    assert len(checking.due()) == len(checking.due()) == 2
    assert {check.gobiz_app_id for check in AppCheck.objects.all()} == {cast.app.pk, cast.other_app.pk}


def test_run_once_and_due_again_in_an_hour(cast, runs):
    pk = checking.put(cast.app, Kind.SUBSCRIPTIONS).pk
    checking.run(pk)
    checking.run(pk)
    check = check_of(cast)
    assert (runs.count, check.state, check.failures) == (1, State.PASSED, 0)
    assert timedelta(hours=1) <= check.due_at - check.checked_at <= timedelta(hours=1, minutes=10)
    assert pk not in checking.due()


def test_asked_for_while_it_runs(cast, runs):
    """What is asked for now may have come too late for it: it runs once more, and no second beside it."""

    def during(claim):
        if runs.count == 1:
            checking.put(cast.app, Kind.SUBSCRIPTIONS)
            checking.run(claim.check.pk)

    runs.during = during
    checking.run(checking.put(cast.app, Kind.SUBSCRIPTIONS).pk)
    assert runs.count == 2
    assert check_of(cast).state == State.PASSED


@pytest.mark.parametrize(("minutes", "taken"), [(4, False), (6, True)])
def test_a_dead_worker(cast, runs, minutes, taken):
    check = checking.put(cast.app, Kind.SUBSCRIPTIONS)
    since = timezone.now() - timedelta(minutes=minutes)
    AppCheck.objects.update(state=State.RUNNING, checked_at=since, due_at=None)
    assert (check.pk in checking.due()) is taken
    checking.run(check.pk)
    assert bool(runs.count) is taken


def test_one_that_was_thought_dead_stores_nothing(cast, runs):
    runs.outcome = Outcome(False, "broken", {})

    def during(claim):
        AppCheck.objects.update(state=State.PASSED, code="subscriptions_right", checked_at=timezone.now())
        with pytest.raises(checking.LostClaim):
            claim.still_ours()

    runs.during = during
    checking.run(checking.put(cast.app, Kind.SUBSCRIPTIONS).pk)
    assert check_of(cast).code == "subscriptions_right"


def test_being_alive_keeps_it(cast, runs):
    runs.during = lambda claim: [claim.still_ours() for _ in range(3)]
    checking.run(checking.put(cast.app, Kind.SUBSCRIPTIONS).pk)
    assert check_of(cast).state == State.PASSED


def test_a_fault_of_ours(cast, runs):
    runs.during = lambda claim: 1 / 0
    checking.run(checking.put(cast.app, Kind.SUBSCRIPTIONS).pk)
    check = check_of(cast)
    assert (check.state, check.code, check.failures) == (State.FAILED, "broken", 1)
    assert check.due_at - check.checked_at < timedelta(minutes=7)


def test_another_is_at_it_for_too_long(cast, runs, monkeypatch):
    monkeypatch.setattr(checking, "WAIT_FOR_ANOTHER_SECONDS", 0.0)
    checking.put(cast.app, Kind.SUBSCRIPTIONS)
    AppCheck.objects.update(state=State.RUNNING, checked_at=timezone.now(), due_at=None)
    with pytest.raises(checking.CheckBusy):
        checking.check_now(cast.app, Kind.SUBSCRIPTIONS)


@pytest.mark.parametrize(
    ("base", "reason"),
    [
        ("https://admin.example.com", ""),
        ("https://8.8.8.8:8443", ""),
        ("http://admin.example.com", "not_https"),
        ("https://localhost", "private"),
        ("https://admin.local", "private"),
        ("https://server", "private"),
        ("https://10.1.2.3", "private"),
        ("https://127.0.0.1:8000", "private"),
        ("https://[::1]", "private"),
    ],
)
def test_an_address_that_gobiz_cannot_reach(cast, settings, gobiz: Gobiz, base, reason):
    """Nothing is subscribed to a useless address, and GoBiz is not even asked."""
    settings.PUBLIC_BASE_URL = base
    cast.app.environment = GobizApp.Environment.SANDBOX
    assert addresses.why_not_public(cast.app) == reason
    if reason:
        cast.app.save()
        outcome = checking.check_now(cast.app, Kind.SUBSCRIPTIONS)
        assert (outcome.code, outcome.facts["reason"]) == ("address_not_public", reason)
        assert "PUBLIC_BASE_URL" in check_words.sentence(check_of(cast))
        assert not gobiz.calls()
    cast.app.environment = GobizApp.Environment.LOCAL
    assert addresses.why_not_public(cast.app) == ""


@pytest.mark.parametrize("language", ["id", "en"])
def test_every_code_has_words_without_any_fact(language):
    with translation.override(language):
        for code in check_words.WORDS:
            facts = {"url": "u", "status": 1, "events": []}
            assert len(check_words.sentence(AppCheck(code=code, facts=facts))) > 20, code


class TestRoundTrip:
    @pytest.fixture
    def test_it(self, cast, gobiz: Gobiz, post, monkeypatch):
        """`test_it(status, stores, works)` is the check after a test that met this."""
        monkeypatch.setattr(round_trip, "APPLIED_WITHIN_SECONDS", 0.2)

        def run(status: int = 200, stores: bool = True, works: bool = True) -> AppCheck:
            def answer(request):
                stored = 200
                if stores:
                    stored = post(request.body, signature=request.headers["X-Go-Signature"]).status_code
                if works:
                    work_off()
                return (status if stored == 200 else stored), {}, ""

            gobiz.mock.add_callback("POST", cast.app.webhook_url, callback=answer)
            checking.run(checking.put(cast.app, Kind.ROUND_TRIP).pk)
            return AppCheck.objects.get(kind=Kind.ROUND_TRIP)

        return run

    def test_it_comes_back(self, cast, test_it):
        check = test_it()
        assert (check.state, check.code, check.due_at) == (State.PASSED, "round_trip_came_back", None)
        assert set(check.facts) == {"answered", "stored", "applied"}
        assert len(check_words.details(check)) == 3
        assert Notification.objects.get().event_name == round_trip.TEST_EVENT

    @pytest.mark.parametrize(
        ("met", "code"),
        [
            ({"status": 502}, "round_trip_status"),
            ({"status": 301}, "round_trip_status"),
            ({"stores": False}, "round_trip_elsewhere"),
            ({"works": False}, "round_trip_not_applied"),
        ],
    )
    def test_where_it_stops(self, cast, test_it, met, code):
        check = test_it(**met)
        assert (check.state, check.code) == (State.FAILED, code)
        assert cast.app.webhook_token not in str(check.facts) + check_words.sentence(check)

    def test_unreachable(self, cast, gobiz: Gobiz):
        gobiz.mock.add("POST", cast.app.webhook_url, body=requests.ConnectionError("no"))
        checking.run(checking.put(cast.app, Kind.ROUND_TRIP).pk)
        check = AppCheck.objects.get()
        assert check.code == "round_trip_unreachable"
        assert cast.app.webhook_token not in str(check.facts)


def test_a_worker_that_stands_still_is_said(cast):
    check = checking.put(cast.app, Kind.SUBSCRIPTIONS)
    assert not app_health.check_shown(check)["stuck"]
    check.checked_at -= timedelta(minutes=2)
    assert app_health.check_shown(check)["stuck"]
