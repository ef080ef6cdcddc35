"""The receiver: what it answers, and what stands in the database afterwards."""

from __future__ import annotations

import io
import json
from unittest import mock

import pytest
from django.db import InterfaceError, OperationalError
from django.test import Client
from django.urls import resolve
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gobiz_admin.gobiz import events
from gobiz_admin.gobiz.signatures import sign
from gobiz_admin.merchants.models import GobizApp
from orders.models import Order
from tests.orders.notifications import order_notification
from webhooks import receiving
from webhooks.models import Notification
from webhooks.working import work_off

pytestmark = pytest.mark.django_db
State, Verdict = Notification.State, Notification.Verdict


def message(event_id="e-1", **body):
    return {"header": {"event_name": "gofood.order.placed", "event_id": event_id}, "body": body}


def only_row() -> Notification:
    return Notification.objects.get()


class TestRefused:
    def test_unknown_token(self, post):
        assert post(message(), path="/webhooks/gobiz/nobody-has-this-token/").status_code == 404
        assert not Notification.objects.exists()

    @pytest.mark.parametrize("token", ["", "x" * 65, "%00", "a b", "../admin", "é"])
    def test_a_token_that_cannot_be_one(self, post, token):
        assert post(message(), path=f"/webhooks/gobiz/{token}/").status_code == 404

    @pytest.mark.parametrize("method", ["get", "head", "put", "patch", "delete", "options"])
    def test_other_methods(self, cast, method):
        answer = getattr(Client(), method)(f"/webhooks/gobiz/{cast.app.webhook_token}/")
        assert answer.status_code == 405
        assert answer.headers["Allow"] == "POST"

    def test_too_large(self, cast, post):
        raw = json.dumps(message()).encode().ljust(receiving.LARGEST + 1)
        assert post(raw).status_code == 413
        assert not Notification.objects.exists()

    def test_largest(self, post):
        raw = json.dumps(message()).encode().ljust(receiving.LARGEST)
        assert post(raw).status_code == 200
        assert bytes(only_row().raw) == raw

    def test_a_declared_length_alone_is_refused(self, cast):
        answer = Client().generic(
            "POST", f"/webhooks/gobiz/{cast.app.webhook_token}/", b"{}", CONTENT_LENGTH=receiving.LARGEST + 1
        )
        assert answer.status_code == 413

    @pytest.mark.parametrize("length", ["-1", "abc", "", "99999999999999999999"])
    def test_a_lying_length(self, cast, length):
        raw = json.dumps(message()).encode()
        answer = Client().generic(
            "POST",
            f"/webhooks/gobiz/{cast.app.webhook_token}/",
            raw,
            CONTENT_LENGTH=length,
            headers={"X-Go-Signature": sign(cast.app.relay_secret, raw)},
        )
        assert answer.status_code in (401, 413)

    @pytest.mark.parametrize(
        "signature",
        [None, "", "0" * 64, "z" * 64, "0" * 63, "\xe9" * 64, "sha256=" + "0" * 64, "a" * 10_000],
        ids=range(8),
    )
    def test_signature_wrong_or_missing(self, post, signature):
        assert post(message(), signature=signature).status_code == 401
        row = only_row()
        assert (row.verdict, row.state, row.note) == (Verdict.FORGED, State.IGNORED, "forged")

    def test_a_signature_over_other_bytes(self, cast, post):
        assert post(b'{"a": 1}', signature=sign(cast.app.relay_secret, b'{"a": 2}')).status_code == 401

    def test_another_apps_signature(self, cast, post):
        raw = json.dumps(message()).encode()
        assert post(raw, signature=sign(cast.other_app.relay_secret, raw)).status_code == 401

    def test_an_empty_relay_secret_signs_nothing(self, cast, post):
        GobizApp.objects.filter(pk=cast.app.pk).update(relay_secret="")
        assert post(b"{}", signature=sign("", b"{}")).status_code == 401

    def test_forged_has_no_effect_and_uses_up_no_event_id(self, cast, post):
        body = order_notification(events.ORDER_ACCEPTED, cast.outlet, "F-1", event_id="taken?")
        assert post(body, signature="0" * 64).status_code == 401
        assert work_off() == 0
        assert not Order.objects.exists()
        assert post(body).status_code == 200
        work_off()
        assert Order.objects.get().order_number == "F-1"

    def test_forged_deliveries_do_not_fill_the_disk(self, post):
        for number in range(receiving.FORGED_TRACES_PER_MINUTE + 5):
            assert post(message(f"e-{number}"), signature="0" * 64).status_code == 401
        assert Notification.objects.count() == receiving.FORGED_TRACES_PER_MINUTE
        assert post(message("real")).status_code == 200


