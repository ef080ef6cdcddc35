"""The inbox over HTTP: what it shows, and what its buttons do."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse

from gobiz_admin.gobiz import events
from orders.models import Order, OrderAction
from tests.factories import OutletFactory
from tests.orders.factories import OrderActionFactory, OrderFactory
from tests.orders.notifications import item, order_notification, take

pytestmark = pytest.mark.django_db
HTMX = {"HX-Request": "true"}


@pytest.fixture
def counter(cast) -> Client:
    client = Client()
    client.force_login(cast.cashier, "django.contrib.auth.backends.ModelBackend")
    return client


def board(cast, client: Client, **query: str) -> str:
    return client.get(reverse("inbox_board", args=[cast.merchant.pk]), query).content.decode()


def act(cast, client: Client, order: Order, kind: str, htmx: bool = True, **form: str):
    address = reverse("order_act", args=[cast.merchant.pk, order.pk])
    return client.post(address, {"kind": kind, **form}, headers=HTMX if htmx else {})


def test_an_order_is_shown(cast, counter):
    message = order_notification(
        events.ORDER_AWAITING,
        cast.outlet,
        "F-77",
        pin="9876",
        order_items=[item("Soto <b>Betawi</b>", None, notes="<script>alert(1)</script>")],
    )
    take(cast.outlet, message)
    page = board(cast, counter)
    assert "F-77" in page
    assert "9876" in page
    assert "Soto &lt;b&gt;Betawi" in page
    assert "<script>alert" not in page


def test_another_merchants_order_is_not(cast, counter):
    OrderFactory(outlet=cast.other_outlet, order_number="F-foreign")
    assert "F-foreign" not in board(cast, counter)


def test_of_the_chosen_outlet(cast, counter):
    second = OutletFactory(gobiz_app=cast.app)
    OrderFactory(outlet=cast.outlet, order_number="F-first")
    OrderFactory(outlet=second, order_number="F-second")
    page = board(cast, counter, outlet=second.outlet_id)
    assert "F-second" in page
    assert "F-first" not in page
    assert "F-first" in board(cast, counter)


def test_hardly_anything_is_known(cast, counter):
    OrderFactory(outlet=cast.outlet, order_total=None, service_type="", pin="", order_number="F-bare")
    assert "F-bare" in board(cast, counter)


@pytest.mark.parametrize("name", ["inbox", "inbox_board"])
def test_the_cost_is_constant(cast, counter, name, django_assert_max_num_queries):
    for _ in range(20):
        order = OrderFactory(outlet=cast.outlet)
        OrderActionFactory(order=order, state=OrderAction.State.FAILED, error_code="order_moved_on")
    with django_assert_max_num_queries(16):
        counter.get(reverse(name, args=[cast.merchant.pk]))


class TestButtons:
    @pytest.fixture
    def order(self, cast) -> Order:
        return OrderFactory(outlet=cast.outlet)

    def test_accept(self, cast, counter, order):
        answer = act(cast, counter, order, "accept")
        assert answer.status_code == 200
        assert f'id="order-{order.pk}"' in answer.content.decode()
        action = OrderAction.objects.get()
        assert (action.kind, action.requested_by, action.state) == ("accept", cast.cashier, "pending")

    def test_pressed_twice(self, cast, counter, order):
        assert [act(cast, counter, order, "accept").status_code for _ in range(2)] == [200, 200]
        assert OrderAction.objects.count() == 1

    def test_without_htmx(self, cast, counter, order):
        answer = act(cast, counter, order, "accept", htmx=False)
        assert answer.status_code == 302
        assert answer.headers["Location"] == reverse("inbox", args=[cast.merchant.pk])
        assert OrderAction.objects.count() == 1

    def test_too_late(self, cast, counter):
        order = OrderFactory(outlet=cast.outlet, status=Order.Status.CANCELLED)
        answer = act(cast, counter, order, "accept")
        assert answer.status_code == 200
        assert answer.context["problem"]
        assert str(answer.context["problem"]) in answer.content.decode()
        assert not OrderAction.objects.exists()

    @pytest.mark.parametrize(
        "form", [{}, {"reason_code": "BORED"}, {"reason_code": "OTHERS", "reason": "ab"}]
    )
    def test_a_rejection_needs_its_reason(self, cast, counter, order, form):
        answer = act(cast, counter, order, "cancel", **form)
        assert answer.context["problem"]
        assert not OrderAction.objects.exists()

    @pytest.mark.parametrize("reason", ["", "Kompor rusak"])
    def test_a_rejection_always_has_words(self, cast, counter, order, reason):
        act(cast, counter, order, "cancel", reason_code="HIGH_DEMAND", reason=reason)
        action = OrderAction.objects.get()
        assert action.reason_code == "HIGH_DEMAND"
        assert len(action.reason) >= 3
        assert action.reason == (reason or action.reason)

    @pytest.mark.parametrize("kind", ["", "explode", "accept\x00"])
    def test_a_button_that_there_is_not(self, cast, counter, order, kind):
        answer = act(cast, counter, order, kind)
        assert answer.status_code == 200
        assert answer.context["problem"]
        assert not OrderAction.objects.exists()
