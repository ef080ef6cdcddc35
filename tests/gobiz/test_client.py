"""Every call's address, body and meaning, against a GoBiz that answers over a real socket."""

import json
import logging

import pytest
import responses
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gobiz_admin.gobiz import environments, errors, events, http
from gobiz_admin.gobiz.client import GobizClient
from gobiz_admin.gobiz.scopes import ALL_SCOPES, CATALOG_READ, OPTIONAL_SCOPES, SEED_SCOPES
from gobiz_admin.gobiz.tokens import Token, TokenStore

SUBSCRIPTION = {"id": "s-1", "event": events.ORDER_AWAITING, "url": "https://x.example/", "active": True}
PAYLOAD = {"menus": [{"name": "Pizza", "menu_items": [{"external_id": "I-1"}]}], "variant_categories": []}
PARTNER = "/integrations/partner/v1/notification-subscriptions"
OUTLET = "/integrations/partner/outlets/G1/v1/notification-subscriptions"
PROMOS = "/integrations/promo/outlets/G1/v1/food-promos"
FOOD = "/integrations/gofood/outlets/G1"

# name, arguments, data of the answer, method, path, body that is sent, what comes back
CALLS = [
    (
        "get_catalog",
        ("G1",),
        {"menus": []},
        "GET",
        f"{FOOD}/v2/catalog",
        None,
        {"menus": [], "variant_categories": []},
    ),
    (
        "put_catalog",
        ("G1", PAYLOAD, "r-9"),
        {},
        "PUT",
        f"{FOOD}/v1/catalog",
        {**PAYLOAD, "request_id": "r-9"},
        {},
    ),
    (
        "patch_item_stocks",
        ("G1", [{"external_id": "I-1", "in_stock": False}]),
        {},
        "PATCH",
        f"{FOOD}/v2/menu_item_stocks",
        [{"external_id": "I-1", "in_stock": False}],
        {},
    ),
    (
        "patch_variant_stocks",
        ("G1", [{"id": "u", "in_stock": True}]),
        {},
        "PATCH",
        f"{FOOD}/v2/variant_stocks",
        [{"id": "u", "in_stock": True}],
        {},
    ),
    (
        "accept_order",
        ("G1", "delivery", "F-1"),
        {},
        "PUT",
        f"{FOOD}/v1/orders/delivery/F-1/accepted",
        None,
        {},
    ),
    (
        "cancel_order",
        ("G1", "pickup", "F-1", "OTHERS", "habis"),
        {},
        "PUT",
        f"{FOOD}/v1/orders/pickup/F-1/cancelled",
        {"cancel_reason_code": "OTHERS", "cancel_reason_description": "habis"},
        {},
    ),
    (
        "mark_food_prepared",
        ("G1", "delivery", "F-1"),
        {},
        "PUT",
        f"{FOOD}/v1/orders/delivery/F-1/food-prepared",
        {"country_code": "ID"},
        {},
    ),
    ("set_force_close", ("G1", True), {}, "PATCH", f"{FOOD}/v1/properties", {"force_close": True}, {}),
    (
        "get_outlet",
        ("G1",),
        {"outlet": {"id": "G1"}},
        "GET",
        "/integrations/partner/outlets/G1/v1",
        None,
        {"id": "G1"},
    ),
    (
        "linked_outlets",
        (10, 2),
        {"outlets": [{"id": "G1"}]},
        "GET",
        "/integrations/partner/v1/linked-outlets?per=10&page=2",
        None,
        [{"id": "G1"}],
    ),
    (
        "create_promo",
        ("G1", {"promo_type": "sku_promo"}, "key-1"),
        {"success": [], "failure": [{"id": None, "errors": "Item is not active"}]},
        "POST",
        PROMOS,
        {"promo_type": "sku_promo"},
        {"success": [], "failure": [{"id": None, "errors": "Item is not active"}]},
    ),
    (
        "list_promos",
        ("G1",),
        {"promotions": [{"id": "p"}], "total_count": 1, "limit": 10, "page": 1},
        "GET",
        PROMOS,
        None,
        {"promotions": [{"id": "p"}], "total_count": 1, "limit": 10, "page": 1},
    ),
    ("get_promo", ("G1", "p-1"), {"id": "p-1"}, "GET", f"{PROMOS}/p-1", None, {"id": "p-1"}),
    ("deactivate_promo", ("G1", "p-1"), {}, "PUT", f"{PROMOS}/p-1/deactivate", None, None),
    ("delete_promo", ("G1", "p-1"), {}, "DELETE", f"{PROMOS}/p-1", None, None),
    ("list_subscriptions", (), {"subscriptions": [SUBSCRIPTION]}, "GET", PARTNER, None, [SUBSCRIPTION]),
    ("list_subscriptions", ("G1",), {"subscriptions": None}, "GET", OUTLET, None, []),
    (
        "create_subscription",
        (events.ORDER_AWAITING, "https://x.example/"),
        {"subscription": SUBSCRIPTION},
        "POST",
        PARTNER,
        {"event": events.ORDER_AWAITING, "url": "https://x.example/", "active": True},
        SUBSCRIPTION,
    ),
    (
        "get_subscription",
        ("s-1", "G1"),
        {"subscription": SUBSCRIPTION},
        "GET",
        f"{OUTLET}/s-1",
        None,
        SUBSCRIPTION,
    ),
    (
        "update_subscription",
        ("s-1", "e", "u", False),
        {"subscription": SUBSCRIPTION},
        "PUT",
        f"{PARTNER}/s-1",
        {"event": "e", "url": "u", "active": False},
        SUBSCRIPTION,
    ),
    ("delete_subscription", ("s-1",), {}, "DELETE", f"{PARTNER}/s-1", None, None),
    (
        "find_notifications",
        ("F-1",),
        {"notifications": [{"entity_id": "F-1"}]},
        "GET",
        "/integrations/partner/notifications?entity_id=F-1",
        None,
        [{"entity_id": "F-1"}],
    ),
]
NAMES = [f"{call[0]}{len(call[1])}" for call in CALLS]


