"""The page of external_ids: what would lose orders first, with one button."""

import pytest
from django.utils import timezone

from gobiz_admin.merchants.models import AuditEntry
from menus.ids import fix_ids
from menus.models import ExternalId, MenuImport, MenuItem, Variant
from tests.menus.factories import MenuItemFactory, live_from, live_item
from tests.menus_pages.conftest import Shop

pytestmark = pytest.mark.django_db


def reading(shop: Shop, *more: dict[str, object]) -> MenuImport:
    live = live_from(shop.version().payload)
    live["menus"][0]["menu_items"] += more
    return MenuImport.objects.create(outlet=shop.outlet, state="done", live=live, read_at=timezone.now())


def test_what_would_lose_orders_comes_first(shop: Shop) -> None:
    MenuItemFactory(menu=shop.item.menu, name="Bebek", external_id=None)
    reading(shop, live_item("Rica", external_id="app-8"))
    body = shop.client().get(shop.url("menu_ids", shop.catalog.pk)).content.decode()
    assert "2 items and variants would lose orders" in body
    assert body.count("btn-primary") == 1
    assert body.index("Accept the proposed id") < body.index('value="bebek"')


def test_one_is_accepted_alone(shop: Shop) -> None:
    first = MenuItemFactory(menu=shop.item.menu, name="Bebek", external_id=None)
    second = MenuItemFactory(menu=shop.item.menu, name="Soto", external_id=None)
    url = shop.url("menu_ids", shop.catalog.pk)
    typed = {f"item-{first.pk}": "bebek", f"item-{second.pk}": "not good!"}
    shop.client().post(url, {**typed, "only": f"item-{first.pk}"})
    assert MenuItem.objects.get(pk=first.pk).external_id == "bebek"
    assert MenuItem.objects.get(pk=second.pk).external_id is None


def test_the_proposals_of_gofood_are_accepted(shop: Shop) -> None:
    menu_import = reading(
        shop, live_item("Rica", external_id="app-8"), live_item("Soto", external_id="app-9")
    )
    client = shop.client()
    body = client.get(shop.url("menu_ids", shop.catalog.pk)).content.decode()
    assert "Accept all 2 proposals" in body
    choices = {"item-1": "new", "item-2": "leave", "reading": menu_import.pk}
    client.post(shop.url("bind_live", shop.catalog.pk), choices)
    assert MenuItem.objects.get(name="Rica").external_id == "app-8"
    assert not MenuItem.objects.filter(name="Soto").exists()


@pytest.mark.parametrize("typed", ["ayam  GEPREK", ""])
def test_another_one_is_chosen_by_its_name(shop: Shop, typed: str) -> None:
    other = MenuItemFactory(menu=shop.item.menu, name="Bebek Goreng", external_id="bebek")
    reading(shop)
    live = MenuImport.objects.get()
    live.live["menus"][0]["menu_items"] = [live_item("Nama Lain", external_id="app-9")]
    live.save()
    url = shop.url("bind_live", shop.catalog.pk)
    data = {"item-0": "other", "item-0-other": typed or "bebek goreng", "reading": live.pk}
    shop.client().post(url, data)
    chosen = shop.item if typed else other
    chosen.refresh_from_db()
    assert chosen.external_id == "app-9"


@pytest.mark.parametrize(
    ("typed", "words"),
    [("nothing such", "exactly this name"), ("", "exactly this name"), ("Sama", "Several")],
)
def test_what_is_nothing_of_ours_is_told_where_it_was_typed(shop: Shop, typed: str, words: str) -> None:
    MenuItemFactory.create_batch(2, menu=shop.item.menu, name="Sama")
    menu_import = reading(shop, live_item("Rica", external_id="app-8"))
    url = shop.url("bind_live", shop.catalog.pk)
    index = len(menu_import.live["menus"][0]["menu_items"]) - 1
    data = {f"item-{index}": "other", f"item-{index}-other": typed, "reading": menu_import.pk}
    body = shop.client().post(url, data).content.decode()
    assert words in body
    assert f'value="{typed}"' in body
    assert not MenuItem.objects.filter(external_id="app-8").exists()


