"""Accept, reject, food ready: asked once, sent once, and what came of it told in any case."""

from __future__ import annotations

import threading
from datetime import timedelta

import pytest
import requests
from django.db import transaction
from django.utils import timezone

from gobiz_admin.gobiz import events
from gobiz_admin.gobiz.errors import GobizError, GobizUnavailable
from gobiz_admin.gobiz.scopes import FEATURE_OF_SCOPE
from orders import actions
from orders.board import dressed
from orders.models import Order, OrderAction, TimelineEntry
from tests.gobiz_answers import refusal
from tests.orders.factories import OrderActionFactory, OrderFactory
from tests.orders.notifications import order_notification, take
from tests.threads import at_once

pytestmark = pytest.mark.django_db
Kind, State, Status = OrderAction.Kind, OrderAction.State, Order.Status
VERB = {Kind.ACCEPT: "accepted", Kind.CANCEL: "cancelled", Kind.FOOD_READY: "food-prepared"}


def path(order: Order, kind: str = Kind.ACCEPT, order_type: str = "delivery") -> str:
    where = f"/integrations/gofood/outlets/{order.outlet.outlet_id}/v1/orders"
    return f"{where}/{order_type}/{order.order_number}/{VERB[Kind(kind)]}"


def asked(order: Order, kind: str = Kind.ACCEPT, user=None, **reason: str) -> OrderAction:
    action = actions.request_action(order, kind, user, **reason)
    assert action is not None
    return action


def words(action: OrderAction) -> str:
    """What the order's tile says of the last failure."""
    order = Order.objects.get(pk=action.order_id)
    order.newest_actions = [OrderAction.objects.get(pk=action.pk)]
    failure = dressed(order).last_failure
    return str(failure["words"]) if failure else ""


def now_due(action: OrderAction) -> None:
    OrderAction.objects.filter(pk=action.pk, next_attempt_at__isnull=False).update(
        next_attempt_at=timezone.now()
    )


@pytest.fixture
def order(cast):
    return OrderFactory(outlet=cast.outlet)


class TestAsked:
    def test_twice(self, cast, order):
        asked(order, user=cast.cashier)
        assert actions.request_action(order, Kind.ACCEPT, cast.owner) is None
        assert OrderAction.objects.get().requested_by == cast.cashier

    def test_something_else_while_one_is_on_its_way(self, order):
        asked(order, Kind.ACCEPT)
        assert actions.request_action(order, Kind.CANCEL, None) is None
        assert OrderAction.objects.count() == 1

    @pytest.mark.django_db(transaction=True)
    def test_from_two_browsers_at_once(self, cast, order):
        found = at_once(lambda number: actions.request_action(order, Kind.ACCEPT, None), 4)
        assert len([action for action in found if action]) == 1
        assert OrderAction.objects.count() == 1

    @pytest.mark.parametrize(
        ("status", "kinds"),
        [
            (Status.AWAITING, {Kind.ACCEPT, Kind.CANCEL}),
            (Status.ACCEPTED, {Kind.FOOD_READY, Kind.CANCEL}),
            (Status.DRIVER_OTW_PICKUP, {Kind.FOOD_READY, Kind.CANCEL}),
            (Status.DRIVER_ARRIVED, {Kind.FOOD_READY, Kind.CANCEL}),
            (Status.PLACED, set()),
            (Status.COMPLETED, set()),
            (Status.CANCELLED, set()),
        ],
    )
    def test_only_what_the_state_allows(self, cast, status, kinds):
        for kind in Kind.values:
            order = OrderFactory(outlet=cast.outlet, status=status)
            if kind in kinds:
                asked(order, kind)
                continue
            with pytest.raises(actions.NotPossible):
                actions.request_action(order, kind, None)
            assert not order.actions.exists()

    def test_a_kind_that_there_is_not(self, order):
        with pytest.raises(actions.NotPossible):
            actions.request_action(order, "explode", None)

    def test_the_state_is_looked_up_not_remembered(self, order):
        """The page that the button stood on may be old."""
        Order.objects.filter(pk=order.pk).update(status=Status.CANCELLED)
        with pytest.raises(actions.NotPossible):
            actions.request_action(order, Kind.ACCEPT, None)

    def test_again_after_it_failed(self, order):
        OrderActionFactory(order=order, state=State.FAILED)
        asked(order)

    def test_food_ready_once(self, cast):
        order = OrderFactory(outlet=cast.outlet, status=Status.ACCEPTED, food_ready_at=timezone.now())
        with pytest.raises(actions.NotPossible):
            actions.request_action(order, Kind.FOOD_READY, None)


