"""How an order moves: forward only, and to the same end in whatever order its notifications come."""

from __future__ import annotations

import itertools
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils.dateparse import parse_datetime
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gobiz_admin.gobiz import events
from menus.models import Variant
from orders.models import Order
from orders.progress import STATUS_OF_EVENT, take_in
from tests.factories import OutletFactory
from tests.menus.factories import selling_outlet
from tests.orders.notifications import item, order_notification, store, take
from webhooks.dispatch import Delivery
from webhooks.envelope import read_envelope
from webhooks.models import Notification
from webhooks.working import work_off

pytestmark = pytest.mark.django_db
Status = Order.Status
LIFE = (
    events.ORDER_AWAITING,
    events.ORDER_ACCEPTED,
    events.ORDER_DRIVER_OTW,
    events.ORDER_DRIVER_ARRIVED,
    events.ORDER_PLACED,
    events.ORDER_COMPLETED,
)


def at(minute: int) -> str:
    return f"2026-09-28T21:{minute:02}:00+07:00"


def deliver(outlet: Any, message: dict[str, Any]) -> Order:
    """As the worker does, without the rounds through the table of what is due."""
    row = store(outlet, message)
    envelope = read_envelope(bytes(row.raw))
    assert envelope is not None
    return take_in(
        Delivery(
            notification=row,
            outlet=outlet,
            event_name=envelope.event_name,
            event_id=row.event_id,
            order_number=envelope.order_number,
            body=envelope.body,
            at=envelope.at,
        )
    )


def everything_of(order: Order) -> dict[str, Any]:
    """All that is known of the order, but for keys and for when it reached us."""
    order = Order.objects.get(pk=order.pk)
    left_out = {"id", "received_at"}
    return {
        **{
            field.name: getattr(order, field.name)
            for field in order._meta.fields
            if field.name not in left_out
        },
        "lines": [
            {
                **{
                    name: getattr(line, name)
                    for name in ("position", "name", "external_id", "quantity", "price", "notes", "mapped")
                },
                "variants": list(
                    line.variants.values_list("position", "name", "external_id", "gobiz_id", "mapped")
                ),
            }
            for line in order.lines.all()
        ],
        "timeline": sorted(order.timeline.values_list("event", "event_id")),
    }


class TestForwardOnly:
    def test_its_whole_life(self, cast):
        for minute, event in enumerate(LIFE):
            order = take(cast.outlet, order_notification(event, cast.outlet, "F-1", timestamp=at(minute)))
            assert order.status == STATUS_OF_EVENT[event]
        assert [entry.event for entry in order.timeline.all()] == list(LIFE)

    @pytest.mark.parametrize(("later", "earlier"), list(itertools.combinations(range(6), 2)))
    def test_a_late_earlier_one_moves_nothing_back(self, cast, later, earlier):
        first, second = LIFE[max(later, earlier)], LIFE[min(later, earlier)]
        order = take(
            cast.outlet,
            order_notification(first, cast.outlet, "F-1", timestamp=at(1)),
            order_notification(second, cast.outlet, "F-1", timestamp=at(9)),
        )
        assert order.status == STATUS_OF_EVENT[first]
        assert order.timeline.count() == 2

    def test_a_late_earlier_one_fills_in_what_is_missing(self, cast):
        late = order_notification(events.ORDER_ACCEPTED, cast.outlet, "F-1", timestamp=at(1), pin="1234")
        first = order_notification(
            events.ORDER_DRIVER_ARRIVED, cast.outlet, "F-1", timestamp=at(5), pin=None, order_items=None
        )
        first["body"]["customer"] = None
        order = take(cast.outlet, first, late)
        assert (order.status, order.pin, order.customer_name) == (Status.DRIVER_ARRIVED, "1234", "Budi")
        assert order.lines.count() == 1

    def test_a_late_earlier_one_does_not_overwrite(self, cast):
        order = take(
            cast.outlet,
            order_notification(events.ORDER_PLACED, cast.outlet, "F-1", timestamp=at(5), order_total=2),
            order_notification(events.ORDER_ACCEPTED, cast.outlet, "F-1", timestamp=at(1), order_total=1),
        )
        assert order.order_total == 2

    def test_absent_never_empties(self, cast):
        full = order_notification(events.ORDER_ACCEPTED, cast.outlet, "F-1", timestamp=at(1))
        bare = {
            "header": {"event_name": events.ORDER_PLACED, "event_id": "bare", "timestamp": at(2)},
            "body": {"order": {"order_number": "F-1"}, "outlet": {"id": cast.outlet.outlet_id}},
        }
        order = take(cast.outlet, full, bare)
        assert (order.pin, order.order_total, order.customer_name) == ("5178", 110000, "Budi")
        assert order.lines.count() == 1


