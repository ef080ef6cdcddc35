"""Working notifications off: each has its effect once, and none holds up the others."""

from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Event

import pytest
from django.db import OperationalError, connection
from django.utils import timezone

from gobiz_admin.gobiz import events
from orders.models import Order, TimelineEntry
from tests.factories import GobizAppFactory, OutletFactory
from tests.orders.notifications import order_notification, store
from tests.threads import at_once
from webhooks import working
from webhooks.admin import NotificationAdmin
from webhooks.dispatch import HANDLERS, handles
from webhooks.models import Notification
from webhooks.notes import sentence_of
from webhooks.working import WAITS, work_off

pytestmark = pytest.mark.django_db
State = Notification.State


def message(event="test.event", event_id="e-1", **body):
    return {"header": {"event_name": event, "event_id": event_id}, "body": body}


def make_due():
    Notification.objects.filter(state=State.FAILED).update(next_attempt_at=timezone.now())


@pytest.fixture
def handler(monkeypatch):
    """A handler of `test.event`: it notes what it gets, and does what `handler.does` says."""

    def handle(delivery):
        handle.got.append(delivery)
        handle.does(delivery)

    handle.got, handle.does = [], lambda delivery: None
    monkeypatch.setitem(HANDLERS, "test.event", handle)
    return handle


class TestFailing:
    def test_the_row_keeps_the_failure_and_nothing_of_the_effect(self, cast, handler):
        def half_done(delivery):
            Order.objects.create(outlet=delivery.outlet, order_number="half done")
            raise ValueError("bo\x00om")

        handler.does = half_done
        row = store(cast.outlet, message())
        before = timezone.now()
        assert work_off() == 1
        row.refresh_from_db()
        assert (row.state, row.attempts, row.note) == (State.FAILED, 1, "ValueError: boom\n")
        assert row.next_attempt_at >= before + WAITS[0]
        assert row.finished_at is None
        assert not Order.objects.exists()

    def test_the_row_says_which_outlet_it_is_about(self, cast, handler):
        handler.does = lambda delivery: 1 / 0
        row = store(cast.outlet, message())
        work_off()
        row.refresh_from_db()
        assert (row.state, row.outlet) == (State.FAILED, cast.outlet)

    def test_the_others_go_on(self, cast, handler):
        handler.does = lambda delivery: 1 / 0
        rows = [
            store(cast.outlet, message(event_id="e-1")),
            store(cast.outlet, order_notification(events.ORDER_ACCEPTED, cast.outlet)),
        ]
        assert work_off() == 2
        assert [Notification.objects.get(pk=row.pk).state for row in rows] == [State.FAILED, State.DONE]
        assert work_off() == 0

    def test_a_later_attempt_may_do(self, cast, handler):
        handler.does = lambda delivery: 1 / 0
        row = store(cast.outlet, message())
        work_off()
        handler.does = lambda delivery: None
        make_due()
        assert work_off() == 1
        row.refresh_from_db()
        assert (row.state, row.attempts, row.note) == (State.DONE, 2, "")
        assert row.finished_at is not None

    def test_dead_after_the_waits(self, cast, handler):
        handler.does = lambda delivery: 1 / 0
        row = store(cast.outlet, message())
        for attempt in range(1, len(WAITS) + 2):
            before = timezone.now()
            assert work_off() == 1
            row.refresh_from_db()
            assert row.attempts == attempt
            if attempt <= len(WAITS):
                assert row.state == State.FAILED
                assert (
                    timedelta(0) <= row.next_attempt_at - before - WAITS[attempt - 1] < timedelta(seconds=9)
                )
            make_due()
        assert row.state == State.DEAD
        assert row.finished_at is not None
        assert work_off() == 0

    @pytest.mark.django_db(transaction=True)
    def test_a_failure_that_would_show_at_the_commit(self, cast, handler):
        """A foreign key is checked at the end of the transaction: there it would undo the record too."""

        def dangle(delivery):
            TimelineEntry.objects.create(order_id=2**40, at=timezone.now(), event="x")

        handler.does = dangle
        row = store(cast.outlet, message())
        assert work_off() == 1
        row.refresh_from_db()
        assert (row.state, row.attempts) == (State.FAILED, 1)
        assert "IntegrityError" in row.note

    def test_what_the_database_refuses(self, cast, handler):
        handler.does = lambda delivery: Order.objects.create(outlet=delivery.outlet, order_number="x" * 201)
        row = store(cast.outlet, message())
        assert work_off() == 1
        row.refresh_from_db()
        assert row.state == State.FAILED

    @pytest.mark.django_db(transaction=True)
    def test_a_worker_that_dies_gives_it_back(self, cast, handler):
        def die(delivery):
            Order.objects.create(outlet=delivery.outlet, order_number="F-1")
            raise SystemExit

        handler.does = die
        row = store(cast.outlet, message())
        with pytest.raises(SystemExit):
            work_off()
        row.refresh_from_db()
        assert (row.state, row.attempts) == (State.PENDING, 0)
        assert not Order.objects.exists()
        handler.does = lambda delivery: None
        assert work_off() == 1

    def test_the_error_is_not_shown_to_the_merchant(self, cast, handler):
        def leak(delivery):
            raise ValueError("internal words")

        handler.does = leak
        row = store(cast.outlet, message())
        work_off()
        row.refresh_from_db()
        assert "internal" not in sentence_of(row)


