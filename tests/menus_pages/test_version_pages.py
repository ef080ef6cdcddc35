"""A version: what it was, how it differs, and bringing it back."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from menus.models import CatalogVersion, LiveReading, MenuItem, OutletCatalog, Sync
from menus.payload import build_payload
from menus.readings import keep
from tests.menus.factories import MenuItemFactory, live_from, live_menu
from tests.menus_pages.conftest import Shop

pytestmark = pytest.mark.django_db
State = Sync.State


@pytest.fixture
def two(shop: Shop) -> list[Sync]:
    """Version 1 at Rp 15.000, and version 2 at Rp 18.000, which GoFood has."""
    first = shop.sync(State.SUPERSEDED)
    MenuItem.objects.update(price=18000)
    return [first, shop.sync(State.CONFIRMED, 2)]


def page(shop: Shop, version: CatalogVersion, query: str = "") -> str:
    response = shop.client().get(shop.url("version", version.pk) + query)
    assert response.status_code == 200
    return str(response.content.decode())


def test_an_older_one_is_compared_with_what_gofood_has(shop: Shop, two: list[Sync]) -> None:
    body = page(shop, two[0].version)
    assert body.index("Rp\u00a018.000") < body.index("Rp\u00a015.000")
    assert "Bring version 1 back" in body


def test_what_gofood_has_cannot_be_brought_back(shop: Shop, two: list[Sync]) -> None:
    body = page(shop, two[1].version)
    assert "GoFood has this version." in body
    assert "Bring version" not in body
    assert "Changes 1 price" in body


@pytest.mark.parametrize("other", ["9", "x", "-1", "\u0663", "9" * 30])
def test_a_version_that_is_not_there(shop: Shop, two: list[Sync], other: str) -> None:
    url = shop.url("version", two[0].version.pk)
    assert shop.client().get(url, {"with": other}).status_code == 404


def test_bringing_back_leads_to_its_sync(shop: Shop, two: list[Sync]) -> None:
    response = shop.client().post(shop.url("version", two[0].version.pk), {"note": "  Salah  "})
    sync = Sync.objects.latest("pk")
    assert response.url == shop.url("sync_page", sync.pk)
    assert (sync.version.number, sync.version.note, sync.version.restores) == (3, "Salah", two[0].version)
    # A second press is the same wish.
    assert shop.client().post(shop.url("version", two[0].version.pk)).url == response.url
    assert Sync.objects.count() == 3


def sent_by(shop: Shop, version: CatalogVersion) -> dict[str, str]:
    """What the form of bringing it back sends, as the page stands."""
    way = shop.client().get(shop.url("version", version.pk)).context["return"]
    body = page(shop, version).replace("\n", "")
    assert f'name="taken" value="{way["shown"].taken}"' in body
    assert f'name="live" value="{way["shown"].live}"' in body
    return {"taken": way["shown"].taken, "live": way["shown"].live}


def press(shop: Shop, version: CatalogVersion, data: dict[str, str]) -> Any:
    return shop.client().post(shop.url("version", version.pk), data)


MOVED = "so nothing was brought back. This is what would change now"


def test_a_newer_publish_is_not_replaced_unseen(shop: Shop, two: list[Sync]) -> None:
    seen = sent_by(shop, two[0].version)
    MenuItem.objects.update(price=21000)
    newer = shop.sync(State.QUEUED, 3)
    answer = press(shop, two[0].version, {**seen, "note": "Salah"})
    body = answer.content.decode()
    assert MOVED in body
    assert "Version 3 is on its way already" in body
    assert 'value="Salah"' in body
    assert Sync.objects.latest("pk") == newer
    # It was taken meanwhile: the comparison is another again.
    seen = sent_by(shop, two[0].version)
    Sync.objects.filter(pk=newer.pk).update(state=State.CONFIRMED)
    body = press(shop, two[0].version, seen).content.decode()
    assert MOVED in body
    assert "Rp\u00a021.000" in body
    assert Sync.objects.count() == 3
    assert press(shop, two[0].version, sent_by(shop, two[0].version)).status_code == 302
    assert Sync.objects.latest("pk").version.restores == two[0].version


def test_what_was_changed_in_the_gobiz_app_is_not_replaced_unseen(shop: Shop, two: list[Sync]) -> None:
    seen = sent_by(shop, two[0].version)
    assert seen["live"] == ""
    gofood_shows(shop, price=19500)
    body = press(shop, two[0].version, seen).content.decode()
    assert MOVED in body
    assert "somebody changed the menu in the GoBiz app" in body
    assert "Rp\u00a019.500" in body
    seen = sent_by(shop, two[0].version)
    gofood_shows(shop, price=19900)
    assert MOVED in press(shop, two[0].version, seen).content.decode()
    assert Sync.objects.count() == 2
    seen = sent_by(shop, two[0].version)
    # That the reading grew old since is no change.
    LiveReading.objects.update(read_at=timezone.now() - timedelta(hours=1))
    assert press(shop, two[0].version, seen).status_code == 302


def test_a_second_press_leads_to_the_first(shop: Shop, two: list[Sync]) -> None:
    seen = sent_by(shop, two[0].version)
    first = press(shop, two[0].version, seen)
    assert press(shop, two[0].version, seen).url == first.url
    Sync.objects.filter(state=State.QUEUED).update(state=State.CONFIRMED, accepted_at=timezone.now())
    assert press(shop, two[0].version, seen).url == first.url
    assert Sync.objects.count() == 3


def gofood_shows(shop: Shop, **item: object) -> None:
    """The live menu as it was just read, with the item as somebody changed it in the GoBiz app."""
    live = live_from(build_payload(shop.outlet))
    live["menus"][0]["menu_items"][0] |= item
    assert keep(shop.outlet, live, timezone.now())


def test_taking_much_away_asks_for_the_number(shop: Shop, two: list[Sync]) -> None:
    MenuItemFactory.create_batch(3, menu=shop.item.menu)
    shop.sync(State.CONFIRMED, 3)
    url = shop.url("version", two[0].version.pk)
    assert "3 of 4 items would disappear" in page(shop, two[0].version)
    body = shop.client().post(url, {"removing": "2", "note": "<b>"}).content.decode()
    assert "not the number of items" in body
    assert "&lt;b&gt;" in body
    assert Sync.objects.count() == 3
    assert shop.client().post(url, {"removing": "3"}).status_code == 302


def test_the_menu_as_it_was_found_says_what_it_lacks(shop: Shop, two: list[Sync]) -> None:
    found = CatalogVersion.objects.create(outlet=shop.outlet, number=0, payload=live_menu(), checksum="x")
    body = page(shop, found)
    assert "some of it had no id on GoFood" in body
    assert shop.url("menu_ids", shop.catalog.pk) in body
    assert shop.client().post(shop.url("version", found.pk)).status_code == 200
    assert Sync.objects.count() == 2
    assert "As it was found" in shop.client().get(shop.url("history")).content.decode()


def test_the_history_tells_what_changed(shop: Shop, two: list[Sync]) -> None:
    CatalogVersion.objects.filter(number=2).update(changes={"repriced": 3}, note="Naik <i>")
    body = shop.client().get(shop.url("history")).content.decode()
    assert "Changes 3 prices, removes none." in body
    assert "Naik &lt;i&gt;" in body


def test_publishing_asks_for_the_number_of_items_that_go(shop: Shop) -> None:
    MenuItemFactory.create_batch(2, menu=shop.item.menu)
    shop.sync(State.CONFIRMED)
    MenuItem.objects.exclude(pk=shop.item.pk).delete()
    url = shop.url("publish_review", shop.outlet.pk)
    assert "2 of 3 items would disappear" in shop.client().get(url).content.decode()
    body = shop.client().post(url, {"note": "Libur"}).content.decode()
    assert "Type the number first" in body
    assert 'value="Libur"' in body
    shop.client().post(url, {"removing": " 2 ", "note": "Libur"})
    assert Sync.objects.latest("pk").version.note == "Libur"


def test_the_same_again_has_to_be_meant(shop: Shop, django_assert_max_num_queries: Any) -> None:
    sync = shop.sync(State.CONFIRMED)
    url = shop.url("publish_review", shop.outlet.pk)
    # Another window had it published: this one does not send it twice.
    assert shop.client().post(url, {}).url == shop.url("sync_page", sync.pk)
    OutletCatalog.objects.update(published_revision=shop.revision())
    assert "Send the same again" in shop.client().get(url).content.decode()
    shop.client().post(url, {"again": "1"})
    assert Sync.objects.count() == 2


@pytest.mark.parametrize("count", [1, 40])
def test_the_queries_do_not_grow(
    shop: Shop, two: list[Sync], count: int, django_assert_max_num_queries: Any
) -> None:
    MenuItemFactory.create_batch(count, menu=shop.item.menu)
    for number in range(3, 3 + count):
        shop.sync(State.SUPERSEDED, number)
    client = shop.client()
    with django_assert_max_num_queries(37):
        client.get(shop.url("version", two[0].version.pk))
    with django_assert_max_num_queries(18):
        client.get(shop.url("history"))