class TestWhichStatus:
    def test_the_orders_own_before_the_events(self, cast):
        message = order_notification(events.ORDER_ACCEPTED, cast.outlet, status="DRIVER_ARRIVED")
        assert take(cast.outlet, message).status == Status.DRIVER_ARRIVED

    @pytest.mark.parametrize("status", ["TELEPORTED", None, "", 5, [], {}, " merchant_accepted ", "\x00"])
    def test_one_that_is_unknown_counts_as_none(self, cast, status):
        message = order_notification(events.ORDER_ACCEPTED, cast.outlet, status=status)
        assert take(cast.outlet, message).status == Status.ACCEPTED

    def test_created_makes_an_order(self, cast):
        message = order_notification(events.ORDER_CREATED, cast.outlet, status=None)
        assert take(cast.outlet, message).status == Status.AWAITING

    def test_every_order_event_has_a_status(self):
        assert set(STATUS_OF_EVENT) == set(events.ORDER_EVENTS)


class TestTwoFinalStates:
    @pytest.mark.parametrize("turned", [False, True])
    @pytest.mark.parametrize(
        ("completed", "cancelled", "end"),
        [
            (at(5), at(1), Status.COMPLETED),
            (at(1), at(5), Status.CANCELLED),
            (at(5), at(5), Status.CANCELLED),
            (at(5), None, Status.COMPLETED),
            (None, at(5), Status.CANCELLED),
            (None, None, Status.CANCELLED),
            ("2026-09-28T21:05:00+07:00", "2026-09-28T14:05:00Z", Status.CANCELLED),
            ("2026-09-28T21:05:01+07:00", "2026-09-28T14:05:00Z", Status.COMPLETED),
        ],
    )
    def test_the_later_holds(self, cast, completed, cancelled, end, turned):
        messages = [
            order_notification(events.ORDER_COMPLETED, cast.outlet, "F-1", timestamp=completed),
            order_notification(events.ORDER_CANCELLED, cast.outlet, "F-1", timestamp=cancelled),
        ]
        order = take(cast.outlet, *(reversed(messages) if turned else messages))
        assert order.status == end


class TestIdentity:
    def test_the_same_number_at_two_outlets(self, cast):
        second = OutletFactory(gobiz_app=cast.app)
        for outlet in (cast.outlet, second):
            take(outlet, order_notification(events.ORDER_ACCEPTED, outlet, "F-1"))
        assert Order.objects.count() == 2

    @pytest.mark.parametrize("number", [None, "", [], {}, True])
    def test_without_a_number_it_is_an_order_of_its_own(self, cast, number):
        for event_id in ("e-1", "e-2"):
            message = order_notification(events.ORDER_ACCEPTED, cast.outlet, event_id=event_id)
            message["body"]["order"]["order_number"] = number
            store(cast.outlet, message)
        work_off()
        assert sorted(Order.objects.values_list("order_number", flat=True)) == ["?e-1", "?e-2"]

    def test_a_repeated_delivery_is_told_once(self, cast):
        message = order_notification(events.ORDER_ACCEPTED, cast.outlet, "F-1")
        order = take(cast.outlet, message, message)
        before = everything_of(order)
        Notification.objects.update(state="pending")
        assert everything_of(take(cast.outlet)) == before

    def test_unverified_is_marked(self, cast):
        store(
            cast.outlet,
            order_notification(events.ORDER_ACCEPTED, cast.outlet, "F-1"),
            verdict=Notification.Verdict.UNVERIFIED,
        )
        assert take(cast.outlet).unverified

    def test_the_time_of_the_timeline(self, cast):
        stamped = order_notification(events.ORDER_ACCEPTED, cast.outlet, "F-1", timestamp=at(3))
        plain = order_notification(events.ORDER_PLACED, cast.outlet, "F-1", timestamp=None)
        order = take(cast.outlet, stamped, plain)
        times = {entry.event: entry.at for entry in order.timeline.all()}
        assert times[events.ORDER_ACCEPTED] == parse_datetime(at(3))
        received = Notification.objects.get(event_name=events.ORDER_PLACED).received_at
        assert times[events.ORDER_PLACED] == received


