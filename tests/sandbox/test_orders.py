"""The simulator, the order's states, deliveries and their retries."""

import hashlib
import hmac
import json
import os
from pathlib import Path
from typing import Any

import pytest
import requests

from tests.sandbox.conftest import Client
from tests.sandbox.receiver import Receiver, wait_until
from tests.sandbox_process import SandboxProcess

GEPREK = {
    "external_id": "I-AYAM-GEPREK",
    "quantity": 2,
    "notes": "pisah",
    "variants": ["Dada", "Pedas", "Nasi putih"],
}
ORDER_EVENTS = [
    "awaiting_merchant_acceptance",
    "merchant_accepted",
    "driver_otw_pickup",
    "driver_arrived",
    "placed",
    "completed",
    "cancelled",
    "webhook_error",
]
SEED = Path(__file__).resolve().parents[1] / "webhook_error.json"


@pytest.fixture
def subscribed(client: Client, receiver: Receiver) -> Client:
    for event in ORDER_EVENTS:
        assert client.subscribe(f"gofood.order.{event}", receiver.url).status_code == 201
    return client


def act(client: Client, order: dict[str, Any], action: str, body: Any = None, kind: str = "delivery") -> int:
    path = f"v1/orders/{kind}/{order['order_number']}/{action}"
    return client.gofood("PUT", path, body).status_code


def statuses(receiver: Receiver) -> list[str]:
    return [json.loads(received.raw)["body"]["order"]["status"] for received in receiver.received]


CANCEL = {"cancel_reason_code": "HIGH_DEMAND", "cancel_reason_description": "Terlalu ramai"}


def test_an_order_is_told_signed_and_accepted(
    subscribed: Client, receiver: Receiver, sandbox: SandboxProcess
) -> None:
    order = sandbox.simulate([GEPREK], cutlery=True)
    (received,) = receiver.wait_for(1)
    secret = subscribed.credentials["relay_secret"].encode()
    assert received.headers["X-Go-Signature"] == hmac.new(secret, received.raw, hashlib.sha256).hexdigest()
    body = json.loads(received.raw)
    assert body["header"]["event_name"] == "gofood.order.awaiting_merchant_acceptance"
    assert body["body"] == order["order"]
    assert body["body"]["order"]["order_total"] == 50000
    assert body["body"]["order"]["pin"] == order["pin"]
    assert act(subscribed, order, "accepted", kind="pickup") == 404
    assert act(subscribed, order, "food-prepared", {"country_code": "ID"}) == 409
    assert act(subscribed, order, "accepted", {}) == 200
    assert act(subscribed, order, "accepted", {}) == 409
    assert act(subscribed, order, "food-prepared", {}) == 400
    assert act(subscribed, order, "food-prepared", {"country_code": "ID"}) == 200
    sandbox.send_event(order["order_number"], "placed")
    assert act(subscribed, order, "cancelled", CANCEL) == 409
    receiver.wait_for(3)
    assert statuses(receiver) == ["AWAITING_MERCHANT_ACCEPTANCE", "MERCHANT_ACCEPTED", "PLACED"]


def test_an_order_is_cancelled_with_a_reason(
    subscribed: Client, receiver: Receiver, sandbox: SandboxProcess
) -> None:
    order = sandbox.simulate([GEPREK], service_type="gofood_pickup")
    assert act(subscribed, order, "cancelled", {**CANCEL, "cancel_reason_code": "X"}, "pickup") == 400
    assert act(subscribed, order, "cancelled", {**CANCEL, "cancel_reason_description": "a"}, "pickup") == 400
    assert act(subscribed, order, "cancelled", CANCEL, "pickup") == 200
    receiver.wait_for(2)
    last = json.loads(receiver.received[-1].raw)["body"]["order"]
    assert (last["status"], last["cancellation_detail"]) == ("CANCELLED", {"reason": "HIGH_DEMAND"})
    answer = requests.post(
        f"{sandbox.url}/simulator/orders/{order['order_number']}/events", json={"event": "placed"}, timeout=5
    )
    assert answer.status_code == 409


@pytest.mark.parametrize(
    ("mode", "status"),
    [("manual", "CANCELLED"), ("auto_on_timeout", "MERCHANT_ACCEPTED")],
)
def test_the_time_limit_of_the_acceptance_mode(
    subscribed: Client, receiver: Receiver, sandbox: SandboxProcess, mode: str, status: str
) -> None:
    sandbox.control("POST", "outlets/G12345678", {"acceptance": mode})
    sandbox.settings(acceptance_speed=300)
    sandbox.simulate([GEPREK])
    receiver.wait_for(2)
    assert statuses(receiver) == ["AWAITING_MERCHANT_ACCEPTANCE", status]


