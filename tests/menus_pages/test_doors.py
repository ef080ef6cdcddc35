"""Who comes in: a stranger 404, the wrong role 403, nobody signed in: the login; and nothing changes."""

from pathlib import Path
from typing import Any

import pytest
from django.conf import settings

from menus.locking import lock_catalog
from menus.models import MappingAlert, MenuImport, MenuItem, Sync, Variant
from tests.menus_pages.conftest import Shop

pytestmark = pytest.mark.django_db


def pages(shop: Shop) -> dict[str, tuple[str, str]]:
    """Every page: name → (address, the least role that sees it)."""
    sync = shop.sync(Sync.State.CONFIRMED)
    alert = MappingAlert.objects.create(outlet=shop.outlet, order_number="F-1", opened_at=sync.queued_at)
    variant = Variant.objects.filter(catalog=shop.catalog).first()
    assert variant is not None
    menu = shop.item.menu
    return {
        "menu": (shop.url("menu"), "cashier"),
        "alerts": (shop.url("alerts"), "cashier"),
        "item_stock": (shop.url("item_stock", shop.item.pk), "cashier"),
        "variant_stock": (shop.url("variant_stock", variant.pk), "cashier"),
        "menu_item": (shop.url("menu_item", shop.item.pk), "manager"),
        "menu_item_new": (shop.url("menu_item_new", shop.catalog.pk), "manager"),
        "menu_foot": (shop.url("menu_foot"), "cashier"),
        "item_row": (shop.url("item_row", shop.item.pk), "cashier"),
        "category_card": (shop.url("category_card", shop.category.pk), "cashier"),
        "library": (shop.url("library", shop.catalog.pk), "cashier"),
        "save_field": (shop.url("save_field", "item", shop.item.pk), "manager"),
        "step": (shop.url("step", "item", shop.item.pk), "manager"),
        "place": (shop.url("place", "item", shop.item.pk), "manager"),
        "remove": (shop.url("remove", "item", shop.item.pk), "manager"),
        "undo_edit": (shop.url("undo_edit", shop.edit().pk), "manager"),
        "menu_heading": (shop.url("menu_heading", menu.pk), "manager"),
        "menu_heading_new": (shop.url("menu_heading_new", shop.catalog.pk), "manager"),
        "variant_category": (shop.url("variant_category", shop.category.pk), "manager"),
        "variant_category_new": (shop.url("variant_category_new", shop.catalog.pk), "manager"),
        "menu_ids": (shop.url("menu_ids", shop.catalog.pk), "manager"),
        "import_menu": (shop.url("import_menu", shop.outlet.pk), "manager"),
        "import_progress": (shop.url("import_progress", shop.outlet.pk), "manager"),
        "publish": (shop.url("publish"), "manager"),
        "history": (shop.url("history"), "manager"),
        "publish_review": (shop.url("publish_review", shop.outlet.pk), "manager"),
        "sync_page": (shop.url("sync_page", sync.pk), "manager"),
        "version": (shop.url("version", sync.version_id), "manager"),
        "sync_progress": (shop.url("sync_progress", sync.pk), "manager"),
        "resync_alert": (shop.url("resync_alert", alert.pk), "manager"),
    }


POST_ONLY = {
    "item_stock",
    "variant_stock",
    "save_field",
    "step",
    "place",
    "remove",
    "undo_edit",
    "resync_alert",
}
FORMS = {
    "menu_item",
    "menu_item_new",
    "menu_heading",
    "menu_heading_new",
    "variant_category",
    "variant_category_new",
    "menu_ids",
    "import_menu",
    "publish_review",
} | POST_ONLY


def state(shop: Shop) -> tuple[Any, ...]:
    return (
        shop.revision(),
        list(MenuItem.objects.values_list("name", "price", "in_stock")),
        MenuImport.objects.count(),
        Sync.objects.count(),
    )


def test_every_page_opens_for_a_manager(shop: Shop) -> None:
    client = shop.client("manager")
    for name, (url, _) in pages(shop).items():
        if name not in POST_ONLY:
            assert client.get(url).status_code == 200, name


def test_a_cashier_sees_menu_and_alerts_only(shop: Shop) -> None:
    client = shop.client("cashier")
    for name, (url, least) in pages(shop).items():
        if name not in POST_ONLY:
            assert client.get(url).status_code == (200 if least == "cashier" else 403), name


@pytest.mark.parametrize(("who", "status"), [("stranger", 404), ("anonymous", 302)])
def test_strangers_change_nothing(shop: Shop, who: str, status: int) -> None:
    client, found = shop.client(who), pages(shop)
    before = state(shop)
    for name, (url, _) in found.items():
        if name not in POST_ONLY:
            assert client.get(url).status_code == status, name
        if name in FORMS:
            assert client.post(url, {"name": "Mine", "in_stock": "0"}).status_code == status, name
    assert state(shop) == before


