"""Asking GoBiz what it tried to deliver: refusals, lies, broken answers, dead workers, and then what it is for."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from gobiz_admin.gobiz import events
from gobiz_admin.gobiz.signatures import sign
from orders.models import Order
from tests.factories import GobizAppFactory, OutletFactory
from tests.gobiz_answers import refusal
from tests.orders.notifications import order_notification, store
from tests.threads import at_once
from webhooks import lookups
from webhooks.lookup_answers import MOST_NOTIFICATIONS, judged
from webhooks.models import Notification, NotificationLookup
from webhooks.working import work_off

pytestmark = pytest.mark.django_db
PATH = "/integrations/partner/notifications"
NUMBER = "F-4711"
Reason, State = NotificationLookup.Reason, NotificationLookup.State


def told(outlet, event: str = events.ORDER_ACCEPTED, number: str = NUMBER, **changes: Any) -> dict[str, Any]:
    """One of GoBiz's entries, signed as it would be."""
    payload = changes.pop("payload", None) or json.dumps(order_notification(event, outlet, number))
    return {
        "entity_id": number,
        "created_at": "2026-09-28T21:22:50.446+07:00",
        "event_type": event,
        "delivery_status": "dead",
        "endpoint": "https://example.com/webhooks/gobiz/a-token/",
        "headers": {"X-Go-Signature": sign(outlet.gobiz_app.relay_secret, payload.encode())},
        "payload": payload,
        "history": [
            {
                "time": "2026-09-28T21:22:51+07:00",
                "delivered": False,
                "exception_message": "refused by https://example.com/webhooks/gobiz/a-token/",
            }
        ],
        **changes,
    }


def answers(gobiz, *notifications: Any) -> None:
    gobiz.token()
    gobiz.on("GET", PATH, {"success": True, "data": {"notifications": list(notifications)}})


def looked_up(app, number: str = NUMBER, **how: Any) -> NotificationLookup:
    lookup = lookups.ask(app, number, **how)
    assert lookup is not None
    lookups.run(lookup.pk)
    lookup.refresh_from_db()
    return lookup


class TestRefusals:
    @pytest.mark.parametrize("status", [401, 403])
    def test_without_the_right_it_stops_and_says_so(self, cast, gobiz, status):
        gobiz.token()
        gobiz.on("GET", PATH, refusal("no scope"), status)
        lookup = looked_up(cast.app)
        assert (lookup.state, lookup.attempts) == (State.FAILED, 1)
        assert "Developer Portal" in page(cast).content.decode()

    def test_after_it_none_is_made_by_itself_for_a_while(self, cast, gobiz):
        gobiz.token()
        gobiz.on("GET", PATH, refusal("no scope"), 403)
        looked_up(cast.app)
        assert lookups.ask(cast.app, "F-other", reason=Reason.GAP) is None
        assert lookups.ask(cast.app, "F-other") is not None
        NotificationLookup.objects.update(finished_at=timezone.now() - timedelta(hours=2))
        assert lookups.ask(cast.app, "F-third", reason=Reason.GAP) is not None

    def test_a_404_is_explained(self, cast, gobiz):
        gobiz.token()
        gobiz.on("GET", PATH, refusal("not found"), 404)
        assert looked_up(cast.app).state == State.FAILED
        assert "Compare the number" in page(cast).content.decode()

    @pytest.mark.parametrize("answer", [(503, {}), (429, {}), (200, "<html>"), (200, {"success": True})])
    def test_what_may_pass_is_tried_again_and_not_for_ever(self, cast, gobiz, answer):
        status, body = answer
        gobiz.token()
        gobiz.on("GET", PATH, body or {"success": False}, status)
        lookup = lookups.ask(cast.app, NUMBER)
        if body == {"success": True}:
            body = {"success": True, "data": {"notifications": "none"}}
            gobiz.mock.replace("GET", gobiz.url + PATH, json=body)
        for number, wait in enumerate(lookups.WAITS, 1):
            lookups.run(lookup.pk)
            lookup.refresh_from_db()
            assert (lookup.state, lookup.attempts) == (State.QUEUED, number)
            assert lookup.next_attempt_at > timezone.now() + wait - timedelta(seconds=5)
            NotificationLookup.objects.update(next_attempt_at=timezone.now(), claimed_at=None)
        lookups.run(lookup.pk)
        lookup.refresh_from_db()
        assert lookup.state == State.FAILED
        assert not Notification.objects.exists()

    def test_a_fault_of_ours_fails_the_look_up_and_not_the_worker(self, cast, monkeypatch):
        monkeypatch.setattr("gobiz_admin.merchants.gobiz.client_for", lambda app: 1 / 0)
        assert looked_up(cast.app).state == State.FAILED

    @pytest.mark.parametrize("number", ["", "  ", "\x00", "x" * 201])
    def test_no_order_number(self, cast, number):
        assert lookups.ask(cast.app, number) is None


