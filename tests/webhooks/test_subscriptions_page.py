"""The owner's page about subscriptions, address and Relay Secret."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone, translation

from gobiz_admin.merchants.models import AuditEntry, GobizApp
from tests.factories import GobizAppFactory, OutletFactory
from tests.webhooks.test_rotating import arrived
from webhooks import rotating
from webhooks.models import AppCheck

pytestmark = pytest.mark.django_db
POSTS = {
    "check_app": {"kind": "subscriptions"},
    "subscribed_per": {"subscribed_per": "outlet"},
    "signature_mode": {"signature_mode": "record_only"},
    "new_address": {},
    "forget_address": {},
    "new_relay_secret": {"relay_secret": "typed-secret"},
    "forget_relay_secret": {},
}


def browser(user: Any) -> Client:
    client = Client(headers={"Accept-Language": "en"})
    client.force_login(user, "django.contrib.auth.backends.ModelBackend")
    client.cookies["language"] = "en"
    return client


def send(cast, name: str, user: Any = None, app: GobizApp | None = None, **data: str) -> Any:
    address = reverse(name, args=[cast.merchant.pk, (app or cast.app).pk])
    return browser(user or cast.owner).post(address, {**POSTS[name], **data})


def page(cast, name: str = "subscriptions", *args: Any) -> str:
    with translation.override("en"):
        answer = browser(cast.owner).get(reverse(name, args=[cast.merchant.pk, *args]))
    assert answer.status_code == 200
    return answer.content.decode()


@pytest.mark.parametrize("name", POSTS)
def test_denied_and_nothing_changed(cast, name):
    before = list(GobizApp.objects.order_by("pk").values())
    assert send(cast, name, cast.manager).status_code == 403
    assert send(cast, name, app=cast.other_app).status_code == 404
    assert list(GobizApp.objects.order_by("pk").values()) == before
    assert not AppCheck.objects.exists()
    assert not AuditEntry.objects.exists()


def test_before_the_first_look(cast):
    text = page(cast)
    assert "Not looked at yet" in text
    assert text.count("Not known") == 9


def test_secrets_are_not_sent_to_the_browser(cast):
    rotating.change_relay_secret(cast.app, "a-new-relay-secret", None)
    for text in (page(cast), page(cast, "new_relay_secret", cast.app.pk)):
        for secret in ("a-new-relay-secret", cast.app.relay_secret, cast.app.app_secret):
            assert secret not in text
    health = page(cast, "app_health", cast.app.pk)
    assert cast.app.webhook_token not in health


def test_asked_twice_is_one_check(cast):
    for _ in range(2):
        assert send(cast, "check_app").status_code == 302
    assert send(cast, "check_app", kind="round_trip").status_code == 302
    assert AppCheck.objects.filter(state="waiting").count() == 2
    assert send(cast, "check_app", kind="moon").status_code == 422
    assert "every 2s" in page(cast)


def test_by_htmx_the_part_comes_back(cast):
    address = reverse("check_app", args=[cast.merchant.pk, cast.app.pk])
    answer = browser(cast.owner).post(address, {"kind": "round_trip"}, headers={"HX-Request": "true"})
    assert answer.status_code == 200
    assert f'id="health-{cast.app.pk}"' in answer.content.decode()


def test_a_new_address_once(cast):
    assert "forgotten by itself" in page(cast, "new_address", cast.app.pk)
    for _ in range(2):
        assert send(cast, "new_address").status_code == 302
    assert AuditEntry.objects.filter(action="address.rotated").count() == 1
    assert "GoBiz still has the old one for some events" in page(cast)
    assert send(cast, "forget_address").status_code == 302
    assert send(cast, "forget_address").status_code == 302
    cast.app.refresh_from_db()
    assert cast.app.previous_webhook_token is None


@pytest.mark.parametrize("value", ["", "a\x07b", "x" * 201])
def test_a_relay_secret_that_makes_no_sense(cast, value):
    answer = send(cast, "new_relay_secret", relay_secret=value)
    assert answer.status_code == 422
    cast.app.refresh_from_db()
    assert not cast.app.previous_relay_secret


def test_another_value_of_the_app_is_no_relay_secret(cast):
    assert send(cast, "new_relay_secret", relay_secret=cast.app.app_secret).status_code == 422


def test_a_new_relay_secret_and_who_signs(cast):
    old = cast.app.relay_secret
    assert send(cast, "new_relay_secret", relay_secret=" typed-secret ").status_code == 302
    cast.app.refresh_from_db()
    assert cast.app.relay_secrets == ["typed-secret", old]
    assert "has sent nothing since" in page(cast)
    arrived(cast.app, old, received_at=timezone.now() + timedelta(seconds=1))
    assert "still signs with the old" in page(cast)
    arrived(cast.app, "typed-secret")
    assert "it is right" in page(cast)
    send(cast, "forget_relay_secret")
    cast.app.refresh_from_db()
    assert cast.app.relay_secrets == ["typed-secret"]


def test_signatures_are_enforced_in_production(cast):
    app = GobizAppFactory(merchant=cast.merchant, environment="production")
    assert send(cast, "signature_mode", app=app).status_code == 422
    assert reverse("signature_mode", args=[cast.merchant.pk, app.pk]) not in page(cast)
    assert send(cast, "signature_mode").status_code == 302


def test_subscribed_per(cast):
    assert send(cast, "subscribed_per", subscribed_per="planet").status_code == 422
    assert send(cast, "subscribed_per").status_code == 302
    cast.app.refresh_from_db()
    assert cast.app.subscribed_per == "outlet"
    assert AppCheck.objects.get().state == "waiting"


def test_what_was_found_is_shown(cast):
    host = "<b>pos.example.com</b>"
    facts = {
        "per": "outlet",
        "places": 2,
        "states": {"gofood.order.placed": {"right": 1, "elsewhere": 1}},
        "problems": [
            {"outlet": "G1", "event": "gofood.order.placed", "state": "elsewhere", "detail": "<i>taken</i>"}
        ],
        "events": ["gofood.order.placed"],
        "foreign": [{"host": host, "event": "gofood.order.placed", "active": False, "outlet": ""}],
    }
    AppCheck.objects.create(
        gobiz_app=cast.app, kind="subscriptions", state="failed", code="subscribed_elsewhere", facts=facts
    )
    text = page(cast)
    for part in ("At 1 of 2 outlets", "Subscribed elsewhere", "Inactive", "&lt;b&gt;pos.example.com"):
        assert part in text
    assert host not in text
    assert "<i>taken" not in text


def test_the_cost_is_constant(cast):
    def queries() -> int:
        with CaptureQueriesContext(connection) as captured:
            page(cast)
        return len(captured)

    def add() -> None:
        app = GobizAppFactory(merchant=cast.merchant)
        OutletFactory(gobiz_app=app)
        AppCheck.objects.create(gobiz_app=app, kind="subscriptions")
        rotating.change_relay_secret(app, "new", None)
        arrived(app, "new")

    add()
    few = queries()
    for _ in range(5):
        add()
    assert queries() == few
