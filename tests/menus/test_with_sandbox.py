"""The whole way over HTTP: import, fix ids, publish, read back, against GoBiz's sandbox."""

from datetime import timedelta

import pytest
from django.utils import timezone

from menus.checks import check_catalog
from menus.confirming import mapping_updated, read_back
from menus.differences import differences, from_live
from menus.editing import save_item
from menus.ids import accept_proposals
from menus.importing import read_live_menu
from menus.models import Catalog, CatalogVersion, MenuItem, Sync
from menus.publishing import request_publish, send
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
