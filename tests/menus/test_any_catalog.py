"""Whatever the editor accepts, GoBiz accepts, and shows as it was sent: over HTTP, against the sandbox."""

from __future__ import annotations

import uuid
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.http import QueryDict
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gobiz_admin.merchants import gobiz
from menus import editing
from menus.checks import check_catalog, errors_in
from menus.differences import matches_live
from menus.forms.hours import HoursForm
from menus.forms.single import read_field
from menus.hours_text import WEEK
from menus.models import Catalog, OutletCatalog
from menus.payload import build_payload
from tests.factories import GobizAppFactory, OutletFactory
from tests.menus.factories import CatalogFactory
from tests.sandbox_process import sandbox, sandbox_process

__all__ = ["sandbox", "sandbox_process"]
pytestmark = pytest.mark.django_db

TEXT = st.one_of(
    st.text(max_size=30),
    st.sampled_from(
        ["a" * 150, "b" * 151, "🐔" * 75, "\u202eAyam", "Ayam\x00", " ", "<b>", '"', "=1+1", "\n\n"]
    ),
)
PRICE = st.one_of(
    st.integers(-5, 2_000_000).map(str),
    st.sampled_from(["15.000", "15,000", "Rp 15.000", "1.5e4", "-1", "", "0", "999.999.999", "9999999999"]),
)
QUANTITY = st.tuples(st.integers(0, 3), st.integers(1, 3)).map(sorted)
DAY = st.sampled_from(["", "8-14", "22:00–02:00", "00:00-23:59", "8-10, 9-12", "kapan saja", "23-0"])
VARIANT = st.tuples(TEXT, PRICE)
CATEGORY = st.tuples(TEXT, TEXT, QUANTITY, st.lists(VARIANT, min_size=1, max_size=3))
ITEM = st.tuples(TEXT, TEXT, TEXT, PRICE, st.lists(DAY, min_size=7, max_size=7), st.sets(st.integers(0, 2)))
MENU = st.tuples(TEXT, st.lists(ITEM, max_size=3))


class Typist:
    """Somebody who types into the editor; what it refuses stays as it was."""

    def __init__(self, catalog: Catalog) -> None:
        self.catalog = catalog

    def read(self, kind: str, name: str, typed: Any, else_: Any) -> Any:
        data = QueryDict(mutable=True)
        data["value"] = str(typed)
        try:
            return read_field(self.catalog, kind, name, data, else_)
        except ValidationError:
            return else_

    def hours(self, days: list[str]) -> Any:
        form = HoursForm(dict(zip(WEEK, days, strict=True)), hours=None)
        return form.hours if form.is_valid() else None

    def category(self, typed: Any) -> Any:
        name, internal_name, (least, most), variants = typed
        values = {
            "name": self.read("variant_category", "name", name, "Pilihan"),
            "internal_name": self.read("variant_category", "internal_name", internal_name, ""),
            "min_quantity": min(least, len(variants)),
            "max_quantity": most,
        }
        category = editing.add_variant_category(self.catalog, values, None)
        for variant, price in variants:
            read = {
                "name": self.read("variant", "name", variant, "Varian"),
                "price": max(0, self.read("variant", "price", price, 0)),
            }
            editing.add_variant(category, read, None)
        return category

    def item(self, menu: Any, typed: Any, categories: list[Any]) -> None:
        name, internal_name, description, price, days, chosen = typed
        values = {
            "name": self.read("item", "name", name, "Item"),
            "internal_name": self.read("item", "internal_name", internal_name, ""),
            "description": self.read("item", "description", description, ""),
            "price": self.read("item", "price", price, 10_000),
            "operational_hours": self.hours(days),
            "categories": [categories[number] for number in sorted(chosen) if number < len(categories)],
        }
        editing.add_item(menu, values, None)


@pytest.fixture
def outlet(sandbox, settings):
    settings.GOBIZ_LOCAL_OAUTH_URL = settings.GOBIZ_LOCAL_API_URL = sandbox.url
    known = sandbox.app("warung")
    names = ("app_id", "app_secret", "partner_id", "relay_secret")
    app = GobizAppFactory(**{name: known[name] for name in names})
    return OutletFactory(gobiz_app=app, outlet_id="G12345678")


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(menus=st.lists(MENU, min_size=1, max_size=3), categories=st.lists(CATEGORY, max_size=3))
def test_what_the_editor_accepts_gofood_shows(outlet, menus, categories):
    catalog = CatalogFactory(merchant=outlet.merchant)
    OutletCatalog.objects.filter(outlet=outlet).delete()
    OutletCatalog.objects.create(outlet=outlet, catalog=catalog, imported_at=timezone.now())
    typist = Typist(catalog)
    made = [typist.category(typed) for typed in categories]
    for name, items in menus:
        menu = editing.add_menu(catalog, {"name": typist.read("menu", "name", name, "Menu")}, None)
        for typed in items:
            typist.item(menu, typed, made)
    # A guard asks somebody, and GoBiz nothing.
    blocking = {check.code for check in errors_in(check_catalog(catalog, outlet)) if not check.confirm}
    # One at a time no field can be wrong; only the whole can be empty.
    assert blocking <= {"empty_catalog"}
    if not blocking:
        payload, client = build_payload(outlet), gobiz.client_for(outlet.gobiz_app)
        client.put_catalog(outlet.outlet_id, payload, uuid.uuid4().hex)
        assert matches_live(payload, client.get_catalog(outlet.outlet_id)) == []
