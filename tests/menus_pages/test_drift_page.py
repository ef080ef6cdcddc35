"""What differs on GoFood: shown at all outlets and at one, taken over or left to the next publish."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from gobiz_admin.gobiz.errors import GobizUnavailable
from menus.drift.scanning import compare
from menus.models import CatalogVersion, Drift, LiveReading, MenuItem, OutletCatalog, Sync
from menus.payload import build_payload, checksum
from menus.readings import keep
from orders.home import needs_of, rows_of
from tests.factories import OutletFactory
from tests.menus.factories import live_from
from tests.menus.timed import plan
from tests.menus_pages.conftest import Shop

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)


def drifted(shop: Shop, **item: object) -> Drift:
    """The shop's menu was proven, and somebody changed it in the GoBiz app since."""
    sync = shop.sync(Sync.State.CONFIRMED, confirmed_at=timezone.now())
    live = live_from(sync.version.payload)
    assert keep(shop.outlet, live, timezone.now() - timedelta(minutes=1), proves=sync.version)
    live["menus"][0]["menu_items"][0] |= item
    assert keep(shop.outlet, live, timezone.now())
    drift = compare(shop.outlet.pk)
    assert drift is not None
    return drift


def page(shop: Shop, name: str = "drift_outlet", **how: Any) -> str:
    args = [] if name == "drift" else [shop.outlet.pk]
    return shop.client().get(shop.url(name, *args), **how).content.decode().replace("&#x27;", "'")


def post(shop: Shop, **data: object) -> Any:
    return shop.client().post(shop.url("drift_outlet", shop.outlet.pk), data, follow=True)


def shown(shop: Shop) -> dict[str, Any]:
    body = page(shop)
    lines = [
        part.split('"')[0] for part in body.split('name="line"\n')[1:] for part in [part.split('value="')[1]]
    ]
    return {"plan": body.split('name="plan" value="')[1].split('"')[0], "line": lines}


def test_before_anything_was_published_it_says_what_to_do(shop: Shop) -> None:
    assert "Publish a menu first" in page(shop, "drift")
    assert "Nothing to compare yet" in page(shop)


def test_what_is_as_published_is_said(shop: Shop) -> None:
    drifted(shop)
    assert "GoFood has what was published" in page(shop)
    assert "GoFood has what was published" in page(shop, "drift")


def test_each_difference_is_a_line_with_how_it_came_about(shop: Shop) -> None:
    drifted(shop, price=16000, description="Diubah")
    for body in (page(shop), page(shop, "drift")):
        assert "Rp\u00a015.000" in body
        assert "Rp\u00a016.000" in body
        assert "chip-danger" in body
    assert "Somebody changed this in the GoBiz app" in page(shop)


def test_all_that_differs_is_counted_though_few_lines_are_kept(shop: Shop) -> None:
    drift = drifted(shop, price=16000)
    Drift.objects.filter(pk=drift.pk).update(found=3000, open=2990)
    body = " ".join(page(shop, "drift").split())
    assert "2990 differ." in body
    assert "and 2995 more" in body


def test_our_own_menu_that_arrived_after_all_is_said_to_be(shop: Shop) -> None:
    drifted(shop)
    MenuItem.objects.filter(pk=shop.item.pk).update(price=16000)
    payload = build_payload(shop.outlet)
    version = CatalogVersion.objects.create(
        outlet=shop.outlet, number=7, payload=payload, checksum=checksum(payload)
    )
    ended = {"state": Sync.State.FAILED, "maybe_applied": True, "ended_at": timezone.now()}
    Sync.objects.create(outlet=shop.outlet, version=version, request_id="late", **ended)
    assert keep(shop.outlet, live_from(payload), timezone.now())
    words = "Version 7 had been given up. It arrived after all"
    body = page(shop)
    assert words in body
    assert "It is being confirmed now" in body
    assert 'name="line"' not in body
    compare(shop.outlet.pk)
    body = page(shop)
    assert words in body
    assert "It counts as published" in body
    assert "version 7 arrived after all" in page(shop, "drift")
    sync = Sync.objects.get(request_id="late")
    body = shop.client().get(shop.url("sync_page", sync.pk)).content.decode()
    assert "It arrived after all" in body


