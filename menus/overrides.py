"""What differs at single outlets: set for one or many of them in one change, and cleared again.

Null in an override is "as in the catalog". A value that equals the catalog's own is not kept: it is no
difference to be shown as one, and kept it would hold the outlet back, unseen, when the catalog's price
is raised later. One that the catalog comes to equal afterwards stays until it is set or cleared:
somebody chose it.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable
from typing import Any

from django.db.models import Q

from gobiz_admin.merchants.models import Outlet, User
from menus.editing import LARGEST_OF, EditConflict, EditRefused
from menus.journal import one_edit
from menus.models import Catalog, MenuItem, OutletOverride, Variant
from menus.snapshots import snapshot, write_lists

Values = dict[str, Any]
# (kind, pk); kind is "item" or "variant".
Key = tuple[str, int]
# For each thing, by the outlet's pk, what is to be set there.
Wanted = dict[Key, dict[int, Values]]
Seen = dict[tuple[Key, int], Values]

MODELS: dict[str, type[Any]] = {"item": MenuItem, "variant": Variant}
NONE: Values = {"price": None, "in_stock": None, "hidden": False}


def outlets_selling(catalog: Catalog) -> list[Outlet]:
    """The outlets that sell the catalog, by name; those too whose live menu is not kept yet."""
    return list(Outlet.objects.filter(selling__catalog=catalog).order_by("name", "pk"))


def set_override(
    catalog: Catalog,
    kind: str,
    pk: int,
    outlets: Collection[Outlet],
    user: User | None,
    seen: Values | None = None,
    keep: bool = False,
    **values: Any,
) -> int:
    """At how many of the outlets it is another now; any of price, in_stock, hidden. None: as in the catalog.

    `seen`: what was shown of them before, None again as in the catalog; EditConflict when it is another by now,
    and nothing is saved. `keep`: also what equals the catalog's own value, because it ends at a time of its own.
    """
    key = (kind, pk)
    shown = {(key, outlet.pk): seen for outlet in outlets} if seen else {}
    wanted = {key: {outlet.pk: values for outlet in outlets}}
    return save_overrides(catalog, wanted, user, seen=shown, keep=keep)


def clear_overrides(
    catalog: Catalog, things: Iterable[Key] | None, outlets: Collection[Outlet], user: User | None
) -> int:
    """At how many places (thing × outlet) the catalog's own values hold again; `things` None: all of them."""
    pks, facts = [outlet.pk for outlet in outlets], dict[str, Any]()
    with one_edit(catalog.pk, "override_cleared", user, facts) as change:
        if things is None:
            things = [key for key, _ in stored(change.catalog, pks)]
        return _save(change, {key: dict.fromkeys(pks, NONE) for key in things}, {}, facts)


def save_overrides(
    catalog: Catalog, wanted: Wanted, user: User | None, seen: Seen | None = None, keep: bool = False
) -> int:
    """At how many places (thing × outlet) something is another now: all of it in one change, or nothing.

    `seen`, `keep`: as `set_override`, for each place, and for all.
    EditRefused: `things` or `outlets` are not of this catalog, or `price` is no whole number.
    """
    facts: Values = {}
    with one_edit(catalog.pk, "override_set", user, facts) as change:
        return _save(change, wanted, seen or {}, facts, keep)


def stored(catalog: Catalog, outlets: Collection[int]) -> list[tuple[Key, OutletOverride]]:
    """What differs at these outlets in this catalog, one query."""
    rows = OutletOverride.objects.filter(
        Q(item__catalog=catalog) | Q(variant__catalog=catalog), outlet__in=outlets
    )
    return [(key_of(row), row) for row in rows.order_by("pk")]


def key_of(row: OutletOverride) -> Key:
    return ("item", row.item_id) if row.item_id else ("variant", row.variant_id or 0)


def merged(thing: Any, old: Values | None, values: Values, keep: bool = False) -> Values | None:
    """The override of `thing` after `values` are set over `old`; None when nothing differs any more."""
    new = {**NONE, **(old or {}), **values}
    for field in () if keep else ("price", "in_stock"):
        if field in values and new[field] == getattr(thing, field):
            new[field] = None
    new = {name: new[name] for name in NONE}
    return None if new == NONE else new