class TestTaken:
    @pytest.mark.parametrize("slash", ["", "/"])
    def test_with_and_without_the_last_slash(self, cast, post, slash):
        answer = post(message(), path=f"/webhooks/gobiz/{cast.app.webhook_token}{slash}")
        assert answer.status_code == 200
        assert only_row().verdict == Verdict.VERIFIED

    def test_upper_case_hex(self, cast, post):
        raw = json.dumps(message()).encode()
        assert post(raw, signature=sign(cast.app.relay_secret, raw).upper()).status_code == 200

    def test_stored_as_received(self, post):
        raw = b'\xef\xbb\xbf {"header": {"event_name": "x", "event_id": "with-bom"},  "body": {"a": "\\u0000"}}\r\n'
        answer = post(
            raw,
            **{
                "X-Go-Idempotency-Key": "k-1",
                "X-Request-ID": "r-1",
                "Authorization": "Bearer no",
                "Cookie": "a=b",
            },
        )
        assert answer.status_code == 200
        row = only_row()
        assert bytes(row.raw) == raw
        assert (row.event_id, row.event_name, row.state) == ("with-bom", "x", State.PENDING)
        assert row.headers["X-Go-Idempotency-Key"] == "k-1"
        assert set(row.headers) == {"Content-Type", "X-Go-Idempotency-Key", "X-Request-ID"}

    def test_again(self, post):
        assert [post(message()).status_code for _ in range(3)] == [200, 200, 200]
        assert Notification.objects.count() == 1

    def test_again_after_it_was_worked_off(self, cast, post):
        body = order_notification(events.ORDER_ACCEPTED, cast.outlet)
        post(body)
        work_off()
        assert post(body).status_code == 200
        assert work_off() == 0
        assert only_row().state == State.DONE

    def test_the_same_event_id_at_two_apps(self, cast, post):
        assert post(message()).status_code == 200
        assert post(message(), app=cast.other_app).status_code == 200
        assert Notification.objects.count() == 2

    @pytest.mark.parametrize(
        "raw",
        [b"", b"not json", b"\xff\xfe\x00", b'"text"', b"[1]", b"12", b"null", b"{", b"[" * 100_000],
        ids=range(9),
    )
    def test_signed_but_no_json_object(self, post, raw):
        assert post(raw).status_code == 200
        assert post(raw).status_code == 200
        row = only_row()
        assert (row.verdict, row.state, row.note) == (Verdict.VERIFIED, State.IGNORED, "not_json")
        assert bytes(row.raw) == raw

    def test_record_only(self, cast, post):
        GobizApp.objects.filter(pk=cast.app.pk).update(signature_mode="record_only")
        body = order_notification(events.ORDER_ACCEPTED, cast.outlet, event_id="e-9")
        assert post(body, signature=None).status_code == 200
        assert post(body, signature="0" * 64).status_code == 200
        assert only_row().verdict == Verdict.UNVERIFIED
        work_off()
        assert Order.objects.get().unverified
        # The verified one is not taken for a repetition of the unverified one.
        assert post(body).status_code == 200
        assert Notification.objects.count() == 2
        work_off()
        assert Order.objects.get().timeline.count() == 1

    def test_a_chunked_body(self, cast):
        """Django reads nothing of a body without a length: GoBiz would get a 401 for a good signature."""
        raw = json.dumps(message()).encode()
        answer = Client().generic(
            "POST",
            f"/webhooks/gobiz/{cast.app.webhook_token}/",
            **{
                "wsgi.input": io.BytesIO(raw),
                "headers": {
                    "X-Go-Signature": sign(cast.app.relay_secret, raw),
                    "Transfer-Encoding": "chunked",
                },
            },
        )
        assert answer.status_code == 200
        assert bytes(only_row().raw) == raw

    def test_a_chunked_body_that_is_too_large(self, cast):
        answer = Client().generic(
            "POST",
            f"/webhooks/gobiz/{cast.app.webhook_token}/",
            **{
                "wsgi.input": io.BytesIO(bytes(receiving.LARGEST + 1)),
                "headers": {"Transfer-Encoding": "chunked"},
            },
        )
        assert answer.status_code == 413

    def test_the_cost_is_constant(self, cast, post, django_assert_num_queries):
        with django_assert_num_queries(2):
            post(order_notification(events.ORDER_ACCEPTED, cast.outlet, order_items=[{}] * 200))
        with django_assert_num_queries(2):
            post(b"not json")
        with django_assert_num_queries(2):
            post(message(), signature=None)


