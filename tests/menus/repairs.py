"""Alerts and their repair, as tests play them."""

from datetime import UTC, datetime
from typing import Any

from django.utils import timezone

from gobiz_admin.merchants.models import Outlet
from menus.alerts import open_alert
from menus.confirming import mapping_updated
from menus.models import LiveReading, MappingAlert, Repair, Sync
from menus.publishing import request_publish
from menus.repairing.cards import Card, cards_of, open_alerts
from menus.repairing.fixing import request_repairs, run_repairs
from menus.repairing.knowing import Knowledge, Known
from menus.sending import send
from menus.text import folded

AT = datetime(2023, 3, 29, 14, 15, 22, tzinfo=UTC)


def opened(outlet: Outlet, items=(), variants=(), number: str = "F-1", at: datetime = AT) -> MappingAlert:
    return open_alert(outlet, number, "mapping_not_found", items, variants, at)


def read_live(outlet: Outlet, live: dict[str, Any]) -> LiveReading:
    """GoFood's menu, as it was read just now."""
    facts = {"state": "read", "live": live, "read_at": timezone.now(), "requested_at": timezone.now()}
    return LiveReading.objects.update_or_create(outlet=outlet, defaults=facts)[0]


def known(outlet: Outlet, kind: str, name: str) -> Known:
    key = (kind, folded(name))
    return Knowledge([outlet], [key]).of(outlet.pk, key)


def card_of(*outlets: Outlet) -> Card:
    (card,) = cards_of(open_alerts(outlets))
    return card


def proposed(card: Card) -> dict[Outlet, dict[str, str]]:
    """What the card proposes for each of its names, by outlet."""
    return {
        outlet: {":".join(name.key): name.known.proposed for name in part.names}
        for part in card.parts
        for outlet in part.outlets
    }


def fix(*outlets: Outlet, user: Any = None, **choices: str) -> list[Repair]:
    """Press "Fix and resync" on the one card of these outlets, and let a worker do it."""
    wanted = proposed(card_of(*outlets))
    for of_outlet in wanted.values():
        of_outlet.update(choices)
    request_repairs(wanted, user)
    run_repairs()
    return list(Repair.objects.filter(outlet__in=outlets).order_by("outlet_id", "-pk").distinct("outlet_id"))


def confirm(sync: Sync) -> Sync:
    """GoFood takes it and says so."""
    send(sync.pk)
    confirmed = mapping_updated(sync.outlet, sync.request_id, None, None)
    assert confirmed is not None
    return confirmed


def published(outlet: Outlet) -> Sync:
    return confirm(request_publish(outlet, None))


def again(alert: MappingAlert) -> MappingAlert:
    return MappingAlert.objects.get(pk=alert.pk)
