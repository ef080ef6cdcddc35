"""Who comes in where: one table of every address, walked as owner, manager, cashier, stranger and nobody.

A new URL that the table does not know fails `test_the_table_knows_every_address`.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from django.apps import apps
from django.test import Client
from django.urls import URLPattern, get_resolver, reverse
from django.utils import timezone

from gobiz_admin.gobiz import events
from gobiz_admin.merchants.models import Role
from gobiz_admin.merchants.roles import Action, may
from menus.models import (
    CatalogEdit,
    CatalogVersion,
    Ingredient,
    MappingAlert,
    MenuImport,
    OutletCatalog,
    Rollout,
    StockMorning,
    StockSwitch,
    Sync,
    TimedPrice,
)
from menus.sheets.uploads import store_upload
from orders.models import UndeliveredOrder
from tests.menus.factories import (
    CatalogFactory,
    MenuFactory,
    MenuItemFactory,
    VariantCategoryFactory,
    VariantFactory,
)
from tests.orders.factories import OrderFactory
from tests.orders.notifications import order_notification, store

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)
EMPTY = {"menus": [], "variant_categories": []}
ONE_ITEM = {
    "menus": [{"name": "Ayam", "menu_items": [{"name": "Nasi", "external_id": "nasi", "price": 9000}]}],
    "variant_categories": [],
}
ANYBODY, SIGNED_IN = "anybody", "signed in"
# Others' own addresses, with rules and tests of their own.
PREFIXES = ("account/", "admin/")
TABLE: dict[str, tuple[str, Action | str]] = {
    "home": ("GET", SIGNED_IN),
    "choose_merchant": ("GET", SIGNED_IN),
    "create_merchant": ("GET POST", SIGNED_IN),
    "picture": ("GET", ANYBODY),
    "set_language": ("POST", ANYBODY),
    "healthz": ("GET", ANYBODY),
    "merchant_home": ("GET", Action.SEE_HOME),
    "frame_now": ("GET", Action.SEE_ORDERS),
    "inbox": ("GET", Action.SEE_ORDERS),
    "inbox_board": ("GET", Action.SEE_ORDERS),
    "live_token": ("GET", Action.SEE_ORDERS),
    "order_act": ("POST", Action.ACT_ON_ORDERS),
    "undelivered_handled": ("POST", Action.ACT_ON_ORDERS),
    "undelivered_back": ("POST", Action.ACT_ON_ORDERS),
    "lookup": ("GET POST", Action.ACT_ON_ORDERS),
    "menu": ("GET", Action.SEE_MENU),
    "menu_preview": ("GET", Action.SEE_MENU),
    "menu_commission": ("GET POST", Action.EDIT_MENU),
    "menu_foot": ("GET", Action.SEE_MENU),
    "item_row": ("GET", Action.SEE_MENU),
    "item_hours": ("GET POST", Action.EDIT_MENU),
    "category_card": ("GET", Action.SEE_MENU),
    "bulk": ("GET POST", Action.EDIT_MENU),
    "library": ("GET", Action.SEE_MENU),
    "save_field": ("POST", Action.EDIT_MENU),
    "step": ("POST", Action.EDIT_MENU),
    "place": ("POST", Action.EDIT_MENU),
    "remove": ("POST", Action.EDIT_MENU),
    "undo_edit": ("POST", Action.EDIT_MENU),
    "menu_checks": ("GET", Action.SEE_MENU),
    "fix_checks": ("POST", Action.EDIT_MENU),
    "check_field": ("POST", Action.EDIT_MENU),
    "confirm_prices": ("POST", Action.PUBLISH_MENU),
    "most_changed": ("POST", Action.PUBLISH_MENU),
    "menu_item": ("GET POST", Action.EDIT_MENU),
    "menu_item_new": ("GET POST", Action.EDIT_MENU),
    "item_picture": ("GET POST", Action.EDIT_MENU),
    "menu_heading": ("GET POST", Action.EDIT_MENU),
    "menu_heading_new": ("GET POST", Action.EDIT_MENU),
    "variant_category": ("GET POST", Action.EDIT_MENU),
    "variant_category_new": ("GET POST", Action.EDIT_MENU),
    "timed_prices": ("GET", Action.EDIT_MENU),
    "timed_price_new": ("GET POST", Action.PUBLISH_MENU),
    "timed_price_end": ("POST", Action.PUBLISH_MENU),
    "item_stock": ("POST", Action.SWITCH_STOCK),
    "stock": ("GET", Action.SWITCH_STOCK),
    "stock_off": ("GET POST", Action.SWITCH_STOCK),
    "stock_again": ("POST", Action.SWITCH_STOCK),
    "still_off": ("GET", Action.SWITCH_STOCK),
    "still_off_answer": ("POST", Action.SWITCH_STOCK),
    "ingredients": ("GET", Action.SWITCH_STOCK),
    "ingredient": ("GET POST", Action.EDIT_MENU),
    "ingredient_new": ("POST", Action.EDIT_MENU),
    "ingredient_out": ("GET POST", Action.SWITCH_STOCK),
    "ingredient_back": ("POST", Action.SWITCH_STOCK),
    "variant_stock": ("POST", Action.SWITCH_STOCK),
    "menu_ids": ("GET POST", Action.PUBLISH_MENU),
    "bind_live": ("POST", Action.PUBLISH_MENU),
    "read_live": ("POST", Action.PUBLISH_MENU),
    "change_external_id": ("GET POST", Action.PUBLISH_MENU),
    "menu_sheets": ("GET POST", Action.EDIT_MENU),
    "menu_sheet_file": ("GET", Action.EDIT_MENU),
    "menu_sheet": ("GET POST", Action.EDIT_MENU),
    "matrix": ("GET", Action.SEE_MENU),
    "matrix_rows": ("GET", Action.SEE_MENU),
    "matrix_foot": ("GET", Action.SEE_MENU),
    "matrix_many": ("POST", Action.EDIT_MENU),
    "outlet_values": ("GET POST", Action.EDIT_MENU),
    "place_values": ("POST", Action.EDIT_MENU),
    "place_stock": ("POST", Action.SWITCH_STOCK),
    "outlet_differences": ("GET", Action.SEE_MENU),
    "overrides_clear": ("POST", Action.EDIT_MENU),
    "sharing": ("GET", Action.PUBLISH_MENU),
    "sharing_outlet": ("GET POST", Action.PUBLISH_MENU),
    "catalog_name": ("POST", Action.PUBLISH_MENU),
    "import_menu": ("GET POST", Action.PUBLISH_MENU),
    "import_progress": ("GET", Action.PUBLISH_MENU),
    "import_choice": ("GET POST", Action.PUBLISH_MENU),
    "publish": ("GET", Action.PUBLISH_MENU),
    "history": ("GET", Action.PUBLISH_MENU),
    "version": ("GET POST", Action.PUBLISH_MENU),
    "version_restore": ("GET POST", Action.PUBLISH_MENU),
    "publish_back": ("GET POST", Action.PUBLISH_MENU),
    "publish_together": ("GET POST", Action.PUBLISH_MENU),
    "read_together": ("POST", Action.PUBLISH_MENU),
    "rollout": ("GET POST", Action.PUBLISH_MENU),
    "publish_review": ("GET POST", Action.PUBLISH_MENU),
    "read_outlet": ("POST", Action.PUBLISH_MENU),
    "drift": ("GET", Action.PUBLISH_MENU),
    "read_all": ("POST", Action.PUBLISH_MENU),
    "drift_outlet": ("GET POST", Action.PUBLISH_MENU),
    "read_drift": ("POST", Action.PUBLISH_MENU),
    "sync_page": ("GET", Action.PUBLISH_MENU),
    "sync_progress": ("GET", Action.PUBLISH_MENU),
    "alerts": ("GET", Action.SEE_ALERTS),
    "alerts_seen": ("POST", Action.PUBLISH_MENU),
    "without_asking": ("POST", Action.PUBLISH_MENU),
    "read_for_alert": ("POST", Action.PUBLISH_MENU),
    "resync_alert": ("POST", Action.PUBLISH_MENU),
    "outlets": ("GET", Action.SEE_OUTLETS),
    "closing": ("GET POST", Action.CLOSE_OUTLET),
    "reopen": ("POST", Action.CLOSE_OUTLET),
    "closing_again": ("POST", Action.CLOSE_OUTLET),
    "connect": ("GET POST", Action.CONNECT_OUTLET),
    "connect_proof": ("GET POST", Action.CONNECT_OUTLET),
    "connect_proofs": ("GET", Action.CONNECT_OUTLET),
    "connect_ready": ("GET", Action.SEE_OUTLETS),
    "webhooks": ("GET", Action.SEE_WEBHOOKS),
    "replay": ("GET POST", Action.MANAGE_WEBHOOKS),
    "notification": ("GET", Action.SEE_WEBHOOKS),
    "notification_raw": ("GET", Action.SEE_WEBHOOKS),
    "notification_again": ("POST", Action.MANAGE_WEBHOOKS),
    "subscriptions": ("GET", Action.MANAGE_WEBHOOKS),
    "app_state": ("GET", Action.MANAGE_WEBHOOKS),
    "app_health": ("GET", Action.SEE_WEBHOOKS),
    "check_app": ("POST", Action.MANAGE_WEBHOOKS),
    "subscribed_per": ("POST", Action.MANAGE_WEBHOOKS),
    "signature_mode": ("POST", Action.MANAGE_WEBHOOKS),
    "new_address": ("GET POST", Action.MANAGE_WEBHOOKS),
    "forget_address": ("POST", Action.MANAGE_WEBHOOKS),
    "new_relay_secret": ("GET POST", Action.MANAGE_WEBHOOKS),
    "forget_relay_secret": ("POST", Action.MANAGE_WEBHOOKS),
}
INSIDE = {name: row for name, row in TABLE.items() if isinstance(row[1], Action)}
MEMBERS = {"owner": Role.OWNER, "manager": Role.MANAGER, "cashier": Role.CASHIER}


def addresses(patterns: Any = None, prefix: str = "") -> Iterator[tuple[str, URLPattern]]:
    """Every address of the project with its route, but those below PREFIXES."""
    for pattern in get_resolver().url_patterns if patterns is None else patterns:
        route = prefix + str(pattern.pattern)
        if route.startswith(PREFIXES):
            continue
        if isinstance(pattern, URLPattern):
            yield route, pattern
        else:
            yield from addresses(pattern.url_patterns, route)


def timed_price_of(catalog: Any) -> TimedPrice:
    now = timezone.now()
    return TimedPrice.objects.create(
        catalog=catalog, label="Promo", name="Nasi", how="set", amount=1, starts_at=now, ends_at=now + DAY
    )


def kwargs_of(merchant: Any, outlet: Any) -> dict[str, dict[str, Any]]:
    """For each address inside a merchant what it needs, besides the merchant, from that merchant's own things."""
    catalog = CatalogFactory(merchant=merchant)
    OutletCatalog.objects.create(outlet=outlet, catalog=catalog, imported_at=timezone.now())
    menu = MenuFactory(catalog=catalog)
    item = MenuItemFactory(menu=menu)
    category = VariantCategoryFactory(catalog=catalog)
    variant = VariantFactory(category=category)
    ingredient = Ingredient.objects.create(catalog=catalog, name="Ayam")
    version = CatalogVersion.objects.create(outlet=outlet, number=1, payload=EMPTY, checksum="x")
    older = CatalogVersion.objects.create(outlet=outlet, number=2, payload=ONE_ITEM, checksum="y")
    sync = Sync.objects.create(
        outlet=outlet, version=version, request_id=f"r-{outlet.pk}", state=Sync.State.CONFIRMED
    )
    alert = MappingAlert.objects.create(outlet=outlet, order_number="F-1", opened_at=timezone.now())
    missed = UndeliveredOrder.objects.create(outlet=outlet, order_number="F-1", opened_at=timezone.now())
    upload = store_upload(catalog, [("menu.csv", b"name,price\nNasi,15000\n")], None)
    reading = MenuImport.objects.create(outlet=outlet, state="read", live=EMPTY, read_at=timezone.now())
    by_catalog = dict.fromkeys(
        (
            "menu_item_new",
            "menu_heading_new",
            "variant_category_new",
            "menu_ids",
            "bind_live",
            "read_live",
            "library",
            "bulk",
            "menu_sheets",
            "matrix_rows",
            "matrix_foot",
            "matrix_many",
            "catalog_name",
            "ingredient_new",
        )
    )
    by_outlet = dict.fromkeys(
        (
            "import_menu",
            "import_progress",
            "publish_review",
            "read_outlet",
            "drift_outlet",
            "read_drift",
            "fix_checks",
            "confirm_prices",
            "most_changed",
            "connect_proof",
            "connect_proofs",
            "connect_ready",
            "closing_again",
            "overrides_clear",
            "sharing_outlet",
        )
    )
    by_app = dict.fromkeys(
        (
            "app_state",
            "app_health",
            "check_app",
            "subscribed_per",
            "signature_mode",
            "new_address",
            "forget_address",
            "new_relay_secret",
            "forget_relay_secret",
        )
    )
    message = order_notification(events.ORDER_ACCEPTED, outlet)
    by_notification = dict.fromkeys(("notification", "notification_raw", "notification_again"))
    return {
        **{name: {"pk": store(outlet, message).pk} for name in by_notification},
        "order_act": {"pk": OrderFactory(outlet=outlet).pk},
        **{name: {"pk": missed.pk} for name in ("undelivered_handled", "undelivered_back")},
        "menu_item": {"pk": item.pk},
        "item_row": {"pk": item.pk},
        "item_hours": {"pk": item.pk},
        "item_picture": {"pk": item.pk},
        "category_card": {"pk": category.pk},
        **{name: {"kind": "item", "pk": item.pk} for name in ("save_field", "step", "place", "remove")},
        "change_external_id": {"kind": "item", "pk": item.pk},
        "outlet_values": {"kind": "item", "pk": item.pk},
        **{
            name: {"kind": "item", "pk": item.pk, "outlet_pk": outlet.pk}
            for name in ("place_values", "place_stock")
        },
        "undo_edit": {"pk": CatalogEdit.objects.create(catalog=catalog, action="item_changed").pk},
        "timed_price_new": {"kind": "item", "pk": item.pk},
        "timed_price_end": {"pk": timed_price_of(catalog).pk},
        "item_stock": {"pk": item.pk},
        "stock_off": {"kind": "item", "pk": item.pk},
        "stock_again": {
            "pk": StockSwitch.objects.create(outlet=outlet, item=item, in_stock=True, state="failed").pk
        },
        "variant_stock": {"pk": variant.pk},
        **{name: {"pk": ingredient.pk} for name in ("ingredient", "ingredient_out", "ingredient_back")},
        "still_off_answer": {
            "pk": StockMorning.objects.create(outlet=outlet, day=timezone.now(), at=timezone.now()).pk
        },
        "menu_heading": {"pk": menu.pk},
        "variant_category": {"pk": category.pk},
        "sync_page": {"pk": sync.pk},
        "version": {"pk": version.pk},
        "version_restore": {"pk": older.pk, "kind": "item", "index": 0},
        "rollout": {"pk": Rollout.objects.create(merchant=merchant).pk},
        "sync_progress": {"pk": sync.pk},
        "resync_alert": {"pk": alert.pk},
        "read_for_alert": {"pk": alert.pk},
        "menu_sheet": {"pk": upload.pk},
        "import_choice": {"pk": reading.pk},
        "menu_sheet_file": {"catalog_pk": catalog.pk, "what": "items.csv"},
        **{name: {"catalog_pk": catalog.pk} for name in by_catalog},
        **{name: {"outlet_pk": outlet.pk} for name in by_outlet},
        **{name: {"app_pk": outlet.gobiz_app_id} for name in by_app},
    }


