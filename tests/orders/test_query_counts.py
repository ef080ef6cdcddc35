"""Home and inbox cost the same number of queries, however much there is to show."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from orders.models import OrderAction, OrderLine, OrderLineVariant
from tests.factories import OutletFactory
from tests.orders.factories import OrderFactory

pytestmark = pytest.mark.django_db


def add_outlet_with_orders(cast, orders: int) -> None:
    outlet = OutletFactory(merchant=cast.merchant, gobiz_app=cast.app)
    for _ in range(orders):
        order = OrderFactory(outlet=outlet)
        line = OrderLine.objects.create(order=order, position=0, name="Ayam Geprek")
        OrderLineVariant.objects.create(line=line, position=0, name="Pedas")
        OrderAction.objects.create(order=order, kind=OrderAction.Kind.ACCEPT)


@pytest.mark.parametrize("name", ["merchant_home", "inbox", "inbox_board", "frame_now", "outlets", "closing"])
def test_constant_in_orders_and_outlets(cast, name: str) -> None:
    client = Client()
    client.force_login(cast.owner, "django.contrib.auth.backends.ModelBackend")
    address = reverse(name, args=[cast.merchant.pk])

    def queries() -> int:
        with CaptureQueriesContext(
            connection,
        ) as captured:
            assert client.get(address).status_code == 200
        return len(captured)

    add_outlet_with_orders(cast, 2)
    few = queries()
    for _ in range(4):
        add_outlet_with_orders(cast, 10)
    assert queries() == few