@pytest.mark.parametrize("stale", ["0", "", "x", "99999999999"])
def test_another_reading_is_shown_anew(shop: Shop, stale: str) -> None:
    reading(shop, live_item("Rica", external_id="app-8"))
    url = shop.url("bind_live", shop.catalog.pk)
    response = shop.client().post(url, {"item-1": "new", "reading": stale}, follow=True)
    assert "Look again" in response.content.decode()
    assert not MenuItem.objects.filter(name="Rica").exists()


def test_reading_now_is_asked_for_once_and_followed(shop: Shop) -> None:
    url, client = shop.url("read_live", shop.catalog.pk), shop.client()
    assert client.post(url).url == shop.url("menu_ids", shop.catalog.pk)
    client.post(url)
    assert MenuImport.objects.count() == 1
    body = client.get(shop.url("menu_ids", shop.catalog.pk)).content.decode()
    assert 'hx-select="#live"' in body


def test_every_id_tells_its_state(shop: Shop) -> None:
    body = shop.client().get(shop.url("menu_ids", shop.catalog.pk)).content.decode()
    assert "fixed; GoFood gets it when you publish" in body
    assert "confirmed by GoBiz since" not in body
    confirm(shop)
    body = shop.client().get(shop.url("menu_ids", shop.catalog.pk)).content.decode()
    assert "confirmed by GoBiz since" in body


def confirm(shop: Shop) -> None:
    ExternalId.objects.create(
        catalog=shop.catalog,
        kind="item",
        external_id=shop.item.external_id,
        thing=shop.item.pk,
        confirmed_at=timezone.now(),
    )


def test_a_confirmed_id_is_behind_a_warning(shop: Shop) -> None:
    confirm(shop)
    url, client = shop.url("change_external_id", "item", shop.item.pk), shop.client()
    assert "What changing it breaks" in client.get(url).content.decode()
    response = client.post(url, {"external_id": "new-id", "typed": "wrong"})
    assert response.status_code == 422
    assert "Type the id that it has now, exactly" in response.content.decode()
    old = shop.item.external_id
    assert MenuItem.objects.get(pk=shop.item.pk).external_id == old
    assert client.post(url, {"external_id": "new-id", "typed": old}).status_code == 302
    assert MenuItem.objects.get(pk=shop.item.pk).external_id == "new-id"
    assert AuditEntry.objects.get(action="menu.external_id_changed").user == shop.cast.owner
    assert str(old) in client.get(url).content.decode()


def test_one_that_gofood_never_had_is_changed_simply(shop: Shop) -> None:
    variant = Variant.objects.get(name="Paha atas")
    url, client = shop.url("change_external_id", "variant", variant.pk), shop.client()
    assert "What changing it breaks" not in client.get(url).content.decode()
    assert client.post(url, {"external_id": "has space"}).status_code == 422
    client.post(url, {"external_id": "paha"})
    variant.refresh_from_db()
    assert variant.external_id == "paha"


@pytest.mark.parametrize("kind", ["menu", "nonsense"])
def test_what_has_no_id_has_no_such_page(shop: Shop, kind: str) -> None:
    pk = shop.item.menu_id
    assert shop.client().get(shop.url("change_external_id", kind, pk)).status_code == 404


def test_two_catalogs_of_queries(shop: Shop, django_assert_max_num_queries) -> None:  # type: ignore[no-untyped-def]
    MenuItemFactory.create_batch(200, menu=shop.item.menu)
    fix_ids(shop.catalog, {}, None)
    reading(shop, *[live_item(f"Baru {n}", external_id=f"B-{n}") for n in range(50)])
    client = shop.client()
    with django_assert_max_num_queries(45):
        client.get(shop.url("menu_ids", shop.catalog.pk))