class TestLies:
    def test_a_tampered_payload_is_shown_and_never_taken_in(self, cast, gobiz):
        entry = told(cast.outlet)
        entry["payload"] = entry["payload"].replace("110000", "1")
        answers(gobiz, entry)
        lookup = looked_up(cast.app)
        assert (lookup.found, lookup.taken_in, lookup.result[0]["verdict"]) == (1, 0, "unverified")
        assert not Notification.objects.exists()
        assert "Not taken in: its signature does not fit" in page(cast).content.decode()

    def test_not_even_where_an_app_only_records_signatures(self, cast, gobiz):
        cast.app.signature_mode = "record_only"
        cast.app.save()
        answers(gobiz, told(cast.outlet, headers={}))
        assert looked_up(cast.app).taken_in == 0
        assert not Notification.objects.exists()

    def test_another_apps_signature(self, cast, gobiz):
        payload = json.dumps(order_notification(events.ORDER_ACCEPTED, cast.outlet, NUMBER))
        signature = sign(cast.other_app.relay_secret, payload.encode())
        answers(gobiz, told(cast.outlet, payload=payload, headers={"X-Go-Signature": signature}))
        assert looked_up(cast.app).taken_in == 0

    def test_a_genuine_one_about_another_order(self, cast, gobiz):
        answers(gobiz, told(cast.outlet, number="F-other"))
        lookup = looked_up(cast.app)
        assert lookup.result[0]["verdict"] == "other_order"
        assert not Notification.objects.exists()

    def test_one_for_another_merchants_outlet_has_no_effect(self, cast, gobiz):
        payload = json.dumps(order_notification(events.ORDER_ACCEPTED, cast.other_outlet, NUMBER))
        answers(gobiz, told(cast.outlet, payload=payload))
        looked_up(cast.app)
        work_off()
        assert Notification.objects.get().note == "unknown_outlet"
        assert not Order.objects.exists()

    def test_our_address_is_not_repeated(self, cast, gobiz):
        answers(gobiz, told(cast.outlet))
        assert "a-token" not in json.dumps(looked_up(cast.app).result)

    def test_no_more_are_looked_at_than_an_order_can_have(self, cast, gobiz):
        answers(gobiz, *[told(cast.outlet) for _ in range(MOST_NOTIFICATIONS + 5)])
        lookup = looked_up(cast.app)
        assert (lookup.found, len(lookup.result)) == (MOST_NOTIFICATIONS + 5, MOST_NOTIFICATIONS)

    JSON = st.recursive(
        st.none()
        | st.booleans()
        | st.integers()
        | st.floats()
        | st.text(st.characters(exclude_categories=[])),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=9), inner, max_size=3),
        max_leaves=9,
    )

    @given(
        st.fixed_dictionaries(
            {},
            optional=dict.fromkeys(
                ("payload", "headers", "history", "created_at", "event_type", "delivery_status"), JSON
            ),
        )
    )
    def test_whatever_it_holds_nothing_is_raised_and_nothing_taken_in(self, entry):
        shown, verified = judged([entry], NUMBER, ["secret"])[0]
        assert verified is None
        assert "\\u0000" not in json.dumps(shown)
        json.dumps(shown).encode()


