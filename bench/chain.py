"""A chain of outlets that sell one catalog, and the sandbox that plays GoBiz for it."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import requests

from bench.options import Options
from bench.place import BenchError, Place
from bench.rows.checks import store_rows


@contextmanager
def sandbox(place: Place) -> Iterator[str]:
    url = place.start_sandbox("sandbox")
    try:
        requests.post(f"{url}/_control/settings", json={"send_confirmation": False}, timeout=30)
        yield url
    finally:
        place.stop("sandbox")


@contextmanager
def chain(url: str, options: Options) -> Iterator[list[Any]]:
    """So many outlets that sell one catalog; GoFood has nothing of them yet."""
    from django.conf import settings
    from django.db import connections
    from django.utils import timezone

    from gobiz_admin.merchants.models import GobizApp, Merchant, Outlet
    from menus.models import Catalog, CatalogVersion, OutletCatalog

    settings.GOBIZ_LOCAL_OAUTH_URL = settings.GOBIZ_LOCAL_API_URL = url
    # Other rows have chains of their own, and an outlet is connected once.
    first = 600_000_000 + secrets.randbelow(30_000) * 10_000
    ids = [f"G{first + number}" for number in range(options.chain_outlets)]
    asked = {
        "slug": f"chain-{secrets.token_hex(3)}",
        "outlets": [{"outlet_id": one, "name": one, "menu": "empty"} for one in ids],
    }
    known = requests.post(f"{url}/_control/apps", json=asked, timeout=120).json()
    merchant = Merchant.objects.create(name="Rantai Bench")
    keys = ("app_id", "app_secret", "partner_id", "relay_secret")
    app = GobizApp.objects.create(
        merchant=merchant, environment=GobizApp.Environment.LOCAL, **{key: known[key] for key in keys}
    )
    catalog = Catalog.objects.create(merchant=merchant, name="Rantai", most_changed_percent=100)
    store_rows(catalog, options.chain_items)
    outlets = Outlet.objects.bulk_create(
        Outlet(merchant=merchant, gobiz_app=app, environment=app.environment, outlet_id=one, name=one)
        for one in ids
    )
    now = timezone.now()
    OutletCatalog.objects.bulk_create(
        OutletCatalog(outlet=outlet, catalog=catalog, imported_at=now) for outlet in outlets
    )
    yield outlets
    merchant.rollouts.all().delete()
    CatalogVersion.objects.filter(outlet__in=outlets).delete()
    catalog.delete()
    connections.close_all()


def publish(outlets: list[Any]) -> None:
    """The catalog as it is, sent to each and proven by a reading."""
    from django.utils import timezone

    from menus import confirming, sending
    from menus.models import Sync
    from menus.rollouts.advancing import advance
    from menus.rollouts.starting import Plan, start

    rollout = start(outlets[0].merchant, Plan([outlets]), None)
    advance(rollout.pk)
    for sync in Sync.objects.filter(outlet__in=outlets, state="queued"):
        sending.send(sync.pk)
        Sync.objects.filter(pk=sync.pk).update(next_attempt_at=timezone.now())
        confirming.read_back(sync.pk)
    if Sync.objects.filter(outlet__in=outlets).exclude(state="confirmed").exists():
        raise BenchError("Not every outlet was confirmed.")


def change_in_the_app(outlets: list[Any]) -> None:
    """Somebody changes a price at each in the GoBiz app."""
    from gobiz_admin.merchants.gobiz import client_for
    from menus.models import Sync

    for sync in Sync.objects.filter(outlet__in=outlets).select_related("outlet__gobiz_app", "version"):
        payload = sync.version.payload
        payload["menus"][0]["menu_items"][0]["price"] += 1000
        client_for(sync.outlet.gobiz_app).put_catalog(sync.outlet.outlet_id, payload, f"app-{sync.pk}")