class TestWithoutEffect:
    @pytest.mark.parametrize("event", ["", "gofood.order.teleported", "GOFOOD.ORDER.PLACED", "x" * 300])
    def test_unknown_event(self, cast, event):
        row = store(cast.outlet, message(event))
        assert work_off() == 1
        row.refresh_from_db()
        assert (row.state, row.note) == (State.IGNORED, "unknown_event")

    @pytest.mark.parametrize("outlet_id", ["G999999999", "g100000001", "' OR 1=1", "G" * 10_000, "\x00"])
    def test_unknown_outlet(self, cast, handler, outlet_id):
        row = store(cast.outlet, message(outlet={"id": f"{outlet_id}?"}))
        work_off()
        row.refresh_from_db()
        assert (row.state, row.note, row.outlet) == (State.IGNORED, "unknown_outlet", None)
        assert not handler.got

    def test_another_merchants_outlet(self, cast, handler):
        row = store(cast.outlet, message(outlet={"id": cast.other_outlet.outlet_id}))
        work_off()
        row.refresh_from_db()
        assert (row.state, row.note, row.outlet) == (State.IGNORED, "unknown_outlet", None)

    def test_the_outlet_of_another_app_of_the_same_merchant(self, cast, handler):
        other = OutletFactory(gobiz_app=GobizAppFactory(merchant=cast.merchant))
        row = store(cast.outlet, message(outlet={"id": other.outlet_id}))
        work_off()
        row.refresh_from_db()
        assert (row.state, row.note) == (State.IGNORED, "unknown_outlet")

    def test_each_note_has_words(self, cast):
        for note in ("forged", "not_json", "unknown_event", "unknown_outlet", "no_outlet"):
            assert len(sentence_of(Notification(note=note, state=State.IGNORED))) > 20


