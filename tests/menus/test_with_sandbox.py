"""The whole way over HTTP: import, fix ids, publish, read back, against GoBiz's sandbox."""

from datetime import timedelta

import pytest
from django.utils import timezone

from menus.adopting.choosing import answer, plan_of
from menus.checks import check_catalog
from menus.confirming import mapping_updated, read_back
from menus.differences import differences, from_live
from menus.editing import add_item, save_item
from menus.id_changes import change_id
from menus.ids import IdsRefused, accept_proposals
from menus.importing import read_live_menu, request_import, run_import
from menus.live_ids import ADOPT, newest_reading, settle
from menus.mapping import known_external_ids
from menus.models import Catalog, CatalogVersion, ExternalId, LiveReading, MenuItem, Sync
from menus.on_gofood import on_gofood
from menus.publishing import request_publish
from menus.readings import read, request_readings
from menus.sending import send
from menus.tree import load_tree
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


def work(sync, task):
    """The sync after the task, as if it were due."""
    Sync.objects.filter(pk=sync.pk).update(next_attempt_at=timezone.now() - timedelta(seconds=1))
    task(sync.pk)
    sync.refresh_from_db()
    return sync


def imported(outlet):
    read_live_menu(outlet)
    catalog = Catalog.objects.get()
    accept_proposals(catalog, None)
    return catalog


def test_import_publish_and_read_back(outlet):
    counts = read_live_menu(outlet)
    assert counts["read"]["menu_items"] >= 40
    assert counts["without_external_id"]["menu_items"] > 0
    assert "external_id_missing" in {check.code for check in check_catalog(Catalog.objects.get(), outlet)}
    accept_proposals(Catalog.objects.get(), None)
    before = list(MenuItem.objects.order_by("pk").values_list("pk", "name", "external_id"))
    sync = work(request_publish(outlet, None), send)
    assert (sync.state, sync.error) == ("accepted", "")
    assert (work(sync, read_back).state, sync.proof) == ("confirmed", "read_back")
    counts = read_live_menu(outlet)
    assert sum(counts["created"].values()) == sum(counts["only_here"].values()) == 0
    assert sum(counts["without_external_id"].values()) == 0
    assert list(MenuItem.objects.order_by("pk").values_list("pk", "name", "external_id")) == before


def test_only_what_was_edited_differs_from_version_0(outlet):
    imported(outlet)
    item = MenuItem.objects.order_by("pk").first()
    save_item(item, {"price": item.price + 1000}, None)
    payload = request_publish(outlet, None).version.payload
    found = differences(from_live(CatalogVersion.objects.get(number=0).payload), payload)
    assert [(change.kind, change.name) for change in found] == [("repriced", item.name)]


def test_an_answer_that_is_lost_does_not_send_the_menu_twice(outlet, sandbox):
    imported(outlet)
    sandbox.fault("PUT catalog", times=1, status=502, apply=True)
    sync = work(request_publish(outlet, None), send)
    assert (sync.state, sync.maybe_applied) == ("queued", True)
    assert (work(sync, send).state, sync.proof) == ("confirmed", "read_back")
    assert len([call for call in sandbox.calls() if call["method"] == "PUT"]) == 1


def test_a_menu_that_was_not_taken_is_sent_again_with_its_request_id(outlet, sandbox):
    imported(outlet)
    sandbox.fault("PUT catalog", times=1, status=503)
    sync = work(request_publish(outlet, None), send)
    assert sync.state == "queued"
    assert work(sync, send).state == "accepted"
    bodies = [call["body"] for call in sandbox.calls() if call["method"] == "PUT"]
    assert len(bodies) == 2
    assert mapping_updated(outlet, sync.request_id, [], None).state == "confirmed"


def publish(outlet):
    sync = work(request_publish(outlet, None), send)
    return work(sync, read_back)


def made_in_the_app(sandbox, outlet, *items):
    """Somebody adds items in the GoBiz app."""
    place = f"outlets/{outlet.outlet_id}"
    catalog = sandbox.control("GET", place)["catalog"]
    for number, item in enumerate(items):
        row = {**catalog["menus"][0]["menu_items"][0], "id": f"app-{number}", "variant_category_ids": []}
        catalog["menus"][0]["menu_items"].append({**row, **item})
    sandbox.control("POST", place, {"catalog": catalog})


def named_in_an_order(sandbox, name):
    """The external_ids by which a new order names its lines."""
    order = sandbox.simulate([{"name": name}])["order"]["order"]
    return {line["external_id"] for line in order["order_items"]}


