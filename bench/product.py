"""The product in a database of the bench: a merchant with an app and outlets, and what was stored of it."""

from __future__ import annotations

import os
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

import django

from bench.bodies import Door
from bench.place import Place, connect

OUTLETS = 8
RELAY_SECRET = "relay-secret-of-the-bench"  # noqa: S105 - worth nothing outside of a throw-away database
NOTIFICATIONS = "webhooks_notification"
ORDERS = "orders_order"


@dataclass(frozen=True)
class Product:
    """A migrated database, and the door that its notifications are posted to."""

    url: str
    merchant_id: int
    door: Door


def prepare(place: Place) -> Product:
    """Migrate a new database and connect a merchant in it; from then on, Django here works on it."""
    url = place.new_database("product")
    os.environ.update(place.environment(url))
    django.setup()
    from django.core.management import call_command
    from django.db import connections

    call_command("migrate", verbosity=0, skip_checks=True)
    product = _connect_merchant(url)
    # A database that somebody is connected to cannot be copied.
    connections.close_all()
    return product


def _connect_merchant(url: str) -> Product:
    from gobiz_admin.merchants.models import GobizApp, Merchant, Outlet

    merchant = Merchant.objects.create(name="Warung Bench")
    app = GobizApp.objects.create(
        merchant=merchant,
        environment=GobizApp.Environment.LOCAL,
        app_id="app-of-the-bench",
        app_secret="app-secret-of-the-bench",  # noqa: S106 - as above
        partner_id="partner-of-the-bench",
        relay_secret=RELAY_SECRET,
    )
    ids = [f"G{500_000_000 + number}" for number in range(OUTLETS)]
    for outlet_id in ids:
        Outlet.objects.create(
            merchant=merchant, gobiz_app=app, environment=app.environment, outlet_id=outlet_id, name=outlet_id
        )
    return Product(url, merchant.pk, Door(f"/webhooks/gobiz/{app.webhook_token}/", RELAY_SECRET, ids))


def live_token(merchant_id: int) -> str:
    from gobiz_admin.merchants.context import live_token as signed

    return signed(merchant_id)


def forget(url: str) -> None:
    """Neither notifications nor orders, as before the first."""
    with connect(url) as connection:
        connection.execute(f"TRUNCATE {NOTIFICATIONS}, {ORDERS} CASCADE")


def finished(url: str) -> int:
    """How many notifications had their effect."""
    return int(_one(url, f"SELECT count(*) FROM {NOTIFICATIONS} WHERE state = 'done'"))  # noqa: S608 - constants


def unfinished(url: str) -> int:
    """How many notifications were neither done nor found to be without effect."""
    question = f"SELECT count(*) FROM {NOTIFICATIONS} WHERE state NOT IN ('done', 'ignored')"  # noqa: S608
    return int(_one(url, question))


def _one(url: str, question: str) -> Any:
    with connect(url) as connection:
        row = connection.execute(question).fetchone()
    assert row is not None
    return row[0]


def lost(url: str, stored: str, acknowledged: Collection[str]) -> set[str]:
    """The acknowledged event ids that the query `stored` does not give back."""
    with connect(url) as connection:
        found = {row[0] for row in connection.execute(stored, [list(acknowledged)])}
    return set(acknowledged) - found