def test_auto_accept_has_no_awaiting_state(
    subscribed: Client, receiver: Receiver, sandbox: SandboxProcess
) -> None:
    sandbox.control("POST", "outlets/G12345678", {"acceptance": "auto"})
    assert sandbox.simulate([GEPREK])["order"]["order"]["status"] == "MERCHANT_ACCEPTED"


def test_events_come_in_order_with_pauses_and_give_way_to_actions(
    subscribed: Client, receiver: Receiver, sandbox: SandboxProcess
) -> None:
    events = ORDER_EVENTS[:6]
    sandbox.simulate([GEPREK], events=events, pause=0)
    receiver.wait_for(6)
    assert [status.lower() for status in statuses(receiver)] == events
    receiver.received.clear()
    order = sandbox.simulate([GEPREK], events=events[:3], pause=2)
    assert act(subscribed, order, "accepted", {}) == 200
    receiver.wait_for(3)
    assert [status.lower() for status in statuses(receiver)] == events[:3]


def test_events_out_of_order_are_sent_as_asked(
    subscribed: Client, receiver: Receiver, sandbox: SandboxProcess
) -> None:
    number = sandbox.simulate([GEPREK], events=["completed", "placed"], pause=0)["order_number"]
    receiver.wait_for(2)
    assert statuses(receiver) == ["COMPLETED", "PLACED"]
    answer = sandbox.http.get(f"{sandbox.url}/simulator/deliveries?order_number={number}", timeout=5).json()
    assert answer["order"]["status"] == "COMPLETED"


def test_a_missing_mapping_brings_a_webhook_error_instead(
    subscribed: Client, receiver: Receiver, sandbox: SandboxProcess
) -> None:
    line = {**GEPREK, "variants": ["Paha atas", "Sedang", "Nasi putih", "Ati ampela"]}
    order = sandbox.simulate([line, {"name": "Air Mineral"}], events=ORDER_EVENTS[:3])
    (received,) = receiver.wait_for(1)
    body = json.loads(received.raw)
    assert body["header"]["event_type"] == "gofood.order.webhook_error"
    assert "event_name" not in body["header"]
    assert body["body"]["mapping_not_found"] == {
        "items": [{"name": "Air Mineral"}],
        "variants": [{"name": "Paha atas"}, {"name": "Ati ampela"}],
    }
    assert body["body"]["order"] == {"number": order["order_number"]}
    assert order["undelivered"] == body["body"]["mapping_not_found"]


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        ({**GEPREK, "variants": ["Dada", "Pedas"]}, "choose 1 to 1 of Nasi, not 0"),
        ({**GEPREK, "variants": ["Dada", "Paha atas", "Pedas", "Nasi putih"]}, "Pilihan Ayam, not 2"),
        ({"name": "Es Cendol Durian", "variants": ["Es normal"]}, "out of stock"),
        ({"name": "Pizza"}, "not on the menu"),
        ({**GEPREK, "quantity": 0}, "quantity"),
    ],
)
def test_what_no_customer_could_order_is_refused_unless_forced(
    sandbox: SandboxProcess, line: dict[str, Any], problem: str
) -> None:
    body = {**sandbox.ids(), "lines": [line]}
    answer = requests.post(f"{sandbox.url}/simulator/orders", json=body, timeout=5)
    assert answer.status_code == 422
    assert problem in answer.json()["error"]


def test_the_seeds_sample_is_sent_byte_for_byte(
    subscribed: Client, receiver: Receiver, sandbox: SandboxProcess
) -> None:
    answer = requests.post(f"{sandbox.url}/simulator/webhook-error", json=sandbox.ids(), timeout=5)
    assert answer.status_code == 201
    (received,) = receiver.wait_for(1)
    assert b'"name": "Paha atas"' in received.raw
    assert received.raw.decode().strip() == SEED.read_text().strip()
    other = requests.post(f"{sandbox.url}/simulator/webhook-error", json=sandbox.ids("G87654321"), timeout=5)
    assert other.status_code == 201
    receiver.wait_for(2)
    assert json.loads(receiver.received[-1].raw)["body"]["outlet"]["id"] == "G87654321"


