"""Proving a connection: every failure says which field is wrong and where to look."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
import requests
from django.utils import timezone, translation

from gobiz_admin.gobiz import events
from gobiz_admin.gobiz.events import EVENTS
from gobiz_admin.gobiz.scopes import ALL_SCOPES, FEATURE_OF_SCOPE, ORDER_WRITE
from gobiz_admin.gobiz.signatures import matches
from gobiz_admin.merchants.models import Proof, ProofStep
from tests.gobiz_answers import SUBSCRIPTIONS, Gobiz, refusal
from tests.orders.notifications import store
from webhooks import proof_words, proving, subscription_check
from webhooks.event_words import in_words
from webhooks.models import Notification
from webhooks.round_trip import TEST_EVENT
from webhooks.subscriptions import CORRECTED, CREATED, RIGHT, reconcile
from webhooks.working import work_off

pytestmark = pytest.mark.django_db
State = Proof.State


@pytest.fixture(autouse=True)
def _english():
    with translation.override("en"):
        yield


@pytest.fixture
def ours(cast, gobiz: Gobiz):
    """Our own public address: `ours.status` is what it answers; by default it stores what it gets."""

    def answer(request: Any) -> tuple[int, dict[str, str], str]:
        signed = matches(cast.app.relay_secrets, request.body, request.headers["X-Go-Signature"])
        if answer.status == 200 and answer.stores and signed:
            store(cast.outlet, request.body)
        return answer.status if signed else 401, {}, ""

    answer.status, answer.stores = 200, True
    gobiz.mock.add_callback("POST", cast.app.webhook_url, callback=answer)
    return answer


def catalog_path(cast) -> str:
    return f"/integrations/gofood/outlets/{cast.outlet.outlet_id}/v2/catalog"


def proofs(cast) -> dict[str, Proof]:
    return {proof.step: proof for proof in cast.outlet.proofs.all()}


def said(cast, step: ProofStep) -> str:
    proof = proofs(cast)[step]
    return " ".join([proof_words.sentence(proof), *proof_words.details(proof)])


def failed(cast) -> set[str]:
    return {step for step, proof in proofs(cast).items() if proof.state == State.FAILED}


def test_all_is_well(cast, gobiz: Gobiz, ours):
    gobiz.is_well(cast.outlet.outlet_id)
    proving.start(cast.outlet)
    assert {proof.state for proof in proofs(cast).values()} == {State.WAITING}
    proving.prove(cast.outlet.pk)
    assert not failed(cast)
    assert "2 items in 1 menus" in said(cast, ProofStep.CATALOG)
    assert proofs(cast)[ProofStep.CATALOG].facts["without_id"] == 1
    assert f"{len(EVENTS)} newly subscribed" in said(cast, ProofStep.SUBSCRIPTIONS)
    cast.app.refresh_from_db()
    assert cast.app.scopes_granted == list(ALL_SCOPES)
    # Our own test is a notification like any other, and has no effect.
    assert work_off() == 1
    assert Notification.objects.get().state == Notification.State.DONE


def test_wrong_credentials(cast, gobiz: Gobiz, ours):
    gobiz.refuses_credentials()
    proving.prove(cast.outlet.pk)
    assert failed(cast) == {ProofStep.TOKEN, ProofStep.CATALOG, ProofStep.SUBSCRIPTIONS}
    words = said(cast, ProofStep.TOKEN)
    for part in ("App ID", "App Secret", "GoBiz Developer Portal"):
        assert part in words
    assert "Not tried" in said(cast, ProofStep.CATALOG)
    cast.app.refresh_from_db()
    assert cast.app.refused_at is not None
    # Corrected, the banner goes.
    gobiz.mock.remove("POST", f"{gobiz.url}/oauth2/token")
    gobiz.is_well(cast.outlet.outlet_id)
    proving.prove(cast.outlet.pk)
    cast.app.refresh_from_db()
    assert (failed(cast), cast.app.refused_at) == (set(), None)


def test_no_right_at_all_is_not_a_wrong_secret(cast, gobiz: Gobiz, ours):
    gobiz.on("POST", "/oauth2/token", {"error": "invalid_scope"}, 400)
    proving.prove(cast.outlet.pk)
    cast.app.refresh_from_db()
    assert ProofStep.TOKEN in failed(cast)
    assert cast.app.refused_at is None


def test_a_missing_right_is_named_and_the_rest_is_proven(cast, gobiz: Gobiz, ours):
    gobiz.token(tuple(scope for scope in ALL_SCOPES if scope != ORDER_WRITE))
    gobiz.catalog(cast.outlet.outlet_id)
    gobiz.subscriptions()
    proving.prove(cast.outlet.pk)
    assert not failed(cast)
    words = said(cast, ProofStep.TOKEN)
    assert ORDER_WRITE in words
    assert str(FEATURE_OF_SCOPE[ORDER_WRITE]) in words


@pytest.mark.parametrize(
    ("status", "body", "part"),
    [
        (404, refusal("outlet is not yet registered"), "Outlet ID"),
        (403, refusal("forbidden"), "reading the live GoFood menu"),
        (200, "<html>hello</html>", "could not be read"),
        (200, {"success": True, "data": {}}, "could not be read"),
        (502, "<html>bad gateway</html>", "cannot be reached right now"),
        (200, requests.ReadTimeout("slow"), "cannot be reached right now"),
    ],
    ids=range(6),
)
def test_the_menu_cannot_be_read(cast, gobiz: Gobiz, ours, status, body, part):
    gobiz.token()
    gobiz.on("GET", catalog_path(cast), body, status)
    gobiz.subscriptions()
    proving.prove(cast.outlet.pk)
    assert failed(cast) == {ProofStep.CATALOG}
    with translation.override("en"):
        assert part in said(cast, ProofStep.CATALOG)


def test_gobiz_down_says_nothing_of_credentials(cast, gobiz: Gobiz, ours):
    gobiz.on("POST", "/oauth2/token", requests.ConnectionError("down"))
    proving.prove(cast.outlet.pk)
    cast.app.refresh_from_db()
    assert cast.app.refused_at is None
    assert proofs(cast)[ProofStep.ROUND_TRIP].state == State.PASSED


@pytest.mark.parametrize("language", ["id", "en"])
def test_every_code_has_words(cast, language):
    codes = [*proof_words._WORDS, "timeout", "connection_broken", "gobiz_failed", "credentials_refused"]
    with translation.override(language):
        for code in codes:
            proof = Proof(outlet=cast.outlet, step=ProofStep.CATALOG, state=State.FAILED, code=code)
            proof.facts = {"url": "u", "status": 1, "milliseconds": 1}
            assert len(proof_words.sentence(proof)) > 20, code


class TestSubscriptions:
    def subscription(self, event: str, url: str, active: bool = True) -> dict[str, Any]:
        return {"id": f"id of {event}", "event": event, "url": url, "active": active}

    def test_right_already(self, cast, gobiz: Gobiz):
        gobiz.token()
        gobiz.subscriptions(*(self.subscription(event, cast.app.webhook_url) for event in EVENTS))
        assert reconcile(cast.app).events(RIGHT) == list(EVENTS)
        assert not gobiz.calls("POST", SUBSCRIPTIONS)

    def test_an_old_address_of_ours_is_corrected(self, cast, gobiz: Gobiz):
        old = cast.app.webhook_url.replace("testserver", "old.example.com")
        gobiz.token()
        gobiz.subscriptions(
            self.subscription(EVENTS[0], old),
            self.subscription(EVENTS[1], cast.app.webhook_url, active=False),
            self.subscription(EVENTS[2], cast.app.webhook_url.rstrip("/")),
        )
        for event in EVENTS[:3]:
            found = {"success": True, "data": {"subscription": {}}}
            gobiz.on("PUT", f"{SUBSCRIPTIONS}/id%20of%20{event}", found)
        result = reconcile(cast.app)
        assert result.events(CORRECTED) == list(EVENTS[:3])
        assert result.events(CREATED) == list(EVENTS[3:])
        assert {(body["url"], body["active"]) for body in gobiz.bodies("PUT")} == {
            (cast.app.webhook_url, True)
        }

    def test_a_foreign_one_is_left_alone_and_shown(self, cast, gobiz: Gobiz, ours):
        foreign = "https://pos.example.com/hook"
        gobiz.token()
        gobiz.catalog(cast.outlet.outlet_id)
        gobiz.subscriptions(
            self.subscription(EVENTS[0], foreign), self.subscription(EVENTS[0], "http://[bad")
        )
        proving.prove(cast.outlet.pk)
        assert not failed(cast)
        assert not gobiz.calls("PUT")
        assert not gobiz.calls("DELETE")
        assert "pos.example.com" in said(cast, ProofStep.SUBSCRIPTIONS)

    def test_subscribed_already_and_not_shown(self, cast, gobiz: Gobiz, ours):
        gobiz.token()
        gobiz.catalog(cast.outlet.outlet_id)
        gobiz.on("GET", SUBSCRIPTIONS, {"success": True, "data": {"subscriptions": []}})
        gobiz.on("POST", SUBSCRIPTIONS, refusal("exists"), 409)
        proving.prove(cast.outlet.pk)
        assert failed(cast) == {ProofStep.SUBSCRIPTIONS}
        assert in_words(events.ORDER_AWAITING) in said(cast, ProofStep.SUBSCRIPTIONS)


class TestRoundTrip:
    @pytest.fixture(autouse=True)
    def _well(self, cast, gobiz: Gobiz):
        gobiz.is_well(cast.outlet.outlet_id)

    def prove(self, cast) -> str:
        proving.prove(cast.outlet.pk)
        assert failed(cast) == {ProofStep.ROUND_TRIP}
        return said(cast, ProofStep.ROUND_TRIP)

    @pytest.mark.parametrize("status", [301, 404, 502])
    def test_something_else_answers(self, cast, ours, status):
        ours.status = status
        assert str(status) in self.prove(cast)

    def test_it_arrives_elsewhere(self, cast, ours):
        ours.stores = False
        assert "another installation" in self.prove(cast)

    def test_unreachable(self, cast, gobiz: Gobiz):
        gobiz.mock.add("POST", cast.app.webhook_url, body=requests.ConnectionError("no"))
        assert cast.app.webhook_url in self.prove(cast)

    def test_gobiz_signs_with_another_secret(self, cast, ours):
        store(cast.outlet, {"header": {"event_name": EVENTS[0]}}, verdict=Notification.Verdict.FORGED)
        assert "Relay Secret" in self.prove(cast)

    def test_gobiz_signs_with_the_same(self, cast, ours):
        store(cast.outlet, {"header": {"event_name": EVENTS[0], "event_id": "e"}})
        proving.prove(cast.outlet.pk)
        assert proofs(cast)[ProofStep.ROUND_TRIP].facts["relay_proven"] is True

    def test_the_test_event_is_no_event_of_gobiz(self):
        assert TEST_EVENT not in EVENTS


class TestLost:
    """What no worker has is begun by the sweep: the broker was away, or the worker died."""

    def stand_still(self, cast, state: str, seconds: int) -> None:
        proving.start(cast.outlet)
        Proof.objects.filter(step=ProofStep.TOKEN).update(state=state)
        Proof.objects.update(checked_at=timezone.now() - timedelta(seconds=seconds))

    @pytest.mark.parametrize(
        ("state", "seconds", "found"),
        [
            (State.WAITING, 5, 0),
            (State.WAITING, 20, 1),
            (State.RUNNING, 60, 0),
            (State.RUNNING, 400, 1),
        ],
    )
    def test_it_is_found(self, cast, monkeypatch, state, seconds, found):
        proven = []
        monkeypatch.setattr(proving, "prove", proven.append)
        self.stand_still(cast, state, seconds)
        assert proving.sweep() == found
        assert proven == [cast.outlet.pk] * found

    def test_what_is_ended_is_left_alone(self, cast, gobiz: Gobiz, ours):
        gobiz.is_well(cast.outlet.outlet_id)
        proving.prove(cast.outlet.pk)
        Proof.objects.update(checked_at=timezone.now() - timedelta(days=1))
        assert proving.sweep() == 0


def test_a_fault_of_ours_ends_the_step(cast, gobiz: Gobiz, ours, monkeypatch):
    gobiz.is_well(cast.outlet.outlet_id)
    monkeypatch.setattr(subscription_check, "reconcile", lambda app, **options: 1 / 0)
    proving.prove(cast.outlet.pk)
    assert failed(cast) == {ProofStep.SUBSCRIPTIONS}
    assert "ZeroDivision" not in said(cast, ProofStep.SUBSCRIPTIONS)
