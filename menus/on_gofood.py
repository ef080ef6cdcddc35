"""What GoFood has of each outlet: by the version that it took, and by the live menu where that was just read."""

from collections import defaultdict
from collections.abc import Collection, Hashable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import cached_property
from typing import Any

from django.db.models import Count, F, Max, Q
from django.utils import timezone

from gobiz_admin.merchants.models import Outlet
from menus.differences import Change, differences, from_live
from menus.models import CatalogVersion, LiveReading, StockSwitch, Sync
from menus.own_way import as_sent
from menus.payload import Payload, checksum
from menus.stock_told import stock_in, told_since_taken, with_told
from menus.versions import comparable, versions_on_gofood

# Readings that are made anew while they are looked at are looked at again.
LOOKS = 3
# A reading tells what GoFood has for so long; then only that it once had it.
TELLS_FOR = timedelta(minutes=10)
EVER, NOT_AT_ALL = timedelta(days=10_000), timedelta(0)
EMPTY: Payload = {"menus": [], "variant_categories": []}
State = Sync.State


@dataclass(frozen=True)
class OnGofood:
    """`base`: the version that GoFood took last, or found at first; `published`: it, with the stock told since.

    `live`: the menu as it was just read, as GET catalog shows it, in the words of the version where nobody
    changed it; None when it is not known, or known by `alike`. `sent`: the version with what it left of others'
    changes as it was.
    """

    base: CatalogVersion | None = None
    published: Payload | None = None
    live: dict[str, Any] | None = None
    reading: LiveReading | None = None
    sent: Payload | None = None
    # The same where the same was published and told since.
    name: Hashable = None
    # Another outlet that shows the same menu: what is made of that is made once, and `live` is left out here.
    alike: "OnGofood | None" = None

    @property
    def known(self) -> bool:
        """Whether it is known what GoFood shows."""
        return self.live is not None or self.alike is not None

    @cached_property
    def shown(self) -> Payload | None:
        """The live menu in the shape of a payload."""
        if self.alike is not None:
            return self.alike.shown
        return from_live(self.live) if self.live is not None else None

    @property
    def now(self) -> Payload:
        """The best that is known: the live menu, else the version."""
        return self.shown or self.sent or EMPTY

    @property
    def key(self) -> Hashable:
        """The same for the same menus."""
        return self.name, self._shown_sum

    @cached_property
    def _shown_sum(self) -> str:
        if self.alike is not None:
            return self.alike._shown_sum
        return checksum(self.shown) if self.shown else ""

    @property
    def seen(self) -> str:
        """What a page that shows it hands back when somebody publishes: "" when the live menu is not known."""
        return self.reading.checksum if self.reading and self.known else ""

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
    """By outlet pk what GoFood has, by what was read `within`, in a constant number of queries.

    Only one menu is read of outlets that show the same.
    """
    published = _published(outlets)
    found = {outlet.pk: published.get(outlet.pk, OnGofood()) for outlet in outlets}
    for _ in range(LOOKS if within else 0):
        readings = _telling(outlets, within)
        switched = _switched_since({pk: reading.read_at for pk, reading in readings.items()})
        alike: dict[Hashable, list[int]] = defaultdict(list)
        for pk, reading in readings.items():
            if pk in published:
                alike[_showing(pk, published[pk], reading, pk in switched)].append(pk)
        if _read([readings[first] for first, *_others in alike.values()]):
            break
    else:
        return found
    for first, *others in alike.values():
        live = _live(published[first], readings[first], switched.get(first, set()))
        found[first] = replace(published[first], live=live, reading=readings[first])
        for pk in others:
            found[pk] = replace(published[pk], reading=readings[pk], alike=found[first])
    return found


def _published(outlets: Sequence[Outlet]) -> dict[int, OnGofood]:
    """By outlet pk what is known of it without a reading."""
    bases, told = versions_on_gofood(outlets), told_since_taken(outlets)
    menus: dict[Hashable, tuple[Payload, Payload]] = {}
    found = {}
    for pk, base in bases.items():
        since = told.get(pk, {})
        own = checksum(base.own) if base.own else ""
        name = (base.number > 0, base.checksum, own, frozenset(since.items()))
        if name not in menus:
            sent = with_told(comparable(base), since)
            menus[name] = sent, with_told(base.own, since) if base.own else sent
        found[pk] = OnGofood(base, menus[name][1], sent=menus[name][0], name=name)
    return found


def _showing(pk: int, there: OnGofood, reading: LiveReading, switched: bool) -> Hashable:
    """The same for outlets that show the same menu; the outlet itself where that is not certain.

    Where GoFood shows just what proved the version, all that it writes its own way is as it was sent
    (menus/own_way.py), and the checksum covers the rest.
    """
    proves = there.base is not None and reading.proven_version_id == there.base.pk
    if not proves or switched or not reading.as_proven:  # type: ignore[attr-defined]
        return pk
    return there.name, reading.checksum


def _telling(outlets: Collection[Outlet], within: timedelta) -> dict[int, LiveReading]:
    """The readings by which it can be told what GoFood has: made since it took a menu, and none on its way.

    Without what was read, and whether that is `as_proven`.
    """
    oldest = timezone.now() - within
    rows = LiveReading.objects.filter(outlet__in=outlets, live__isnull=False, read_at__gte=oldest)
    rows = rows.defer("live", "proven").annotate(as_proven=Q(live=F("proven")))
    moving = Q(state__in=[State.SENDING, State.ACCEPTED]) | Q(state=State.QUEUED, attempts__gt=0)
    # Confirmed by a notification, and still read until it matches.
    moving |= Q(state=State.CONFIRMED, next_attempt_at__isnull=False)
    syncs: dict[int, dict[str, Any]] = {
        row["outlet_id"]: dict(row)
        for row in Sync.objects.filter(outlet__in=outlets)
        .values("outlet_id")
        .annotate(taken_at=Max("accepted_at"), moving=Count("pk", filter=moving))
    }
    found: dict[int, LiveReading] = {}
    for reading in rows:
        sync = syncs.get(reading.outlet_id, {})
        taken_at = sync.get("taken_at")
        if not sync.get("moving") and reading.read_at and (taken_at is None or reading.read_at > taken_at):
            found[reading.outlet_id] = reading
    return found


def _read(readings: Collection[LiveReading]) -> bool:
    """Fill in what was read; False when one of them was made anew, or proved another version, meanwhile."""
    rows = LiveReading.objects.filter(pk__in=[reading.pk for reading in readings])
    facts = rows.values_list("pk", "read_at", "proven_version_id", "live", "proven")
    read: dict[tuple[Any, ...], list[Any]] = {(pk, at, version): menus for pk, at, version, *menus in facts}
    for reading in readings:
        menus = read.get((reading.pk, reading.read_at, reading.proven_version_id))
        if menus is None:
            return False
        reading.live, reading.proven = menus
    return True


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


def _live(there: OnGofood, reading: LiveReading, switched: set[tuple[str, str | None]]) -> dict[str, Any]:
    base, sent = there.base, there.sent or EMPTY
    live: dict[str, Any] = reading.live or {}
    if base is not None and base.number:
        proven = reading.proven if reading.proven_version_id == base.pk else None
        live = as_sent(live, sent, proven)
    if switched:
        # What GoFood was told since it was read is right, and not what it showed before.
        stock = stock_in(sent)
        live = with_told(live, {name: stock[name] for name in switched if name in stock})
    return live
