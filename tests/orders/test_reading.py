"""What an order tells, however it is written; what cannot be read is named, and the order stands."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest

from gobiz_admin.gobiz import events
from orders.reading import MOST_LINES, read_order
from tests.orders.notifications import item, order_body, order_notification, take

SAMPLE = {
    "service_type": "gofood_pickup",
    "outlet": {"id": "G1", "external_outlet_id": None},
    "customer": {"id": "C-1", "name": "Ibu Ani"},
    "driver": {"name": "Pak Jo"},
    "order": {
        "order_number": "F-1",
        "status": "MERCHANT_ACCEPTED",
        "pin": "0178",
        "order_total": 110000,
        "currency": "IDR",
        "takeaway_charges": 2000,
        "cutlery_requested": False,
        "created_at": "2026-09-28T21:20:00+07:00",
        "scheduled_flag": {
            "is_catering": False,
            "schedule_delivery_time_start": "2026-09-29T11:00:00+07:00",
            "schedule_delivery_time_end": "2026-09-29T11:30:00+07:00",
        },
        "cancellation_detail": {"reason": "HIGH_DEMAND"},
        "applied_promotions": [{"scope": "item", "detail": {"id": "P-1"}}],
        "order_items": [
            {
                "id": "g-1",
                "external_id": "I-1",
                "name": "Nasi",
                "quantity": 2,
                "price": 25000,
                "notes": "pedas",
                "sku_promo_id": None,
                "variants": [{"id": "g-2", "name": "Keju", "external_id": "V-1"}],
            }
        ],
    },
}


def read(**order: Any) -> tuple[dict[str, Any], list[dict[str, Any]] | None, list[str]]:
    return read_order(order_body("F-1", "G1", "PLACED", **order))


def test_the_sample():
    fields, lines, unread = read_order(SAMPLE)
    assert unread == []
    assert {name: value for name, value in fields.items() if not hasattr(value, "tzinfo")} == {
        "service_type": "gofood_pickup",
        "pin": "0178",
        "order_total": 110000,
        "currency": "IDR",
        "takeaway_charges": 2000,
        "cutlery_requested": False,
        "customer_name": "Ibu Ani",
        "driver_name": "Pak Jo",
        "cancellation_reason": "HIGH_DEMAND",
        "has_promotion": True,
    }
    assert fields["scheduled_end"] > fields["scheduled_start"] > fields["created_at"]
    assert lines == [
        {
            "name": "Nasi",
            "external_id": "I-1",
            "gobiz_id": "g-1",
            "quantity": 2,
            "price": 25000,
            "notes": "pedas",
            "variants": [{"name": "Keju", "external_id": "V-1", "gobiz_id": "g-2"}],
        }
    ]


@pytest.mark.parametrize(
    ("value", "number"),
    [
        (110000, 110000),
        ("110000", 110000),
        (" 110000 ", 110000),
        ("110000.00", 110000),
        ("110000.0", 110000),
        (110000.0, 110000),
        (0, 0),
        ("0", 0),
        (-500, -500),
        ("-500", -500),
        (2**63 - 1, 2**63 - 1),
        (str(2**63 - 1), 2**63 - 1),
    ],
)
def test_a_number_in_any_form(value, number):
    fields, _, unread = read(order_total=value)
    assert (fields["order_total"], unread) == (number, [])


@pytest.mark.parametrize(
    "value",
    [
        "15.000",  # fifteen, or fifteen thousand in Indonesia: not to be guessed
        "15,000",
        "Rp 15000",
        "1_000",
        "1e5",
        "٣",
        "²",
        "--5",
        "inf",
        "nan",
        110000.5,
        float("inf"),
        float("nan"),
        2**63,
        str(2**63),
        "9" * 10_000,
        True,
        [],
        {},
        [1],
    ],
    ids=repr,
)
def test_a_number_that_cannot_be_read_is_named(value):
    fields, _, unread = read(order_total=value)
    assert "order_total" not in fields
    assert unread == ["order_total"]


@pytest.mark.parametrize("name", ["order_total", "pin", "cutlery_requested", "created_at", "scheduled_flag"])
@pytest.mark.parametrize("value", [None, "", "absent"])
def test_absent_null_and_empty_tell_nothing(name, value):
    body = order_body("F-1", "G1", "PLACED", **{name: value})
    if value == "absent":
        del body["order"][name]
    fields, _, unread = read_order(body)
    assert name not in fields
    assert unread == []


@pytest.mark.parametrize(
    ("changes", "unread"),
    [
        ({"pin": ["5178"]}, ["pin"]),
        ({"pin": True}, ["pin"]),
        ({"cutlery_requested": "perhaps"}, ["cutlery_requested"]),
        ({"created_at": "yesterday"}, ["created_at"]),
        ({"created_at": 1790000000}, ["created_at"]),
        ({"created_at": "9999-12-31T23:59:59Z"}, ["created_at"]),
        ({"created_at": "2026-13-45T99:00:00Z"}, ["created_at"]),
        ({"scheduled_flag": True}, ["scheduled_flag"]),
        ({"scheduled_flag": {"schedule_delivery_time_start": "soon"}}, ["scheduled_start"]),
        ({"cancellation_detail": "no"}, ["cancellation_detail"]),
        ({"cancellation_detail": {"reason": {}}}, ["cancellation_reason"]),
        ({"applied_promotions": {}}, ["has_promotion"]),
        ({"order_items": {}}, ["order_items"]),
        ({"order_items": [item(quantity=-1)]}, ["order_items.0.quantity"]),
        ({"order_items": [item(quantity=2**31)]}, ["order_items.0.quantity"]),
        ({"order_items": [item(), item(price="x")]}, ["order_items.1.price"]),
        ({"order_items": [item(variants="x")]}, ["order_items.0.variants"]),
        ({"order_items": [item(variants=[{"name": []}])]}, ["order_items.0.variants.0.name"]),
    ],
)
def test_what_cannot_be_read_is_named(changes, unread):
    assert read(**changes)[2] == unread


@pytest.mark.parametrize(
    "body", [{}, {"order": None}, {"order": []}, {"order": "x", "customer": 1, "driver": []}]
)
def test_hardly_anything(body):
    fields, lines, _ = read_order(body)
    assert (fields, lines) == ({}, None)


@pytest.mark.parametrize("value", ["true", "TRUE", 1, "1", True])
def test_yes_in_any_form(value):
    assert read(cutlery_requested=value)[0]["cutlery_requested"] is True


def test_a_number_where_text_is_expected():
    fields, lines, unread = read(pin=5178, order_items=[item(name=7, external_id=12, notes=1.5)])
    assert (fields["pin"], unread) == ("5178", [])
    assert lines is not None
    assert (lines[0]["name"], lines[0]["external_id"], lines[0]["notes"]) == ("7", "12", "1.5")


@pytest.mark.parametrize("entry", [None, 5, "Nasi", [], {}, True])
def test_a_line_that_is_no_object_is_kept(entry):
    lines = read(order_items=[item(), entry])[1]
    assert lines is not None
    assert [line["name"] for line in lines] == ["Nasi goreng", ""]


def test_text_is_kept_in_full():
    notes = "jangan pakai sambal " * 2000
    assert read(order_items=[item(notes=notes)])[1][0]["notes"] == notes.strip()  # type: ignore[index]


@pytest.mark.parametrize(
    "items",
    [[0] * 500_000, [{"name": []}] * 90_000, [{"variants": [{"id": []}] * 100_000}]],
    ids=["numbers", "unreadable", "variants"],
)
def test_a_megabyte_of_lines_is_read_in_time(items):
    began = time.monotonic()
    _, lines, unread = read(order_items=items)
    assert time.monotonic() - began < 2
    assert lines is not None
    assert len(lines) <= MOST_LINES
    assert unread


@pytest.mark.django_db
class TestStored:
    def test_too_many_lines(self, cast):
        """More than the column for their position can count."""
        raw = json.dumps(
            order_notification(events.ORDER_ACCEPTED, cast.outlet, "F-1", order_items=[0] * 300_000)
        ).encode()
        order = take(cast.outlet, raw)
        assert order.lines.count() == MOST_LINES
        assert order.unread == ["order_items"]

    def test_a_number_of_thousands_of_digits(self, cast):
        message = order_notification(events.ORDER_ACCEPTED, cast.outlet, "F-1", order_total="HERE")
        raw = json.dumps(message).replace('"HERE"', "9" * 5000).encode()
        order = take(cast.outlet, raw)
        assert (order.order_total, order.unread) == (None, ["order_total"])

    def test_nan(self, cast):
        message = order_notification(events.ORDER_ACCEPTED, cast.outlet, "F-1", order_total=float("nan"))
        order = take(cast.outlet, message)
        assert (order.order_total, order.unread) == (None, ["order_total"])

    def test_a_field_read_later_is_no_longer_marked(self, cast):
        order = take(
            cast.outlet,
            order_notification(
                events.ORDER_ACCEPTED,
                cast.outlet,
                "F-1",
                timestamp="2026-09-28T10:00:00Z",
                order_total="x",
                order_items=[item(price="x")],
            ),
        )
        assert order.unread == ["order_items.0.price", "order_total"]
        order = take(
            cast.outlet,
            order_notification(events.ORDER_PLACED, cast.outlet, "F-1", timestamp="2026-09-28T11:00:00Z"),
        )
        assert order.unread == []

    def test_nul_and_half_surrogates(self, cast):
        message = order_notification(
            events.ORDER_ACCEPTED, cast.outlet, "F-\x00\ud8001", pin="\x00", order_items=[item("\ud800\x00a")]
        )
        order = take(cast.outlet, message)
        assert (order.order_number, order.pin, order.lines.get().name) == ("F-?1", "", "?a")

    def test_a_number_longer_than_its_column(self, cast):
        order = take(cast.outlet, order_notification(events.ORDER_ACCEPTED, cast.outlet, "F" * 500))
        assert order.order_number == "F" * 200