@pytest.mark.parametrize(("name", "arguments", "data", "method", "path", "sent", "result"), CALLS, ids=NAMES)
def test_a_call(world, api, client, name, arguments, data, method, path, sent, result):
    api({"success": True, "data": data}, 201 if method == "POST" else 200)
    assert getattr(client, name)(*arguments) == result
    request = world.seen[-1]
    assert (request["method"], request["path"]) == (method, path)
    assert (json.loads(request["body"]) if request["body"] else None) == sent
    headers = request["headers"]
    assert headers["Authorization"] == "Bearer tok-1"
    assert headers["Content-Type"] == headers["Accept"] == "application/json"
    assert 0 < len(headers["X-Request-ID"]) <= 128


def test_the_token_is_asked_for_once(world, api, client):
    api({"data": {"subscriptions": []}})
    for _ in range(3):
        client.list_subscriptions()
    assert client.token().access_token == "tok-1"
    assert len(world.token_requests) == 1


def test_a_catalog_put_carries_its_request_id_and_waits_long(world, api, client, monkeypatch):
    api()
    used = []

    def watched(*arguments, timeout, **options):
        used.append(timeout)
        return real(*arguments, timeout=timeout, **options)

    real = http.send
    monkeypatch.setattr(http, "send", watched)
    client.put_catalog("G1", PAYLOAD, "r-9")
    assert world.seen[-1]["headers"]["X-Request-ID"] == "r-9"
    assert used[-1] == http.CATALOG_TIMEOUT
    assert http.CATALOG_TIMEOUT[1] >= 90


@pytest.mark.parametrize("payload", [{}, {"menus": []}, {"menus": [{"menu_items": []}]}, {"menus": None}])
def test_an_empty_menu_is_never_sent(world, client, payload):
    with pytest.raises(errors.RequestRefused) as caught:
        client.put_catalog("G1", payload, "r-9")
    assert caught.value.code == "empty_menu"
    assert not world.seen


@pytest.mark.parametrize("key", ["key-1", "k" * 33, "kunci→", "k" * 32])
def test_an_idempotency_key_fits_and_stays(world, api, client, key):
    api({"data": {"success": [], "failure": []}})
    client.create_promo("G1", {}, key)
    client.create_promo("G1", {}, key)
    first, second = (request["headers"]["X-Idempotency-Key"] for request in world.seen[-2:])
    assert first == second
    assert 0 < len(first) <= 32


