"""What the page of closed outlets shows: each outlet, what is under way there, and what was done."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db.models import Count, Q
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from gobiz_admin.merchants.closing import CLOSED, FAILED, OPENED
from gobiz_admin.merchants.closing_words import history_line, reason_of, sentence, why
from gobiz_admin.merchants.closings import OutletClosing
from gobiz_admin.merchants.models import AuditEntry, Merchant, Outlet
from orders.closing_form import can_close, choice_of, closing_of
from orders.models import Order

HISTORY = 20
ENDED = ["PLACED", "COMPLETED", "CANCELLED"]


def is_closed(outlet: Outlet) -> bool:
    """Whether GoFood has the outlet closed, or may have: as far as it was told from here."""
    row = closing_of(outlet)
    return row is not None and row.told is not False


@dataclass
class Line:
    """An outlet with its row (None: never closed from here) and its orders that are not ended."""

    outlet: Outlet
    row: OutletClosing | None
    waiting: int = 0
    under_way: int = 0
    can_close: bool = True
    checked: bool = False

    @property
    def value(self) -> str:
        return choice_of(self.outlet)

    @property
    def is_open(self) -> bool:
        return self.row is None or self.row.shown == OutletClosing.Shown.OPEN

    @property
    def is_late(self) -> bool:
        return self.row is not None and self.row.is_late(timezone.now())

    @property
    def sentence(self) -> str:
        return sentence(self.row) if self.row else ""

    @property
    def why(self) -> str:
        return why(self.row) if self.row else ""

    @property
    def reason(self) -> str:
        return reason_of(self.row.reason, self.row.words) if self.row and self.row.closed else ""

    @property
    def orders(self) -> str:
        """`2 orders are waiting, 1 is under way`; "" when there are none."""
        parts = []
        if self.waiting:
            words = ngettext("%(count)d order is waiting", "%(count)d orders are waiting", self.waiting)
            parts.append(words % {"count": self.waiting})
        if self.under_way:
            words = ngettext("%(count)d is under way", "%(count)d are under way", self.under_way)
            parts.append(words % {"count": self.under_way})
        return ", ".join(parts)


@dataclass
class Done:
    """One line of the history."""

    at: datetime
    outlet: Outlet
    who: str
    words: str
    failed: bool = field(default=False)


def lines_of(outlets: Sequence[Outlet], chosen: set[int]) -> list[Line]:
    """A line per outlet; one query."""
    counts = _orders(outlets)
    return [
        Line(
            outlet,
            closing_of(outlet),
            *counts.get(outlet.pk, (0, 0)),
            can_close=can_close(outlet),
            checked=outlet.pk in chosen,
        )
        for outlet in outlets
    ]


def _orders(outlets: Sequence[Outlet]) -> dict[int, tuple[int, int]]:
    """By outlet how many orders wait for the merchant, and how many are under way."""
    awaiting = Q(status=Order.Status.AWAITING)
    rows = Order.objects.filter(~Q(status__in=ENDED), outlet__in=outlets).values_list("outlet_id")
    counted = rows.annotate(waiting=Count("pk", filter=awaiting), under_way=Count("pk", filter=~awaiting))
    return {pk: (waiting, under_way) for pk, waiting, under_way in counted}


def effect(lines: Sequence[Line]) -> str:
    """What closing does, in words, before it is done."""
    able = [line for line in lines if line.can_close]
    if len(able) != 1:
        return _(
            "GoFood shows the chosen outlets as closed: no new orders come in. Orders that are under way go on."
        )
    shown = _("GoFood shows %(outlet)s as closed: no new orders come in. Orders that are under way go on.")
    return shown % {"outlet": able[0].outlet.name}


def history(merchant: Merchant, outlets: Sequence[Outlet]) -> list[Done]:
    """What was closed and opened at these outlets lately, the newest first."""
    by_id = {outlet.outlet_id: outlet for outlet in outlets}
    entries = AuditEntry.objects.filter(
        merchant=merchant, action__in=[CLOSED, OPENED, FAILED], facts__outlet__in=list(by_id)
    ).select_related("user")
    return [_done(entry, by_id[entry.facts["outlet"]]) for entry in entries.order_by("-at", "-pk")[:HISTORY]]


def _done(entry: AuditEntry, outlet: Outlet) -> Done:
    who = entry.user.email if entry.user else ""
    return Done(entry.at, outlet, who, history_line(entry, outlet), entry.action == FAILED)


def context_of(merchant: Merchant, outlets: Sequence[Outlet], chosen: set[int]) -> dict[str, Any]:
    """All that the page shows beside its form; a fixed number of queries."""
    lines = lines_of(outlets, chosen)
    return {
        "lines": lines,
        "now": [line for line in lines if not line.is_open],
        "able": [line for line in lines if line.can_close],
        "unable": [line for line in lines if not line.can_close],
        "refused": {line.outlet.gobiz_app for line in lines if line.outlet.gobiz_app.refused_at},
        "effect": effect(lines),
        "history": history(merchant, outlets),
    }
