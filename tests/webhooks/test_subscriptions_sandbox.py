"""What GoBiz has subscribed, kept equal to what we need, against GoBiz's sandbox over HTTP."""

from __future__ import annotations

from typing import Any

import pytest

from gobiz_admin.gobiz.events import EVENTS
from gobiz_admin.merchants.gobiz import client_for
from gobiz_admin.merchants.models import GobizApp
from tests.factories import GobizAppFactory, OutletFactory
from tests.sandbox_process import sandbox, sandbox_process
from tests.threads import at_once
from webhooks import check_words, checking, subscriptions
from webhooks.models import AppCheck
from webhooks.rotating import choose_subscribed_per, rotate_address
from webhooks.subscriptions import CORRECTED, CREATED, ELSEWHERE, RIGHT, reconcile

__all__ = ["sandbox", "sandbox_process"]
pytestmark = pytest.mark.django_db
PER_OUTLET = GobizApp.SubscribedPer.OUTLET
OUTLETS = ("G12345678", "G87654321")


@pytest.fixture
def app(sandbox, settings) -> GobizApp:
    settings.GOBIZ_LOCAL_OAUTH_URL = settings.GOBIZ_LOCAL_API_URL = sandbox.url
    known = sandbox.app("warung")
    outlets = [{"outlet_id": outlet_id, "name": outlet_id, "menu": "empty"} for outlet_id in OUTLETS[1:]]
    sandbox.control("POST", "apps", {"slug": "warung", "outlets": outlets})
    names = ("app_id", "app_secret", "partner_id", "relay_secret")
    app = GobizAppFactory(**{name: known[name] for name in names})
    OutletFactory(gobiz_app=app, outlet_id=OUTLETS[0])
    return app


def look(app: GobizApp) -> AppCheck:
    """The check after it has run now."""
    checking.check_now(GobizApp.objects.get(pk=app.pk), AppCheck.Kind.SUBSCRIPTIONS)
    return AppCheck.objects.get(gobiz_app=app, kind=AppCheck.Kind.SUBSCRIPTIONS)


def at_gobiz(app: GobizApp, outlet_id: str | None = None) -> list[tuple[str, str, bool]]:
    listed = client_for(app).list_subscriptions(outlet_id)
    return sorted((one["event"], one["url"], one["active"]) for one in listed)


def wanted(app: GobizApp) -> list[tuple[str, str, bool]]:
    app.refresh_from_db()
    return sorted((event, app.webhook_url, True) for event in EVENTS)


def changes(sandbox: Any, since: int) -> list[str]:
    calls = sandbox.calls("notification-subscriptions", since)
    return [call["method"] for call in calls if call["method"] != "GET"]


def last_call(sandbox: Any) -> int:
    return sandbox.control("GET", "calls")["last"]


def test_all_are_made_and_nothing_the_second_time(app, sandbox):
    assert reconcile(app).events(CREATED) == list(EVENTS)
    since = last_call(sandbox)
    assert reconcile(app).events(RIGHT) == list(EVENTS)
    assert changes(sandbox, since) == []
    assert at_gobiz(app) == wanted(app)


def test_doubles_inactive_foreign_and_old_ones(app):
    client = client_for(app)
    old = app.webhook_url.replace("testserver", "old.example.com")
    dead = "http://testserver/webhooks/gobiz/a-token-that-nobody-has/"
    foreign = "https://pos.example.com/hook?key=their-secret"
    client.create_subscription(EVENTS[0], old)
    client.create_subscription(EVENTS[0], app.webhook_url)
    client.create_subscription(EVENTS[1], dead)
    client.create_subscription(EVENTS[2], foreign)
    client.create_subscription("gofood.order.placed", old)
    off = client.create_subscription(EVENTS[3], app.webhook_url)
    client.update_subscription(off["id"], EVENTS[3], app.webhook_url, False)
    check = look(app)
    assert check.code == "subscriptions_right"
    assert (check.facts["removed"], check.facts["corrected"]) == (1, 3)
    assert at_gobiz(app) == sorted([*wanted(app), (EVENTS[2], foreign, True)])
    assert check.facts["foreign"] == [
        {"host": "pos.example.com", "event": EVENTS[2], "active": True, "outlet": ""}
    ]
    for secret in ("their-secret", app.webhook_token, app.relay_secret):
        assert secret not in str(check.facts)


