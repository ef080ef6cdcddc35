"""Bringing whole menus back at several outlets: what each had at a moment, or before a rollout, as one rollout."""

import hashlib
import json
from collections import defaultdict
from collections.abc import Callable, Hashable, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import Count, Min, Q, QuerySet

from gobiz_admin.merchants.models import Merchant, Outlet, User
from menus import versions
from menus.differences import Change, counted, differences
from menus.models import CatalogVersion, OutletCatalog, Rollout, RolloutOutlet, Sync
from menus.on_gofood import OnGofood, all_on_gofood
from menus.payload import Payload, checksum
from menus.removals import Removal, removal_in
from menus.rollouts.starting import Frozen, Plan, RolloutRefused, about_to_send, lock_all, open_rollout
from menus.timed_now import Entries
from menus.tree import Tree, load_trees

# By outlet pk the version that is to come back.
Then = dict[int, CatalogVersion]
Find = Callable[[Sequence[Outlet]], Then]


@dataclass(frozen=True)
class Compared:
    """A version as it would be sent today, and what it changes of what GoFood has."""

    payload: Payload
    timed: Entries
    changes: list[Change]
    removal: Removal | None
    checksum: str


Known = dict[Hashable, Compared | None]


@dataclass
class Return:
    """What bringing a version back would change at an outlet. `held_up`: unknown, nothing (it sells nothing from
    here), ids (what it names has none), removal (the number has to be typed there), coming (it is on its way
    there already), or "".

    `coming`: what is on its way there, which this would take the place of.
    """

    outlet: Outlet
    version: CatalogVersion | None = None
    base: CatalogVersion | None = None
    payload: Payload = field(default_factory=dict)
    timed: Entries = field(default_factory=list)
    changes: list[Change] = field(default_factory=list)
    removal: Removal | None = None
    held_up: str = ""
    coming: CatalogVersion | None = None
    # Since when it is known what GoFood has there; where what it had then is not.
    known_since: datetime | None = None

    @property
    def same(self) -> bool:
        return not self.held_up and not self.changes and self.coming is None


def versions_at(moment: datetime) -> Find:
    """What each outlet had on GoFood then: what it had taken last, else the menu as it was found before; three
    queries for any number of outlets."""

    def find(outlets: Sequence[Outlet]) -> Then:
        taken = Sync.objects.filter(outlet__in=outlets, accepted_at__lte=moment)
        taken = taken.exclude(state=Sync.State.FAILED).order_by("outlet_id", "-accepted_at", "-pk")
        newest = dict(taken.distinct("outlet_id").values_list("outlet_id", "version_id"))
        found = Q(number=0, outlet__in=outlets, created_at__lte=moment)
        rows = CatalogVersion.objects.filter(Q(pk__in=newest.values()) | found).order_by("number")
        then = {
            row.outlet_id: row for row in rows.defer("payload") if newest.get(row.outlet_id, row.pk) == row.pk
        }
        versions.read_payloads(then.values())
        return then

    return find


def versions_before(rollout: Rollout) -> Find:
    """What each outlet had on GoFood when the rollout started; two queries."""

    def find(outlets: Sequence[Outlet]) -> Then:
        rows = rollout.rows.filter(outlet__in=outlets, before__isnull=False)
        rows = rows.select_related("before").defer("before__payload")
        then = {row.outlet_id: row.before for row in rows if row.before is not None}
        versions.read_payloads(then.values())
        return then

    return find


def returnable(merchant: Merchant, outlets: Sequence[Outlet]) -> QuerySet[Rollout]:
    """The rollouts that sent something to these outlets, the newest first; each with `sent_to`, to how many."""
    sent = Q(rows__outlet__in=outlets, rows__sync__isnull=False, rows__before__isnull=False)
    rows = Rollout.objects.filter(merchant=merchant).annotate(sent_to=Count("rows", filter=sent))
    return rows.filter(sent_to__gt=0).order_by("-pk")


def returns(outlets: Sequence[Outlet], find: Find) -> list[Return]:
    """What would change at each outlet, in their order; per catalog a constant number of queries."""
    then, trees = find(outlets), _trees(outlets)
    there, coming = all_on_gofood(outlets), _on_their_way(outlets)
    known: Known = {}
    found = []
    for outlet in outlets:
        one = Return(outlet, then.get(outlet.pk), there[outlet.pk].base, coming=coming.get(outlet.pk))
        tree = trees.get(outlet.pk)
        if tree is None or one.base is None:
            one.held_up = "nothing"
        elif one.version is None:
            one.held_up = "unknown"
        else:
            _fill_in(one, _compared(one.version, tree, there[outlet.pk], known))
        found.append(one)
    _say_since_when([one for one in found if one.held_up == "unknown"])
    return found


