"""Review, publish, follow, history."""

from datetime import timedelta

import pytest
from django.utils import timezone

from menus.editing import save_item
from menus.models import LiveReading, MenuItem, OutletCatalog, Sync, Variant
from menus.payload import build_payload
from menus.readings import keep
from tests.menus.factories import live_from
from tests.menus_pages.conftest import Shop

pytestmark = pytest.mark.django_db
State = Sync.State


def test_the_review_says_what_changes(shop: Shop) -> None:
    shop.sync(State.CONFIRMED)
    MenuItem.objects.update(price=18000)
    body = shop.client().get(shop.url("publish_review", shop.outlet.pk)).content.decode()
    assert "Changes 1 price, removes none." in body
    assert "Rp\u00a015.000" in body
    assert "Rp\u00a018.000" in body
    assert f"Publish to {shop.outlet.name}" in body


def test_publishing_leads_to_the_sync(shop: Shop) -> None:
    url = shop.url("publish_review", shop.outlet.pk)
    response = shop.client().post(url, {"revision": shop.revision()})
    sync = Sync.objects.get()
    assert response.url == shop.url("sync_page", sync.pk)
    assert sync.requested_by == shop.cast.owner
    page = shop.client().get(response.url).content.decode()
    assert "every 2s" in page


def test_checks_block_with_links_to_the_fields(shop: Shop) -> None:
    MenuItem.objects.update(price=-5)
    Variant.objects.filter(name="Paha atas").update(name="x" * 151)
    url = shop.url("publish_review", shop.outlet.pk)
    response = shop.client().post(url, {"revision": shop.revision()})
    assert response.status_code == 200
    assert not Sync.objects.exists()
    body = response.content.decode()
    assert "2 problems stop this menu" in body
    assert shop.url("menu_item", shop.item.pk) + "#id_price" in body
    variant = Variant.objects.get(name="x" * 151)
    assert shop.url("variant_category", shop.category.pk) + f"#variant-{variant.pk}" in body
    assert "Publish to" not in body


def test_a_missing_id_leads_to_its_row(shop: Shop) -> None:
    MenuItem.objects.update(external_id=None)
    body = shop.client().get(shop.url("publish_review", shop.outlet.pk)).content.decode()
    assert shop.url("menu_ids", shop.catalog.pk) + f"#id_item-{shop.item.pk}" in body


def test_a_menu_that_changed_meanwhile_is_reviewed_again(shop: Shop) -> None:
    save_item(shop.item, {"price": 16000}, None)
    response = shop.client().post(shop.url("publish_review", shop.outlet.pk), {"revision": "0"})
    assert response.status_code == 200
    assert "changed in another window" in response.content.decode()
    assert not Sync.objects.exists()


def test_nothing_is_published_that_was_never_imported(shop: Shop) -> None:
    OutletCatalog.objects.update(imported_at=None)
    url = shop.url("publish_review", shop.outlet.pk)
    response = shop.client().post(url, {})
    assert response.status_code == 200
    assert shop.url("import_menu", shop.outlet.pk) in response.content.decode()
    assert not Sync.objects.exists()


@pytest.mark.parametrize("state", [State.QUEUED, State.SENDING, State.ACCEPTED])
def test_a_sync_under_way_is_followed(shop: Shop, state: str) -> None:
    sync = shop.sync(state)
    body = shop.client().get(shop.url("sync_progress", sync.pk)).content.decode()
    assert "live:syncs from:body" in body
    assert 'aria-current="step"' in body
    assert "<html" not in body


@pytest.mark.parametrize("state", [State.CONFIRMED, State.FAILED, State.SUPERSEDED])
def test_a_final_sync_stops_asking(shop: Shop, state: str) -> None:
    sync = shop.sync(state)
    body = shop.client().get(shop.url("sync_progress", sync.pk)).content.decode()
    assert "hx-get" not in body
    assert "every 2s" not in body


@pytest.mark.parametrize(
    ("proof", "words"), [("read_back", "1 of 1 item match"), ("notification", "own notification")]
)
def test_a_confirmed_sync_says_how_it_was_proven(shop: Shop, proof: str, words: str) -> None:
    sync = shop.sync(State.CONFIRMED, proof=proof, confirmed_at=timezone.now())
    assert words in shop.client().get(shop.url("sync_page", sync.pk)).content.decode()


def test_what_gofood_did_not_take_is_named(shop: Shop) -> None:
    sync = shop.sync(
        State.CONFIRMED,
        proof="notification",
        confirmed_at=timezone.now(),
        differs=[
            {
                "kind": "pictured",
                "of": "item",
                "name": "Es <Teh>",
                "old": "https://x.example/a.png",
                "new": "",
            }
        ],
    )
    body = shop.client().get(shop.url("sync_page", sync.pk)).content.decode()
    assert "GoFood took 0 of 1 items as they were sent" in body
    assert "Es &lt;Teh&gt;" in body


def test_a_failed_sync_says_why_and_what_next(shop: Shop) -> None:
    sync = shop.sync(State.FAILED, error_code="request_refused", error="menus[0] <b>too long</b>")
    body = shop.client().get(shop.url("sync_page", sync.pk)).content.decode()
    assert "menus[0] &lt;b&gt;too long&lt;/b&gt;" in body
    assert "Nothing that you changed here is lost." in body
    assert "Try again" in body


def test_a_waiting_retry_says_when(shop: Shop) -> None:
    sync = shop.sync(
        State.QUEUED,
        error_code="gobiz_unavailable",
        attempts=2,
        next_attempt_at=timezone.now() + timedelta(minutes=1),
    )
    body = shop.client().get(shop.url("sync_page", sync.pk)).content.decode()
    assert "Next try at" in body
    assert "GoBiz did not answer properly" in body


