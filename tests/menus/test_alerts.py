"""Mapping alerts: opened once, closed only by a confirmed sync that covers every name."""

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest
from django.utils import timezone

from menus.alerts import open_alert, remaining
from menus.confirming import mapping_updated
from menus.editing import save_variant
from menus.models import MappingAlert, MenuItem, Sync, Variant
from menus.publishing import request_publish
from menus.sending import send
from tests.menus.factories import selling_outlet
from webhooks.dispatch import HANDLERS

pytestmark = pytest.mark.django_db
AT = datetime(2023, 3, 29, 14, 15, 22, tzinfo=UTC)


@pytest.fixture
def outlet(fake_gobiz):
    return selling_outlet()


def confirmed(outlet):
    sync = request_publish(outlet, None)
    send(sync.pk)
    return mapping_updated(outlet, sync.request_id, None, None)


def opened(outlet, items=(), variants=(), number="F-1", at=AT):
    return open_alert(outlet, number, "mapping_not_found", items, variants, at)


def again(alert):
    return MappingAlert.objects.get(pk=alert.pk)


def test_reported_again_it_is_one_alert_with_all_names(outlet):
    first = opened(outlet, ["Ayam"], ["Paha atas"])
    second = opened(outlet, ["ayam ", "Bebek", " ", "\x00"], ["paha  ATAS"])
    assert first.pk == second.pk
    assert [(row.kind, row.name) for row in first.names.all()] == [
        ("item", "Ayam"),
        ("variant", "Paha atas"),
        ("item", "Bebek"),
    ]
    assert opened(outlet, number="F-2").pk != first.pk
    assert opened(selling_outlet()).pk != first.pk


def test_a_sync_that_covers_it_closes_it(outlet):
    alert = opened(outlet, ["AYAM  geprek"], ["paha atas", "Paha  Bawah"])
    other = opened(selling_outlet(), ["Ayam Geprek"])
    sync = confirmed(outlet)
    alert = again(alert)
    assert (alert.state, alert.closed_by_sync, alert.closed_at) == ("closed", sync, sync.confirmed_at)
    assert remaining(alert) == []
    assert again(other).state == "open"


def test_an_internal_name_covers_an_item(outlet):
    MenuItem.objects.update(internal_name="AG Pedas")
    alert = opened(outlet, ["ag pedas"])
    confirmed(outlet)
    assert again(alert).state == "closed"


def test_a_name_of_another_kind_does_not_cover(outlet):
    alert = opened(outlet, ["Paha atas"], ["Ayam Geprek"])
    confirmed(outlet)
    assert remaining(again(alert)) == ["Paha atas", "Ayam Geprek"]


def test_what_remains_is_named_and_closes_later(outlet):
    alert = opened(outlet, [], ["Paha atas", "Dada"])
    confirmed(outlet)
    assert (again(alert).state, remaining(again(alert))) == ("open", ["Dada"])
    save_variant(Variant.objects.get(name="Paha atas"), {"name": "Dada"}, None)
    confirmed(outlet)
    assert again(alert).state == "closed"


def test_without_names_the_next_confirmed_sync_closes_it(outlet):
    alert = opened(outlet)
    confirmed(outlet)
    assert again(alert).state == "closed"


def test_only_syncs_confirmed_after_it_was_opened_count(outlet):
    confirmed(outlet)
    alert = opened(outlet, [], ["Paha atas"])
    assert alert.state == "open"
    sync = Sync.objects.get()
    mapping_updated(outlet, sync.request_id, None, timezone.now())
    assert again(alert).state == "open"


def test_only_a_confirmed_sync_closes_it(outlet):
    alert = opened(outlet, [], ["Paha atas"])
    send(request_publish(outlet, None).pk)
    assert Sync.objects.get().state == "accepted"
    assert again(alert).state == "open"


def test_a_repeated_report_does_not_open_a_closed_alert_a_newer_one_does(outlet):
    alert = opened(outlet, [], ["Paha atas"])
    confirmed(outlet)
    for at in (AT, AT - timedelta(days=1)):
        assert opened(outlet, [], ["Paha atas"], at=at).pk == alert.pk
    assert again(alert).state == "closed"
    assert opened(outlet, [], ["Paha atas"], at=AT + timedelta(seconds=1)).pk != alert.pk


def test_a_newer_report_of_a_covered_name_uncovers_it(outlet):
    alert = opened(outlet, [], ["Paha atas", "Dada"])
    confirmed(outlet)
    opened(outlet, [], ["Paha atas"])
    assert remaining(again(alert)) == ["Dada"]
    opened(outlet, [], ["Paha atas"], at=AT + timedelta(seconds=1))
    assert remaining(again(alert)) == ["Paha atas", "Dada"]


def handle(outlet, event, body, at=AT):
    delivery = SimpleNamespace(outlet=outlet, body=body, at=at, received_at=timezone.now(), event_name=event)
    HANDLERS[event](delivery)


SEED = {
    "error_type": "mapping_not_found",
    "mapping_not_found": {"items": [], "variants": [{"name": "Paha atas"}, {"name": "Paha bawah"}]},
    "order": {"number": "F-12345678"},
    "outlet": {"external_outlet_id": "external-outlet-id", "id": "G12345678"},
}


def test_the_seeds_sample_opens_an_alert_once(outlet):
    for _ in range(2):
        handle(outlet, "gofood.order.webhook_error", SEED)
    alert = MappingAlert.objects.get()
    assert (alert.order_number, alert.error_type) == ("F-12345678", "mapping_not_found")
    assert remaining(alert) == ["Paha atas", "Paha bawah"]
    assert alert.opened_at > timezone.now() - timedelta(minutes=1)


@pytest.mark.parametrize(
    ("body", "number", "names"),
    [
        ({}, "", []),
        ({"order": None, "mapping_not_found": [], "error_type": 7}, "", []),
        ({"order": {"order_number": 12}, "mapping_not_found": {"items": {"name": "x"}}}, "12", []),
        (
            {
                "order": {"number": "F-" + "9" * 300},
                "error_type": "e" * 300,
                "mapping_not_found": {
                    "items": ["Nasi", None, 3, {"name": None}, {"name": {"x": 1}}, {}, ["y"]],
                    "variants": [{"name": "a\x00b"}, {"name": "A B"}],
                },
            },
            "F-" + "9" * 198,
            ["Nasi", "3", "ab", "A B"],
        ),
    ],
)
def test_an_odd_report_is_taken_as_far_as_it_can_be_read(outlet, body, number, names):
    handle(outlet, "gofood.order.webhook_error", body, at=None)
    alert = MappingAlert.objects.get()
    assert alert.order_number == number
    assert remaining(alert) == names


@pytest.mark.parametrize("menus", [None, "x", [None, 3, {"id": {}, "external_menu_id": []}]])
def test_the_mapping_notification_confirms(outlet, menus):
    sync = request_publish(outlet, None)
    send(sync.pk)
    for request_id in (None, {}, "other", sync.request_id, sync.request_id):
        body = {"request_id": request_id, "menus": menus}
        handle(outlet, "gofood.catalog.menu_mapping_updated", body, at=None)
    sync.refresh_from_db()
    assert sync.state == "confirmed"
