"""What GoFood has of each outlet: by the version that it took, and by the live menu where that was just read."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from typing import Any

from django.db.models import Count, Max, Q
from django.utils import timezone

from gobiz_admin.merchants.models import Outlet
from menus.differences import Change, differences, from_live
from menus.models import CatalogVersion, LiveReading, StockSwitch, Sync
from menus.own_way import as_sent
from menus.payload import Payload, checksum
from menus.stock_told import stock_in, told_since_taken, with_told
from menus.versions import comparable, versions_on_gofood

# A reading tells what GoFood has for so long; then only that it once had it.
TELLS_FOR = timedelta(minutes=10)
EVER, NOT_AT_ALL = timedelta(days=10_000), timedelta(0)
EMPTY: Payload = {"menus": [], "variant_categories": []}
State = Sync.State


@dataclass(frozen=True)
class OnGofood:
    """`base`: the version that GoFood took last, or found at first; `published`: it, with the stock told since.

    `live`: the menu as it was just read, as GET catalog shows it, in the words of the version where nobody
    changed it; None when it is not known. `sent`: the version with what it left of others' changes as it was.
    """

    base: CatalogVersion | None = None
    published: Payload | None = None
    live: dict[str, Any] | None = None
    reading: LiveReading | None = None
    sent: Payload | None = None

    @cached_property
    def shown(self) -> Payload | None:
        """The live menu in the shape of a payload."""
        return from_live(self.live) if self.live is not None else None

    @property
    def now(self) -> Payload:
        """The best that is known: the live menu, else the version."""
        return self.shown or self.sent or EMPTY

    @cached_property
    def key(self) -> tuple[str, str]:
        """The same for the same menus."""
        other = self.shown or (self.sent if self.base and self.base.own else None)
        return checksum(self.published or EMPTY), checksum(other) if other else ""

    @property
    def seen(self) -> str:
        """What a page that shows it hands back when somebody publishes: "" when the live menu is not known."""
        return self.reading.checksum if self.reading and self.live is not None else ""

    def is_other(self, shown: str | None) -> bool:
        """Whether it is known to be another than a page showed (`seen`); None: no page did."""
        if shown is None or self.seen in ("", shown):
            return False
        return bool(shown or self.changed_there)

    @cached_property
    def changed_there(self) -> list[Change]:
        """What the live menu differs in from the version: somebody changed it, or GoFood did not take it."""
        if self.shown is None or self.published is None:
            return []
        return differences(self.published, self.shown)


def on_gofood(outlet: Outlet, within: timedelta = TELLS_FOR) -> OnGofood:
    """The same for one outlet."""
    return all_on_gofood([outlet], within)[outlet.pk]


def all_on_gofood(outlets: Sequence[Outlet], within: timedelta = TELLS_FOR) -> dict[int, OnGofood]:
    """By outlet pk what GoFood has, by what was read `within`, in a constant number of queries."""
    bases, told = versions_on_gofood(outlets), told_since_taken(outlets)
    readings = _telling(outlets, within) if within else {}
    switched = _switched_since({pk: reading.read_at for pk, reading in readings.items()})
    found = {}
    for outlet in outlets:
        base, reading = bases.get(outlet.pk), readings.get(outlet.pk)
        if base is None:
            found[outlet.pk] = OnGofood()
            continue
        sent = with_told(comparable(base), told.get(outlet.pk, {}))
        published = with_told(base.own, told.get(outlet.pk, {})) if base.own else sent
        live = _live(base, sent, reading, switched.get(outlet.pk, set())) if reading else None
        found[outlet.pk] = OnGofood(base, published, live, reading, sent)
    return found


def _telling(outlets: Collection[Outlet], within: timedelta) -> dict[int, LiveReading]:
    """The readings by which it can be told what GoFood has: made since it took a menu, and none on its way."""
    oldest = timezone.now() - within
    rows = LiveReading.objects.filter(outlet__in=outlets, live__isnull=False, read_at__gte=oldest)
    moving = Q(state__in=[State.SENDING, State.ACCEPTED]) | Q(state=State.QUEUED, attempts__gt=0)
    # Confirmed by a notification, and still read until it matches.
    moving |= Q(state=State.CONFIRMED, next_attempt_at__isnull=False)
    syncs: dict[int, dict[str, Any]] = {
        row["outlet_id"]: dict(row)
        for row in Sync.objects.filter(outlet__in=outlets)
        .values("outlet_id")
        .annotate(taken_at=Max("accepted_at"), moving=Count("pk", filter=moving))
    }
    found = {}
    for reading in rows:
        sync = syncs.get(reading.outlet_id, {})
        taken_at = sync.get("taken_at")
        if not sync.get("moving") and reading.read_at and (taken_at is None or reading.read_at > taken_at):
            found[reading.outlet_id] = reading
    return found


def _switched_since(read_at: dict[int, datetime | None]) -> dict[int, set[tuple[str, str | None]]]:
    """By outlet pk the (kind, external_id) whose stock was, or is being, switched since it was read."""
    found: dict[int, set[tuple[str, str | None]]] = {}
    if not read_at:
        return found
    oldest = min(at for at in read_at.values() if at)
    rows = StockSwitch.objects.filter(
        Q(told_at__gte=oldest) | Q(state__in=[StockSwitch.State.QUEUED, StockSwitch.State.SENDING]),
        outlet__in=read_at,
    )
    for switch in rows.select_related("item", "variant"):
        since = read_at[switch.outlet_id]
        is_open = switch.state in (StockSwitch.State.QUEUED, StockSwitch.State.SENDING)
        if is_open or (since and switch.told_at and switch.told_at >= since):
            external_id = switch.thing.external_id if switch.thing else None
            found.setdefault(switch.outlet_id, set()).add((switch.key[0], external_id))
    return found


def _live(
    base: CatalogVersion, sent: Payload, reading: LiveReading, switched: set[tuple[str, str | None]]
) -> dict[str, Any]:
    live: dict[str, Any] = reading.live or {}
    if base.number:
        proven = reading.proven if reading.proven_version_id == base.pk else None
        live = as_sent(live, sent, proven)
    if switched:
        # What GoFood was told since it was read is right, and not what it showed before.
        stock = stock_in(sent)
        live = with_told(live, {name: stock[name] for name in switched if name in stock})
    return live