class TestTakingIn:
    def test_what_was_missed(self, cast, gobiz):
        have = order_notification(events.ORDER_AWAITING, cast.outlet, NUMBER)
        store(cast.outlet, have)
        answers(gobiz, told(cast.outlet, payload=json.dumps(have)), told(cast.outlet, events.ORDER_COMPLETED))
        lookup = looked_up(cast.app)
        assert (lookup.state, lookup.found, lookup.taken_in) == (State.DONE, 2, 1)
        work_off()
        assert Order.objects.get().status == "COMPLETED"
        assert set(Notification.objects.values_list("verdict", flat=True)) == {"verified"}
        body = page(cast).content.decode()
        assert "1 had not reached us and was taken in." in body
        assert body.count("Taken in by a look-up") == 1

    def test_the_bytes_are_those_that_were_signed(self, cast, gobiz):
        payload = json.dumps(
            order_notification(events.ORDER_ACCEPTED, cast.outlet, NUMBER, pin="é😀"), ensure_ascii=False
        )
        answers(gobiz, told(cast.outlet, payload=payload))
        looked_up(cast.app)
        assert bytes(Notification.objects.get().raw) == payload.encode()

    def test_with_the_previous_relay_secret(self, cast, gobiz):
        entry = told(cast.outlet)
        cast.app.previous_relay_secret, cast.app.relay_secret = cast.app.relay_secret, "a-new-one"
        cast.app.save()
        answers(gobiz, entry)
        assert looked_up(cast.app).taken_in == 1

    def test_twice_in_one_answer_and_again_in_the_next(self, cast, gobiz):
        entry = told(cast.outlet)
        answers(gobiz, entry, entry)
        assert looked_up(cast.app).taken_in == 1
        work_off()
        assert looked_up(cast.app).taken_in == 0
        work_off()
        assert Notification.objects.count() == 1
        assert Order.objects.get().timeline.count() == 1

    def test_one_that_came_forged_before(self, cast, gobiz):
        entry = told(cast.outlet)
        store(cast.outlet, json.loads(entry["payload"]), verdict=Notification.Verdict.FORGED)
        answers(gobiz, entry)
        assert looked_up(cast.app).taken_in == 1

    def test_headers_in_any_case(self, cast, gobiz):
        entry = told(cast.outlet)
        entry["headers"] = {name.lower(): value for name, value in entry["headers"].items()}
        answers(gobiz, entry)
        assert looked_up(cast.app).taken_in == 1


class TestAsking:
    def test_twice_is_once(self, cast):
        first, second = (lookups.ask(cast.app, NUMBER, user=cast.owner) for _ in range(2))
        assert first.pk == second.pk

    def test_by_itself_once_in_ten_minutes(self, cast):
        first = lookups.ask(cast.app, NUMBER, reason=Reason.UNDELIVERED)
        NotificationLookup.objects.update(state=State.DONE)
        assert lookups.ask(cast.app, NUMBER, reason=Reason.GAP) is None
        NotificationLookup.objects.update(requested_at=timezone.now() - timedelta(minutes=11))
        assert lookups.ask(cast.app, NUMBER, reason=Reason.GAP).pk != first.pk

    def test_a_person_hurries_what_was_put_off(self, cast):
        later = timezone.now() + timedelta(hours=1)
        lookups.ask(cast.app, NUMBER, reason=Reason.GAP)
        NotificationLookup.objects.update(next_attempt_at=later)
        lookup = lookups.ask(cast.app, NUMBER, user=cast.owner)
        assert lookup.pk in lookups.due()
        assert NotificationLookup.objects.get().requested_by == cast.owner

    def test_no_more_than_so_many_in_a_minute_per_app(self, cast, gobiz, settings):
        settings.LOOKUPS_PER_MINUTE = 4
        answers(gobiz)
        second = GobizAppFactory(merchant=cast.merchant)
        for number in range(6):
            looked_up(cast.app, f"F-{number}")
        assert len(gobiz.calls("GET", PATH)) == 4
        looked_up(second, "F-0")
        assert len(gobiz.calls("GET", PATH)) == 5
        assert NotificationLookup.objects.filter(state=State.QUEUED).count() == 2
        long_ago = timezone.now() - timedelta(minutes=2)
        NotificationLookup.objects.update(claimed_at=long_ago, next_attempt_at=long_ago)
        for pk in lookups.due():
            lookups.run(pk)
        assert not NotificationLookup.objects.exclude(state=State.DONE).exists()

    def test_what_is_asked_by_itself_leaves_room_for_persons(self, cast, gobiz, settings):
        settings.LOOKUPS_PER_MINUTE = 4
        answers(gobiz)
        for number in range(6):
            looked_up(cast.app, f"F-{number}", reason=Reason.GAP)
        assert len(gobiz.calls("GET", PATH)) == 3
        assert looked_up(cast.app, "F-asked").state == State.DONE

    def test_the_order_of_an_alert_is_asked_about(self, cast):
        body = {"order": {"number": NUMBER}, "outlet": {"id": cast.outlet.outlet_id}}
        header = {"event_type": events.WEBHOOK_ERROR, "event_id": "e-1"}
        store(cast.outlet, {"header": header, "body": body})
        work_off()
        lookup = NotificationLookup.objects.get()
        assert (lookup.order_number, lookup.reason, lookup.gobiz_app) == (
            NUMBER,
            Reason.UNDELIVERED,
            cast.app,
        )