def _save(change: Any, wanted: Wanted, seen: Seen, facts: Values, keep: bool = False) -> int:
    things = _things_of(change.catalog, wanted)
    outlets = _outlets_of(change.catalog, {pk for places in wanted.values() for pk in places})
    _refuse_values(wanted)
    names, places = [], set()
    for kind in MODELS:
        pks = [pk for of, pk in wanted if of == kind]
        if not pks:
            continue
        change.note(kind, pks, ["name", "overrides"])
        lists = {}
        for pk, values in snapshot(kind, pks, ["overrides"]).items():
            key = (kind, pk)
            have = {row["outlet_id"]: row for row in values["overrides"]}
            shown = {outlet: seen[key, outlet] for outlet in wanted[key] if (key, outlet) in seen}
            _refuse_unseen(things[key], have, wanted[key], shown)
            new, changed = _after(things[key], have, wanted[key], keep)
            if changed:
                lists[pk] = new
                names.append(things[key].name)
                places |= {(key, outlet) for outlet in changed}
        write_lists(kind, {"overrides": lists})
    _tell(facts, names, places, outlets, wanted)
    return len(places)


def _things_of(catalog: Catalog, keys: Iterable[Key]) -> dict[Key, Any]:
    pks: dict[str, list[int]] = defaultdict(list)
    for kind, pk in keys:
        pks[kind].append(pk)
    found = {
        (kind, row.pk): row
        for kind, wanted in pks.items()
        if kind in MODELS
        for row in MODELS[kind].objects.filter(catalog=catalog, pk__in=wanted)
    }
    if any(key not in found for key in keys):
        raise EditRefused({"things": "foreign"})
    return found


def _outlets_of(catalog: Catalog, pks: Collection[int]) -> dict[int, Outlet]:
    # An outlet that sells a catalog is of the same merchant: sharing sees to it.
    found = Outlet.objects.filter(selling__catalog=catalog, merchant=catalog.merchant_id, pk__in=pks)
    by_pk = {outlet.pk: outlet for outlet in found}
    if by_pk.keys() != set(pks):
        raise EditRefused({"outlets": "foreign"})
    return by_pk


def _refuse_values(wanted: Wanted) -> None:
    for values in (values for places in wanted.values() for values in places.values()):
        if unknown := values.keys() - NONE.keys():
            raise ValueError(f"not to be set: {', '.join(sorted(unknown))}")
        price = values.get("price")
        if price is not None and (not isinstance(price, int) or isinstance(price, bool)):
            raise EditRefused({"price": "not_a_number"})
        if price is not None and abs(price) > LARGEST_OF["price"]:
            raise EditRefused({"price": "too_large"})


def _refuse_unseen(
    thing: Any, have: dict[int, Values], wanted: dict[int, Values], shown: dict[int, Values]
) -> None:
    """EditConflict where neither what was shown holds nor what is to be set."""
    for outlet, values in shown.items():
        differs = {}
        for field in values:
            now, before, then = (
                getattr(thing, field) if row[field] is None else row[field]
                for row in (have.get(outlet, NONE), values, {**NONE, **wanted[outlet]})
            )
            if now not in (before, then):
                differs[field] = now
        if differs:
            raise EditConflict(differs, None)


def _after(
    thing: Any, have: dict[int, Values], wanted: dict[int, Values], keep: bool
) -> tuple[list[Values], set[int]]:
    """All overrides of the thing as they will stand, and the outlets at which that is a change."""
    new, changed = dict(have), set()
    for outlet, values in wanted.items():
        old = have.get(outlet)
        row = merged(thing, old, values, keep)
        if row is None:
            new.pop(outlet, None)
        else:
            new[outlet] = {"outlet_id": outlet, **row}
        if new.get(outlet) != old:
            changed.add(outlet)
    return [new[outlet] for outlet in sorted(new)], changed


def _tell(
    facts: Values, names: list[str], places: set[tuple[Key, int]], outlets: dict[int, Outlet], wanted: Wanted
) -> None:
    """What the audit trail and the words of the undo need."""
    changed = sorted({pk for _, pk in places})
    fields = sorted({field for key, pk in places for field in wanted[key][pk]})
    facts.update(
        name=names[0] if names else "",
        count=len(names),
        fields=fields,
        outlets=[outlets[pk].outlet_id for pk in changed],
        outlet=outlets[changed[0]].name if len(changed) == 1 else "",
        places=len(places),
    )