def test_the_history_pages(shop: Shop) -> None:
    for _ in range(55):
        shop.sync(State.SUPERSEDED)
    client = shop.client()
    assert client.get(shop.url("publish")).content.decode().count("/syncs/") == 10
    first = client.get(shop.url("history")).content.decode()
    assert first.count("/syncs/") == 50
    assert client.get(shop.url("history") + "?page=2").content.decode().count("/syncs/") == 5
    assert client.get(shop.url("history") + "?page=zzz").status_code == 200


def test_a_refused_menu_leads_to_the_field_that_gobiz_complains_about(shop: Shop) -> None:
    sync = shop.sync(
        State.FAILED, error_code="request_refused", error="menus[0].menu_items[0].price: must be an integer"
    )
    body = shop.client().get(shop.url("sync_page", sync.pk)).content.decode()
    assert "GoFood does not take its price." in body
    assert shop.url("menu_item", shop.item.pk) + "#id_price" in body


def test_the_ids_that_gofood_named_are_counted(shop: Shop) -> None:
    sync = shop.sync(State.CONFIRMED, proof="notification", mapped_ids=["something-else"])
    body = shop.client().get(shop.url("sync_page", sync.pk)).content.decode()
    assert "ticked off the ids of 0 of 1 items" in body
    assert f"It did not name: {shop.item.name}." in body
    Sync.objects.update(mapped_ids=[shop.item.external_id])
    body = shop.client().get(shop.url("sync_page", sync.pk)).content.decode()
    assert "ticked off the ids of 1 of 1 items" in body
    assert "It did not name" not in body


def shown_by_gofood(shop: Shop, **item: object) -> LiveReading:
    """The live menu as it was just read, with the item as somebody changed it in the GoBiz app."""
    live = live_from(build_payload(shop.outlet))
    live["menus"][0]["menu_items"][0] |= item
    assert keep(shop.outlet, live, timezone.now())
    return LiveReading.objects.get()


def reviewed(shop: Shop) -> str:
    return shop.client().get(shop.url("publish_review", shop.outlet.pk)).content.decode()


def test_the_review_asks_for_a_reading_and_follows_it(shop: Shop) -> None:
    ask = shop.url("read_outlet", shop.outlet.pk)
    body = reviewed(shop)
    assert 'hx-trigger="load"' in body
    assert "is not known, and would be overwritten" not in body
    assert not LiveReading.objects.exists()
    assert shop.client().post(ask).url == shop.url("publish_review", shop.outlet.pk)  # type: ignore[attr-defined]
    body = reviewed(shop)
    assert "Reading GoFood's menu now" in body.replace("&#x27;", "'")
    assert "live:readings from:body" in body
    assert 'hx-trigger="load"' not in body


def test_what_was_changed_in_the_gobiz_app_is_shown_as_such(shop: Shop) -> None:
    shop.sync(State.CONFIRMED)
    shown_by_gofood(shop, price=16000)
    body = reviewed(shop)
    assert "1 change was made in the GoBiz app and will be overwritten" in body
    assert "Rp\u00a016.000" in body
    assert "Compared with GoFood as it was read at" in body
    assert 'hx-trigger="load"' not in body


def test_a_reading_that_failed_says_why_and_what_is_not_known(shop: Shop) -> None:
    shop.sync(State.CONFIRMED)
    now = timezone.now()
    LiveReading.objects.create(
        outlet=shop.outlet,
        state="failed",
        error_code="gobiz_unavailable",
        error="Bad gateway",
        requested_at=now,
        ended_at=now,
    )
    body = reviewed(shop)
    assert "GoBiz cannot be reached right now" in body
    assert "Bad gateway" in body
    assert "What somebody changed in the GoBiz app since is not known" in body
    assert "Read again" in body
    MenuItem.objects.update(price=18000)
    assert shop.client().post(shop.url("publish_review", shop.outlet.pk), {"live": ""}).status_code == 302
    assert Sync.objects.filter(state=State.QUEUED).exists()


def test_a_live_menu_that_changed_since_it_was_shown_is_reviewed_again(shop: Shop) -> None:
    shop.sync(State.CONFIRMED)
    seen = shown_by_gofood(shop).checksum
    MenuItem.objects.update(price=18000)
    assert f'name="live" value="{seen}"' in reviewed(shop).replace("\n", "")
    shown_by_gofood(shop, price=16000)
    url, data = shop.url("publish_review", shop.outlet.pk), {"live": seen, "revision": shop.revision()}
    body = shop.client().post(url, data).content.decode().replace("&#x27;", "'")
    assert "GoFood's menu is another than the one that you were shown" in body
    assert not Sync.objects.filter(state=State.QUEUED).exists()
    # Not known then, and known now.
    body = shop.client().post(url, {**data, "live": ""}).content.decode().replace("&#x27;", "'")
    assert "GoFood's menu is another than the one that you were shown" in body
    answer = shop.client().post(url, {**data, "live": LiveReading.objects.get().checksum})
    assert answer.status_code == 302


def test_the_editor_counts_what_was_changed_here(shop: Shop) -> None:
    shop.sync(State.CONFIRMED)
    shown_by_gofood(shop, price=16000)
    assert "1 change was made in the GoBiz app" in reviewed(shop)
    assert "1 change not published" not in shop.client().get(shop.url("menu_foot")).content.decode()
    MenuItem.objects.update(price=18000)
    assert "1 change not published" in shop.client().get(shop.url("menu_foot")).content.decode()