def test_what_was_made_in_the_app_is_found_bound_published_and_recognised(outlet, sandbox):
    catalog = imported(outlet)
    assert publish(outlet).state == "confirmed"
    ours = MenuItem.objects.filter(catalog=catalog).order_by("pk").first()
    made_in_the_app(
        sandbox,
        outlet,
        {"name": "Rica di Aplikasi", "external_id": "app-rica"},
        {"name": "Tanpa Id di Aplikasi", "external_id": None},
        {"name": "Baru di Aplikasi", "external_id": "app-baru"},
    )
    menu_import = request_import(outlet, None)
    run_import(menu_import.pk)
    reading = newest_reading(load_tree(catalog, outlet), outlet)
    places = {stray.name: (stray.kind, stray.index) for stray in reading.strays}
    assert len(places) == 3
    new = add_item(ours.menu, {"name": "Rica Kami", "price": 25000, "image_url": ours.image_url}, None)
    choices = {
        places["Rica di Aplikasi"]: new.pk,
        places["Tanpa Id di Aplikasi"]: ADOPT,
        places["Baru di Aplikasi"]: ADOPT,
    }
    assert settle(outlet, menu_import.pk, choices, None) == 3
    # At once: what GoFood names it by now is known.
    for name in ("Rica di Aplikasi", "Baru di Aplikasi"):
        assert named_in_an_order(sandbox, name) <= known_external_ids(outlet)["item"]
    assert publish(outlet).state == "confirmed"
    for name in ("Rica Kami", "Tanpa Id di Aplikasi", "Baru di Aplikasi"):
        ids = named_in_an_order(sandbox, name)
        assert ids
        assert ids <= known_external_ids(outlet)["item"]
    ledger = ExternalId.objects.filter(kind="item", external_id="app-rica").get()
    assert (ledger.thing, ledger.confirmed_at is not None) == (new.pk, True)


def test_a_changed_id_is_recognised_before_and_after_its_publish(outlet, sandbox):
    catalog = imported(outlet)
    publish(outlet)
    item = MenuItem.objects.filter(catalog=catalog).order_by("pk").first()
    with pytest.raises(IdsRefused):
        change_id(catalog, ("item", item.pk), "id-baru", "", None)
    assert change_id(catalog, ("item", item.pk), "id-baru", item.external_id, None)
    assert named_in_an_order(sandbox, item.name) == {item.external_id}
    assert item.external_id in known_external_ids(outlet)["item"]
    assert publish(outlet).state == "confirmed"
    assert named_in_an_order(sandbox, item.name) == {"id-baru"}
    assert {"id-baru", item.external_id} <= known_external_ids(outlet)["item"]


def test_a_later_import_takes_over_what_was_changed_in_the_app(outlet, sandbox):
    imported(outlet)
    publish(outlet)
    made_in_the_app(sandbox, outlet, {"name": "Rica di Aplikasi", "external_id": "app-rica"})
    menu_import = request_import(outlet, None)
    run_import(menu_import.pk)
    menu_import.refresh_from_db()
    plan = plan_of(menu_import)
    assert [(one.kind, one.field, one.name) for one in plan.differences] == [
        ("item", "new", "Rica di Aplikasi")
    ]
    assert answer(menu_import, plan.digest, [plan.differences[0].key], None) == 1
    again = request_import(outlet, None)
    run_import(again.pk)
    again.refresh_from_db()
    assert (again.state, again.counts["differences"]["all"]) == ("done", 0)


BAD_ANSWERS = [
    {"status": 503},
    {"status": 200, "body": '{"success": true, "data": {"menus": [{"name": "Ayam", "menu_it'},
    {"status": 200, "body": "<html><body>Gateway</body></html>", "headers": {"Content-Type": "text/html"}},
    {"status": 200, "body": '{"success": true, "data": {}}'},
    {"close": True},
]


@pytest.mark.parametrize("fault", BAD_ANSWERS)
def test_a_reading_that_is_not_whole_is_a_failed_one(outlet, sandbox, fault):
    def asked():
        request_readings([outlet])
        read(outlet.pk)
        return LiveReading.objects.get(outlet=outlet)

    before = asked()
    assert (before.state, len(before.live["menus"]) > 1) == ("read", True)
    sandbox.fault("GET catalog", times=5, **fault)
    failed = asked()
    assert (failed.state, failed.live) == ("failed", before.live)
    sandbox.control("DELETE", "faults")
    assert asked().state == "read"


def test_a_menu_that_is_empty_on_gofood_is_read_as_that_and_published_over(outlet, sandbox):
    imported(outlet)
    assert publish(outlet).state == "confirmed"
    sandbox.control(
        "POST", f"outlets/{outlet.outlet_id}", {"catalog": {"menus": [], "variant_categories": []}}
    )
    request_readings([outlet])
    read(outlet.pk)
    there = on_gofood(outlet)
    assert there.shown == {"menus": [], "variant_categories": []}
    assert {change.kind for change in there.changed_there} == {"removed"}
    assert publish(outlet).state == "confirmed"
    request_readings([outlet])
    read(outlet.pk)
    assert on_gofood(outlet).changed_there == []