def test_path_parts_are_quoted(world, api, client):
    api()
    client.accept_order("G/../1", "delivery", "F-1?x=#é")
    path = "/integrations/gofood/outlets/G%2F..%2F1/v1/orders/delivery/F-1%3Fx%3D%23%C3%A9/accepted"
    assert world.seen[-1]["path"] == path


@pytest.mark.parametrize("part", ["", ".", ".."])
def test_an_id_that_would_change_the_path_is_unknown(world, client, part):
    with pytest.raises(errors.OutletUnknown):
        client.get_catalog(part)
    with pytest.raises(errors.NotFound):
        client.delete_subscription(part)
    assert not world.seen


def test_an_empty_answer_to_a_delete_is_enough(api, client):
    api(b"")
    client.delete_subscription("s-1")
    client.delete_promo("G1", "p-1")
    with pytest.raises(errors.UnreadableAnswer):
        client.accept_order("G1", "delivery", "F-1")


def test_promos_at_the_top_level_are_read_too(api, client):
    api({"success": True, "promotions": [{"id": "p"}], "total_count": 1})
    assert client.list_promos("G1")["promotions"] == [{"id": "p"}]


# --- tokens and scopes -------------------------------------------------------------------------


def test_after_a_401_the_token_is_refreshed_once_and_the_call_repeated_once(world, api, client):
    def reply(handler):
        fresh = handler.headers["Authorization"] == "Bearer tok-2"
        handler.answer({"data": {"subscriptions": []}} if fresh else {}, 200 if fresh else 401)

    api(reply=reply)
    assert client.list_subscriptions() == []
    assert len(world.token_requests) == 2
    ids = [request["headers"]["X-Request-ID"] for request in world.seen if request["path"] == PARTNER]
    assert len(ids) == 2
    assert len(set(ids)) == 1


@pytest.mark.parametrize(
    ("status", "scope", "kind", "calls"),
    [
        (401, " ".join(ALL_SCOPES), errors.TokenRefused, 2),
        (401, "gofood:order:read", errors.ScopeMissing, 2),
        (403, " ".join(ALL_SCOPES), errors.ScopeMissing, 1),
        (403, "gofood:order:read", errors.ScopeMissing, 1),
    ],
)
def test_a_refused_token_never_loops(world, api, client, status, scope, kind, calls):
    api({"errors": [{"message": "Bearer tok-1 and tok-2 refused"}]}, status, scope=scope)
    with pytest.raises(errors.GobizError) as caught:
        client.get_catalog("G1")
    assert type(caught.value) is kind
    assert getattr(caught.value, "scope", CATALOG_READ) == CATALOG_READ
    assert "tok-2" not in str(caught.value) or calls == 1
    assert len(world.seen) - len(world.token_requests) == calls
    assert len(world.token_requests) == calls


@pytest.mark.parametrize(("status", "kind"), [(401, errors.TokenRefused), (403, errors.ScopeMissing)])
def test_a_call_of_which_the_scope_is_not_known(api, client, status, kind):
    api({}, status)
    with pytest.raises(kind) as caught:
        client.list_subscriptions()
    assert str(caught.value.words)


def test_an_outage_of_the_token_server_leaves_the_call_unmade(world, client):
    world.reply = lambda handler: handler.answer({}, 502)
    with pytest.raises(errors.GobizUnavailable) as caught:
        client.accept_order("G1", "delivery", "F-1")
    assert caught.value.maybe_applied is False


# --- what a refusal means ----------------------------------------------------------------------

NOT_REGISTERED = {"message": "the outlet is not yet registered for integration"}


def accept(client):
    client.accept_order("G1", "delivery", "F-1")


def subscribe(client):
    client.create_subscription(events.WEBHOOK_ERROR, "https://x.example/")


def subscribe_outlet(client):
    client.create_subscription(events.WEBHOOK_ERROR, "https://x.example/", outlet_id="G1")