def _on_their_way(outlets: Sequence[Outlet]) -> Then:
    """What GoFood is about to get: sent already, queued, or waiting for its turn in a rollout; two queries."""
    syncs = Sync.objects.filter(outlet__in=outlets, state__in=[Sync.State.QUEUED, Sync.State.SENDING])
    waiting = RolloutOutlet.objects.filter(
        outlet__in=outlets, sync__isnull=True, rollout__state=Rollout.State.RUNNING
    )
    rows: list[Any] = [
        *syncs.select_related("version").defer("version__payload"),
        *waiting.select_related("version").defer("version__payload"),
    ]
    return {row.outlet_id: row.version for row in sorted(rows, key=lambda row: row.version.number)}


def _say_since_when(unknown: Sequence[Return]) -> None:
    if not unknown:
        return
    kept = CatalogVersion.objects.filter(outlet__in=[one.outlet for one in unknown])
    since = dict(kept.values_list("outlet_id").annotate(Min("created_at")))
    for one in unknown:
        one.known_since = since.get(one.outlet.pk)


def _trees(outlets: Sequence[Outlet]) -> dict[int, Tree]:
    rows = OutletCatalog.objects.filter(outlet__in=outlets, imported_at__isnull=False)
    of_catalog = defaultdict(list)
    by_pk = {outlet.pk: outlet for outlet in outlets}
    for selling in rows.select_related("catalog"):
        of_catalog[selling.catalog].append(by_pk[selling.outlet_id])
    return {pk: tree for catalog, at in of_catalog.items() for pk, tree in load_trees(catalog, at).items()}


def _compared(version: CatalogVersion, tree: Tree, there: OnGofood, known: Known) -> Compared | None:
    """The same for outlets at which the same comes back to the same; None where what it names has no ids."""
    now = tree.catalog.pk, tree.sold, there.key
    key = version.checksum, version.number > 0, json.dumps(version.timed), now, _timed_at(tree)
    if key not in known:
        try:
            payload, timed = versions.sendable(version, tree)
        except versions.NotSendable:
            known[key] = None
        else:
            changes = differences(there.now, payload)
            known[key] = Compared(payload, timed, changes, removal_in(there.now, changes), checksum(payload))
    return known[key]


def _timed_at(tree: Tree) -> Hashable:
    """Timed prices are told apart by the outlet that they are for."""
    return tuple(node.timed.pk for node in tree.items if node.timed is not None)


def _fill_in(one: Return, compared: Compared | None) -> None:
    if compared is None:
        one.held_up = "ids"
        return
    one.payload, one.timed = compared.payload, compared.timed
    one.changes, one.removal = compared.changes, compared.removal
    if one.coming and one.coming.checksum == compared.checksum:
        one.held_up = "coming"
    elif one.removal:
        one.held_up = "removal"


def digest_of(found: Sequence[Return]) -> str:
    """What tells this look from one at other versions, or at menus that have changed since."""
    rows = [
        [
            one.outlet.pk,
            one.version.pk if one.version else 0,
            one.coming.pk if one.coming else 0,
            [asdict(change) for change in one.changes],
        ]
        for one in sorted(found, key=lambda one: one.outlet.pk)
    ]
    return hashlib.sha256(json.dumps(rows, sort_keys=True).encode()).hexdigest()[:32]


def start_return(
    merchant: Merchant, plan: Plan, find: Find, user: User | None, seen: dict[int, str]
) -> Rollout:
    """The rollout that brings these versions back: the one that does so already, when it was asked for twice.

    RolloutRefused, and nothing is stored. `seen`: by outlet pk the digest of what was shown of it.
    """
    if not plan.outlets:
        raise RolloutRefused("nothing_chosen")
    with transaction.atomic():
        lock_all(plan.outlets)
        found = returns(plan.outlets, find)
        if under_way := _same_under_way(merchant, found):
            return under_way
        if any(seen.get(one.outlet.pk) != digest_of([one]) for one in found):
            raise RolloutRefused("changed")
        for code, held in (("blocked", {"nothing", "unknown", "ids", "coming"}), ("removal", {"removal"})):
            if at := [one.outlet for one in found if one.held_up in held]:
                raise RolloutRefused(code, at)
        return open_rollout(merchant, plan, _frozen(found, plan.note, user), user)


def _same_under_way(merchant: Merchant, found: Sequence[Return]) -> Rollout | None:
    """One that is about to bring just these versions back."""
    wanted = {one.outlet.pk: one.version.pk for one in found if one.version}
    if len(wanted) < len(found):
        return None
    return about_to_send(merchant, wanted, lambda row: row.version.restores_id)


def _frozen(found: Sequence[Return], note: str, user: User | None) -> dict[int, Frozen]:
    last = versions.last_numbers([one.outlet for one in found])
    rows = []
    for one in found:
        draft = versions.Draft(one.payload, one.base, counted(one.changes), None, {}, one.timed)
        row = versions.unsaved(one.outlet, last.get(one.outlet.pk, 0) + 1, draft, user, note)
        row.restores = one.version
        rows.append(row)
    CatalogVersion.objects.bulk_create(rows)
    # What the catalogs hold beside it counts as not published.
    return {one.outlet.pk: Frozen(row, None, one.base) for one, row in zip(found, rows, strict=True)}
