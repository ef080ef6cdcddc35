"""What others changed on GoFood, which a turn of timed prices leaves as it is: it sets its own prices and no more.

A publish is reviewed against the live menu before it overwrites anything. A turn is looked at by nobody, so it
reads the live menu before it is sent, and sends that, with its prices. Why so: docs/decisions/0015.
"""

import hashlib
import json
from collections import Counter
from copy import deepcopy
from dataclasses import dataclass
from typing import Any

from gobiz_admin.gobiz.errors import GobizError
from menus.differences import counted, differences, from_live, matches_live, with_items
from menus.live_menu import ImportRefused, read_menu
from menus.models import LiveReading, Sync
from menus.own_way import as_sent
from menus.payload import Payload, checksum, items_of
from menus.stock_told import stock_in, stock_rows, switched_since, with_switches
from menus.text import folded
from menus.timed_now import ends_one, turning
from menus.versions import Draft, with_ids

Row = dict[str, Any]
State = Sync.State
# A price that is over has to go: after so many attempts it is sent though the live menu cannot be read.
READ_AT_LEAST = 3
# Somebody edits on and on, or GoFood never shows a menu the same way twice: then it is sent as it was last seen.
MOST_ANEW = 5
# Of a sync whose place was taken by one that leaves alone what others changed (menus/sentences.py).
MADE_ANEW = "made_anew"


class LiveMenuUnreadable(GobizError):
    """It was read, and cannot be sent again as it is. Nothing was changed."""

    code = "live_unreadable"


@dataclass(frozen=True)
class Looked:
    """What a turn should send by the live menu. `there`: GoFood has it; `anew`: the sync's version is another."""

    draft: Draft
    there: bool
    anew: bool


def proven_before(sync: Sync) -> Sync | None:
    """The sync that GoFood was proven to have, if `sync` is a turn that brings nothing but other prices to it.

    None while a menu is on its way, or is with it that somebody published: what that one overwrites was shown.
    And where GoFood has just refused what others changed.
    """
    if not sync.version.by_clock:
        return None
    before = Sync.objects.filter(outlet=sync.outlet_id, pk__lt=sync.pk).select_related("version")
    taken = before.filter(state__in=[State.ACCEPTED, State.CONFIRMED]).order_by("-pk").first()
    if taken is None or taken.state != State.CONFIRMED or taken.next_attempt_at is not None:
        return None
    since = before.filter(pk__gt=taken.pk)
    if since.filter(version__by_clock=False).exists() or since.filter(state=State.FAILED).exists():
        return None
    return taken


def look(sync: Sync, taken: Sync, live: Row) -> Looked:
    """What others changed since `taken` is left alone; LiveMenuUnreadable when that cannot be."""
    version, own = sync.version, sync.version.ours
    shown = _shown(taken, live)
    merged = _merged(sync, taken, shown)
    others_did = bool(differences(with_items(own), with_items(merged)))
    payload = merged if others_did else own
    changes = counted(differences(shown, payload))
    kept = own if others_did else None
    draft = Draft(payload, taken.version, changes, None, version.hints, version.timed, kept)
    same = is_same(payload, version.payload)
    expected = with_switches(sync.outlet, version.payload, taken.accepted_at, live)
    newer = Sync.objects.filter(outlet=sync.outlet_id, pk__gt=taken.pk, pk__lt=sync.pk)
    tired = newer.filter(error_code=MADE_ANEW).count() >= MOST_ANEW
    return Looked(draft, there=same and not matches_live(expected, live), anew=not same and not tired)


def may_go_unseen(sync: Sync, attempts: int, error: GobizError) -> bool:
    """Whether it is sent though the live menu cannot be read: the end of a price is not held up for ever."""
    return (not error.transient or attempts > READ_AT_LEAST) and ends_one(sync.outlet)