def test_a_double_is_taken_away_only_when_one_is_right(app, sandbox):
    client = client_for(app)
    for host in ("one", "two"):
        client.create_subscription(EVENTS[0], app.webhook_url.replace("testserver", f"{host}.example.com"))
    sandbox.fault("PUT notification-subscriptions", status=503, body="{}")
    check = look(app)
    assert check.state == AppCheck.State.FAILED
    assert len([row for row in at_gobiz(app) if row[0] == EVENTS[0]]) == 2


def test_another_apps_address_here_is_foreign(app):
    other = GobizAppFactory()
    client_for(app).create_subscription(EVENTS[0], other.webhook_url)
    assert look(app).code == "subscriptions_right"
    assert (EVENTS[0], other.webhook_url, True) in at_gobiz(app)


def test_vanished_between_look_and_change(app, sandbox):
    old = app.webhook_url.replace("testserver", "old.example.com")
    client_for(app).create_subscription(EVENTS[0], old)
    sandbox.fault("PUT notification-subscriptions", status=404, times=1, body='{"message": "not found"}')
    assert look(app).code == "subscriptions_right"
    assert (EVENTS[0], app.webhook_url, True) in at_gobiz(app)


def test_an_answer_that_was_lost_is_no_double(app, sandbox):
    """The first was made, its answer lost; the second try gets a 409 and finds it."""
    sandbox.fault("POST notification-subscriptions", status=409, times=1, apply=True, body="{}")
    result = reconcile(app)
    assert result.complete
    assert at_gobiz(app) == wanted(app)


def test_subscribed_elsewhere(app, sandbox):
    client_for(app).create_subscription(EVENTS[0], "https://pos.example.com/secret-path")
    sandbox.fault(
        "POST notification-subscriptions",
        status=409,
        times=1,
        body='{"message": "taken by https://u:p@pos.example.com/secret-path"}',
    )
    check = look(app)
    assert (check.state, check.code) == ("failed", "subscribed_elsewhere")
    assert check.facts["states"][EVENTS[0]] == {ELSEWHERE: 1}
    assert check.facts["states"][EVENTS[1]] == {CREATED: 1}
    assert "pos.example.com" in check_words.sentence(check)
    assert "secret-path" not in str(check.facts)


@pytest.mark.parametrize("status", [401, 403])
def test_the_right_is_missing(app, sandbox, status):
    sandbox.fault("GET notification-subscriptions", status=status, body="{}")
    check = look(app)
    assert check.code == "subscriptions_not_allowed"
    assert (check.due_at - check.checked_at).total_seconds() >= 3600


def test_our_address_is_refused(app, sandbox):
    body = f'{{"message": "url {app.webhook_url} is not allowed"}}'
    sandbox.fault("POST notification-subscriptions", status=422, times=2, body=body)
    check = look(app)
    assert check.code == "subscriptions_refused"
    assert check.facts["events"] == list(EVENTS[:2])
    assert check.facts["created"] == len(EVENTS) - 2
    assert app.webhook_token not in str(check.facts)
    assert "is not allowed" in " ".join(check_words.details(check))


@pytest.mark.parametrize("fault", [{"status": 503, "body": "<html>"}, {"close": True}])
def test_gobiz_away_is_tried_again_sooner_and_sooner_not(app, sandbox, fault):
    sandbox.fault("GET notification-subscriptions", **fault)
    waits = []
    for _ in range(4):
        check = look(app)
        waits.append(round((check.due_at - check.checked_at).total_seconds() / 60))
    assert check.facts["cleaned"] is True
    assert [wait - waits[0] for wait in waits] == [0, 10, 55, 55]
    sandbox.control("DELETE", "faults")
    assert look(app).failures == 0