class TestDeadWorkers:
    def test_one_that_died_while_it_asked(self, cast, gobiz):
        answers(gobiz, told(cast.outlet))
        lookup = lookups.ask(cast.app, NUMBER)
        assert lookups._claim(lookup.pk)
        assert lookups._claim(lookup.pk) is None
        assert lookups.free_lost() == 0
        NotificationLookup.objects.update(claimed_at=timezone.now() - timedelta(minutes=3))
        assert lookups.free_lost() == 1
        lookups.run(lookup.pk)
        lookup.refresh_from_db()
        assert (lookup.state, lookup.taken_in) == (State.DONE, 1)

    def test_one_that_was_only_slow_changes_nothing(self, cast, gobiz):
        answers(gobiz, told(cast.outlet))
        slow = lookups._claim(lookups.ask(cast.app, NUMBER).pk)
        NotificationLookup.objects.update(claimed_at=timezone.now() - timedelta(minutes=3))
        lookups.free_lost()
        lookups._record(slow, lookups.Told(0, []))
        assert NotificationLookup.objects.get().state == State.QUEUED

    def test_one_that_kills_its_worker_each_time_ends(self, cast):
        lookups.ask(cast.app, NUMBER)
        long_ago = timezone.now() - timedelta(hours=1)
        NotificationLookup.objects.update(state=State.RUNNING, claimed_at=long_ago, attempts=6)
        lookups.free_lost()
        assert NotificationLookup.objects.get().error_code == "worker_lost"

    def test_what_is_stored_and_what_is_recorded_stand_together(self, cast, gobiz, monkeypatch):
        answers(gobiz, told(cast.outlet))
        lookup = lookups.ask(cast.app, NUMBER)
        with monkeypatch.context() as patch:
            patch.setattr(NotificationLookup, "save", _dies_at_the_end)
            with pytest.raises(SystemExit):
                lookups.run(lookup.pk)
        assert not Notification.objects.exists()

    def test_old_ones_are_forgotten(self, cast):
        lookups.ask(cast.app, NUMBER)
        assert lookups.forget_old() == 0
        NotificationLookup.objects.update(finished_at=timezone.now() - timedelta(days=36))
        assert lookups.forget_old() == 1


def _dies_at_the_end(row: NotificationLookup, *args: Any, **kwargs: Any) -> None:
    if row.state == State.DONE:
        raise SystemExit
    super(NotificationLookup, row).save(*args, **kwargs)


def browser(user: Any) -> Client:
    client = Client()
    client.cookies["language"] = "en"
    client.force_login(user, "django.contrib.auth.backends.ModelBackend")
    return client