class TestSent:
    def test_accept(self, cast, order, gobiz):
        gobiz.token()
        gobiz.on("PUT", path(order))
        action = asked(order, user=cast.cashier)
        actions.send(action.pk)
        action.refresh_from_db()
        order.refresh_from_db()
        assert (action.state, action.attempts, order.status) == (State.DONE, 1, Status.ACCEPTED)
        entry = TimelineEntry.objects.get()
        assert (entry.event, entry.user) == ("action.accept", cast.cashier)
        assert len(gobiz.calls("PUT")) == 1

    def test_reject(self, order, gobiz):
        gobiz.token()
        gobiz.on("PUT", path(order, Kind.CANCEL))
        action = asked(order, Kind.CANCEL, reason_code="HIGH_DEMAND", reason="Terlalu ramai")
        actions.send(action.pk)
        order.refresh_from_db()
        assert order.status == Status.CANCELLED
        assert gobiz.bodies("PUT") == [
            {"cancel_reason_code": "HIGH_DEMAND", "cancel_reason_description": "Terlalu ramai"}
        ]

    def test_food_ready_of_a_pickup(self, cast, gobiz):
        order = OrderFactory(outlet=cast.outlet, status=Status.ACCEPTED, service_type="gofood_pickup")
        gobiz.token()
        gobiz.on("PUT", path(order, Kind.FOOD_READY, "pickup"))
        actions.send(asked(order, Kind.FOOD_READY).pk)
        order.refresh_from_db()
        assert (order.status, bool(order.food_ready_at)) == (Status.ACCEPTED, True)
        assert gobiz.bodies("PUT") == [{"country_code": "ID"}]

    def test_twice_is_one_call(self, order, gobiz):
        gobiz.token()
        gobiz.on("PUT", path(order))
        action = asked(order)
        actions.send(action.pk)
        actions.send(action.pk)
        assert len(gobiz.calls("PUT")) == 1

    @pytest.mark.django_db(transaction=True)
    def test_by_two_workers_at_once_is_one_call(self, order, gobiz):
        gobiz.token()
        gobiz.on("PUT", path(order))
        action = asked(order)
        at_once(lambda number: actions.send(action.pk), 4)
        assert len(gobiz.calls("PUT")) == 1
        action.refresh_from_db()
        assert (action.state, action.attempts) == (State.DONE, 1)

    def test_of_an_action_that_is_gone(self):
        actions.send(2**40)

    def test_gobiz_own_notification_then_agrees(self, cast, order, gobiz):
        gobiz.token()
        gobiz.on("PUT", path(order))
        actions.send(asked(order).pk)
        take(
            cast.outlet,
            order_notification(events.ORDER_AWAITING, cast.outlet, order.order_number),
            order_notification(events.ORDER_ACCEPTED, cast.outlet, order.order_number),
        )
        order.refresh_from_db()
        assert order.status == Status.ACCEPTED
        assert order.timeline.count() == 3

    def test_an_order_that_moved_on_meanwhile_is_not_moved_back(self, cast, order, gobiz):
        gobiz.token()
        gobiz.on("PUT", path(order))
        action = asked(order)
        Order.objects.filter(pk=order.pk).update(status=Status.DRIVER_ARRIVED)
        actions.send(action.pk)
        order.refresh_from_db()
        assert order.status == Status.DRIVER_ARRIVED


