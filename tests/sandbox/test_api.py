"""Tokens, scopes, envelopes, outlets, subscriptions, promos, faults."""

from datetime import date, timedelta

import pytest
import requests

from tests.sandbox.conftest import Client
from tests.sandbox_process import SandboxProcess


def message(answer: requests.Response) -> str:
    body = answer.json()
    assert body["success"] is False
    assert body["errors"][0]["code"] == f"HTTP_{answer.status_code}"
    return body["errors"][0]["message"]


def test_token_holds_what_was_asked_and_granted(client: Client) -> None:
    answer = client.ask_token("gofood:catalog:read gofood:order:read").json()
    assert answer["scope"] == "gofood:catalog:read gofood:order:read"
    assert (answer["expires_in"], answer["token_type"]) == (3599, "bearer")
    assert client.ask_token("").json()["scope"] == ""


def test_wrong_secret_is_an_invalid_client(client: Client) -> None:
    answer = client.ask_token(secret="wrong")
    assert (answer.status_code, answer.json()["error"]) == (401, "invalid_client")


def test_ungranted_scopes_are_dropped_or_refused(sandbox: SandboxProcess) -> None:
    client = Client(sandbox, "terbatas")
    granted = set(client.ask_token().json()["scope"].split())
    assert granted == {"gofood:catalog:read", "gofood:order:read", "gofood:order:write"}
    sandbox.control("POST", "apps", {"slug": "terbatas", "ungranted": "refuse"})
    answer = client.ask_token()
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_scope")


@pytest.mark.parametrize("status", [401, 403])
def test_a_call_without_its_scope_is_refused(sandbox: SandboxProcess, status: int) -> None:
    sandbox.settings(missing_scope_status=status)
    answer = Client(sandbox, "terbatas").gofood("PUT", "v1/catalog", {}, outlet="G555000111")
    assert answer.status_code == status
    assert "gofood:catalog:write" in message(answer)


def test_expired_and_revoked_tokens_are_401(client: Client, sandbox: SandboxProcess) -> None:
    sandbox.settings(token_expires_in=0)
    assert client.gofood("GET", "v2/catalog").status_code == 401
    sandbox.settings(token_expires_in=None)
    client.token = ""
    assert client.gofood("GET", "v2/catalog").status_code == 200
    sandbox.control("DELETE", "tokens")
    assert client.gofood("GET", "v2/catalog").status_code == 401


def test_another_apps_outlet_is_not_registered(client: Client) -> None:
    answer = client.gofood("GET", "v2/catalog", outlet="G555000111")
    assert answer.status_code == 404
    assert message(answer) == "the outlet is not yet registered for integration"


def test_headers_are_checked_and_the_request_id_echoed(client: Client) -> None:
    answer = client.call("GET", "gofood/outlets/G12345678/v2/catalog", **{"X-Request-ID": "abc-1"})
    assert answer.headers["X-Request-ID"] == "abc-1"
    assert client.call("GET", "gofood/outlets/G12345678/v2/catalog", Accept="text/html").status_code == 406
    plain = {"Content-Type": "text/plain"}
    assert client.call("PUT", "gofood/outlets/G12345678/v1/catalog", {}, **plain).status_code == 415
    refused = client.call("GET", "gofood/outlets/G1/v2/catalog", **{"X-Request-ID": "abc-2"})
    assert refused.headers["X-Request-ID"] == "abc-2"


def test_outlet_properties_and_partner_outlets(client: Client, sandbox: SandboxProcess) -> None:
    assert client.gofood("PATCH", "v1/properties", {"force_close": "yes"}).status_code == 400
    assert client.gofood("PATCH", "v1/properties", {"force_close": True}).json()["success"] is True
    assert sandbox.control("GET", "outlets/G12345678")["force_closed"] is True
    outlet = client.call("GET", "partner/outlets/G12345678/v1").json()["data"]["outlet"]
    assert outlet["name"] == "Warung Sederhana Tebet"
    second = client.call("GET", "partner/v1/linked-outlets?per=1&page=2").json()["data"]["outlets"]
    assert [linked["id"] for linked in second] == ["G87654321"]


@pytest.mark.parametrize("outlet", ["", "G12345678"])
def test_subscriptions_are_made_once_changed_and_removed(client: Client, outlet: str) -> None:
    event, url = "gofood.order.placed", "https://example.com/hook"
    place = f"partner/outlets/{outlet}/v1" if outlet else "partner/v1"
    path = f"{place}/notification-subscriptions"
    created = client.subscribe(event, url, outlet)
    assert created.status_code == 201
    subscription = created.json()["data"]["subscription"]
    assert client.subscribe(event, url, outlet).status_code == 409
    one = f"{path}/{subscription['id']}"
    changed = client.call("PUT", one, {"event": event, "url": url + "/2", "active": False})
    assert changed.json()["data"]["subscription"] == {**subscription, "url": url + "/2", "active": False}
    assert client.call("GET", one).json()["data"] == changed.json()["data"]
    assert len(client.call("GET", path).json()["data"]["subscriptions"]) == 1
    assert client.call("DELETE", one).status_code == 200
    assert client.call("GET", one).status_code == 404
    assert client.subscribe("gofood.order.created", url, outlet).status_code == 400


