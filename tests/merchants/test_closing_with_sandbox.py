"""Closing and opening over HTTP, against GoBiz's sandbox, on good days and bad ones."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from gobiz_admin.gobiz.calls import Caller
from gobiz_admin.merchants.closing import Wish, close, reopen, reopen_due
from gobiz_admin.merchants.closing_sending import send
from gobiz_admin.merchants.closing_words import why
from gobiz_admin.merchants.closings import OutletClosing
from gobiz_admin.merchants.gobiz import client_for
from tests.factories import GobizAppFactory, OutletFactory
from tests.sandbox_process import sandbox, sandbox_process

__all__ = ["sandbox", "sandbox_process"]
pytestmark = pytest.mark.django_db


@pytest.fixture
def outlet(sandbox, settings):
    settings.GOBIZ_LOCAL_OAUTH_URL = settings.GOBIZ_LOCAL_API_URL = sandbox.url
    known = sandbox.app("warung")
    names = ("app_id", "app_secret", "partner_id", "relay_secret")
    app = GobizAppFactory(**{name: known[name] for name in names})
    return OutletFactory(gobiz_app=app, outlet_id="G12345678")


def wish_closed(outlet, until=None):
    close({outlet.pk: 0}, Wish("no_power", "", {outlet.pk: until}), None)


def sent(outlet):
    OutletClosing.objects.filter(state="queued").update(next_attempt_at=timezone.now())
    send(outlet.pk)
    return OutletClosing.objects.get(outlet=outlet)


def closed_at_gobiz(sandbox):
    found = sandbox.app("warung")["outlets"]
    return next(row["force_closed"] for row in found if row["outlet_id"] == "G12345678")


def patches(sandbox):
    return [call["body"] for call in sandbox.calls("PATCH properties")]


def test_closed_and_opened_by_itself(outlet, sandbox):
    wish_closed(outlet, timezone.now() + timedelta(hours=1))
    assert sent(outlet).shown == "closed"
    assert closed_at_gobiz(sandbox) is True
    OutletClosing.objects.update(reopen_at=timezone.now())
    assert reopen_due() == 1
    assert sent(outlet).shown == "open"
    assert closed_at_gobiz(sandbox) is False
    assert patches(sandbox) == [{"force_close": True}, {"force_close": False}]


@pytest.mark.parametrize("apply", [True, False])
@pytest.mark.parametrize(
    "fault", [{"status": 503}, {"close": True}, {"status": 200, "body": "<html>Hi</html>"}]
)
def test_a_bad_answer_is_asked_again_whether_it_was_applied_or_not(outlet, sandbox, fault, apply):
    wish_closed(outlet)
    sandbox.fault("PATCH properties", times=1, apply=apply, **fault)
    row = sent(outlet)
    assert (row.state, row.told, bool(why(row))) == ("queued", None, True)
    assert sent(outlet).shown == "closed"
    assert closed_at_gobiz(sandbox) is True


def test_a_timeout_after_it_was_applied(outlet, sandbox, monkeypatch):
    wish_closed(outlet)
    assert sent(outlet).shown == "closed"
    reopen([outlet.pk], None)
    sandbox.fault("PATCH properties", times=1, delay=2, status=200, apply=True)
    with monkeypatch.context() as patience:
        patience.setitem(Caller.call.__kwdefaults__, "timeout", (5.0, 0.5))
        row = sent(outlet)
    assert (row.state, row.error_code, row.told) == ("queued", "timeout", None)
    assert sent(outlet).shown == "open"
    assert closed_at_gobiz(sandbox) is False
    assert patches(sandbox) == [{"force_close": True}, {"force_close": False}, {"force_close": False}]


@pytest.mark.parametrize("status", [401, 403])
def test_without_the_scope_it_says_so_and_everything_else_works(outlet, sandbox, status):
    sandbox.settings(missing_scope_status=status)
    sandbox.control(
        "POST", "apps", {"slug": "warung", "scopes": ["gofood:catalog:read", "gofood:catalog:write"]}
    )
    wish_closed(outlet)
    row = sent(outlet)
    assert (row.shown, row.error_code, row.told) == ("not_closed", "scope_missing", False)
    assert "membuka dan menutup outlet" in why(row)
    assert client_for(outlet.gobiz_app).get_catalog(outlet.outlet_id)["menus"]


def test_refused_credentials_are_said(outlet, sandbox):
    outlet.gobiz_app.app_secret = "wrong"
    outlet.gobiz_app.save()
    wish_closed(outlet)
    row = sent(outlet)
    assert (row.shown, row.error_code) == ("not_closed", "credentials_refused")
    assert "App Secret" in why(row)


def test_an_outlet_that_gobiz_does_not_know(outlet, sandbox):
    outlet.outlet_id = "G99999999"
    outlet.save()
    wish_closed(outlet)
    row = sent(outlet)
    assert (row.shown, row.error_code) == ("not_closed", "outlet_unknown")