@pytest.fixture
def world(cast) -> SimpleNamespace:
    """The cast, and for each address what stands in it, of their merchant and of the stranger's."""
    cast.own = kwargs_of(cast.merchant, cast.outlet)
    cast.foreign = kwargs_of(cast.other_merchant, cast.other_outlet)
    return cast


def address(world: SimpleNamespace, name: str, things: dict[str, dict[str, Any]] | None = None) -> str:
    found = (world.own if things is None else things).get(name, {})
    return reverse(name, kwargs={"merchant_id": world.merchant.pk, **found})


def browser(user: Any = None) -> Client:
    client = Client(raise_request_exception=False)
    if user is not None:
        client.force_login(user, "django.contrib.auth.backends.ModelBackend")
    return client


def everything() -> dict[str, list[Any]]:
    """All rows of our own apps."""
    return {
        model.__name__: sorted(model.objects.values_list(), key=str)
        for label in ("merchants", "webhooks", "menus", "orders")
        for model in apps.get_app_config(label).get_models()
        if model.__name__ != "User"  # signing in writes there
    }


def test_the_table_knows_every_address():
    names = {pattern.name for _, pattern in addresses()}
    assert names == set(TABLE), "a new address needs a row in TABLE; a row without an address has to go"


def test_what_belongs_to_a_merchant_stands_below_the_merchant():
    below = {pattern.name for route, pattern in addresses() if route.startswith("m/<int:merchant_id>/")}
    assert below == set(INSIDE)