class TestWithoutOutlet:
    def test_the_apps_only_one(self, cast, handler):
        store(cast.outlet, message(order={"order_number": "F-1"}))
        work_off()
        assert handler.got[0].outlet == cast.outlet

    def test_that_of_the_order(self, cast, handler):
        second = OutletFactory(gobiz_app=cast.app)
        store(cast.outlet, order_notification(events.ORDER_ACCEPTED, second, "F-1"))
        store(cast.outlet, message(order={"order_number": "F-1"}))
        work_off()
        assert handler.got[0].outlet == second

    def test_not_that_of_another_apps_order(self, cast, handler):
        OutletFactory(gobiz_app=cast.app)
        store(cast.other_outlet, order_notification(events.ORDER_ACCEPTED, cast.other_outlet, "F-1"))
        store(cast.outlet, message(order={"order_number": "F-1"}))
        work_off()
        assert not handler.got

    def test_of_several_none_is_guessed(self, cast, handler):
        OutletFactory(gobiz_app=cast.app)
        row = store(cast.outlet, message(order={"order_number": "F-1"}))
        work_off()
        row.refresh_from_db()
        assert (row.state, row.note) == (State.IGNORED, "no_outlet")

    def test_known_later(self, cast):
        """Any order of arrival ends alike: what names the outlet may come after what does not."""
        second = OutletFactory(gobiz_app=cast.app)
        arrived = order_notification(events.ORDER_DRIVER_ARRIVED, second, "F-1")
        arrived["body"]["outlet"] = None
        row = store(second, arrived)
        work_off()
        store(second, order_notification(events.ORDER_ACCEPTED, second, "F-1"))
        work_off()
        row.refresh_from_db()
        assert (row.state, row.outlet) == (State.DONE, second)
        assert Order.objects.get().status == "DRIVER_ARRIVED"

    @pytest.mark.django_db(transaction=True)
    def test_known_while_another_worker_finds_that_it_is_not(self, cast, handler, monkeypatch):
        """Claimed by two at once: the one that names the outlet is worked off last, and takes the other along."""
        second = OutletFactory(gobiz_app=cast.app)
        long_ago = timezone.now() - timedelta(hours=1)
        without = store(second, message(order={"order_number": "F-1"}))
        body = {"outlet": {"id": second.outlet_id}, "order": {"order_number": "F-1"}}
        names_it = store(second, message(event_id="e-2", **body), next_attempt_at=long_ago)
        has_order = working._has_order_for_itself

        def another_worker():
            work_off(1)
            connection.close()

        def meanwhile(notification):
            if notification.pk == names_it.pk:
                with ThreadPoolExecutor(1) as pool:
                    pool.submit(another_worker).result()
            return has_order(notification)

        monkeypatch.setattr(working, "_has_order_for_itself", meanwhile)
        work_off()
        without.refresh_from_db()
        assert (without.state, without.outlet) == (State.DONE, second)


class TestTwoWorkers:
    @pytest.mark.django_db(transaction=True)
    def test_each_notification_has_its_effect_once(self, cast, handler):
        lock, taken = threading.Lock(), []

        def note(delivery):
            with lock:
                taken.append(delivery.event_id)

        handler.does = note
        for number in range(30):
            store(cast.outlet, message(event_id=f"e-{number}"))
        done = at_once(lambda number: work_off(), 3)
        # One that finds the last row locked by another stops: there is nothing more for it to do.
        assert sum(done) == 30
        assert sorted(taken) == sorted(f"e-{number}" for number in range(30))
        assert Notification.objects.filter(state=State.DONE).count() == 30

    @pytest.mark.django_db(transaction=True)
    def test_of_one_order(self, cast):
        """They meet at the order's row, and neither loses what the other wrote."""
        for number, event in enumerate(events.ORDER_EVENTS * 3):
            stamp = f"2026-09-28T21:{number:02}:00+07:00"
            store(cast.outlet, order_notification(event, cast.outlet, "F-1", timestamp=stamp))
        at_once(lambda number: work_off(), 3)
        work_off()
        assert set(Notification.objects.values_list("state", flat=True)) == {State.DONE}
        order = Order.objects.get()
        assert (order.status, order.timeline.count(), order.lines.count()) == ("CANCELLED", 24, 1)

    @pytest.mark.django_db(transaction=True)
    def test_a_slow_handler_holds_up_nobody(self, cast, handler):
        begun, go_on = threading.Event(), threading.Event()

        def slow(delivery):
            if delivery.event_id == "slow":
                begun.set()
                assert go_on.wait(10)

        handler.does = slow
        store(cast.outlet, message(event_id="slow"))

        def work(number):
            if number == 0:
                return work_off(1)
            assert begun.wait(10)
            try:
                store(cast.outlet, message(event_id="quick"))
                return work_off()
            finally:
                go_on.set()

        assert at_once(work) == [1, 1]