@pytest.mark.parametrize(
    ("action", "status", "body", "kind"),
    [
        (accept, 404, NOT_REGISTERED, errors.OutletUnknown),
        (accept, 404, {"message": "order not found"}, errors.NotFound),
        (accept, 409, {}, errors.OrderMovedOn),
        (accept, 400, {}, errors.RequestRefused),
        (accept, 406, b"<html>", errors.RequestRefused),
        (accept, 200, {"success": False, "errors": [{"message": "closed"}]}, errors.RequestRefused),
        (accept, 200, b"<html>", errors.UnreadableAnswer),
        (accept, 200, b"", errors.UnreadableAnswer),
        (accept, 200, [], errors.UnreadableAnswer),
        (accept, 200, {"data": []}, errors.UnreadableAnswer),
        (accept, 301, b"", errors.UnreadableAnswer),
        (accept, 500, b"", errors.GobizUnavailable),
        (accept, 503, b"<html>", errors.GobizUnavailable),
        (accept, 599, b"", errors.GobizUnavailable),
        (subscribe, 404, {}, errors.NotFound),
        (subscribe, 409, {}, errors.AlreadyExists),
        (subscribe, 201, {"data": {}}, errors.UnreadableAnswer),
        (subscribe_outlet, 404, {}, errors.OutletUnknown),
        (subscribe_outlet, 409, {}, errors.AlreadyExists),
        (lambda client: client.delete_promo("G1", "p"), 404, {}, errors.NotFound),
        (lambda client: client.get_catalog("G1"), 404, {}, errors.OutletUnknown),
        (lambda client: client.put_catalog("G1", PAYLOAD, "r"), 409, {}, errors.AlreadyExists),
    ],
)
def test_what_a_refusal_means(world, api, client, action, status, body, kind):
    api(body, status)
    with pytest.raises(errors.GobizError) as caught:
        action(client)
    error = caught.value
    assert (type(error), error.status) == (kind, status)
    assert error.request_id == world.seen[-1]["headers"]["X-Request-ID"]
    assert error.transient is (kind in (errors.GobizUnavailable, errors.UnreadableAnswer))
    assert error.maybe_applied is error.transient


def test_a_429_is_transient_not_applied_and_says_when(api, client):
    api({"message": "slow down"}, 429, {"Retry-After": "17"})
    with pytest.raises(errors.GobizUnavailable) as caught:
        accept(client)
    error = caught.value
    assert (error.transient, error.maybe_applied, error.retry_after) == (True, False, 17)


@pytest.mark.parametrize(
    ("body", "detail"),
    [
        (
            {"success": False, "errors": [{"message_title": "Oops", "message": "Price is 0", "code": "X"}]},
            "Price is 0",
        ),
        ({"errors": [{"message_title": "Oops", "message": ""}, {"message": "two"}, 5]}, "Oops; two"),
        ({"message": "top\x07 level"}, "top level"),
        ({"errors": {"a": 1}}, ""),
        (b"<html><body>nginx</body></html>", ""),
        ([1], ""),
        ({"success": False, "message": "no tok-1 here"}, "no [hidden] here"),
    ],
)
def test_gobizs_own_words_are_kept(api, client, body, detail):
    api(body, 422)
    with pytest.raises(errors.RequestRefused) as caught:
        accept(client)
    assert caught.value.detail == detail


def test_a_200_that_failed_does_not_show_a_token_either(api, client):
    api({"success": False, "message": "no tok-1 here"})
    with pytest.raises(errors.RequestRefused) as caught:
        accept(client)
    assert caught.value.detail == "no [hidden] here"


# --- reading the catalog -----------------------------------------------------------------------

ITEM = {"id": "u-1", "name": "Nasi"}
CATEGORY = {"id": "vc-1", "name": "Topping", "variants": []}