class TestEventId:
    @pytest.mark.parametrize(
        "event_id",
        ["absent", None, "", 5, 1.5, True, [], {}, "x" * 201, " spaced ", "a\x00b", "\ud800"],
        ids=range(12),
    )
    def test_one_that_is_no_key_is_replaced_by_the_bytes(self, post, event_id):
        body = message(event_id)
        if event_id == "absent":
            del body["header"]["event_id"]
        assert [post(body).status_code, post(body).status_code] == [200, 200]
        assert only_row().event_id.startswith("sha256:")
        assert post({**body, "more": 1}).status_code == 200
        assert Notification.objects.count() == 2

    def test_ids_that_look_alike_once_stored_stay_apart(self, post):
        for event_id in ("ab", "a\x00b", "\ud800", "\ud801", "?"):
            post(message(event_id))
        assert Notification.objects.count() == 5

    def test_longest(self, post):
        post(message("x" * 200))
        assert only_row().event_id == "x" * 200

    @pytest.mark.parametrize("header", [None, [], "text", 5, {}])
    def test_a_header_that_is_none(self, post, header):
        assert post({"header": header, "body": []}).status_code == 200
        assert only_row().event_name == ""


class TestDatabaseGone:
    @pytest.mark.parametrize("error", [OperationalError("gone"), InterfaceError("closed"), ValueError("key")])
    def test_503_never_500(self, post, error):
        with (
            mock.patch("webhooks.receiving.Notification.objects.bulk_create", side_effect=error),
            mock.patch("webhooks.receiving.connection") as connection,
        ):
            answer = post(message())
        assert connection.close.called
        assert answer.status_code == 503
        assert int(answer.headers["Retry-After"]) > 0
        assert not Notification.objects.exists()

    def test_when_the_app_cannot_be_read(self, post):
        with (
            mock.patch("webhooks.receiving.GobizApp.objects.filter", side_effect=OperationalError("gone")),
            mock.patch("webhooks.receiving.connection"),
        ):
            assert post(message()).status_code == 503


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20) | st.just("\x00\ud800"),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=10), inner, max_size=4),
    max_leaves=10,
)
generous = settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


@generous
@given(raw=st.binary(max_size=300) | json_values.map(lambda value: json.dumps(value).encode()))
def test_any_signed_bytes_are_taken_and_worked_off(post, raw):
    assert post(raw).status_code == 200
    work_off()
    assert not Notification.objects.filter(state__in=[State.FAILED, State.DEAD, State.PENDING]).exists()


def paths_of(value, path=()):
    yield path
    parts = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in parts:
        yield from paths_of(inner, (*path, key))


def changed(value, path, new):
    if not path:
        return new
    copy = value.copy()
    copy[path[0]] = changed(value[path[0]], path[1:], new)
    return copy


@generous
@given(data=st.data())
def test_whatever_is_changed_in_it_the_order_stands(cast, post, data):
    """Any part but the event's name, the outlet and the order's number may be anything."""
    # An event id that an earlier example used would make this one a repetition.
    Notification.objects.all().delete()
    body = order_notification(
        events.ORDER_ACCEPTED,
        cast.outlet,
        order_items=[{"name": "A", "external_id": "I-1", "price": 1, "variants": [{"name": "B"}]}],
    )
    kept = {("header", "event_name"), ("body", "outlet", "id"), ("body", "order", "order_number")}
    holders = {path[:length] for path in kept for length in range(len(path))}
    paths = [path for path in paths_of(body) if path not in kept | holders]
    for path in data.draw(st.lists(st.sampled_from(paths), min_size=1, max_size=3)):
        try:
            body = changed(body, path, data.draw(json_values))
        except (KeyError, IndexError, TypeError, AttributeError):
            continue  # an earlier change took this part away
    assert post(body).status_code == 200
    work_off()
    row = Notification.objects.order_by("-pk").first()
    assert row is not None
    assert row.state == State.DONE, row.note
    assert Order.objects.filter(
        order_number=body["body"]["order"]["order_number"], outlet=cast.outlet
    ).exists()


def test_the_address_is_what_the_app_tells_gobiz(cast):
    assert resolve(cast.app.webhook_url.removeprefix("http://testserver")).url_name == "receiver"
