"""Mapping alerts: what happened, the one button, and how it ends."""

from datetime import timedelta

import pytest
from django.utils import timezone

from menus.alerts import open_alert
from menus.models import MappingAlert, MenuItem, Sync, Variant
from menus.states import confirm
from tests.menus_pages.conftest import Shop

pytestmark = pytest.mark.django_db
HTMX = {"hx-request": "true"}


def alarm(shop: Shop, *variants: str) -> MappingAlert:
    names = variants or ("Paha atas", "Paha bawah")
    return open_alert(shop.outlet, "F-12345678", "mapping_not_found", [], names, None)


def test_a_card_says_what_happened_and_what_to_do(shop: Shop) -> None:
    alarm(shop)
    body = shop.client().get(shop.url("alerts")).content.decode()
    assert "GoFood could not deliver order F-12345678: it found no mapping for Paha atas, Paha bawah" in body
    assert "Handle this order in the GoBiz app now." in body
    assert "Resync menu" in body


def test_a_cashier_sees_it_and_asks(shop: Shop) -> None:
    alarm(shop)
    body = shop.client("cashier").get(shop.url("alerts")).content.decode()
    assert "F-12345678" in body
    assert "Resync menu" not in body
    assert "Ask your owner or manager" in body


def test_resync_publishes_and_is_followed_in_the_card(shop: Shop) -> None:
    alert = alarm(shop)
    Variant.objects.update(external_id=None)
    body = shop.client().post(shop.url("resync_alert", alert.pk), headers=HTMX).content.decode()
    assert Sync.objects.get().state == Sync.State.QUEUED
    assert not Variant.objects.filter(external_id=None).exists()
    assert "<html" not in body
    assert 'aria-current="step"' in body
    assert "Resync menu" not in body
    again = shop.client().post(shop.url("resync_alert", alert.pk))
    assert again.url.startswith(shop.url("alerts"))


def test_a_blocked_resync_says_so_in_the_card(shop: Shop) -> None:
    alert = alarm(shop)
    MenuItem.objects.update(price=-1)
    response = shop.client().post(shop.url("resync_alert", alert.pk), headers=HTMX)
    assert response.status_code == 200
    assert not Sync.objects.exists()
    body = response.content.decode()
    assert "Its price is below zero" in body
    assert shop.url("menu_item", shop.item.pk) + "#id_price" in body


def test_a_confirmed_sync_closes_it_with_its_proof(shop: Shop) -> None:
    alarm(shop)
    confirm(shop.sync(Sync.State.ACCEPTED), "notification")
    body = shop.client().get(shop.url("alerts")).content.decode()
    assert "No open alerts" in body
    assert "Version 1 has every name in it, and GoFood confirmed it." in body


def test_what_is_still_missing_is_named(shop: Shop) -> None:
    alarm(shop, "Paha atas", "Sambal Matah")
    confirm(shop.sync(Sync.State.ACCEPTED), "read_back")
    body = shop.client().get(shop.url("alerts")).content.decode()
    assert "still missing is: Sambal Matah." in body
    assert shop.url("import_menu", shop.outlet.pk) in body


def test_a_failed_resync_says_why(shop: Shop) -> None:
    alarm(shop)
    shop.sync(Sync.State.FAILED, error_code="outlet_unknown", error="not registered")
    body = shop.client().get(shop.url("alerts")).content.decode()
    assert "not registered" in body
    assert "Resync menu" in body


def test_an_earlier_sync_is_no_answer(shop: Shop) -> None:
    sync = shop.sync(Sync.State.FAILED, error_code="outlet_unknown", error="long ago")
    Sync.objects.filter(pk=sync.pk).update(queued_at=timezone.now() - timedelta(days=1))
    alarm(shop)
    assert "long ago" not in shop.client().get(shop.url("alerts")).content.decode()


def test_the_list_is_read_again_as_a_piece(shop: Shop) -> None:
    alarm(shop)
    body = shop.client().get(shop.url("alerts"), headers=HTMX).content.decode()
    assert body.strip().startswith('<div id="alerts"') or 'id="alerts"' in body
    assert "<html" not in body
    assert "live:alerts from:body" in body


def test_names_are_text(shop: Shop) -> None:
    alarm(shop, "<img src=x onerror=alert(1)>")
    assert "<img src=x" not in shop.client().get(shop.url("alerts")).content.decode()
