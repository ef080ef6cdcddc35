"""An import as a job: worked off once, its outcome told, never stuck."""

from datetime import timedelta

import pytest
from django.utils import timezone

from gobiz_admin.gobiz.errors import OutletUnknown
from menus import importing
from menus.importing import request_import, run_import
from menus.models import MenuImport
from menus.sentences import import_sentence
from tests.factories import OutletFactory
from tests.menus.factories import live_menu

pytestmark = pytest.mark.django_db


@pytest.fixture
def outlet(fake_gobiz):
    outlet = OutletFactory()
    fake_gobiz.live[outlet.outlet_id] = live_menu()
    return outlet


def test_a_requested_import_is_worked_off_once(fake_gobiz, outlet):
    menu_import = request_import(outlet, None)
    assert request_import(outlet, None).pk == menu_import.pk
    run_import(menu_import.pk)
    run_import(menu_import.pk)
    menu_import.refresh_from_db()
    assert (menu_import.state, menu_import.error_code) == ("done", "")
    assert menu_import.counts["read"]["menu_items"] == 3
    assert request_import(outlet, None).pk != menu_import.pk


def test_a_refused_import_says_why(fake_gobiz, outlet):
    fake_gobiz.live[outlet.outlet_id]["menus"][0]["menu_items"][0]["price"] = None
    menu_import = request_import(outlet, None)
    run_import(menu_import.pk)
    menu_import.refresh_from_db()
    assert (menu_import.state, menu_import.error_code, menu_import.error) == (
        "failed",
        "item_without_price",
        "Ayam Geprek",
    )
    assert "Ayam Geprek" in str(import_sentence(menu_import))


def test_a_failed_call_is_told_in_gobiz_words_and_ours(fake_gobiz, outlet):
    fake_gobiz.reads = [OutletUnknown("Outlet is not registered")]
    menu_import = request_import(outlet, None)
    run_import(menu_import.pk)
    menu_import.refresh_from_db()
    assert (menu_import.error_code, menu_import.error) == ("outlet_unknown", "Outlet is not registered")
    assert import_sentence(menu_import) == OutletUnknown.sentence


def test_an_unexpected_error_ends_the_import_too(fake_gobiz, outlet, monkeypatch):
    monkeypatch.setattr(importing, "read_menu", lambda data: 1 / 0)
    menu_import = request_import(outlet, None)
    with pytest.raises(ZeroDivisionError):
        run_import(menu_import.pk)
    menu_import.refresh_from_db()
    assert (menu_import.state, menu_import.error_code, menu_import.error) == ("failed", "internal", "")


def test_an_import_of_a_dead_worker_is_queued_again(fake_gobiz, outlet):
    menu_import = request_import(outlet, None)
    young, old = timezone.now() - timedelta(minutes=4), timezone.now() - timedelta(minutes=6)
    MenuImport.objects.update(state="running", started_at=young)
    assert importing.free_stuck_imports() == 0
    MenuImport.objects.update(started_at=old)
    assert importing.free_stuck_imports() == 1
    run_import(menu_import.pk)
    assert MenuImport.objects.get().state == "done"