def test_the_limit_of_one_round(cast, handler):
    for number in range(5):
        store(cast.outlet, message(event_id=f"e-{number}"))
    assert [work_off(3), work_off(3), work_off(3)] == [3, 2, 0]


def test_one_handler_an_event(handler):
    with pytest.raises(ValueError, match="two handlers"):
        handles("test.event")(lambda delivery: None)


def test_working_off_again_by_hand(cast, handler):
    """It has its handler run again; a forged one stays without effect."""
    done = store(cast.outlet, message())
    forged = store(cast.outlet, message(event_id="e-2"), verdict=Notification.Verdict.FORGED)
    work_off()
    NotificationAdmin.work_off_again(None, None, Notification.objects.all())  # type: ignore[arg-type]
    assert work_off() == 1
    assert [delivery.notification for delivery in handler.got] == [done, done]
    forged.refresh_from_db()
    assert (forged.state, forged.note) == (State.IGNORED, "forged")


def test_the_open_ones_are_found_by_an_index():
    """With millions of old rows the sweep every five seconds must not read them all."""
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
        due = Notification.objects.filter(
            state__in=[State.PENDING, State.FAILED], next_attempt_at__lte=timezone.now()
        ).order_by("next_attempt_at", "id")
        assert "notifications_to_work_off" in due.explain()


def test_working_is_told_to_open_browsers(cast, handler, monkeypatch):
    told = []
    monkeypatch.setattr(working, "announce", lambda *args: told.append(args))
    store(cast.outlet, message())
    work_off()
    assert told == [(cast.merchant.pk, "webhooks")]


class TestTheOrderIsLocked:
    """Two notifications of one order never run at the same time; those of different orders do."""

    @pytest.mark.django_db(transaction=True)
    def test_never_two_of_one_order(self, cast, handler):
        lock, running, most = threading.Lock(), {}, {}

        def overlap(delivery):
            order = delivery.order_number
            with lock:
                running[order] = running.get(order, 0) + 1
                most[order] = max(most.get(order, 0), running[order])
            Event().wait(0.002)
            with lock:
                running[order] -= 1

        handler.does = overlap
        for number in range(24):
            body = {"outlet": {"id": cast.outlet.outlet_id}, "order": {"order_number": f"F-{number % 2}"}}
            store(cast.outlet, message(event_id=f"e-{number}", **body))
        assert sum(at_once(lambda number: work_off(), 3)) == 24
        assert most == {"F-0": 1, "F-1": 1}

    @pytest.mark.django_db(transaction=True)
    def test_a_handler_that_hangs_holds_up_its_own_order_only(self, cast, handler):
        begun, go_on = threading.Event(), threading.Event()

        def hang(delivery):
            if delivery.event_id == "hangs":
                begun.set()
                assert go_on.wait(10)

        handler.does = hang
        store(cast.outlet, message(event_id="hangs", order={"order_number": "F-1"}))

        def work(number):
            if number == 0:
                return work_off(1)
            assert begun.wait(10)
            try:
                store(cast.outlet, message(event_id="same order", order={"order_number": "F-1"}))
                store(cast.outlet, message(event_id="other order", order={"order_number": "F-2"}))
                return work_off(seconds=0.2)
            finally:
                go_on.set()

        assert at_once(work) == [1, 1]
        assert Notification.objects.get(event_id="same order").state == State.PENDING
        assert work_off() == 1