def expected(method: str, row: tuple[str, Action | str], role: str) -> set[int]:
    if method not in row[0].split():
        return {405}
    assert isinstance(row[1], Action)
    return {200, 204, 302, 303, 400, 422} if may(role, row[1]) else {403}


@pytest.mark.parametrize("person", MEMBERS)
def test_members(world, person):
    """Each member gets what the table of roles says, a 403 for the rest, and a denial changes nothing."""
    client, wrong = browser(getattr(world, person)), []
    # What is allowed changes things, or removes them: what is denied goes first.
    walk = [(name, method, row) for name, row in INSIDE.items() for method in ("GET", "POST", "DELETE")]
    walk.sort(
        key=lambda step: (
            step[0] == "remove",
            not expected(step[1], step[2], MEMBERS[person]) & {403, 405},
        )
    )
    denials_end = next(
        position
        for position, step in enumerate(walk)
        if not expected(step[1], step[2], MEMBERS[person]) & {403, 405}
    )
    before = everything()
    for position, (name, method, row) in enumerate(walk):
        if position == denials_end:
            assert everything() == before
        answer = client.generic(method, address(world, name))
        if answer.status_code not in expected(method, row, MEMBERS[person]):
            wrong.append(f"{method} {name}: {answer.status_code}")
        if "/account/" in answer.headers.get("Location", ""):
            wrong.append(f"{method} {name}: sent to the login")
    assert not wrong


