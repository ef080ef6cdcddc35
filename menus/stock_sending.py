"""Telling GoFood of stock: what waits at an outlet travels together, in one PATCH of items and one of variants.

queued → sending → done, or failed. A batch is claimed under the outlet's lock, never beside another batch
or a PUT of the outlet, and sent outside any transaction. What is sent is what is in stock at that moment.
"""

import logging
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from django.db import transaction
from django.db.models import F, Q
from django.utils import timezone

from gobiz_admin.gobiz.errors import GobizError, NotFound, OutletUnknown, RequestRefused
from gobiz_admin.merchants import gobiz
from gobiz_admin.merchants.announcing import announce
from gobiz_admin.merchants.models import Outlet
from menus import states
from menus.app_limit import has_room
from menus.locking import lock_outlet
from menus.models import OutletCatalog, StockSwitch, Sync
from menus.snapshots import write_rows
from menus.states import WAITS
from menus.stock_effect import stock_at
from menus.stock_told import known_menu
from menus.stock_wishes import locked, wake_outlets
from menus.waking import wake_task

log = logging.getLogger(__name__)
State = StockSwitch.State
# A call ends within 15 s, and each one says that its worker lives: who is silent for this long has died.
STUCK_AFTER = timedelta(minutes=3)
# GoBiz refuses a list whole: it is halved until it is known what is refused, but not for ever.
MOST_REFUSALS = 16
IN_PARTS = (RequestRefused, NotFound, OutletUnknown)


@dataclass
class Batch:
    """What one worker sends for an outlet; `keys` has for each switch how GoBiz knows the thing."""

    outlet: Outlet
    id: uuid.UUID
    switches: list[StockSwitch]
    keys: dict[int, dict[str, str]]
    errors: dict[int, GobizError] = field(default_factory=dict)
    refusals: int = 0


def send(outlet_pk: int) -> None:
    """Tell GoFood what waits at the outlet, if anything is due and nothing else of it is on its way."""
    outlet = Outlet.objects.select_related("gobiz_app").filter(pk=outlet_pk).first()
    batch = _claim(outlet) if outlet else None
    if batch is None:
        return
    client = gobiz.client_for(batch.outlet.gobiz_app)
    for kind, patch in (("item", client.patch_item_stocks), ("variant", client.patch_variant_stocks)):
        _patch(batch, patch, [switch for switch in batch.switches if switch.key[0] == kind])
    _record(batch)


def is_sending(outlet: Outlet) -> bool:
    """Whether a switch is on its way: a PUT waits for it, or it could bring older stock after it."""
    return StockSwitch.objects.filter(outlet=outlet, state=State.SENDING).exists()


def _claim(outlet: Outlet) -> Batch | None:
    """What waits, now ours to send; what GoFood does not have yet goes with the next publish and is let go."""
    with transaction.atomic():
        lock_outlet(outlet)
        now = timezone.now()
        waiting = StockSwitch.objects.filter(outlet=outlet, state=State.QUEUED)
        in_the_way = Sync.objects.filter(outlet=outlet, state=Sync.State.SENDING).exists()
        if in_the_way or is_sending(outlet) or not waiting.filter(next_attempt_at__lte=now).exists():
            return None
        if not has_room(outlet, for_menu=False):
            # What ends makes room, and wakes us (menus/states.py).
            return None
        # What was pressed a moment ago goes along; what failed keeps its own time.
        rows = waiting.filter(Q(next_attempt_at__lte=now) | Q(attempts=0))
        keys = {row.key for row in rows}
        mine = [row for row in locked([outlet.pk], keys) if row.state == State.QUEUED]
        batch = _known(Batch(outlet, StockSwitch.new_batch(), mine, {}))
        for in_stock in (True, False):
            pks = [row.pk for row in batch.switches if row.in_stock is in_stock]
            StockSwitch.objects.filter(pk__in=pks).update(
                state=State.SENDING,
                in_stock=in_stock,
                batch=batch.id,
                sending_wish=F("wish"),
                attempts=F("attempts") + 1,
                next_attempt_at=now + STUCK_AFTER,
            )
        return batch if batch.switches else None


def _known(batch: Batch) -> Batch:
    """Only what GoFood has, each with the stock of now."""
    selling = OutletCatalog.objects.filter(outlet=batch.outlet).first()
    now = (
        stock_at(batch.outlet.pk, selling.catalog_id, [row.key for row in batch.switches]) if selling else {}
    )
    menu = known_menu(batch.outlet)
    rows = StockSwitch.objects.filter(pk__in=[row.pk for row in batch.switches])
    found = []
    for row in rows.select_related("item", "variant").order_by("pk"):
        thing: Any = row.item or row.variant
        known = menu.row_of(row.key[0], thing)
        if known is not None and row.key in now:
            row.in_stock = now[row.key]
            batch.keys[row.pk] = known.key
            found.append(row)
    known_pks = {row.pk for row in found}
    gone = [row for row in batch.switches if row.pk not in known_pks]
    StockSwitch.objects.filter(pk__in=[row.pk for row in gone]).delete()
    if gone:
        # A page may still say that they are on their way.
        announce(batch.outlet.merchant_id, "stock", outlet=batch.outlet.outlet_id, things=_things(gone))
    batch.switches = found
    return batch


