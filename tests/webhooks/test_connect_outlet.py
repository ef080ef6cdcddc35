"""`connect_outlet`: one JSON value or one line, nothing twice, nothing half, and never a secret."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import requests
from django.core.management import CommandError, call_command
from django.db import connection

from gobiz_admin.gobiz.events import EVENTS
from gobiz_admin.gobiz.scopes import ALL_SCOPES, CATALOG_READ, ORDER_WRITE
from gobiz_admin.merchants.models import AuditEntry, GobizApp, Member, Merchant, Outlet, User
from tests.gobiz_answers import SUBSCRIPTIONS, Gobiz, refusal
from tests.sandbox_process import in_database
from tests.threads import at_once

pytestmark = pytest.mark.django_db
ROOT = Path(__file__).resolve().parents[2]
APP_SECRET, RELAY_SECRET = "very-secret-app-secret", "very-secret-relay-secret"
ASKED = {
    "merchant": "Warung Tiga",
    "owner": "tiga@example.com",
    "app_id": "app-3",
    "partner_id": "partner-3",
    "outlet_id": "G300000001",
    "outlet_name": "Tebet",
    "environment": "local",
}


@pytest.fixture(autouse=True)
def _secrets(monkeypatch):
    monkeypatch.setenv("GOBIZ_APP_SECRET", APP_SECRET)
    monkeypatch.setenv("GOBIZ_RELAY_SECRET", RELAY_SECRET)


def arguments(*flags: str, **changes: str) -> list[str]:
    options = {**ASKED, **changes}
    return [f"--{name.replace('_', '-')}={value}" for name, value in options.items()] + list(flags)


def connect(*flags: str, **changes: str) -> dict[str, Any]:
    out = io.StringIO()
    call_command("connect_outlet", *arguments(*flags, **changes), stdout=out)
    return json.loads(out.getvalue())


def refused(status: int, *flags: str, **changes: str) -> str:
    """The one line of a command that ends with `status`, having printed nothing."""
    out = io.StringIO()
    with pytest.raises(CommandError) as caught:
        call_command("connect_outlet", *arguments(*flags, **changes), stdout=out)
    assert caught.value.returncode == status, caught.value
    assert out.getvalue() == ""
    line = str(caught.value)
    assert line
    assert "\n" not in line
    assert APP_SECRET not in line
    assert RELAY_SECRET not in line
    return line


def counts() -> list[int]:
    return [model.objects.count() for model in (User, Merchant, Member, GobizApp, Outlet, AuditEntry)]


class TestDone:
    def test_it_prints_what_a_script_needs(self, gobiz: Gobiz):
        gobiz.is_well(ASKED["outlet_id"])
        told = connect()
        app = GobizApp.objects.get()
        outlet = Outlet.objects.get()
        assert told == {
            "merchant_id": app.merchant_id,
            "gobiz_app_id": app.pk,
            "outlet_id": "G300000001",
            "webhook_url": f"http://testserver/webhooks/gobiz/{app.webhook_token}/",
            "scopes_granted": list(ALL_SCOPES),
            "scopes_missing": [],
        }
        assert (app.app_secret, app.relay_secret, outlet.name) == (APP_SECRET, RELAY_SECRET, "Tebet")
        assert [body["event"] for body in gobiz.bodies("POST", SUBSCRIPTIONS)] == list(EVENTS)
        assert {body["url"] for body in gobiz.bodies("POST", SUBSCRIPTIONS)} == {app.webhook_url}
        owner = Member.objects.get().user
        assert (owner.email, owner.has_usable_password()) == ("tiga@example.com", False)

    def test_again_creates_nothing(self, gobiz: Gobiz):
        gobiz.is_well(ASKED["outlet_id"])
        first, stood = connect(), counts()
        assert connect() == first
        assert counts() == stood
        assert connect(owner="TIGA@Example.com") == first
        assert counts() == stood

    def test_again_updates_what_changed(self, gobiz: Gobiz, monkeypatch):
        gobiz.is_well(ASKED["outlet_id"])
        first = connect()
        monkeypatch.setenv("GOBIZ_APP_SECRET", "rotated-app-secret")
        monkeypatch.setenv("GOBIZ_RELAY_SECRET", "rotated-relay-secret")
        assert connect(outlet_name="Tebet Barat", partner_id="partner-4") == first
        app, outlet = GobizApp.objects.get(), Outlet.objects.get()
        assert (app.app_secret, app.relay_secret) == ("rotated-app-secret", "rotated-relay-secret")
        assert (app.partner_id, outlet.name) == ("partner-4", "Tebet Barat")
        # The new secret was proven, not the token of the old one.
        assert len(gobiz.calls("POST", "/oauth2/token")) == 4

    def test_a_second_time_the_secrets_may_be_left_out(self, gobiz: Gobiz, monkeypatch):
        gobiz.is_well(ASKED["outlet_id"])
        connect()
        monkeypatch.delenv("GOBIZ_APP_SECRET")
        monkeypatch.setenv("GOBIZ_RELAY_SECRET", "")
        connect(outlet_name="")
        app = GobizApp.objects.get()
        assert (app.app_secret, app.relay_secret) == (APP_SECRET, RELAY_SECRET)
        assert Outlet.objects.get().name == "Tebet"

    def test_a_second_outlet_shares_the_address(self, gobiz: Gobiz):
        gobiz.is_well(ASKED["outlet_id"], "G300000002")
        first, second = connect(), connect(outlet_id="G300000002", outlet_name="Kuningan")
        assert first["webhook_url"] == second["webhook_url"]
        assert GobizApp.objects.count() == 1
        assert Outlet.objects.count() == 2

    def test_the_same_outlet_in_another_environment(self):
        flags = ("--no-verify", "--no-subscribe")
        first = connect(*flags, environment="sandbox")
        second = connect(*flags, environment="production")
        assert first["gobiz_app_id"] != second["gobiz_app_id"]

    def test_a_merchant_is_known_by_name_and_owner(self):
        flags = ("--no-verify", "--no-subscribe")
        first = connect(*flags)
        other_owner = connect(*flags, owner="four@example.com", outlet_id="G300000004")
        other_name = connect(*flags, merchant="Warung Lima", outlet_id="G300000005")
        assert len({told["merchant_id"] for told in (first, other_owner, other_name)}) == 3
        assert User.objects.count() == 2

    def test_an_owner_with_an_account(self, cast):
        told = connect(
            "--no-verify", "--no-subscribe", merchant="Warung Satu", owner=cast.owner.email.upper()
        )
        assert told["merchant_id"] == cast.merchant.pk

    def test_without_asking_gobiz(self, gobiz: Gobiz):
        told = connect("--no-verify", "--no-subscribe")
        assert not gobiz.calls()
        assert (told["scopes_granted"], told["scopes_missing"]) == ([], [])

    def test_without_verifying_the_known_scopes_stay(self, gobiz: Gobiz):
        gobiz.is_well(ASKED["outlet_id"])
        connect()
        assert connect("--no-verify", "--no-subscribe")["scopes_granted"] == list(ALL_SCOPES)
        assert GobizApp.objects.get().scopes_granted == list(ALL_SCOPES)

    def test_missing_scopes_are_named(self, gobiz: Gobiz):
        gobiz.token((CATALOG_READ,))
        gobiz.catalog(ASKED["outlet_id"])
        gobiz.subscriptions()
        told = connect()
        assert told["scopes_granted"] == [CATALOG_READ]
        assert ORDER_WRITE in told["scopes_missing"]

    @pytest.mark.django_db(transaction=True)
    def test_twice_at_once(self):
        told = at_once(lambda number: connect("--no-verify", "--no-subscribe"), 3)
        assert told[0] == told[1] == told[2]
        assert counts() == [1] * 6


class TestBadInput:
    @pytest.mark.parametrize(
        ("name", "value"),
        [
            ("outlet_id", "123"),
            ("outlet_id", "G"),
            ("outlet_id", "G123456789\n"),
            ("outlet_id", "G12345 6789"),
            ("outlet_id", "G" + "1" * 60),
            ("owner", "nobody"),
            ("owner", ""),
            ("merchant", "  "),
            ("merchant", "x" * 151),
            ("app_id", ""),
            ("app_id", "a" * 201),
            ("app_id", "a\u200bb"),
            ("app_id", "a\x00b"),
            ("partner_id", ""),
            ("partner_id", "p" * 201),
            ("outlet_name", "n" * 151),
        ],
    )
    def test_a_value_that_makes_no_sense(self, name, value):
        before = counts()
        # A last line break is what a shell leaves behind; it is read over.
        if value.endswith("\n"):
            assert connect("--no-verify", "--no-subscribe", **{name: value})["outlet_id"] == value.strip()
            return
        refused(2, "--no-verify", "--no-subscribe", **{name: value})
        assert counts() == before

    @pytest.mark.parametrize("variable", ["GOBIZ_APP_SECRET", "GOBIZ_RELAY_SECRET"])
    def test_a_secret_is_missing(self, monkeypatch, variable):
        monkeypatch.delenv(variable)
        assert variable in refused(2, "--no-verify", "--no-subscribe")
        monkeypatch.setenv(variable, "   ")
        assert variable in refused(2, "--no-verify", "--no-subscribe")
        assert counts() == [0] * 6

    @pytest.mark.parametrize("name", [name for name in ASKED if name != "outlet_name"])
    def test_an_argument_is_missing(self, capsys, name):
        given = [word for word in arguments() if not word.startswith(f"--{name.replace('_', '-')}=")]
        with pytest.raises(SystemExit) as ended:
            call_command("connect_outlet", *given)
        out, err = capsys.readouterr()
        assert (ended.value.code, out) == (2, "")
        assert err.count("\n") == 1
        assert name.replace("_", "-") in err

    @pytest.mark.parametrize("flags", [("--environment=moon",), ("--colour=red",), ("extra",)])
    def test_an_argument_that_there_is_not(self, capsys, flags):
        with pytest.raises(SystemExit) as ended:
            call_command("connect_outlet", *arguments(*flags))
        assert (ended.value.code, capsys.readouterr().err.count("\n")) == (2, 1)

    def test_another_merchants_outlet(self, cast, gobiz: Gobiz):
        before = counts()
        line = refused(2, outlet_id=cast.other_outlet.outlet_id)
        assert cast.other_outlet.outlet_id in line
        assert cast.other_merchant.name not in line
        assert counts() == before
        assert not gobiz.calls()

    def test_the_same_name_with_another_owner_is_another_merchant(self, cast):
        refused(
            2,
            "--no-verify",
            "--no-subscribe",
            merchant=cast.merchant.name,
            outlet_id=cast.outlet.outlet_id,
            owner="thief@example.com",
        )

    def test_a_manager_is_no_owner(self, cast):
        refused(
            2,
            "--no-verify",
            "--no-subscribe",
            merchant=cast.merchant.name,
            outlet_id=cast.outlet.outlet_id,
            owner=cast.manager.email,
        )


class TestRefusedByGobiz:
    def test_wrong_credentials_leave_nothing_behind(self, gobiz: Gobiz):
        gobiz.refuses_credentials()
        line = refused(1)
        assert "App ID" in line
        assert "App Secret" in line
        assert counts() == [0] * 6

    def test_wrong_credentials_leave_the_right_ones_alone(self, gobiz: Gobiz, monkeypatch):
        gobiz.is_well(ASKED["outlet_id"])
        connect()
        monkeypatch.setenv("GOBIZ_APP_SECRET", "mistyped-secret")
        gobiz.mock.replace("POST", f"{gobiz.url}/oauth2/token", json={"error": "invalid_client"}, status=401)
        refused(1)
        assert GobizApp.objects.get().app_secret == APP_SECRET

    @pytest.mark.parametrize(
        ("status", "body"),
        [
            (404, refusal("outlet is not yet registered")),
            (403, refusal("forbidden")),
            (401, refusal("unauthorized")),
            (500, "oops"),
            (200, "<html>hello</html>"),
            (200, {"success": True, "data": {}}),
            (302, ""),
            (200, requests.ConnectionError("down")),
        ],
        ids=range(8),
    )
    def test_a_menu_that_cannot_be_read(self, gobiz: Gobiz, status, body):
        gobiz.token()
        gobiz.on("GET", f"/integrations/gofood/outlets/{ASKED['outlet_id']}/v2/catalog", body, status)
        refused(1)
        assert counts() == [0] * 6

    def test_gobiz_down(self, gobiz: Gobiz):
        gobiz.on("POST", "/oauth2/token", requests.ConnectionError(f"refused, {APP_SECRET}"))
        refused(1)

    def test_gobiz_repeats_the_secret(self, gobiz: Gobiz):
        gobiz.token()
        gobiz.on(
            "GET",
            f"/integrations/gofood/outlets/{ASKED['outlet_id']}/v2/catalog",
            refusal(f"You sent {APP_SECRET} and t-0"),
            400,
        )
        refused(1)

    def test_subscribed_already_and_not_shown(self, gobiz: Gobiz):
        """Orders would not arrive: the operator is told, and gets what stands all the same."""
        gobiz.token()
        gobiz.catalog(ASKED["outlet_id"])
        gobiz.on("GET", SUBSCRIPTIONS, {"success": True, "data": {"subscriptions": []}})
        gobiz.on("POST", SUBSCRIPTIONS, refusal("exists"), 409)
        out = io.StringIO()
        with pytest.raises(CommandError) as caught:
            call_command("connect_outlet", *arguments(), stdout=out)
        assert caught.value.returncode == 1
        assert "\n" not in str(caught.value)
        assert json.loads(out.getvalue())["outlet_id"] == ASKED["outlet_id"]


@pytest.mark.django_db(transaction=True)
class TestAsAProcess:
    """`manage.py`, as a script would call it."""

    def run(self, *words: str, **env: str) -> subprocess.CompletedProcess[str]:
        database = in_database(os.environ["DATABASE_URL"], connection.settings_dict["NAME"])
        return subprocess.run(
            [sys.executable, "manage.py", *words],
            cwd=ROOT,
            env={**os.environ, "DATABASE_URL": database, **env},
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )

    def test_done_and_refused(self):
        done = self.run("connect_outlet", *arguments("--no-verify", "--no-subscribe"))
        assert (done.returncode, done.stderr) == (0, "")
        assert json.loads(done.stdout)["outlet_id"] == ASKED["outlet_id"]

        # Nobody listens there; and the log must not say more than the line.
        nowhere = {"GOBIZ_LOCAL_OAUTH_URL": "http://127.0.0.1:9", "GOBIZ_LOCAL_API_URL": "http://127.0.0.1:9"}
        failed = self.run("connect_outlet", *arguments(), **nowhere)
        assert (failed.returncode, failed.stdout) == (1, "")
        assert failed.stderr.count("\n") == 1

        shown = self.run("show_orders", ASKED["outlet_id"])
        assert (shown.returncode, json.loads(shown.stdout), shown.stderr) == (0, [], "")
        for words in (
            ("show_orders", "G404"),
            ("show_orders",),
            ("show_orders", ASKED["outlet_id"], "--limit=0"),
        ):
            wrong = self.run(*words)
            assert (wrong.returncode, wrong.stdout, wrong.stderr.count("\n")) == (2, "", 1), words
        for text in (done.stdout, failed.stderr, failed.stdout):
            assert APP_SECRET not in text
            assert RELAY_SECRET not in text