def test_any_bytes_can_be_sent(subscribed: Client, receiver: Receiver, sandbox: SandboxProcess) -> None:
    sandbox.notify("not json", signature="00ff")
    (received,) = receiver.wait_for(1)
    assert (received.raw, received.headers["X-Go-Signature"]) == (b"not json", "00ff")
    sandbox.notify("[]", url=receiver.url + "/other")
    assert receiver.wait_for(2)[-1].path == "/hook/other"


@pytest.mark.parametrize(
    ("answers", "attempts", "state"),
    [
        ([200], 1, "delivered"),
        ([500] * 9, 2, "dead"),
        ([503] * 9, 5, "dead"),
        ([503, 503, 200], 3, "delivered"),
        ([404] * 9, 3, "dead"),
        ([400] * 9, 3, "dead"),
        ([302] * 9, 1, "dead"),
        ([418] * 9, 6, "dead"),
    ],
)
def test_retries_depend_on_the_answer(
    subscribed: Client,
    receiver: Receiver,
    sandbox: SandboxProcess,
    answers: list[int],
    attempts: int,
    state: str,
) -> None:
    sandbox.settings(retry_speed=1_000_000)
    receiver.answers = list(answers)
    number = sandbox.simulate([GEPREK])["order_number"]
    (delivery,) = wait_until(
        lambda: [d for d in sandbox.deliveries(number) if d["state"] in ("dead", "delivered")]
    )
    assert (delivery["state"], len(delivery["attempts"])) == (state, attempts)
    assert len(receiver.received) == attempts
    assert len({received.raw for received in receiver.received}) == 1
    assert len({received.headers["X-Go-Idempotency-Key"] for received in receiver.received}) == 1
    found = subscribed.call("GET", f"partner/notifications?entity_id={number}").json()["data"][
        "notifications"
    ]
    assert [attempt["delivered"] for attempt in found[0]["history"]] == [False] * (attempts - 1) + [
        state == "delivered"
    ]
    assert found[0]["delivery_status"] == state
    assert found[0]["payload"].encode() == receiver.received[0].raw
    assert found[0]["headers"]["X-Go-Signature"] == receiver.received[0].headers["X-Go-Signature"]


def test_a_307_is_followed(subscribed: Client, receiver: Receiver, sandbox: SandboxProcess) -> None:
    receiver.answers = [(307, {"Location": "/elsewhere"})]
    sandbox.simulate([GEPREK])
    first, second = receiver.wait_for(2)
    assert (first.path, second.path) == ("/hook", "/elsewhere")
    assert first.raw == second.raw


def test_a_slow_or_closed_receiver_counts_as_a_failure(client: Client, sandbox: SandboxProcess) -> None:
    sandbox.settings(retry_speed=1)
    client.subscribe("gofood.order.awaiting_merchant_acceptance", "http://127.0.0.1:9/hook")
    number = sandbox.simulate([GEPREK])["order_number"]
    (delivery,) = wait_until(lambda: [d for d in sandbox.deliveries(number) if d["attempts"]])
    assert (delivery["state"], delivery["attempts"][0]["status"]) == ("waiting", None)
    assert "Connection" in delivery["attempts"][0]["error"]


def test_both_kinds_of_subscription_and_duplicates(
    client: Client, receiver: Receiver, sandbox: SandboxProcess
) -> None:
    event = "gofood.order.awaiting_merchant_acceptance"
    client.subscribe(event, receiver.url + "/partner")
    client.subscribe(event, receiver.url + "/outlet", outlet="G12345678")
    client.subscribe(event, receiver.url + "/other", outlet="G87654321")
    sandbox.settings(duplicates=2, shuffle=True)
    sandbox.simulate([GEPREK])
    received = receiver.wait_for(4)
    assert sorted(one.path for one in received) == ["/hook/outlet"] * 2 + ["/hook/partner"] * 2
    assert len({one.raw for one in received}) == 1


def test_a_restart_goes_on_with_what_is_due(receiver: Receiver) -> None:
    process = SandboxProcess.start(os.environ["DATABASE_URL"], env={"SANDBOX_RETRY_SPEED": "1000000"})
    try:
        client = Client(process)
        for event in ORDER_EVENTS:
            client.subscribe(f"gofood.order.{event}", receiver.url)
        receiver.answers = [503]
        process.simulate([GEPREK], events=ORDER_EVENTS[:2], pause=2)
        process.halt(kill=True)
        process.serve()
        wait_until(lambda: "MERCHANT_ACCEPTED" in statuses(receiver))
        assert client.catalog()["menus"]
    finally:
        process.stop()