def test_home_outlets_and_publish_show_it(shop: Shop) -> None:
    drifted(shop, price=16000)
    url = shop.url("drift_outlet", shop.outlet.pk)
    for name in ("merchant_home", "outlets", "publish"):
        body = shop.client().get(shop.url(name)).content.decode()
        assert f'href="{url}"' in body
        assert "GoFood shows 1 price, stock or id otherwise" in body
    rows = rows_of([shop.outlet])
    assert url in {need.url for need in needs_of(shop.merchant, rows)}


def test_taking_over(shop: Shop) -> None:
    drifted(shop, price=16000)
    body = post(shop, how="adopt", **shown(shop)).content.decode()
    assert "1 change is taken over from GoFood" in body
    assert MenuItem.objects.get(pk=shop.item.pk).price == 16000
    assert "GoFood has what was published" in page(shop)


def test_a_menu_that_changed_meanwhile_is_shown_again(shop: Shop) -> None:
    drifted(shop, price=16000)
    data = shown(shop)
    MenuItem.objects.update(price=15500)
    answer = post(shop, how="adopt", **data)
    assert answer.status_code == 409
    assert "nothing was taken over" in answer.content.decode()
    assert MenuItem.objects.get(pk=shop.item.pk).price == 15500


def test_leaving_it_to_the_next_publish(shop: Shop) -> None:
    drifted(shop, price=16000)
    body = post(shop, how="overwrite", **shown(shop)).content.decode()
    assert "The next publish overwrites 1 difference" in body
    assert "overwritten with the next publish" in body
    assert "otherwise than it was published" not in body
    assert "All of it is overwritten with the next publish" in page(shop, "drift")


def test_nothing_chosen(shop: Shop) -> None:
    drifted(shop, price=16000)
    assert "Choose at least one line" in post(shop, how="adopt", plan="x").content.decode()
    assert (
        "None of the chosen can be taken over"
        in post(shop, how="adopt", plan=shown(shop)["plan"], line="another").content.decode()
    )
    answer = post(shop, how="overwrite", line="another").content.decode()
    assert "None of the chosen is open any more" in answer


def test_a_reading_that_failed_and_one_under_way(shop: Shop) -> None:
    drifted(shop, price=16000)
    LiveReading.objects.update(state="failed", error_code=GobizUnavailable.code)
    assert "What stands below is of the reading before" in page(shop)
    assert "could not be read" in page(shop, "drift")
    for name in ("read_drift", "read_all"):
        LiveReading.objects.update(state="read")
        args = [shop.outlet.pk] if name == "read_drift" else []
        assert shop.client().post(shop.url(name, *args)).status_code == 302
        assert LiveReading.objects.get().state == "queued"
        assert "Reading GoFood's menu" in page(shop)


@pytest.mark.parametrize("name", ["drift", "merchant_home", "outlets", "publish", "publish_together"])
def test_as_many_queries_for_forty_outlets_as_for_a_dozen(shop: Shop, name: str) -> None:
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    def add(count: int) -> None:
        for _ in range(count):
            other = OutletFactory(merchant=shop.merchant, gobiz_app=shop.outlet.gobiz_app)
            OutletCatalog.objects.create(outlet=other, catalog=shop.catalog, imported_at=timezone.now())
            payload = build_payload(other)
            version = CatalogVersion.objects.create(
                outlet=other, number=1, payload=payload, checksum=checksum(payload)
            )
            Sync.objects.create(outlet=other, version=version, state="confirmed", request_id=f"r-{other.pk}")
            live = live_from(payload)
            live["menus"][0]["menu_items"][0]["price"] = 1000
            keep(other, live, timezone.now())
            compare(other.pk)

    def queries() -> int:
        client = shop.client()
        client.get(shop.url(name))
        with CaptureQueriesContext(connection) as found:
            assert client.get(shop.url(name)).status_code == 200
        return len(found)

    drifted(shop, price=16000)
    # More syncs than the Publish page shows.
    add(12)
    few = queries()
    add(27)
    assert queries() == few


def test_it_says_when_a_timed_price_begins_and_what_it_leaves(shop: Shop) -> None:
    drifted(shop, description="Diubah di aplikasi GoBiz")
    words = "the rest of what was changed in the GoBiz app stays as it is"
    assert words not in page(shop)
    now = timezone.now().replace(second=0, microsecond=0)
    item = MenuItem.objects.order_by("pk")[0]
    plan(item, shop.outlet, price=item.price - 1000, starts=now + HOUR, ends=now + 2 * HOUR)
    assert words in page(shop)