def promo(external_id: str, price: int) -> dict:
    start = date.today() - timedelta(days=1)
    detail = {"start_date": str(start), "end_date": str(start + timedelta(days=5))}
    detail |= {"selling_price": price, "external_menu_id": external_id}
    return {"promo_type": "sku_promo", "promo_detail": detail}


def test_promos_succeed_or_fail_in_a_200(client: Client, sandbox: SandboxProcess) -> None:
    path = "promo/outlets/G12345678/v1/food-promos"

    def make(external_id: str, price: int, key: str) -> dict:
        return client.call("POST", path, promo(external_id, price), **{"X-Idempotency-Key": key}).json()[
            "data"
        ]

    assert "10%" in make("I-ES-TEH", 5900, "k1")["failure"][0]["errors"]
    assert make("I-ES-CENDOL", 1000, "k2")["failure"][0]["errors"] == "Item is not active"
    made = make("I-ES-TEH", 5400, "k3")
    assert make("I-ES-TEH", 5400, "k3") == made
    assert "already" in make("I-ES-TEH", 5000, "k4")["failure"][0]["errors"]
    order = sandbox.simulate([{"name": "Es Teh Manis", "variants": ["Tanpa es"]}])["order"]["order"]
    promo_id = made["success"][0]["id"]
    assert (order["order_items"][0]["price"], order["order_items"][0]["sku_promo_id"]) == (5400, promo_id)
    assert client.call("GET", path).json()["data"]["total_count"] == 1
    assert client.call("PUT", f"{path}/{promo_id}/deactivate").json()["data"]["status"] == "inactive"
    assert client.call("DELETE", f"{path}/{promo_id}").status_code == 200
    assert client.call("GET", f"{path}/{promo_id}").status_code == 404
    assert client.call("POST", path, promo("I-ES-TEH", 5000)).status_code == 400


def test_faults_act_as_often_as_told(client: Client, sandbox: SandboxProcess) -> None:
    client.catalog()
    sandbox.fault("GET catalog", times=2, status=503, body="<html>down", headers={"Retry-After": "1"})
    first = client.gofood("GET", "v2/catalog")
    assert (first.status_code, first.text, first.headers["Retry-After"]) == (503, "<html>down", "1")
    assert client.gofood("GET", "v2/catalog").status_code == 503
    assert client.gofood("GET", "v2/catalog").status_code == 200
    sandbox.fault("/", status=500)
    assert client.gofood("GET", "v2/catalog").status_code == 500
    sandbox.control("DELETE", "faults")
    assert client.gofood("GET", "v2/catalog").status_code == 200


def test_a_dropped_connection_may_have_done_the_work(client: Client, sandbox: SandboxProcess) -> None:
    client.catalog()
    sandbox.fault("PATCH properties", times=1, close=True, apply=True, delay=0.2)
    with pytest.raises(requests.RequestException):
        client.gofood("PATCH", "v1/properties", {"force_close": True})
    assert sandbox.control("GET", "outlets/G12345678")["force_closed"] is True
    sandbox.fault("PATCH properties", times=1, close=True)
    with pytest.raises(requests.RequestException):
        client.gofood("PATCH", "v1/properties", {"force_close": False})
    assert sandbox.control("GET", "outlets/G12345678")["force_closed"] is True


def test_calls_are_listed_with_body_and_answer(client: Client, sandbox: SandboxProcess) -> None:
    client.catalog()
    last = sandbox.calls()[-1]["id"]
    client.gofood("PATCH", "v2/menu_item_stocks", [{"external_id": "nothing \x00", "in_stock": True}])
    (call,) = sandbox.calls(match="PATCH stocks", since=last)
    assert (call["status"], call["app"]) == (404, "warung")
    assert call["body"] == [{"external_id": "nothing �", "in_stock": True}]


def test_bad_control_values_are_refused(sandbox: SandboxProcess) -> None:
    for path, body in [
        ("faults", [{"match": "x"}]),
        ("faults", [{"match": "x", "status": 500, "colour": "red"}]),
        ("settings", {"retry_speed": 0}),
        ("settings", {"duplicates": "many"}),
    ]:
        assert sandbox.http.post(f"{sandbox.url}/_control/{path}", json=body, timeout=5).status_code == 422


def test_reset_keeps_the_credentials(client: Client, sandbox: SandboxProcess) -> None:
    client.subscribe("gofood.order.placed", "https://example.com/")
    sandbox.control("POST", "apps", {"slug": "extra", "outlets": [{"outlet_id": "G1", "name": "X"}]})
    sandbox.reset()
    assert sandbox.app() == client.credentials
    assert len(sandbox.control("GET", "apps")["apps"]) == 2
    assert client.gofood("GET", "v2/catalog").status_code == 401


def test_the_pages_and_pictures_answer(sandbox: SandboxProcess) -> None:
    portal = sandbox.http.get(sandbox.url + "/", timeout=5)
    assert sandbox.app()["app_secret"] in portal.text
    assert "'self'" in portal.headers["Content-Security-Policy"]
    assert sandbox.http.get(sandbox.url + "/simulator/", timeout=5).ok
    for name in ("sandbox.css", "simulator.mjs", "portal.mjs"):
        assert sandbox.http.get(f"{sandbox.url}/static/sandbox/{name}", timeout=5).ok
    picture = sandbox.http.get(sandbox.url + "/pictures/ayam-geprek.png", timeout=5)
    assert picture.headers["Content-Type"] == "image/png"
    assert len(picture.content) < 200_000
