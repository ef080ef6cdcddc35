"""Days at GoFood, driven by the sweeps alone: time is moved, nobody waits."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import F
from django.utils import timezone

from menus import confirming, sending, stock, stock_sending
from menus.models import RolloutOutlet, StockSwitch, Sync
from menus.rollouts import advancing

Menu = dict[str, Any]


@dataclass
class Day:
    """`clock` is a time_machine traveller; it stands still but for what is done here."""

    clock: Any

    def __post_init__(self) -> None:
        self.passes(0)

    def passes(self, seconds: float) -> None:
        self.clock.move_to(timezone.now() + timedelta(seconds=seconds), tick=False)

    def sweep(self) -> None:
        """What beat's sweeps find, worked off by one worker."""
        sending.free_stuck_syncs()
        stock_sending.free_stuck()
        stock.bring_back()
        self._each(advancing.under_way(), advancing.advance)
        self._each(sending.due_syncs(), sending.send)
        self._each(confirming.due_read_backs(), confirming.read_back)
        self._each(stock_sending.due_outlets(), stock_sending.send)

    def _each(self, pks: list[int], work: Callable[[int], None]) -> None:
        for pk in pks:
            work(pk)
            # No two things happen at the same moment, even where the clock stands still.
            self.passes(0.05)

    def next_due(self) -> datetime | None:
        """When there is something to do again; None when nothing is open."""
        times = [
            *Sync.objects.filter(next_attempt_at__isnull=False).values_list("next_attempt_at", flat=True),
            *StockSwitch.objects.filter(next_attempt_at__isnull=False).values_list(
                "next_attempt_at", flat=True
            ),
            # What belongs to a later stage waits for this one, not for a time.
            *RolloutOutlet.objects.filter(
                rollout__state="running", sync=None, stage=F("rollout__stage")
            ).values_list("due_at", flat=True),
        ]
        return min(times, default=None)

    def goes_on(self, until: datetime | None = None, most: int = 200) -> bool:
        """Sweep after sweep, each when something is due; whether nothing is open in the end, or at `until`."""
        for _ in range(most):
            self.sweep()
            due = self.next_due()
            if due is None and not advancing.under_way():
                return True
            if until is not None and (due is None or due > until):
                self.clock.move_to(until, tick=False)
                return True
            wait = (due - timezone.now()).total_seconds() if due else 0
            self.passes(max(wait, 0) + 1)
        return False


def shown(menu: Menu, stock: bool = True) -> Menu:
    """What a guest sees of a payload, of version 0, or of the menu as the sandbox keeps it."""

    def of(row: Menu) -> tuple[Any, ...]:
        return (
            row.get("external_id") or None,
            row["name"],
            row["price"],
            *([row["in_stock"]] if stock else []),
        )

    return {
        "items": [(one["name"], of(item)) for one in menu["menus"] for item in one["menu_items"]],
        "variants": [of(row) for one in menu["variant_categories"] for row in one["variants"]],
    }
