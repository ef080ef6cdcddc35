"""`show_orders`: an outlet's orders as one JSON value, newest first."""

from __future__ import annotations

import io
import json
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from gobiz_admin.gobiz import events
from gobiz_admin.merchants.models import GobizApp
from tests.factories import GobizAppFactory, OutletFactory
from tests.orders.factories import OrderFactory
from tests.orders.notifications import item, order_notification, store, take
from webhooks.working import work_off

pytestmark = pytest.mark.django_db


def shown(*words: str) -> list[dict[str, Any]]:
    out = io.StringIO()
    call_command("show_orders", *words, stdout=out)
    return json.loads(out.getvalue())


def test_an_order(cast):
    lines = [item("Nasi", "I-1", variants=[{"id": "g", "name": "Telur", "external_id": None}])]
    take(
        cast.outlet,
        order_notification(
            events.ORDER_ACCEPTED, cast.outlet, "F-1", order_items=lines, order_total="110000"
        ),
    )
    assert shown(cast.outlet.outlet_id) == [
        {
            "order_number": "F-1",
            "outlet_id": cast.outlet.outlet_id,
            "status": "MERCHANT_ACCEPTED",
            "service_type": "gofood",
            "pin": "5178",
            "order_total": 110000,
            "customer": "Budi",
            "driver": "Slamet",
            "created_at": "2026-09-28T14:20:00+00:00",
            "lines": [
                {
                    "name": "Nasi",
                    "external_id": "I-1",
                    "quantity": 2,
                    "price": 25000,
                    "notes": "Tidak pedas",
                    "mapped": False,
                    "variants": [{"name": "Telur", "external_id": "", "mapped": False}],
                }
            ],
            "timeline": [{"at": "2026-09-28T14:22:50.446000+00:00", "event": events.ORDER_ACCEPTED}],
        }
    ]


def test_newest_first_and_limited(cast):
    numbers = [OrderFactory(outlet=cast.outlet).order_number for _ in range(3)]
    assert [order["order_number"] for order in shown(cast.outlet.outlet_id)] == numbers[::-1]
    assert [order["order_number"] for order in shown(cast.outlet.outlet_id, "--limit", "1")] == numbers[2:]
    assert shown(cast.other_outlet.outlet_id) == []


def test_the_cost_is_constant(cast, django_assert_num_queries):
    def cost() -> int:
        with django_assert_num_queries(5):
            return len(shown(cast.outlet.outlet_id))

    notify = [order_notification(events.ORDER_ACCEPTED, cast.outlet, f"F-{number}") for number in range(5)]
    for message in notify:
        message["body"]["order"]["order_items"][0]["variants"] = [{"name": "V"}]
    store(cast.outlet, notify[0])
    work_off()
    assert cost() == 1
    for message in notify[1:]:
        store(cast.outlet, message)
    work_off()
    assert cost() == 5


def test_an_outlet_in_two_environments(cast):
    sandbox = GobizAppFactory(merchant=cast.merchant, environment=GobizApp.Environment.SANDBOX)
    OutletFactory(gobiz_app=sandbox, outlet_id=cast.outlet.outlet_id)
    with pytest.raises(CommandError) as caught:
        shown(cast.outlet.outlet_id)
    assert caught.value.returncode == 2


@pytest.mark.parametrize("words", [("G404",), ("",), ("' OR 1=1",)])
def test_no_such_outlet(words):
    with pytest.raises(CommandError) as caught:
        shown(*words)
    assert caught.value.returncode == 2


@pytest.mark.parametrize("limit", ["0", "-1", "x", "1.5"])
def test_a_limit_that_is_none(cast, capsys, limit):
    with pytest.raises(SystemExit) as ended:
        shown(cast.outlet.outlet_id, f"--limit={limit}")
    assert ended.value.code == 2
    assert capsys.readouterr().err.count("\n") == 1