def test_strangers(world):
    """Another merchant's addresses are not there, whatever role one has at home; and nothing changes."""
    client, before = browser(world.stranger), everything()
    found = {
        f"{method} {name}": client.generic(method, address(world, name)).status_code
        for name, row in INSIDE.items()
        for method in row[0].split()
    }
    assert set(found.values()) == {404}, found
    assert everything() == before


def test_nobody(world):
    client, before = browser(), everything()
    wrong = []
    for name, row in INSIDE.items():
        for method in row[0].split():
            answer = client.generic(method, address(world, name))
            if answer.status_code != 302 or not answer.headers["Location"].startswith(
                "/account/login/?next="
            ):
                wrong.append(f"{method} {name}: {answer.status_code}")
    assert not wrong
    assert everything() == before


def test_anothers_things_under_ones_own_merchant(world):
    """The owner, at home, with the keys of another merchant's things: as if they were not there."""
    client, before = browser(world.owner), everything()
    found = {
        f"{method} {name}": client.generic(method, address(world, name, world.foreign)).status_code
        for name in world.foreign
        for method in TABLE[name][0].split()
    }
    assert set(found.values()) == {404}, found
    assert everything() == before


def test_keys_that_there_are_not(world):
    """Also those that no column can hold."""
    client = browser(world.owner)
    for key in (0, 2**31, 2**63, 10**30):
        things = {name: dict.fromkeys(kwargs, key) for name, kwargs in world.own.items()}
        found = {
            f"{method} {name}": client.generic(method, address(world, name, things)).status_code
            for name in things
            for method in TABLE[name][0].split()
        }
        assert set(found.values()) == {404}, (key, found)
        assert client.get(f"/m/{key}/").status_code == 404


