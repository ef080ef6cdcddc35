"""Mapping alerts: what happened, the one button, and how it ends."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from gobiz_admin.merchants.models import AuditEntry
from menus.alerts import open_alert
from menus.models import (
    AlertSetting,
    LiveReading,
    MappingAlert,
    MenuItem,
    OutletCatalog,
    Repair,
    Sync,
    Variant,
)
from menus.repairing.fixing import run_repairs
from menus.states import confirm
from orders.models import UndeliveredOrder
from tests.factories import OutletFactory
from tests.menus.factories import live_item
from tests.menus.repairs import read_live
from tests.menus_pages.conftest import Shop, selling_outlet_of

pytestmark = pytest.mark.django_db
HTMX = {"hx-request": "true"}


def alarm(
    shop: Shop, *variants: str, items: tuple[str, ...] = (), number: str = "F-12345678"
) -> MappingAlert:
    names = variants or (() if items else ("Paha atas", "Paha bawah"))
    return open_alert(shop.outlet, number, "mapping_not_found", items, names, None)


def press(shop: Shop, alert: MappingAlert, who: str = "owner", **chosen: str) -> str:
    """The page after "Fix and resync", and after a worker has done it."""
    answer = shop.client(who).post(shop.url("resync_alert", alert.pk), chosen, headers=HTMX)
    assert answer.status_code == 200
    run_repairs()
    return page(shop)


def page(shop: Shop, who: str = "owner", **query: str) -> str:
    return shop.client(who).get(shop.url("alerts"), query).content.decode()


def field(alert: MappingAlert, name: str) -> str:
    return f"name-{alert.names.get(name=name).pk}"


def test_a_card_says_what_happened_what_is_known_and_what_is_done(shop: Shop) -> None:
    alarm(shop)
    Variant.objects.filter(name="Paha atas").update(external_id=None)
    body = page(shop)
    assert "GoFood could not deliver order F-12345678: it found no mapping for Paha atas, Paha bawah" in body
    assert "Handle this order in the GoBiz app now." in body
    assert "no menu that GoFood has confirmed had it with an id" in body
    assert "Give it the id paha-atas and send it." in body
    assert f"Send it again with its id {Variant.objects.get(name='Paha bawah').external_id}." in body
    assert "Fix and resync" in body
    assert 'type="radio"' not in body


def test_a_cashier_sees_it_and_asks(shop: Shop) -> None:
    alert = alarm(shop, items=("Es Teh",))
    body = page(shop, "cashier")
    assert "F-12345678" in body
    assert "Fix and resync" not in body
    assert 'type="radio"' not in body
    assert "Ask your owner or manager" in body
    assert shop.client("cashier").post(shop.url("resync_alert", alert.pk)).status_code == 403
    assert shop.client("stranger").post(shop.url("resync_alert", alert.pk)).status_code == 404
    assert not Repair.objects.exists()


def test_the_fix_is_followed_in_the_card(shop: Shop) -> None:
    alert = alarm(shop)
    Variant.objects.update(external_id=None)
    body = shop.client().post(shop.url("resync_alert", alert.pk), headers=HTMX).content.decode()
    assert "<html" not in body
    assert 'aria-current="step"' in body
    assert "Fix and resync" not in body
    run_repairs()
    assert Sync.objects.get().state == Sync.State.QUEUED
    assert not Variant.objects.filter(external_id=None).exists()
    body = page(shop)
    assert 'aria-current="step"' in body
    assert "Fix and resync" not in body
    again = shop.client().post(shop.url("resync_alert", alert.pk))
    assert again.url.startswith(shop.url("alerts"))


def test_a_blocked_fix_says_so_in_the_card(shop: Shop) -> None:
    alert = alarm(shop)
    MenuItem.objects.update(price=-1)
    body = press(shop, alert)
    assert not Sync.objects.exists()
    assert "Its price is below zero" in body
    assert shop.url("menu_item", shop.item.pk) + "#id_price" in body
    assert "Fix and resync" in body


def test_what_only_gofood_has_is_chosen_and_taken_over(shop: Shop) -> None:
    alert = alarm(shop, items=("Es Teh",))
    live = {"menus": [{"name": "Ayam", "menu_items": [live_item("Es Teh", external_id="GF-7")]}]}
    read_live(shop.outlet, {**live, "variant_categories": []})
    body = page(shop)
    assert "It is on GoFood only" in body
    assert "Take it over into your menu here with GoFood&#x27;s id GF-7, and send it." in body
    press(shop, alert, **{field(alert, "Es Teh"): "adopt"})
    assert MenuItem.objects.get(name="Es Teh").external_id == "GF-7"


def test_what_another_alert_would_take_over_is_not_lost_with_this_ones_fix(shop: Shop) -> None:
    alert = alarm(shop)
    other = alarm(shop, items=("Es Teh",), number="F-2")
    live = {"menus": [{"name": "Ayam", "menu_items": [live_item("Es Teh", external_id="GF-7")]}]}
    read_live(shop.outlet, {**live, "variant_categories": []})
    press(shop, alert)
    assert MenuItem.objects.get(name="Es Teh").external_id == "GF-7"
    confirm(Sync.objects.get(), "read_back")
    other.refresh_from_db()
    assert other.state == "closed"


def test_what_is_nowhere_is_left_unless_somebody_says_what_it_is(shop: Shop) -> None:
    alert = alarm(shop, items=("Ayam Gprek",))
    name = field(alert, "Ayam Gprek")
    assert 'value="leave"' in page(shop)
    answer = shop.client().post(
        shop.url("resync_alert", alert.pk), {name: "other", f"{name}-other": "no such"}, headers=HTMX
    )
    assert "Nothing here has exactly this name or id" in answer.content.decode()
    assert not Repair.objects.exists()
    press(shop, alert, **{name: "other", f"{name}-other": "ayam geprek"})
    assert alert.names.get().stands_for == shop.item.external_id


def test_a_choice_that_there_is_not_is_none(shop: Shop) -> None:
    alert = alarm(shop, items=("Es Teh",))
    press(shop, alert, **{field(alert, "Es Teh"): "is:999"})
    assert Repair.objects.get().choices == {"item:es teh": "leave"}


def test_what_was_chosen_stays_chosen_when_the_page_is_read_again(shop: Shop) -> None:
    alert = alarm(shop, items=("Es Teh",))
    name = field(alert, "Es Teh")
    body = page(shop, **{name: "other", f"{name}-other": "Ayam Ge"})
    assert 'value="Ayam Ge"' in body
    assert "hx-include" in body
    # htmx notes it as an error where there is nothing to include.
    assert "hx-include" not in page(shop, "cashier")


def test_a_confirmed_sync_closes_it_with_its_proof(shop: Shop) -> None:
    alert = alarm(shop)
    confirm(shop.sync(Sync.State.ACCEPTED), "notification")
    body = page(shop)
    assert "No open alerts" in body
    assert "Version 1 covers every name, and GoFood confirmed it at" in body
    answer = shop.client().post(shop.url("resync_alert", alert.pk), follow=True)
    assert "This alert is closed already" in answer.content.decode()
    assert not Repair.objects.exists()


def test_a_closed_card_says_what_somebody_said_of_a_name(shop: Shop) -> None:
    alert = alarm(shop, items=("Es Teh", "Ayam Gprek"))
    alert.names.filter(name="Es Teh").update(gone=True)
    alert.names.filter(name="Ayam Gprek").update(stands_for=shop.item.external_id)
    confirm(shop.sync(Sync.State.ACCEPTED), "read_back")
    body = page(shop)
    assert "Es Teh is not sold any more, as you said, and not in it." in body
    assert f"Ayam Gprek is what has the ID {shop.item.external_id}, as you said." in body


def test_what_is_still_missing_is_named(shop: Shop) -> None:
    alarm(shop, "Paha atas", "Sambal Matah")
    confirm(shop.sync(Sync.State.ACCEPTED), "read_back")
    body = page(shop)
    assert "still missing is: Sambal Matah." in body
    assert "GoFood has its id again." in body


def test_a_failed_resync_says_why(shop: Shop) -> None:
    alarm(shop)
    shop.sync(Sync.State.FAILED, error_code="outlet_unknown", error="not registered")
    body = page(shop)
    assert "not registered" in body
    assert "Fix and resync" in body


def test_an_earlier_sync_is_no_answer(shop: Shop) -> None:
    sync = shop.sync(Sync.State.FAILED, error_code="outlet_unknown", error="long ago")
    Sync.objects.filter(pk=sync.pk).update(queued_at=timezone.now() - timedelta(days=1))
    alarm(shop)
    assert "long ago" not in page(shop)


def test_many_outlets_are_one_card_with_one_button(shop: Shop) -> None:
    outlets = OutletFactory.create_batch(39, merchant=shop.merchant, gobiz_app=shop.cast.app)
    for number, outlet in enumerate(outlets):
        OutletCatalog.objects.create(outlet=outlet, catalog=shop.catalog, imported_at=timezone.now())
        open_alert(outlet, f"F-{number}", "", [], ["Paha atas"], None)
    alert = alarm(shop, "Paha atas")
    body = page(shop)
    assert body.count("<article") == 1
    assert "Fix and resync at 40 outlets" in body
    press(shop, alert)
    assert Sync.objects.count() == 40


def test_an_alert_without_number_and_names(shop: Shop) -> None:
    open_alert(shop.outlet, "", "", [], [], None)
    body = page(shop)
    assert "GoFood could not deliver an order: it found no mapping for ?" in body
    assert "GoFood did not say which names it could not find" in body


def test_the_number_of_queries_is_the_same_for_many_cards(shop: Shop) -> None:
    def queries() -> int:
        client = shop.client()
        with CaptureQueriesContext(connection) as captured:
            assert client.get(shop.url("alerts")).status_code == 200
        return len(captured)

    def add(count: int) -> None:
        for outlet in OutletFactory.create_batch(count, merchant=shop.merchant, gobiz_app=shop.cast.app):
            selling_outlet_of(outlet)
            open_alert(outlet, "F-1", "", [f"Es {outlet.pk}"], ["Paha atas"], None)
            checks = [
                {"code": "addition_tenfold", "kind": "variant", "pk": outlet.pk, "name": "", "field": ""}
            ]
            Repair.objects.create(outlet=outlet, state="refused", code="checks", checks=checks)

    add(2)
    few = queries()
    add(38)
    assert queries() == few


def test_without_asking_is_switched_by_who_may_publish(shop: Shop) -> None:
    assert shop.client("cashier").post(shop.url("without_asking"), {"wanted": "1"}).status_code == 403
    assert shop.client("stranger").post(shop.url("without_asking"), {"wanted": "1"}).status_code == 404
    assert not AlertSetting.objects.filter(resync_without_asking=True).exists()
    assert "Resync without asking" not in page(shop, "cashier")
    for wanted, words in (
        ("1", "Always ask first"),
        ("1", "Always ask first"),
        ("0", "Resync without asking"),
    ):
        shop.client("manager").post(shop.url("without_asking"), {"wanted": wanted})
        assert words in page(shop)
    actions = AuditEntry.objects.filter(action__startswith="alert.without").order_by("pk")
    assert [(entry.action, entry.user) for entry in actions] == [
        ("alert.without_asking_on", shop.cast.manager),
        ("alert.without_asking_off", shop.cast.manager),
    ]


def test_who_may_repair_and_opens_the_page_has_looked(shop: Shop) -> None:
    alert = alarm(shop)
    seen = shop.url("alerts_seen")
    assert seen not in page(shop, "cashier")
    assert seen in page(shop)
    inbox = reverse("inbox", args=[shop.merchant.pk])
    UndeliveredOrder.objects.create(outlet=shop.outlet, order_number="F-1", opened_at=timezone.now())
    assert seen in shop.client().get(inbox).content.decode()
    assert seen not in shop.client("cashier").get(inbox).content.decode()
    assert shop.client("manager").post(seen, headers=HTMX).status_code == 204
    alert.refresh_from_db()
    first = alert.seen_at
    assert (alert.seen_by, first is not None) == (shop.cast.manager, True)
    shop.client().post(seen)
    alert.refresh_from_db()
    assert (alert.seen_by, alert.seen_at) == (shop.cast.manager, first)
    assert seen not in page(shop)


def test_gofoods_menu_is_read_again_when_asked(shop: Shop) -> None:
    alert = alarm(shop, items=("Es Teh",))
    read_live(shop.outlet, {"menus": [], "variant_categories": []})
    assert shop.url("read_for_alert", alert.pk) in page(shop)
    body = shop.client().post(shop.url("read_for_alert", alert.pk), headers=HTMX).content.decode()
    assert "GoFood's menu is being read now" in body
    assert LiveReading.objects.get().state == "queued"


def test_a_closed_card_says_that_it_was_done_without_asking(shop: Shop) -> None:
    MappingAlert.objects.filter(pk=alarm(shop).pk).update(auto_code="started")
    assert "Resynced without asking, as you wished" in page(shop)
    confirm(shop.sync(Sync.State.ACCEPTED), "read_back")
    body = page(shop)
    assert "matches it." in body
    assert "It was resynced without asking, as you wished." in body


def test_the_list_is_read_again_as_a_piece(shop: Shop) -> None:
    alarm(shop)
    body = shop.client().get(shop.url("alerts"), headers=HTMX).content.decode()
    assert 'id="alerts"' in body
    assert "<html" not in body
    assert "live:alerts from:body" in body


def test_names_are_text(shop: Shop) -> None:
    alarm(shop, "<img src=x onerror=alert(1)>")
    assert "<img src=x" not in page(shop)
