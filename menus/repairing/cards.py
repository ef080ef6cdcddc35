"""Open alerts of the same names, at however many outlets, as one card with one fix."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from gobiz_admin.merchants.models import Outlet
from menus.models import MappingAlert, MappingAlertName, OutletCatalog, Repair, Sync
from menus.repairing.choices import ADOPT
from menus.repairing.knowing import Key, Knowledge, Known, key_of

State = MappingAlert.State
# Alerts that are looked at for one page, and cards that are shown of them.
MOST_ALERTS = 500
MOST_CARDS = 20


@dataclass
class Name:
    """A missing name of a card, with what is known of it at the outlets of its part."""

    row: MappingAlertName
    known: Known
    covered: bool = False

    @property
    def key(self) -> Key:
        return key_of(self.row)


@dataclass
class Part:
    """Outlets of a card of whose names the same is known: one choice for all."""

    outlets: list[Outlet]
    names: list[Name]


@dataclass
class Card:
    """Alerts whose missing names are the same."""

    keys: frozenset[Key]
    alerts: list[MappingAlert]
    knowledge: Knowledge
    parts: list[Part] = field(default_factory=list)
    # By outlet pk the newest repair and the newest sync since the alert was opened.
    repairs: dict[int, Repair] = field(default_factory=dict)
    syncs: dict[int, Sync] = field(default_factory=dict)

    @property
    def outlets(self) -> list[Outlet]:
        return list({alert.outlet_id: alert.outlet for alert in self.alerts}.values())

    @property
    def sellings(self) -> list[OutletCatalog]:
        return [selling for one in self.outlets if (selling := self.knowledge.selling(one.pk)) is not None]


def open_alerts(outlets: Sequence[Outlet]) -> list[MappingAlert]:
    """The open alerts of these outlets, the newest first; two queries."""
    rows = MappingAlert.objects.filter(outlet__in=outlets, state=State.OPEN)
    return list(rows.select_related("outlet").prefetch_related("names")[:MOST_ALERTS])


def missing(alert: MappingAlert) -> frozenset[Key]:
    """The names that no confirmed sync covers yet."""
    return frozenset(key_of(row) for row in alert.names.all() if not row.covered)


def cards_of(alerts: Sequence[MappingAlert]) -> list[Card]:
    """The cards, in the order of their newest alert; no more than are shown."""
    groups: dict[frozenset[Key], list[MappingAlert]] = defaultdict(list)
    for alert in alerts:
        groups[missing(alert)].append(alert)
    shown = dict(list(groups.items())[:MOST_CARDS])
    outlets = list({alert.outlet_id: alert.outlet for found in shown.values() for alert in found}.values())
    knowledge = Knowledge(outlets, {key for keys in shown for key in keys})
    repairs, syncs = _newest(Repair, outlets), _newest(Sync, outlets)
    cards = [Card(keys, found, knowledge) for keys, found in shown.items()]
    for card in cards:
        card.parts = _parts(card)
        for alert in card.alerts:
            pk = alert.outlet_id
            if pk in repairs and repairs[pk].requested_at >= alert.opened_at:
                card.repairs[pk] = repairs[pk]
            if pk in syncs and syncs[pk].queued_at >= alert.opened_at:
                card.syncs[pk] = syncs[pk]
    return cards


def _newest(model: Any, outlets: Iterable[Outlet]) -> dict[int, Any]:
    rows = model.objects.filter(outlet__in=outlets)
    if model is Sync:
        rows = rows.select_related("outlet", "version", "requested_by").defer("version__payload")
    return {row.outlet_id: row for row in rows.order_by("outlet_id", "-pk").distinct("outlet_id")}


def _parts(card: Card) -> list[Part]:
    alerts_of: dict[int, list[MappingAlert]] = defaultdict(list)
    for alert in card.alerts:
        alerts_of[alert.outlet_id].append(alert)
    found: dict[Any, Part] = {}
    for outlet in card.outlets:
        names = _names(alerts_of[outlet.pk], card.knowledge, outlet)
        alike = tuple((name.key, name.known.shown) for name in names)
        part = found.setdefault(alike, Part([], names))
        part.outlets.append(outlet)
    return list(found.values())


def taken_over_with(outlets: Sequence[Outlet], keys: frozenset[Key]) -> dict[int, list[Name]]:
    """By outlet pk what other open alerts there propose to take over: a menu that is sent without it takes it off
    GoFood, and then it cannot be taken over any more."""
    found: dict[int, list[Name]] = defaultdict(list)
    others = [alert for alert in open_alerts(outlets) if missing(alert) != keys]
    for card in cards_of(others):
        for part in card.parts:
            names = [
                name for name in part.names if name.key not in keys and name.known.live and not name.covered
            ]
            for outlet in part.outlets:
                found[outlet.pk] += [name for name in names if name.known.proposed == ADOPT]
    return found


def _names(alerts: list[MappingAlert], knowledge: Knowledge, outlet: Outlet) -> list[Name]:
    """Each name of the outlet's alerts once, those that are covered last."""
    rows: dict[Key, MappingAlertName] = {}
    for alert in alerts:
        for row in alert.names.all():
            rows.setdefault(key_of(row), row)
    names = [
        Name(row, Known("covered") if row.covered else knowledge.of(outlet.pk, key), row.covered)
        for key, row in rows.items()
    ]
    return sorted(names, key=lambda name: name.covered)