def test_the_outlet_of_another_in_the_query(world):
    """`?outlet=` chooses among one's own outlets only."""
    client = browser(world.owner)
    for outlet_id in (world.other_outlet.outlet_id, "G404", "\x00", "' OR 1=1 --", "é" * 3000):
        for name in ("merchant_home", "inbox", "inbox_board", "outlets", "webhooks", "menu", "connect"):
            answer = client.get(address(world, name), {"outlet": outlet_id})
            assert answer.status_code == 404, (name, outlet_id)


def test_pages_tell_nothing_of_another_merchant(world):
    client = browser(world.owner)
    for name, row in INSIDE.items():
        if "GET" in row[0].split():
            page = client.get(address(world, name)).content.decode()
            assert world.other_outlet.outlet_id not in page, name
            assert world.other_merchant.name not in page, name


@pytest.mark.parametrize("name", [name for name, row in TABLE.items() if row[1] == SIGNED_IN])
def test_signed_in_only(cast, name):
    assert browser().get(reverse(name)).headers["Location"].startswith("/account/login/")
    assert browser(cast.cashier).get(reverse(name)).status_code in (200, 302)


def test_the_first_page_is_one_that_the_member_may_see(cast):
    for person in MEMBERS:
        answer = browser(getattr(cast, person)).get("/", follow=True)
        assert answer.status_code == 200, person


@pytest.mark.parametrize("person", ["owner", "stranger"])
def test_the_operators_admin_is_not_for_merchants(cast, person):
    for page in ("/admin/", "/admin/merchants/gobizapp/", "/admin/webhooks/notification/"):
        assert browser(getattr(cast, person)).get(page).headers["Location"].startswith("/admin/login/")


def test_a_member_who_was_removed(world):
    client = browser(world.cashier)
    assert client.get(address(world, "inbox")).status_code == 200
    world.merchant.members.filter(user=world.cashier).delete()
    assert client.get(address(world, "inbox")).status_code == 404


def test_a_role_that_there_is_not_may_nothing():
    assert not any(may("", action) or may("chef", action) for action in Action)


def test_the_owner_may_everything_and_the_cashier_least():
    rights = {role: {action for action in Action if may(role, action)} for role in MEMBERS.values()}
    assert rights[Role.OWNER] == set(Action)
    assert rights[Role.CASHIER] < rights[Role.MANAGER] < rights[Role.OWNER]
    assert Action.CONNECT_OUTLET not in rights[Role.MANAGER]