class TestRefused:
    def test_409(self, order, gobiz, monkeypatch):
        told = []
        monkeypatch.setattr(actions, "announce", lambda *args, **facts: told.append((args, facts)))
        gobiz.token()
        gobiz.on("PUT", path(order), refusal("Order can not be accepted"), 409)
        action = asked(order)
        actions.send(action.pk)
        action.refresh_from_db()
        assert (action.state, action.error_code) == (State.FAILED, "order_moved_on")
        assert action.finished_at is not None
        assert words(action)
        # Once for "sending…", once for the result.
        assert told == [((order.outlet.merchant_id, "orders"), {"outlet": order.outlet.outlet_id})] * 2
        order.refresh_from_db()
        assert order.status == Status.AWAITING
        assert not order.timeline.exists()

    @pytest.mark.parametrize(
        ("status", "code"), [(400, "request_refused"), (404, "not_found"), (403, "scope_missing")]
    )
    def test_what_is_not_tried_again(self, order, gobiz, status, code):
        gobiz.token()
        gobiz.on("PUT", path(order), refusal("No"), status)
        action = asked(order)
        actions.send(action.pk)
        action.refresh_from_db()
        assert (action.state, action.error_code) == (State.FAILED, code)
        assert actions.sweep() == 0

    def test_a_missing_right_names_what_it_is_for(self, order, gobiz):
        gobiz.token(("gofood:catalog:read",))
        gobiz.on("PUT", path(order), refusal("Forbidden"), 403)
        action = asked(order)
        actions.send(action.pk)
        assert str(FEATURE_OF_SCOPE["gofood:order:write"]) in words(action)

    def test_wrong_credentials(self, order, gobiz):
        gobiz.refuses_credentials()
        action = asked(order)
        actions.send(action.pk)
        action.refresh_from_db()
        assert (action.state, action.error_code) == (State.FAILED, "credentials_refused")

    def test_a_fault_of_ours_is_told_and_not_repeated_for_ever(self, order, gobiz, monkeypatch):
        monkeypatch.setattr(actions, "client_for", lambda app: 1 / 0)
        action = asked(order)
        actions.send(action.pk)
        action.refresh_from_db()
        assert action.state == State.FAILED
        assert words(action)

    def test_a_secret_that_no_longer_decrypts(self, order, settings):
        action = asked(order)
        settings.FIELD_ENCRYPTION_KEYS = ["another key of sufficient length"]
        actions.send(action.pk)
        action.refresh_from_db()
        assert action.state == State.FAILED


class TestTransient:
    def test_waits_then_is_tried_again(self, order, gobiz):
        gobiz.token()
        gobiz.on("PUT", path(order), status=503)
        action = asked(order)
        before = timezone.now()
        actions.send(action.pk)
        action.refresh_from_db()
        assert (action.state, action.attempts, action.claimed_at) == (State.PENDING, 1, None)
        assert action.next_attempt_at is not None
        assert action.next_attempt_at >= before + actions.WAITS[0]
        actions.send(action.pk)
        assert len(gobiz.calls("PUT")) == 1
        gobiz.mock.upsert("PUT", gobiz.url + path(order), json={"success": True, "data": {}})
        now_due(action)
        actions.send(action.pk)
        action.refresh_from_db()
        assert (action.state, action.attempts) == (State.DONE, 2)

    @pytest.mark.parametrize("answer", [requests.ReadTimeout("t"), requests.ConnectionError("c"), 503, 429])
    def test_is_given_back_to_the_person_in_the_end(self, order, gobiz, answer):
        gobiz.token()
        if isinstance(answer, int):
            gobiz.on("PUT", path(order), status=answer)
        else:
            gobiz.on("PUT", path(order), answer)
        action = asked(order)
        for attempt in range(1, len(actions.WAITS) + 2):
            actions.send(action.pk)
            action.refresh_from_db()
            assert action.attempts == attempt
            now_due(action)
        assert action.state == State.FAILED
        assert len(gobiz.calls("PUT")) == len(actions.WAITS) + 1
        # It may have arrived: "nothing was changed" would be a lie.
        assert words(action) == str(GobizUnavailable("").words)

    def test_retry_after_is_honoured(self, order, gobiz):
        gobiz.token()
        gobiz.on("PUT", path(order), status=429, headers={"Retry-After": "20"})
        action = asked(order)
        before = timezone.now()
        actions.send(action.pk)
        action.refresh_from_db()
        assert action.next_attempt_at is not None
        assert action.next_attempt_at >= before + timedelta(seconds=20)


