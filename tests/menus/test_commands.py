"""The commands: one JSON value on stdout; 2 for bad input, 1 for a refusal, one line on stderr."""

import json
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext

from gobiz_admin.gobiz.errors import GobizUnavailable
from menus.alerts import open_alert
from menus.management.commands import publish_menu
from menus.models import MenuItem, OutletCatalog, Sync, Variant
from menus.publishing import request_publish
from menus.sending import send
from tests.factories import OutletFactory
from tests.menus.factories import live_menu, selling_outlet

pytestmark = pytest.mark.django_db


def run(*arguments):
    out = StringIO()
    call_command(*arguments, stdout=out)
    return json.loads(out.getvalue())


def refused(*arguments):
    out = StringIO()
    with pytest.raises(CommandError) as error:
        call_command(*arguments, stdout=out)
    assert "\n" not in str(error.value)
    return error.value.returncode, str(error.value), out.getvalue()


@pytest.fixture
def outlet(fake_gobiz):
    outlet = OutletFactory()
    fake_gobiz.live[outlet.outlet_id] = live_menu()
    return outlet


@pytest.mark.parametrize("command", ["import_menu", "publish_menu", "show_syncs", "show_alerts"])
def test_an_unknown_outlet_is_bad_input(command, db):
    code, line, out = refused(command, "G000")
    assert (code, out) == (2, "")
    assert "G000" in line


@pytest.mark.parametrize(
    "arguments",
    [("show_syncs", "--limit", "0"), ("show_alerts", "--limit", "x"), ("publish_menu", "--wait", "-1")],
)
def test_bad_options_are_bad_input(outlet, arguments, capsys):
    with pytest.raises((SystemExit, CommandError)) as error:
        call_command(arguments[0], outlet.outlet_id, *arguments[1:])
    assert getattr(error.value, "code", None) == 2 or error.value.returncode == 2


def test_import(outlet):
    found = run("import_menu", outlet.outlet_id)
    assert (found["read"], found["created"], found["without_external_id"]) == (10, 10, 7)
    assert found["details"]["read"]["menu_items"] == 3
    again = run("import_menu", outlet.outlet_id)
    assert (again["read"], again["created"]) == (10, 0)


def test_import_and_accept_ids(outlet):
    assert run("import_menu", outlet.outlet_id, "--accept-ids")["without_external_id"] == 0
    assert run("import_menu", outlet.outlet_id, "--accept-ids")["ids_accepted"] == 0
    assert not Variant.objects.filter(external_id=None).exists()


def test_a_refused_import(fake_gobiz, outlet):
    fake_gobiz.live[outlet.outlet_id]["menus"][0]["menu_items"][0]["price"] = "?"
    code, line, out = refused("import_menu", outlet.outlet_id)
    assert (code, out) == (1, "")
    assert "Ayam Geprek" in line
    fake_gobiz.reads = [GobizUnavailable("down")]
    assert refused("import_menu", outlet.outlet_id)[0] == 1


def test_publish_is_blocked_by_the_checks(outlet):
    assert refused("publish_menu", outlet.outlet_id)[0] == 1
    run("import_menu", outlet.outlet_id)
    code, line, out = refused("publish_menu", outlet.outlet_id)
    assert (code, out) == (1, "")
    assert "Es Teh" in line
    assert not Sync.objects.exists()


def test_an_empty_catalog_is_refused(fake_gobiz, outlet):
    fake_gobiz.live[outlet.outlet_id] = {"menus": [], "variant_categories": []}
    run("import_menu", outlet.outlet_id)
    assert OutletCatalog.objects.get().imported_at
    assert refused("publish_menu", outlet.outlet_id)[0] == 1
    assert fake_gobiz.puts == []


def test_publish_prints_the_sync(fake_gobiz):
    outlet = selling_outlet()
    found = run("publish_menu", outlet.outlet_id)
    sync = Sync.objects.get()
    assert found == {
        "id": sync.pk,
        "version": 1,
        "state": "queued",
        "request_id": sync.request_id,
        "attempts": 0,
        "reading_back": False,
        "error": None,
    }


@pytest.mark.parametrize("state", ["confirmed", "superseded", "accepted"])
def test_publish_waits(fake_gobiz, monkeypatch, state):
    outlet = selling_outlet()
    monkeypatch.setattr(publish_menu.time, "sleep", lambda _: Sync.objects.update(state=state))
    found = run("publish_menu", outlet.outlet_id, "--wait", "0.05")
    assert found["state"] == state


def test_publish_that_fails_prints_the_sync_and_why(fake_gobiz, monkeypatch):
    outlet = selling_outlet()
    failed = {"state": "failed", "error_code": "not_taken", "error": "Es Teh"}
    monkeypatch.setattr(publish_menu.time, "sleep", lambda _: Sync.objects.update(**failed))
    code, line, out = refused("publish_menu", outlet.outlet_id, "--wait", "5")
    assert (code, json.loads(out)["state"]) == (1, "failed")
    assert "Es Teh" in line


def test_show_syncs_newest_first_whole_or_limited(fake_gobiz):
    outlet = selling_outlet()
    for _ in range(3):
        request_publish(outlet, None, again=True)
    assert [sync["version"] for sync in run("show_syncs", outlet.outlet_id)] == [3, 2, 1]
    assert [sync["version"] for sync in run("show_syncs", outlet.outlet_id, "--limit", "1")] == [3]
    assert run("show_syncs", selling_outlet().outlet_id) == []


def test_show_alerts(fake_gobiz):
    outlet = selling_outlet()
    alert = open_alert(outlet, "F-1", "mapping_not_found", ["Nasi"], ["Paha atas"], None)
    assert run("show_alerts", outlet.outlet_id) == [
        {
            "id": alert.pk,
            "order_number": "F-1",
            "state": "open",
            "items": ["Nasi"],
            "variants": ["Paha atas"],
            "remaining": ["Nasi", "Paha atas"],
            "opened_at": alert.opened_at.isoformat(),
            "closed_at": None,
        }
    ]


@pytest.mark.parametrize("command", ["show_syncs", "show_alerts"])
def test_lists_cost_the_same_whatever_their_length(fake_gobiz, command):
    def queries(size):
        outlet = selling_outlet()
        for number in range(size):
            open_alert(outlet, f"F-{number}", "", ["A"], ["B"], None)
            request_publish(outlet, None, again=True)
        with CaptureQueriesContext(connection) as captured:
            run(command, outlet.outlet_id)
        return len(captured)

    assert queries(1) == queries(12)


def test_after_publishing_once_importing_again_creates_nothing(fake_gobiz, outlet):
    run("import_menu", outlet.outlet_id, "--accept-ids")
    before = list(MenuItem.objects.order_by("pk").values_list("pk", "external_id"))
    send(request_publish(outlet, None).pk)
    found = run("import_menu", outlet.outlet_id)
    assert (found["created"], found["without_external_id"]) == (0, 0)
    assert list(MenuItem.objects.order_by("pk").values_list("pk", "external_id")) == before