def test_a_cashiers_forms_change_nothing_but_stock(shop: Shop) -> None:
    client, found = shop.client("cashier"), pages(shop)
    before = state(shop)
    for name in FORMS - {"item_stock", "variant_stock"}:
        assert client.post(found[name][0], {"name": "Mine"}).status_code == 403, name
    assert state(shop) == before


def test_another_merchants_rows_are_not_there(shop: Shop) -> None:
    """The stranger's own address with our ids: 404, and nothing changes."""
    client, found = shop.client("stranger"), pages(shop)
    before = state(shop)
    for name, (url, _) in found.items():
        if name in ("menu", "menu_foot", "alerts", "publish", "history"):
            continue
        foreign = url.replace(f"/m/{shop.merchant.pk}/", f"/m/{shop.cast.other_merchant.pk}/")
        method = client.post if name in FORMS else client.get
        assert method(foreign, {"name": "Mine", "in_stock": "0"}).status_code == 404, name
    assert state(shop) == before


def test_lists_show_nothing_of_another_merchant(shop: Shop) -> None:
    pages(shop)
    client = shop.client("stranger")
    for name in ("menu", "menu_foot", "alerts", "publish", "history"):
        url = shop.url(name).replace(f"/m/{shop.merchant.pk}/", f"/m/{shop.cast.other_merchant.pk}/")
        body = client.get(url).content.decode()
        assert "Ayam Geprek" not in body
        assert "F-1" not in body
        assert shop.outlet.outlet_id not in body


def test_an_outlet_of_another_merchant_cannot_be_chosen(shop: Shop) -> None:
    response = shop.client().get(shop.url("menu") + f"?outlet={shop.cast.other_outlet.outlet_id}")
    assert response.status_code == 404


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("check_field", {"kind": "item", "pk": "9" * 5000}),
        ("bulk", {"operation": "stock", "items": "9" * 5000}),
        ("bind_live", {"reading": "9" * 5000}),
        ("sharing_outlet", {"do": "share", "catalog": "9" * 5000}),
        ("overrides_clear", {"thing": "item-" + "9" * 5000}),
        ("variant_category", {"variants-TOTAL_FORMS": "1", "variants-0-pk": "9" * 5000}),
        ("save_field", {"field": "price", "value": "9" * 5000}),
        ("place_values", {"field": "price", "value": "9" * 5000}),
    ],
)
def test_numbers_of_thousands_of_digits_are_no_fault_of_ours(
    shop: Shop, name: str, data: dict[str, str]
) -> None:
    """Python refuses to read them as numbers."""
    item, outlet, catalog = shop.item.pk, shop.outlet.pk, shop.catalog.pk
    args: dict[str, tuple[int | str, ...]] = {
        "check_field": (),
        "bulk": (catalog,),
        "bind_live": (catalog,),
        "sharing_outlet": (outlet,),
        "overrides_clear": (outlet,),
        "variant_category": (shop.category.pk,),
        "save_field": ("item", item),
        "place_values": ("item", item, outlet),
    }
    before = state(shop)
    assert shop.client().post(shop.url(name, *args[name]), data).status_code in (200, 302, 400, 404, 422)
    assert state(shop) == before


@pytest.mark.parametrize(
    ("name", "kind", "data"),
    [
        ("save_field", "item", {"field": "name", "value": "Mine"}),
        ("step", "item", {"down": "1"}),
        ("place", "item", {}),
        ("remove", "item", {}),
        ("item_hours", "", {"monday": "08:00-14:00"}),
        ("item_picture", "", {"do": "remove"}),
        ("item_stock", "", {"in_stock": "0"}),
        ("menu_item", "", {"name": "Mine", "price": "15000"}),
    ],
)
def test_what_somebody_else_removed_meanwhile_is_not_there(
    shop: Shop, monkeypatch: pytest.MonkeyPatch, name: str, kind: str, data: dict[str, str]
) -> None:
    """The request found it, and waited for the lock that the other one held."""

    def after_the_other(catalog_id: int) -> Any:
        MenuItem.objects.filter(pk=shop.item.pk).delete()
        return lock_catalog(catalog_id)

    monkeypatch.setattr("menus.journal.lock_catalog", after_the_other)
    url = shop.url(name, *([kind] if kind else []), shop.item.pk)
    answer = shop.client().post(url, {**data, "menu": shop.item.menu_id})
    assert answer.status_code == (302 if name == "remove" else 404)


def test_every_page_with_the_tabs_of_the_menu_loads_how_they_look() -> None:
    templates = Path(settings.BASE_DIR, "templates", "menus").glob("*.html")
    pages = {path.name: path.read_text() for path in templates}
    with_tabs = {name for name, text in pages.items() if '"menus/_tabs.html"' in text and "extends" in text}
    assert "ingredients.html" in with_tabs
    assert {name for name in with_tabs if "css/editor.css" not in pages[name]} == set()