class TestTurns:
    def test_a_few_need_nobody_else(self, cast, handler):
        store(cast.outlet, message())
        woken = []
        working.take_turn(lambda: woken.append(1))
        assert not woken
        assert Notification.objects.get().state == State.DONE

    def test_where_there_is_a_crowd_another_is_woken(self, cast, handler, monkeypatch):
        monkeypatch.setattr(working, "FEW", 2)
        for number in range(5):
            store(cast.outlet, message(event_id=f"e-{number}"))
        woken = []
        working.take_turn(lambda: woken.append(Notification.objects.filter(state=State.PENDING).count()))
        assert woken == [3]
        assert not Notification.objects.filter(state=State.PENDING).exists()

    @pytest.mark.django_db(transaction=True)
    def test_a_turn_does_not_wait_for_an_order_that_another_is_at(self, cast, handler, monkeypatch):
        """Its time limit would hit an innocent one, that it claimed after waiting for nearly all of it."""
        monkeypatch.setattr(working, "TURN_SECONDS", 0.1)
        begun, go_on = threading.Event(), threading.Event()

        def hang(delivery):
            begun.set()
            assert go_on.wait(10)

        handler.does = hang
        for event_id in ("hangs", "waits"):
            store(cast.outlet, message(event_id=event_id, order={"order_number": "F-1"}))

        def work(number):
            if number == 0:
                return work_off(1)
            assert begun.wait(10)
            threading.Timer(3, go_on.set).start()
            before = time.monotonic()
            working.take_turn(lambda: None)
            go_on.set()
            return time.monotonic() - before

        assert at_once(work)[1] < 2

    def test_a_turn_ends(self, cast, handler, monkeypatch):
        """What stands behind it in the queue gets its turn; the one that was woken goes on."""
        monkeypatch.setattr(working, "FEW", 1)
        monkeypatch.setattr(working, "TURN_SECONDS", 0.01)
        handler.does = lambda delivery: Event().wait(0.02)
        for number in range(3):
            store(cast.outlet, message(event_id=f"e-{number}"))
        working.take_turn(lambda: None)
        assert Notification.objects.filter(state=State.PENDING).count() == 1

    def test_a_turn_that_ends_early_is_gone_on_with(self, cast, handler, monkeypatch):
        monkeypatch.setattr(working, "TURN_SECONDS", 0.01)
        handler.does = lambda delivery: Event().wait(0.02)
        for number in range(3):
            store(cast.outlet, message(event_id=f"e-{number}"))
        woken = []
        working.take_turn(lambda: woken.append(1))
        assert woken == [1]


class TestTheDatabaseGoesAway:
    @pytest.mark.django_db(transaction=True)
    def test_it_is_no_failure_of_the_notification(self, cast, handler):
        def lose_connection(delivery):
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_terminate_backend(pg_backend_pid())")

        handler.does = lose_connection
        row = store(cast.outlet, message())
        with pytest.raises(OperationalError):
            work_off()
        connection.close()
        row.refresh_from_db()
        assert (row.state, row.attempts, row.note) == (State.PENDING, 0, "")
        handler.does = lambda delivery: None
        assert work_off() == 1

    def test_what_the_operator_sees_of_an_error(self, cast, handler):
        handler.does = lambda delivery: 1 / 0
        row = store(cast.outlet, message())
        work_off()
        row.refresh_from_db()
        assert "ZeroDivisionError" in row.traceback
        assert "handler.does = lambda" in row.traceback
        handler.does = lambda delivery: None
        make_due()
        work_off()
        row.refresh_from_db()
        assert row.traceback == ""


def test_the_owner_assigned_an_outlet(cast, handler):
    second = OutletFactory(gobiz_app=cast.app)
    row = store(cast.outlet, message(), outlet_id=second.pk)
    work_off()
    assert handler.got[0].outlet == second
    row.refresh_from_db()
    assert row.state == State.DONE


def test_an_outlet_of_another_app_cannot_be_assigned(cast, handler):
    OutletFactory(gobiz_app=cast.app)
    row = store(cast.outlet, message(), outlet_id=cast.other_outlet.pk)
    work_off()
    row.refresh_from_db()
    assert (row.state, row.note, row.outlet) == (State.IGNORED, "no_outlet", None)


def test_the_cost_of_one_is_constant(cast, django_assert_max_num_queries):
    store(cast.outlet, order_notification(events.ORDER_AWAITING, cast.outlet, "F-1"))
    work_off()
    store(cast.outlet, order_notification(events.ORDER_ACCEPTED, cast.outlet, "F-1"))
    with django_assert_max_num_queries(17):
        work_off(1)
