"""Fills the sandbox: apps, outlets, menus. Running it again adds only what is missing."""

import re
import secrets
from typing import Any

from django.db import transaction

from gobiz_admin.sandbox.catalog import new_id
from gobiz_admin.sandbox.models import (
    ALL_SCOPES,
    App,
    Call,
    Delivery,
    Fault,
    IdempotentAnswer,
    Order,
    Outlet,
    Promo,
    Settings,
    Step,
    Subscription,
    Token,
)
from gobiz_admin.sandbox.seed_menu import BIG, CATEGORIES, HOURS, OUT_OF_STOCK, SMALL, WITHOUT_PICTURE, Item

Json = dict[str, Any]

MENUS = {"big": BIG, "small": SMALL, "empty": []}
LIMITED_SCOPES = ["gofood:catalog:read", "gofood:order:read", "gofood:order:write"]
# slug: (name, App ID, scopes, [(Outlet ID, name, menu)])
APPS: dict[str, tuple[str, str, list[str], list[tuple[str, str, str]]]] = {
    "warung": (
        "Warung Sederhana",
        "warung-sederhana-app",
        ALL_SCOPES,
        [("G12345678", "Warung Sederhana Tebet", "big"), ("G87654321", "Warung Sederhana Depok", "small")],
    ),
    "terbatas": (
        "Kedai Terbatas",
        "kedai-terbatas-app",
        LIMITED_SCOPES,
        [("G555000111", "Kedai Terbatas Bandung", "small")],
    ),
}


@transaction.atomic
def seed() -> None:
    Settings.load()
    for slug, (name, app_id, scopes, outlets) in APPS.items():
        app = make_app(slug, name, app_id, scopes)
        for outlet_id, outlet_name, menu in outlets:
            make_outlet(app, outlet_id, outlet_name, menu)


@transaction.atomic
def reset() -> None:
    """Back to the state after the first seed; the seeded apps keep their secrets."""
    for model in (Step, Delivery, Order, Promo, IdempotentAnswer, Subscription, Token, Fault, Call, Settings):
        model.objects.all().delete()
    Outlet.objects.all().delete()
    App.objects.exclude(slug__in=APPS).delete()
    for slug, (name, app_id, scopes, _) in APPS.items():
        fresh = App(slug=slug, name=name, app_id=app_id, scopes=scopes)
        App.objects.filter(slug=slug).update(
            name=name,
            scopes=scopes,
            ungranted=fresh.ungranted,
            token_expires_in=fresh.token_expires_in,
        )
    seed()


def make_app(slug: str, name: str, app_id: str, scopes: list[str]) -> App:
    """The app of this slug, made with random secrets when there is none."""
    defaults = {
        "name": name,
        "app_id": app_id,
        "scopes": scopes,
        "app_secret": secrets.token_hex(20),
        "partner_id": f"partner-{secrets.token_hex(6)}",
        "relay_secret": secrets.token_hex(20),
    }
    return App.objects.get_or_create(slug=slug, defaults=defaults)[0]


def make_outlet(app: App, outlet_id: str, name: str, menu: str) -> Outlet:
    existing = Outlet.objects.filter(outlet_id=outlet_id).first()
    return existing or Outlet.objects.create(
        app=app, outlet_id=outlet_id, name=name, catalog=catalog(MENUS[menu])
    )


def catalog(menus: list[tuple[str, list[Item]]]) -> Json:
    """A catalog in the shape that `catalog.py` describes, with new GoBiz ids."""
    used = {key for _, items in menus for item in items for key in item[4].split()}
    # The big menu also has a category that no item uses: such things exist and must survive a sync.
    keys = [key for key in CATEGORIES if key in used or (menus is BIG and key == "promo")]
    categories = {key: _category(key) for key in keys}
    return {
        "variant_categories": list(categories.values()),
        "menus": [
            {"name": name, "menu_items": [_item(item, categories) for item in items]} for name, items in menus
        ],
    }


def _category(key: str) -> Json:
    name, internal_name, least, most, variants = CATEGORIES[key]
    return {
        "id": new_id(),
        "name": name,
        "internal_name": internal_name,
        "rules": {"selection": {"min_quantity": least, "max_quantity": most}},
        "variants": [
            {
                "id": new_id(),
                **_external_id(code),
                "name": variant_name,
                "price": price,
                "in_stock": code not in OUT_OF_STOCK,
            }
            for code, variant_name, price in variants
        ],
    }


def _item(item: Item, categories: dict[str, Json]) -> Json:
    code, name, price, description, keys, hours = item
    return {
        "id": new_id(),
        **_external_id(code),
        "name": name,
        "description": description,
        "price": price,
        "image": "" if code in WITHOUT_PICTURE else f"/pictures/{slug_of(name)}.png",
        "in_stock": code not in OUT_OF_STOCK,
        "operational_hours": HOURS[hours],
        "variant_category_ids": [categories[key]["id"] for key in keys.split()],
    }


def _external_id(code: str) -> Json:
    absent: dict[str, Json] = {"-null": {"external_id": None}, "-empty": {"external_id": ""}, "-missing": {}}
    return absent[code] if code.startswith("-") else {"external_id": code}


def slug_of(name: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")