class TestLost:
    def let_the_worker_die(self, action: OrderAction) -> None:
        """After its claim; and long enough ago."""
        assert actions._claim(action.pk)
        OrderAction.objects.filter(pk=action.pk).update(
            claimed_at=timezone.now() - actions.CLAIM_HOLDS - timedelta(seconds=1),
            requested_at=timezone.now() - timedelta(minutes=5),
        )

    def test_a_wake_up(self, order, gobiz):
        gobiz.token()
        gobiz.on("PUT", path(order))
        action = asked(order)
        assert actions.sweep() == 0
        OrderAction.objects.update(requested_at=timezone.now() - timedelta(seconds=6))
        assert actions.sweep() == 1
        action.refresh_from_db()
        assert action.state == State.DONE

    def test_a_worker(self, order, gobiz):
        gobiz.token()
        gobiz.on("PUT", path(order))
        action = asked(order)
        self.let_the_worker_die(action)
        assert actions.sweep() == 1
        action.refresh_from_db()
        assert (action.state, action.attempts) == (State.DONE, 2)

    def test_not_while_its_worker_may_be_calling(self, order, gobiz):
        action = asked(order)
        assert actions._claim(action.pk)
        OrderAction.objects.update(requested_at=timezone.now() - timedelta(minutes=5))
        assert actions.sweep() == 0
        assert not gobiz.calls()

    @pytest.mark.parametrize(
        ("kind", "before", "after"),
        [
            (Kind.ACCEPT, Status.AWAITING, Status.ACCEPTED),
            (Kind.ACCEPT, Status.AWAITING, Status.DRIVER_ARRIVED),
            (Kind.CANCEL, Status.ACCEPTED, Status.CANCELLED),
            (Kind.FOOD_READY, Status.ACCEPTED, Status.DRIVER_ARRIVED),
        ],
    )
    def test_409_after_a_lost_answer_is_done_when_the_order_stands_there(
        self, cast, gobiz, kind, before, after
    ):
        """The worker died after GoBiz had done it, and before it could write that down."""
        order = OrderFactory(outlet=cast.outlet, status=before)
        gobiz.token()
        gobiz.on("PUT", path(order, kind), refusal("Moved on"), 409)
        action = asked(order, kind)
        self.let_the_worker_die(action)
        Order.objects.filter(pk=order.pk).update(status=after)
        actions.sweep()
        action.refresh_from_db()
        order.refresh_from_db()
        assert (action.state, order.status) == (State.DONE, after)

    def test_409_after_a_timeout(self, cast, order, gobiz):
        gobiz.token()
        gobiz.on("PUT", path(order), requests.ReadTimeout("t"))
        action = asked(order)
        actions.send(action.pk)
        gobiz.mock.replace("PUT", gobiz.url + path(order), json=refusal("Moved on"), status=409)
        take(cast.outlet, order_notification(events.ORDER_ACCEPTED, cast.outlet, order.order_number))
        now_due(action)
        actions.send(action.pk)
        action.refresh_from_db()
        assert action.state == State.DONE

    @pytest.mark.parametrize("after", [Status.AWAITING, Status.CANCELLED])
    def test_409_when_it_stands_elsewhere_is_a_failure(self, order, gobiz, after):
        gobiz.token()
        gobiz.on("PUT", path(order), refusal("Moved on"), 409)
        action = asked(order)
        self.let_the_worker_die(action)
        Order.objects.filter(pk=order.pk).update(status=after)
        actions.sweep()
        action.refresh_from_db()
        assert action.state == State.FAILED

    def test_the_failure_of_a_slow_worker_does_not_count(self, order):
        """Another one has it by now, and may be about to succeed."""
        action = asked(order)
        slow = actions._claim(action.pk)
        assert slow is not None
        OrderAction.objects.update(claimed_at=timezone.now() - actions.CLAIM_HOLDS - timedelta(seconds=1))
        assert actions._claim(action.pk)
        actions._record(slow, GobizError())
        action.refresh_from_db()
        assert (action.state, action.attempts) == (State.PENDING, 2)
        assert action.claimed_at is not None

    def test_one_that_fails_does_not_keep_the_sweep_from_others(self, cast, gobiz, monkeypatch):
        rows = [
            OrderActionFactory(order=OrderFactory(outlet=cast.outlet, order_number=number))
            for number in ("F-bad", "F-good")
        ]
        OrderAction.objects.update(requested_at=timezone.now() - timedelta(minutes=1))

        def call(client, action):
            if action.order.order_number == "F-bad":
                raise RuntimeError("broken")

        monkeypatch.setattr(actions, "_call", call)
        assert actions.sweep() == 2
        assert [OrderAction.objects.get(pk=row.pk).state for row in rows] == [State.FAILED, State.DONE]


@pytest.mark.django_db(transaction=True)
def test_asking_does_not_wait_for_a_notification_of_the_outlet(cast, order):
    """Locking the outlet with the order would hold up every notification that names it."""
    held, free = threading.Event(), threading.Event()

    def work(number):
        if number == 0:
            with transaction.atomic():
                actions.request_action(order, Kind.ACCEPT, None)
                held.set()
                assert free.wait(10)
            return None
        assert held.wait(10)
        try:
            return take(cast.outlet, order_notification(events.ORDER_ACCEPTED, cast.outlet, "F-other"))
        except Order.MultipleObjectsReturned:
            return None
        finally:
            free.set()

    at_once(work)
    assert Order.objects.count() == 2
