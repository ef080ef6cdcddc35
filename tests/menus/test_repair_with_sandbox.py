"""Repair over HTTP against GoBiz's sandbox: it loses the mapping, is read, answers badly, and is put right."""

from datetime import timedelta
from types import SimpleNamespace

import pytest
from django.utils import timezone

from menus import readings
from menus.confirming import read_back
from menus.ids import accept_proposals
from menus.importing import read_live_menu
from menus.models import AlertSetting, Catalog, MappingAlert, MenuItem, Repair, Sync
from menus.publishing import request_publish
from menus.repairing.automatic import look
from menus.repairing.choices import ADOPT
from menus.sending import send
from tests.factories import GobizAppFactory, OutletFactory
from tests.menus.repairs import card_of, fix
from tests.sandbox_process import sandbox, sandbox_process
from webhooks.dispatch import HANDLERS

__all__ = ["sandbox", "sandbox_process"]
pytestmark = pytest.mark.django_db


@pytest.fixture
def outlet(sandbox, settings):
    """Imported, with ids, published and proven."""
    settings.GOBIZ_LOCAL_OAUTH_URL = settings.GOBIZ_LOCAL_API_URL = sandbox.url
    known = sandbox.app("warung")
    names = ("app_id", "app_secret", "partner_id", "relay_secret")
    app = GobizAppFactory(**{name: known[name] for name in names})
    outlet = OutletFactory(gobiz_app=app, outlet_id="G12345678")
    read_live_menu(outlet)
    accept_proposals(Catalog.objects.get(), None)
    assert prove(request_publish(outlet, None)).state == "confirmed"
    return outlet


def work(sync, task):
    Sync.objects.filter(pk=sync.pk).update(next_attempt_at=timezone.now() - timedelta(seconds=1))
    task(sync.pk)
    sync.refresh_from_db()
    return sync


def prove(sync):
    return work(work(sync, send), read_back)


def change(sandbox, outlet, function):
    """Somebody changes the menu in the GoBiz app."""
    place = f"outlets/{outlet.outlet_id}"
    catalog = sandbox.control("GET", place)["catalog"]
    function(catalog)
    sandbox.control("POST", place, {"catalog": catalog})


def lose_the_variants_ids(catalog):
    for category in catalog["variant_categories"]:
        for variant in category["variants"]:
            variant["external_id"] = None


def report(outlet, items=(), variants=("Paha atas", "Paha bawah")):
    """As the seed's sample of `webhook_error`."""
    body = {
        "error_type": "mapping_not_found",
        "mapping_not_found": {
            "items": [{"name": name} for name in items],
            "variants": [{"name": name} for name in variants],
        },
        "order": {"number": "F-12345678"},
    }
    now = timezone.now()
    HANDLERS["gofood.order.webhook_error"](
        SimpleNamespace(outlet=outlet, body=body, at=now, received_at=now, event_name="")
    )
    # The worker reads what GoFood has now.
    readings.read(outlet.pk)
    return MappingAlert.objects.get()


def puts(sandbox):
    return len([call for call in sandbox.calls() if call["method"] == "PUT"])


def ids_of(sandbox, outlet, *names):
    catalog = sandbox.control("GET", f"outlets/{outlet.outlet_id}")["catalog"]
    rows = [item for menu in catalog["menus"] for item in menu["menu_items"]]
    rows += [variant for category in catalog["variant_categories"] for variant in category["variants"]]
    return [row["external_id"] for row in rows if row["name"] in names]


def test_lost_on_gofood_it_is_sent_again_through_a_bad_answer(outlet, sandbox):
    change(sandbox, outlet, lose_the_variants_ids)
    alert = report(outlet)
    assert {name.known.code for name in card_of(outlet).parts[0].names} == {"lost"}
    sandbox.fault("PUT catalog", times=1, status=503)
    before = puts(sandbox)
    sync = fix(outlet)[0].sync
    assert work(sync, send).state == "queued"
    # Pressed again while it waits.
    assert fix(outlet)[0].sync == sync
    assert prove(sync).state == "confirmed"
    assert puts(sandbox) == before + 2
    alert.refresh_from_db()
    assert (alert.state, alert.closed_by_sync) == ("closed", sync)
    assert None not in ids_of(sandbox, outlet, "Paha atas", "Paha bawah")


def test_made_in_the_gobiz_app_it_is_taken_over_with_its_id(outlet, sandbox):
    def add(catalog):
        rows = catalog["menus"][0]["menu_items"]
        rows.append({**rows[0], "id": "app-1", "name": "Rica di Aplikasi", "external_id": "app-rica"})

    change(sandbox, outlet, add)
    alert = report(outlet, ["rica  di aplikasi"], [])
    (name,) = card_of(outlet).parts[0].names
    assert (name.known.code, name.known.proposed) == ("only_on_gofood", ADOPT)
    (repair,) = fix(outlet)
    assert MenuItem.objects.get(name="Rica di Aplikasi").external_id == "app-rica"
    assert prove(repair.sync).state == "confirmed"
    alert.refresh_from_db()
    assert alert.state == "closed"
    assert ids_of(sandbox, outlet, "Rica di Aplikasi") == ["app-rica"]


def test_without_asking_what_was_lost_is_sent_again_and_proven(outlet, sandbox):
    AlertSetting.objects.create(merchant=outlet.merchant, resync_without_asking=True)
    change(sandbox, outlet, lose_the_variants_ids)
    alert = report(outlet)
    look()
    alert.refresh_from_db()
    assert alert.auto_code == "started"
    assert prove(Repair.objects.get(automatic=True).sync).state == "confirmed"
    alert.refresh_from_db()
    assert alert.state == "closed"


def test_without_asking_a_price_of_the_gobiz_app_is_not_put_back(outlet, sandbox):
    AlertSetting.objects.create(merchant=outlet.merchant, resync_without_asking=True)

    def reprice(catalog):
        lose_the_variants_ids(catalog)
        catalog["menus"][0]["menu_items"][0]["price"] += 1000

    change(sandbox, outlet, reprice)
    alert = report(outlet)
    before = puts(sandbox)
    look()
    alert.refresh_from_db()
    assert (alert.auto_code, puts(sandbox)) == ("changes_more", before)
