"""The menu pages' cast, at an outlet with a menu; nothing leaves this machine."""

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import translation

from gobiz_admin.merchants import announcing
from menus import editing
from menus.models import CatalogEdit, CatalogVersion, MenuItem, Sync, VariantCategory
from menus.payload import build_payload, checksum
from tests.menus.factories import selling_outlet


@pytest.fixture(autouse=True)
def woken(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """What would have gone to Redis after commit; no page here needs a broker."""
    calls: list[Any] = []
    monkeypatch.setattr(announcing, "_try", calls.append)
    return calls


@pytest.fixture(autouse=True)
def _no_gobiz(monkeypatch: pytest.MonkeyPatch) -> None:
    """A page that calls GoBiz on a request is a bug."""

    def refuse(*_: Any) -> None:
        raise AssertionError("a page called GoBiz")

    monkeypatch.setattr("gobiz_admin.merchants.gobiz.client_for", refuse)


class Shop:
    """A merchant with one outlet that sells one item with two variants."""

    def __init__(self, cast: Any) -> None:
        self.cast = cast
        self.merchant, self.outlet = cast.merchant, cast.outlet
        selling_outlet_of(self.outlet)
        self.catalog = self.outlet.selling.catalog
        self.item = MenuItem.objects.get(catalog=self.catalog)
        self.category = VariantCategory.objects.get(catalog=self.catalog)

    def url(self, name: str, *args: int | str) -> str:
        return reverse(name, args=[self.merchant.pk, *args])

    def client(self, who: str = "owner") -> Client:
        client = Client(headers={"accept-language": "en"})
        client.cookies["language"] = "en"
        if who != "anonymous":
            client.force_login(getattr(self.cast, who))
        return client

    def version(self, number: int = 1) -> CatalogVersion:
        payload = build_payload(self.outlet)
        return CatalogVersion.objects.create(
            outlet=self.outlet, number=number, payload=payload, checksum=checksum(payload)
        )

    def sync(self, state: str, number: int = 1, **fields: Any) -> Sync:
        version = CatalogVersion.objects.filter(outlet=self.outlet, number=number).first()
        return Sync.objects.create(
            outlet=self.outlet,
            version=version or self.version(number),
            state=state,
            request_id=f"request-{Sync.objects.count()}",
            **fields,
        )

    def edit(self) -> CatalogEdit:
        """A change of the item's price by the owner, as it was kept."""
        editing.save_item(self.item, {"price": self.item.price + 1000}, self.cast.owner)
        return CatalogEdit.objects.latest("pk")

    def revision(self) -> int:
        self.catalog.refresh_from_db()
        return self.catalog.revision


def selling_outlet_of(outlet: Any) -> None:
    """Give the outlet what `selling_outlet` makes: an imported catalog with one item."""
    other = selling_outlet()
    selling = other.selling
    selling.catalog.merchant = outlet.merchant
    selling.catalog.save()
    selling.outlet = outlet
    selling.save()


@pytest.fixture
def shop(cast: Any) -> Shop:
    with translation.override("en"):
        return Shop(cast)