def without_theirs(sync: Sync) -> Draft | None:
    """What is sent instead of a menu that GoFood refused, where it may be what others changed that it refused.

    Only to end a price: that one has to go.
    """
    version = sync.version
    if version.own is None or not ends_one(sync.outlet):
        return None
    return Draft(version.own, version, version.changes, None, version.hints, version.timed)


def is_same(one: Payload, other: Payload) -> bool:
    """Whether two menus are the same but for what the addresses of pictures are signed with."""
    return checksum(_unsigned(one)) == checksum(_unsigned(other))


def _unsigned(payload: Payload) -> Payload:
    payload = deepcopy(payload)
    for item in items_of(payload):
        if item.get("image"):
            item["image"] = item["image"].partition("?")[0]
    return payload


def _shown(taken: Sync, live: Row) -> Payload:
    """The live menu in the shape of a payload, in the words of what was sent where nobody changed it."""
    try:
        read_menu(live)
    except ImportRefused as refused:
        raise LiveMenuUnreadable(refused.name) from refused
    readings = LiveReading.objects.filter(outlet=taken.outlet_id, proven_version=taken.version_id)
    proven = readings.values_list("proven", flat=True).first()
    shown = from_live(as_sent(live, taken.version.payload, proven))
    if not any(items_of(shown)):
        # An empty menu is never sent, whoever emptied it.
        raise LiveMenuUnreadable
    return shown


def _merged(sync: Sync, taken: Sync, shown: Payload) -> Payload:
    """The live menu with the turn's prices, with today's stock, and with our ids where it has none."""
    own = sync.version.ours
    merged = with_ids(shown, own, _MadeUp())
    _with_prices(merged, own, turning(sync.outlet, taken.version.timed, sync.version.timed))
    _with_stock_of_today(merged, sync, taken)
    _with_internal_names(merged, own)
    return merged


def _with_prices(merged: Payload, own: Payload, turning_ids: set[str]) -> None:
    ours = {row["external_id"]: row for row in items_of(own) if row["external_id"] in turning_ids}
    there = {row["external_id"] for row in items_of(merged)}
    # Under another id it is the same dish, at the price that was to be for a while.
    renumbered = {folded(row["name"]): row for name, row in ours.items() if name not in there}
    for item in items_of(merged):
        mine = ours.get(item["external_id"]) or renumbered.get(folded(item["name"]))
        if mine is not None:
            item["price"] = mine["price"]


def _with_internal_names(merged: Payload, own: Payload) -> None:
    """Of items GET does not tell them."""
    of_items = {row["external_id"]: row.get("internal_name") for row in items_of(own)}
    of_categories = {row["external_id"]: row.get("internal_name") for row in own["variant_categories"]}
    for names, rows in ((of_items, items_of(merged)), (of_categories, merged["variant_categories"])):
        for row in rows:
            internal_name = row.pop("internal_name", "") or names.get(row["external_id"])
            if internal_name:
                row["internal_name"] = internal_name


def _with_stock_of_today(merged: Payload, sync: Sync, taken: Sync) -> None:
    """Only what others switched on GoFood stays switched."""
    switched = switched_since(sync.outlet, taken.accepted_at)
    before, today = stock_in(taken.version.ours), stock_in(sync.version.ours)
    for kind, row in stock_rows(merged):
        name = kind, row["external_id"]
        if name in today and (name in switched or before.get(name) == row["in_stock"]):
            row["in_stock"] = today[name]


class _MadeUp:
    """An id for what others made in the GoBiz app, which has none: without one it could not be left there.

    Always the same for the same thing, and nothing like what we give. An order for it arrives with it.
    """

    def __init__(self) -> None:
        self.seen: Counter[tuple[str, str]] = Counter()

    def __call__(self, place: str, row: Row) -> str:
        self.seen[place, row["name"]] += 1
        told = json.dumps([place, row["name"], self.seen[place, row["name"]]])
        return f"GOBIZ-{hashlib.sha256(told.encode()).hexdigest()[:16]}"