def _patch(batch: Batch, patch: Callable[..., Any], switches: Sequence[StockSwitch]) -> None:
    """Send them; refused, in halves, so that one that GoBiz does not take holds up no other."""
    if not switches or not _still_ours(batch):
        return
    changes = [{**batch.keys[switch.pk], "in_stock": switch.in_stock} for switch in switches]
    try:
        patch(batch.outlet.outlet_id, changes)
    except GobizError as error:
        batch.refusals += 1
        half = len(switches) // 2
        if isinstance(error, IN_PARTS) and half and batch.refusals < MOST_REFUSALS:
            _patch(batch, patch, switches[:half])
            _patch(batch, patch, switches[half:])
        else:
            batch.errors.update({switch.pk: error for switch in switches})


def _still_ours(batch: Batch) -> bool:
    """Whether the batch is still ours to send; then the sweep knows that we live."""
    ours = StockSwitch.objects.filter(outlet=batch.outlet, batch=batch.id, state=State.SENDING)
    return bool(ours.update(next_attempt_at=timezone.now() + STUCK_AFTER))


def _record(batch: Batch) -> None:
    """What became of each; a newer wish than the one that was sent goes at once."""
    outlet = batch.outlet
    with transaction.atomic():
        lock_outlet(outlet)
        now = timezone.now()
        sent = {switch.pk: switch for switch in batch.switches}
        # A row that the sweep has freed meanwhile is another worker's.
        mine = [
            row
            for row in locked([outlet.pk], [switch.key for switch in batch.switches])
            if row.batch == batch.id and row.state == State.SENDING
        ]
        for row in mine:
            _settle(row, sent[row.pk].in_stock, batch.errors.get(row.pk), now)
        write_rows(mine, SETTLED)
        _wake_retries(batch, now)
        announce(outlet.merchant_id, "stock", outlet=outlet.outlet_id, things=_things(mine))
        states.wake_waiting(outlet)


def _things(rows: Sequence[StockSwitch]) -> list[str] | None:
    """Which rows an open page shows anew; None: many, so all of them."""
    return [f"{kind}-{pk}" for kind, pk in (row.key for row in rows)] if len(rows) <= 20 else None


SETTLED = ("state", "batch", "attempts", "next_attempt_at", "error_code", "error", "told", "told_at")


def _settle(row: StockSwitch, sent: bool, error: GobizError | None, now: Any) -> None:
    row.batch = None
    row.error_code, row.error = (error.code[:40], error.detail) if error else ("", "")
    if error is None:
        row.told, row.told_at = sent, now
    elif error.transient:
        # It may stand there or not.
        row.told = None
    if row.wish > row.sending_wish:
        row.state, row.attempts, row.next_attempt_at = State.QUEUED, 0, now
    elif error is None:
        row.state, row.next_attempt_at = State.DONE, None
    elif error.transient and row.attempts <= len(WAITS):
        wait = max(WAITS[row.attempts - 1], timedelta(seconds=error.retry_after or 0))
        row.state, row.next_attempt_at = State.QUEUED, now + wait
    else:
        row.state, row.next_attempt_at = State.FAILED, None


def _wake_retries(batch: Batch, now: Any) -> None:
    waiting = StockSwitch.objects.filter(outlet=batch.outlet, state=State.QUEUED, attempts__gt=0)
    first = waiting.order_by("next_attempt_at").values_list("next_attempt_at", flat=True).first()
    if first is not None:
        wake_task("send_stock", batch.outlet.pk, countdown=max((first - now).total_seconds(), 0))


def try_again(switch: StockSwitch) -> None:
    """A failed or waiting switch goes at once; one that is on its way, or done, is left alone."""
    with transaction.atomic():
        rows = StockSwitch.objects.filter(pk=switch.pk, state__in=[State.FAILED, State.QUEUED])
        if rows.update(
            state=State.QUEUED, attempts=0, next_attempt_at=timezone.now(), error_code="", error=""
        ):
            wake_outlets([switch.outlet_id], timedelta())


def free_stuck() -> int:
    """How many switches of dead workers were queued again: sent twice they do the same."""
    now = timezone.now()
    stuck = StockSwitch.objects.filter(state=State.SENDING, next_attempt_at__lte=now)
    with transaction.atomic():
        rows = stuck.select_for_update(skip_locked=True, no_key=True).order_by("pk")
        return StockSwitch.objects.filter(pk__in=[row.pk for row in rows]).update(
            state=State.QUEUED, batch=None, told=None, next_attempt_at=now, error_code="worker_lost"
        )


def due_outlets() -> list[int]:
    """The outlets at which something waits and is due."""
    due = StockSwitch.objects.filter(state=State.QUEUED, next_attempt_at__lte=timezone.now())
    return sorted(set(due.values_list("outlet_id", flat=True)))
