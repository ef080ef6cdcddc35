"""Orders as they stand after some notifications."""

import factory
from factory.django import DjangoModelFactory

from orders.models import Order, OrderAction
from tests.factories import OutletFactory


class OrderFactory(DjangoModelFactory):
    class Meta:
        model = Order

    outlet = factory.SubFactory(OutletFactory)
    order_number = factory.Sequence(lambda n: f"F-{5000 + n}")
    status = Order.Status.AWAITING
    service_type = "gofood"
    pin = "5178"
    order_total = 110000


class OrderActionFactory(DjangoModelFactory):
    class Meta:
        model = OrderAction

    order = factory.SubFactory(OrderFactory)
    kind = OrderAction.Kind.ACCEPT