class TestPerOutlet:
    @pytest.fixture
    def two(self, app, django_capture_on_commit_callbacks) -> GobizApp:
        OutletFactory(gobiz_app=app, merchant=app.merchant, outlet_id=OUTLETS[1])
        return app

    def test_there_and_back(self, two, sandbox):
        look(two)
        since = last_call(sandbox)
        assert choose_subscribed_per(two, PER_OUTLET, None)
        assert look(two).code == "subscriptions_right"
        assert at_gobiz(two) == []
        for outlet_id in OUTLETS:
            assert at_gobiz(two, outlet_id) == wanted(two)
        # No event is lost between: the old go when the new stand.
        assert changes(sandbox, since) == ["POST"] * 18 + ["DELETE"] * 9
        choose_subscribed_per(two, GobizApp.SubscribedPer.PARTNER, None)
        check = look(two)
        assert check.facts["cleaned"] is True
        assert at_gobiz(two) == wanted(two)
        assert [at_gobiz(two, outlet_id) for outlet_id in OUTLETS] == [[], []]

    def test_what_one_outlet_lacks_stays_subscribed_for_all(self, two, sandbox):
        look(two)
        sandbox.control("POST", f"outlets/{OUTLETS[1]}", {"linked": False})
        choose_subscribed_per(two, PER_OUTLET, None)
        check = look(two)
        assert check.code == "outlets_unknown"
        assert OUTLETS[1] in check_words.sentence(check)
        assert at_gobiz(two, OUTLETS[0]) == at_gobiz(two) == wanted(two)

    def test_a_failure_at_one_outlet_does_not_keep_it_from_the_others(self, two, sandbox):
        choose_subscribed_per(two, PER_OUTLET, None)
        sandbox.fault(f"GET {OUTLETS[0]} notification-subscriptions", status=502, body="{}")
        check = look(two)
        assert (check.state, check.code) == ("failed", "gobiz_failed")
        assert at_gobiz(two, OUTLETS[1]) == wanted(two)

    def test_left_over_is_taken_away_after_a_failure(self, two, sandbox):
        choose_subscribed_per(two, PER_OUTLET, None)
        look(two)
        choose_subscribed_per(two, GobizApp.SubscribedPer.PARTNER, None)
        sandbox.fault("DELETE notification-subscriptions", status=503, times=1, body="{}")
        assert look(two).facts["cleaned"] is False
        assert look(two).facts["cleaned"] is True
        assert at_gobiz(two, OUTLETS[0]) == []


def test_a_new_address(app):
    look(app)
    before = app.webhook_url
    rotate_address(app, None)
    assert look(app).facts["corrected"] == len(EVENTS)
    app.refresh_from_db()
    assert app.webhook_url != before
    assert at_gobiz(app) == wanted(app)


@pytest.mark.django_db(transaction=True)
def test_two_at_once_make_no_doubles(app):
    pk = checking.put(app, AppCheck.Kind.SUBSCRIPTIONS).pk
    at_once(lambda number: checking.run(pk), 3)
    assert at_gobiz(app) == wanted(app)
    assert AppCheck.objects.get().code == "subscriptions_right"


@pytest.mark.django_db(transaction=True)
def test_even_without_the_lock_no_double_stays(app):
    at_once(lambda number: reconcile(app), 3)
    assert reconcile(app).complete
    assert at_gobiz(app) == wanted(app)


def test_many_failing_outlets_end_the_run(app, sandbox, monkeypatch):
    monkeypatch.setattr(subscriptions, "MOST_FAILURES", 2)
    for number in range(5):
        OutletFactory(gobiz_app=app, merchant=app.merchant, outlet_id=f"G55555555{number}")
    GobizApp.objects.filter(pk=app.pk).update(subscribed_per=PER_OUTLET)
    sandbox.fault("GET notification-subscriptions", status=503, body="{}")
    since = last_call(sandbox)
    look(app)
    assert len(sandbox.calls("notification-subscriptions", since)) == 2
    assert CORRECTED not in str(AppCheck.objects.get().facts["states"])
