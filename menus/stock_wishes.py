"""Noting that GoFood has to be told of stock: whoever changed it, wherever, in the change's own transaction.

`note_edit` is called at the end of every change of a catalog (menus/journal.py), `note_all` when GoFood has
taken a menu, which may have been frozen before the last switch. Why so: docs/decisions/0010.
"""

from collections import defaultdict
from collections.abc import Collection
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.db.models import Case, F, Min, Value, When
from django.utils import timezone

from gobiz_admin.merchants.announcing import announce
from gobiz_admin.merchants.models import Outlet, User
from menus.models import Catalog, OutletCatalog, StockOff, StockSwitch
from menus.stock_changes import Place, differing, own_in
from menus.stock_effect import MODELS, Key, pks_of, stock_at
from menus.stock_told import known_menu, stock_in
from menus.waking import wake_task

State = StockSwitch.State
# Switches within this time travel together.
TOGETHER = timedelta(seconds=1)
Values = dict[str, Any]


def note_edit(catalog: Catalog, rows: list[Values], user: User | None, restores: bool = False) -> None:
    """Of the changed rows, what is another stock at which outlet now; the caller holds the catalog's lock.

    `restores`: rows that are new come back from having been removed.
    """
    _keep_offs(rows, user)
    outlets = OutletCatalog.objects.filter(catalog=catalog, imported_at__isnull=False)
    wish(differing(rows, lambda: sorted(outlets.values_list("outlet_id", flat=True)), restores), user)


def _keep_offs(rows: list[Values], user: User | None) -> None:
    """What went off is off since now; what is on again, or follows the catalog again, has no end to wait for."""
    off: list[StockOff] = []
    gone: dict[tuple[str, int | None], list[int]] = defaultdict(list)
    for row in rows:
        if row["kind"] not in MODELS or not row["before"] or not row["after"]:
            continue
        for outlet, in_stock in _set_in(row).items():
            if in_stock is False:
                off.append(StockOff(outlet_id=outlet, by=user, **{f"{row['kind']}_id": row["pk"]}))
            else:
                gone[row["kind"], outlet].append(row["pk"])
    for (kind, outlet), pks in gone.items():
        StockOff.objects.filter(outlet=outlet, **{f"{kind}__in": pks}).delete()
    if not off:
        return
    StockOff.objects.bulk_create(
        off,
        update_conflicts=True,
        unique_fields=["outlet", "item", "variant"],
        update_fields=["since", "by", "back_at"],
    )


def _set_in(row: Values) -> dict[int | None, bool | None]:
    """What the change set, by outlet; None is the catalog's own value, a None in it is "as in the catalog"."""
    before, after = own_in(row["before"]), own_in(row["after"])
    found: dict[int | None, bool | None] = {
        outlet: after.get(outlet)
        for outlet in sorted(before.keys() | after.keys())
        if before.get(outlet) != after.get(outlet)
    }
    if "in_stock" in row["after"]:
        found[None] = row["after"]["in_stock"]
    return found


def note_all(outlet: Outlet, maybe_taken: dict[str, Any] | None = None) -> None:
    """GoFood has taken a menu: what is in stock otherwise by now is to be switched again.

    `maybe_taken`: the menu that it may have taken since; only what it has for sure can be switched.
    """
    selling = OutletCatalog.objects.filter(outlet=outlet, imported_at__isnull=False).first()
    if selling is None:
        return
    known = known_menu(outlet)
    sent = stock_in(maybe_taken or {})
    now = stock_at(outlet.pk, selling.catalog_id)
    wanted: dict[Place, bool] = {}
    for kind, model in MODELS.items():
        rows: Any = model.objects.filter(catalog=selling.catalog_id).only("external_id", "gobiz_id")
        for thing in rows:
            row, stock = known.row_of(kind, thing), now[kind, thing.pk]
            if row is not None and sent.get((kind, thing.external_id), row.in_stock) != stock:
                wanted[outlet.pk, (kind, thing.pk)] = stock
    wish(wanted, None)


def wish(wanted: dict[Place, bool], user: User | None) -> None:
    """A queued switch per place; one that waits, or failed, is replaced, and one that is being sent goes again."""
    if not wanted:
        return
    now = timezone.now()
    due = now + TOGETHER
    # In one order everywhere: two that note the same places wait for each other and never in a circle.
    StockSwitch.objects.bulk_create(
        (
            StockSwitch(outlet_id=outlet, in_stock=wanted[outlet, key], **{f"{key[0]}_id": key[1]})
            for outlet, key in sorted(wanted)
        ),
        ignore_conflicts=True,
    )
    rows = locked({outlet for outlet, _ in wanted}, {key for _, key in wanted})
    for in_stock in (True, False):
        pks = [row.pk for row in rows if wanted.get((row.outlet_id, row.key)) is in_stock]
        if pks:
            StockSwitch.objects.filter(pk__in=pks).update(
                in_stock=in_stock,
                wish=F("wish") + 1,
                state=Case(When(state=State.SENDING, then=Value(State.SENDING)), default=Value(State.QUEUED)),
                next_attempt_at=Case(
                    When(state=State.SENDING, then=F("next_attempt_at")), default=Value(due)
                ),
                attempts=0,
                error_code="",
                error="",
                requested_by=user,
                requested_at=now,
            )
    wake_outlets({outlet for outlet, _ in wanted})


def locked(outlets: Collection[int], keys: Collection[Key]) -> list[StockSwitch]:
    """The switches of these things at these outlets, nobody else's to change until commit."""
    rows = StockSwitch.objects.select_for_update(no_key=True).filter(outlet__in=outlets)
    items = rows.filter(item__in=pks_of(keys, "item"))
    variants = rows.filter(variant__in=pks_of(keys, "variant"))
    return [*items.order_by("pk"), *variants.order_by("pk")]


def wake_outlets(outlets: Collection[int], countdown: timedelta = TOGETHER) -> None:
    """Wake a worker for each outlet, and tell the open pages."""
    for outlet in Outlet.objects.filter(pk__in=outlets).order_by("pk"):
        wake_task("send_stock", outlet.pk, countdown=countdown.total_seconds())
        announce(outlet.merchant_id, "stock", outlet=outlet.outlet_id, things=[])


def wake_waiting(outlet: Outlet) -> None:
    """Wake workers for what is due at outlets of the same GoBiz app, the longest waiting first."""
    due = StockSwitch.objects.filter(
        outlet__gobiz_app=outlet.gobiz_app_id, state=State.QUEUED, next_attempt_at__lte=timezone.now()
    )
    longest_waiting = due.values("outlet_id").annotate(since=Min("next_attempt_at")).order_by("since")
    for row in longest_waiting[: settings.GOBIZ_PUTS_AT_ONCE]:
        wake_task("send_stock", row["outlet_id"])
