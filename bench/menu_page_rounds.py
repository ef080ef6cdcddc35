"""`python -m bench.menu_page_rounds ROUNDS`: the rounds of the row `menu`, in a process with Django set up."""

from __future__ import annotations

import gzip
import json
import sys
import time
from typing import Any

import django

SIZES = (50, 500)
PER_MENU = 25


def main(rounds: int) -> None:
    """Print, by number of items, the seconds of each round, the queries, and the bytes of the page as JSON."""
    django.setup()
    from django.conf import settings
    from django.test import Client

    settings.ALLOWED_HOSTS = ["*"]
    measured: list[dict[str, Any]] = []
    pages = [(size, *make_page(size)) for size in SIZES]
    for size, user, url in pages:
        client = Client()
        client.force_login(user)
        _get(client, url)  # templates are compiled once in the life of a process
        measured.append({"items": size, "client": client, "url": url, "seconds": []})
    for _ in range(rounds):
        for one in measured:
            begun = time.perf_counter()
            one["bytes"] = _get(one["client"], one["url"])
            one["seconds"].append(time.perf_counter() - begun)
    for one in measured:
        content = one["bytes"]
        one.update(bytes=len(content), gzipped=len(gzip.compress(content, 6)))
        del one["client"], one["url"]
    print(json.dumps(measured))


def _get(client: Any, url: str) -> bytes:
    answer = client.get(url, secure=True)
    if answer.status_code != 200:
        raise RuntimeError(f"{url} answered {answer.status_code}")
    return bytes(answer.getvalue())


def make_page(size: int) -> tuple[Any, str]:
    """A member and the address of the menu page of an outlet with so many items."""
    from django.urls import reverse
    from django.utils import timezone

    from gobiz_admin.merchants.models import GobizApp, Member, Merchant, Outlet, User
    from menus.models import Catalog, OutletCatalog

    merchant = Merchant.objects.create(name=f"Menu of {size}")
    user = User.objects.create_user(f"menu-{size}@example.com")
    Member.objects.create(merchant=merchant, user=user, role="owner")
    app = GobizApp.objects.create(
        merchant=merchant, environment=GobizApp.Environment.LOCAL, app_id=f"menu-{size}", partner_id="p"
    )
    outlet = Outlet.objects.create(
        merchant=merchant,
        gobiz_app=app,
        environment=app.environment,
        outlet_id=f"G77{size}",
        name="Outlet",
    )
    catalog = Catalog.objects.create(merchant=merchant, name="Menu")
    OutletCatalog.objects.create(outlet=outlet, catalog=catalog, imported_at=timezone.now())
    _fill(catalog, size)
    return user, reverse("menu", args=[merchant.pk])


def _fill(catalog: Any, size: int) -> None:
    from menus.hours import all_day
    from menus.models import ItemVariantCategory, Menu, MenuItem, Variant, VariantCategory

    categories = VariantCategory.objects.bulk_create(
        VariantCategory(catalog=catalog, name=f"Pilihan {n}", external_id=f"c-{n}", position=n)
        for n in range(10)
    )
    Variant.objects.bulk_create(
        Variant(
            catalog=catalog, category=category, name=f"Varian {n}", external_id=f"{category.external_id}-{n}"
        )
        for category in categories
        for n in range(4)
    )
    menus = Menu.objects.bulk_create(
        Menu(catalog=catalog, name=f"Menu {n}", position=n) for n in range(size // PER_MENU)
    )
    items = MenuItem.objects.bulk_create(
        MenuItem(
            catalog=catalog,
            menu=menus[n // PER_MENU],
            position=n,
            name=f"Nasi Goreng Spesial Nomor {n}",
            description="Nasi goreng dengan telur, ayam suwir, dan acar",
            external_id=f"i-{n}",
            price=15_000 + n * 100,
            image_url="https://pictures.example.com/nasi.png",
            operational_hours=all_day(),
        )
        for n in range(size)
    )
    ItemVariantCategory.objects.bulk_create(
        ItemVariantCategory(item=item, category=categories[n % 10]) for n, item in enumerate(items)
    )


if __name__ == "__main__":
    main(int(sys.argv[1]))