class TestMapping:
    def test_known_unknown_and_missing(self):
        outlet = selling_outlet(external_id="I-1", name="Ayam")
        known = Variant.objects.filter(catalog__sellings__outlet=outlet).values_list(
            "external_id", flat=True
        )[0]
        lines = [
            item("Ayam", "I-1", variants=[{"name": "Paha atas", "external_id": known}, {"name": "Sayap"}]),
            item("Soto", "I-404"),
            item("Es teh", None),
            item("Es jeruk", ""),
            # A variant's id is no item's.
            item("Paha", known),
        ]
        order = take(outlet, order_notification(events.ORDER_ACCEPTED, outlet, order_items=lines))
        found = [(line.name, line.external_id, line.mapped) for line in order.lines.all()]
        assert found == [
            ("Ayam", "I-1", True),
            ("Soto", "I-404", False),
            ("Es teh", "", False),
            ("Es jeruk", "", False),
            ("Paha", known, False),
        ]
        variants = [(one.name, one.mapped) for one in order.lines.all()[0].variants.all()]
        assert variants == [("Paha atas", True), ("Sayap", False)]

    def test_another_outlets_menu_does_not_count(self, cast):
        selling_outlet(external_id="I-1")
        order = take(cast.outlet, order_notification(events.ORDER_ACCEPTED, cast.outlet))
        assert not order.lines.get().mapped

    def test_the_cost_is_constant(self, cast):
        def cost(lines):
            message = order_notification(events.ORDER_ACCEPTED, cast.outlet, order_items=lines)
            with CaptureQueriesContext(connection) as queries:
                deliver(cast.outlet, message)
            return len(queries)

        lines = [item(f"N {number}", variants=[{"name": "V"}] * 3) for number in range(50)]
        assert cost(lines) == cost(lines[:1])


stamps = st.sampled_from([None, at(0), at(1), at(1), at(2), "rubbish"])
totals = st.sampled_from([None, 1, "2", "x", 3.0])
statuses = st.sampled_from(["by event", "by event", "by event", None, "CANCELLED", "COMPLETED", "PLACED"])
line_lists = st.sampled_from([None, [], "x", [item()], [item("Soto", None, price="x"), item()], [5]])
one_notification = st.fixed_dictionaries(
    {
        "event": st.sampled_from(events.ORDER_EVENTS),
        "timestamp": stamps,
        "status": statuses,
        "order_total": totals,
        "pin": st.sampled_from([None, "1", "2"]),
        "order_items": line_lists,
        "cancellation_detail": st.sampled_from([None, {"reason": "a"}, {"reason": "b"}, "c"]),
        "scheduled_flag": st.sampled_from([None, False, {"schedule_delivery_time_start": at(9)}]),
        "applied_promotions": st.sampled_from([None, [], [{}], 5]),
    }
)


@settings(max_examples=30, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_any_order_and_multiplicity_end_alike(cast, data):
    """The same notifications in two orders, some of them twice: the same order, in every field."""
    facts = data.draw(st.lists(one_notification, min_size=2, max_size=4))
    messages = [
        order_notification(outlet=cast.outlet, number="F-1", event_id=f"e-{number}", **fact)
        for number, fact in enumerate(facts)
    ]
    again = data.draw(st.lists(st.sampled_from(messages), max_size=2))
    ends = []
    for arrival in (messages, data.draw(st.permutations([*messages, *again]))):
        Order.objects.all().delete()
        Notification.objects.all().delete()
        for message in arrival:
            order = deliver(cast.outlet, message)
        ends.append(everything_of(order))
    assert ends[0] == ends[1]


@settings(max_examples=20, deadline=None, suppress_health_check=list(HealthCheck))
@given(facts=st.lists(one_notification, min_size=2, max_size=6))
def test_progress_never_moves_back(cast, facts):
    rank = {status: number for number, status in enumerate(Status.values)}
    Order.objects.all().delete()
    Notification.objects.all().delete()
    highest = 0
    for number, fact in enumerate(facts):
        message = order_notification(outlet=cast.outlet, number="F-1", event_id=f"e-{number}", **fact)
        order = deliver(cast.outlet, message)
        # Between the two final states it may change, by their times.
        reached = min(rank[order.status], rank[Status.COMPLETED])
        assert reached >= highest
        highest = reached