@pytest.mark.parametrize(
    "data",
    [
        {"menus": [], "variant_categories": []},
        {"menus": [{"name": "A", "menu_items": []}]},
        {"menus": [{"name": "A", "menu_items": [ITEM]}], "variant_categories": None},
        {
            "menus": [{"menu_items": [{**ITEM, "variant_category_ids": ["vc-1"]}]}],
            "variant_categories": [CATEGORY],
        },
        {"menus": [{"menu_items": [{**ITEM, "variant_category_ids": []}]}], "new_field": 1},
    ],
)
def test_a_whole_menu_is_read(api, client, data):
    api({"success": True, "data": data})
    assert client.get_catalog("G1") == {**data, "variant_categories": data.get("variant_categories") or []}


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"data": None},
        {"success": True, "data": []},
        {"success": True, "data": {}},
        {"success": False, "data": {"menus": []}},
        {"data": {"menus": None}},
        {"data": {"menus": {}}},
        {"data": {"menus": [None]}},
        {"data": {"menus": [{"name": "A"}]}},
        {"data": {"menus": [{"menu_items": None}]}},
        {"data": {"menus": [{"menu_items": ["x"]}]}},
        {"data": {"menus": [{"menu_items": [{**ITEM, "variant_category_ids": ["vc-1"]}]}]}},
        {"data": {"menus": [], "variant_categories": ["x"]}},
        {"data": {"menus": [], "variant_categories": {}}},
        b'{"success": true, "data": {"menus": [',
        b"<html>",
        b"",
    ],
)
def test_what_is_not_a_whole_menu_is_a_failed_read(api, client, body):
    api(body)
    with pytest.raises(errors.UnreadableAnswer):
        client.get_catalog("G1")


def test_a_204_is_no_menu(api, client):
    api(reply=lambda handler: handler.raw(b"HTTP/1.1 204 No Content\r\n\r\n"))
    with pytest.raises(errors.UnreadableAnswer):
        client.get_catalog("G1")


ANSWERS = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["success", "data", "menus", "menu_items", "variant_categories", "errors", "message"]
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)


class OneToken(TokenStore):
    def __init__(self):
        pass  # no Redis

    def get(self, credentials, scopes=ALL_SCOPES, refresh_of=None):
        return Token("tok-1", tuple(scopes), 0.0)


@pytest.fixture
def offline(credentials):
    return GobizClient(credentials, OneToken())


@given(
    ANSWERS | st.binary(max_size=60), st.sampled_from([200, 201, 204, 302, 400, 401, 403, 404, 409, 429, 500])
)
@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_no_answer_raises_anything_but_our_errors(offline, body, status):
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    base = offline.credentials.environment.api_base
    with responses.RequestsMock() as mock:
        mock.get(base + f"{FOOD}/v2/catalog", body=raw, status=status)
        mock.get(base + PROMOS, body=raw, status=status)
        mock.post(base + PROMOS, body=raw, status=status)
        failures = [
            failure_of(lambda: offline.get_catalog("G1")),
            failure_of(lambda: offline.list_promos("G1")),
            failure_of(lambda: offline.create_promo("G1", {}, "k")),
        ]
    for error in filter(None, failures):
        assert str(error.words)
        assert str(error).isprintable()
        may_pass = status < 400 or status in (429, 500)
        assert error.transient is (may_pass and error.code != "request_refused")


def failure_of(call):
    """The GobizError of the call, if any; any other exception fails the test."""
    try:
        call()
    except errors.GobizError as error:
        return error
    return None


@pytest.mark.parametrize("status", [200, 400, 500])
def test_nothing_secret_is_logged(api, client, caplog, status):
    api({"message": "tok-1"}, status)
    with caplog.at_level(logging.DEBUG, logger="gobiz"):
        try:
            client.cancel_order("G1", "delivery", "F-1", "OTHERS", "the-reason")
        except errors.GobizError as error:
            logging.getLogger("gobiz").warning("%s %r", error, error)
    text = "\n".join(caplog.handler.format(record) for record in caplog.records if record.name == "gobiz")
    assert "/orders/delivery/F-1/cancelled" in text
    assert not any(secret in text for secret in ("tok-1", "s3cret", "the-reason", "Bearer"))


def test_the_constants_are_those_of_the_document():
    assert (len(ALL_SCOPES), len(SEED_SCOPES), len(events.EVENTS)) == (9, 7, 9)
    assert set(ALL_SCOPES) == set(SEED_SCOPES) | set(OPTIONAL_SCOPES)
    assert events.ORDER_CREATED in events.ORDER_EVENTS
    assert events.ORDER_CREATED not in events.EVENTS
    assert environments.SANDBOX.api_base == "https://api.partner-sandbox.gobiz.co.id"
    assert environments.PRODUCTION.oauth_base == "https://accounts.go-jek.com"
    assert environments.local("http://a/", "http://b/").api_base == "http://b"