def page(cast, **query: str):
    address = reverse("lookup", args=[cast.merchant.pk])
    return browser(cast.cashier).get(address, {"order": NUMBER, **query})


class TestPage:
    def test_asking(self, cast):
        address = reverse("lookup", args=[cast.merchant.pk])
        answer = browser(cast.cashier).post(address, {"order": f" {NUMBER} "})
        assert answer.headers["Location"] == f"{address}?order={NUMBER}"
        lookup = NotificationLookup.objects.get()
        assert (lookup.order_number, lookup.requested_by) == (NUMBER, cast.cashier)
        assert "Asking GoBiz" in page(cast).content.decode()

    @pytest.mark.parametrize("form", [{}, {"order": ""}, {"order": "x" * 201}, {"order": "F-\x00"}])
    def test_nothing_to_ask(self, cast, form):
        answer = browser(cast.owner).post(reverse("lookup", args=[cast.merchant.pk]), form)
        assert answer.status_code == 422
        assert not NotificationLookup.objects.exists()

    def test_reading_asks_nobody(self, cast):
        assert page(cast).status_code == 200
        assert not NotificationLookup.objects.exists()

    def test_every_app_of_the_chosen_outlets(self, cast):
        other = OutletFactory(gobiz_app=GobizAppFactory(merchant=cast.merchant))
        address = reverse("lookup", args=[cast.merchant.pk])
        browser(cast.owner).post(f"{address}?outlet={other.outlet_id}", {"order": "F-1"})
        assert list(NotificationLookup.objects.values_list("gobiz_app", flat=True)) == [other.gobiz_app_id]
        browser(cast.owner).post(address, {"order": "F-2"})
        assert NotificationLookup.objects.filter(order_number="F-2").count() == 2

    def test_nothing_of_another_merchants_order_of_the_same_number(self, cast, gobiz):
        answers(gobiz, told(cast.other_outlet))
        looked_up(cast.other_app)
        store(cast.other_outlet, order_notification(events.ORDER_COMPLETED, cast.other_outlet, NUMBER))
        body = page(cast).content.decode()
        assert "Order accepted" not in body
        assert "Order completed" not in body

    def test_what_gobiz_does_not_list(self, cast, gobiz):
        store(cast.outlet, order_notification(events.ORDER_COMPLETED, cast.outlet, NUMBER))
        answers(gobiz)
        looked_up(cast.app)
        assert "GoBiz does not list it" in page(cast).content.decode()

    def test_a_constant_number_of_queries(self, cast, gobiz):
        client, address = browser(cast.cashier), reverse("lookup", args=[cast.merchant.pk])

        def queries(told_of: int) -> int:
            entries = [told(cast.outlet) for _ in range(told_of)]
            answers(gobiz, *entries)
            looked_up(cast.app, f"F-{told_of}")
            gobiz.mock.remove("GET", gobiz.url + PATH)
            with CaptureQueriesContext(connection) as captured:
                body = client.get(address, {"order": f"F-{told_of}"}).content.decode()
            assert body.count("Order accepted") == told_of
            return len(captured)

        client.get(address)
        assert queries(2) == queries(40)


@pytest.mark.django_db(transaction=True)
class TestAtOnce:
    def test_two_workers_at_one_look_up_ask_once(self, cast):
        pk = lookups.ask(cast.app, NUMBER).pk
        claims = at_once(lambda _: lookups._claim(pk))
        assert sum(claim is not None for claim in claims) == 1

    def test_two_persons_ask_once(self, cast):
        found = at_once(lambda _: lookups.ask(cast.app, NUMBER, user=cast.owner), 4)
        assert len({lookup.pk for lookup in found}) == 1
        assert NotificationLookup.objects.count() == 1

    def test_workers_together_keep_to_the_limit(self, cast, settings):
        settings.LOOKUPS_PER_MINUTE = 2
        pks = [lookups.ask(cast.app, f"F-{number}").pk for number in range(4)]
        claims = at_once(lambda number: lookups._claim(pks[number]), 4)
        assert sum(claim is not None for claim in claims) == 2
