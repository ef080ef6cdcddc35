"""The newest reading of GoFood's menu at many outlets, as far as it still tells what is there."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Max

from gobiz_admin.merchants.models import Outlet
from menus.models import LiveReading, Sync


@dataclass(frozen=True)
class Seen:
    """`data`: that of GET catalog; empty where it tells nothing. `is_open`: it is being read again."""

    read_at: datetime | None
    data: dict[str, Any]
    is_open: bool = False

    def rows(self) -> Iterator[tuple[str, dict[str, Any], str]]:
        """(kind, row, the menu or variant category that it stands in) of each item and variant."""
        for menu in _objects(self.data, "menus"):
            for item in _objects(menu, "menu_items"):
                yield "item", item, str(menu.get("name") or "")
        for category in _objects(self.data, "variant_categories"):
            for variant in _objects(category, "variants"):
                yield "variant", variant, str(category.get("name") or "")


def seen_on_gofood(outlets: Sequence[Outlet]) -> dict[int, Seen]:
    """By outlet pk; two queries. One that is older than a confirmed sync tells nothing: GoFood has our ids since."""
    confirmed = dict(
        Sync.objects.filter(outlet__in=outlets, confirmed_at__isnull=False)
        .values_list("outlet_id")
        .annotate(Max("confirmed_at"))
    )
    rows = LiveReading.objects.filter(outlet__in=outlets)
    found = {}
    for outlet_id, state, read_at, live in rows.values_list("outlet_id", "state", "read_at", "live"):
        is_open = state in (LiveReading.State.QUEUED, LiveReading.State.READING)
        confirmed_at = confirmed.get(outlet_id)
        if live and read_at and not (confirmed_at and confirmed_at > read_at):
            found[outlet_id] = Seen(read_at, live, is_open)
        else:
            found[outlet_id] = Seen(None, {}, is_open)
    return found


def _objects(holder: dict[str, Any], name: str) -> list[dict[str, Any]]:
    rows = holder.get(name)
    return [row for row in rows if isinstance(row, dict)] if isinstance(rows, list) else []
