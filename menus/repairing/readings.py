"""The newest reading of GoFood's menu at many outlets, as far as it still tells what is there."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Max

from gobiz_admin.merchants.models import Outlet
from menus.models import MenuImport, Sync


@dataclass(frozen=True)
class LiveReading:
    """`data`: that of GET catalog."""

    read_at: datetime
    data: dict[str, Any]

    def rows(self) -> Iterator[tuple[str, dict[str, Any], str]]:
        """(kind, row, the menu or variant category that it stands in) of each item and variant."""
        for menu in _objects(self.data, "menus"):
            for item in _objects(menu, "menu_items"):
                yield "item", item, str(menu.get("name") or "")
        for category in _objects(self.data, "variant_categories"):
            for variant in _objects(category, "variants"):
                yield "variant", variant, str(category.get("name") or "")


def live_readings(outlets: Sequence[Outlet]) -> dict[int, LiveReading]:
    """By outlet pk; two queries. One that is older than a confirmed sync tells nothing: GoFood has our ids since."""
    confirmed = dict(
        Sync.objects.filter(outlet__in=outlets, confirmed_at__isnull=False)
        .values_list("outlet_id")
        .annotate(Max("confirmed_at"))
    )
    rows = MenuImport.objects.filter(outlet__in=outlets, live__isnull=False, read_at__isnull=False)
    newest = (
        rows.order_by("outlet_id", "-pk").distinct("outlet_id").values_list("outlet_id", "read_at", "live")
    )
    return {
        outlet_id: LiveReading(read_at, live)
        for outlet_id, read_at, live in newest
        if read_at and live and not (outlet_id in confirmed and confirmed[outlet_id] > read_at)
    }


def _objects(holder: dict[str, Any], name: str) -> list[dict[str, Any]]:
    rows = holder.get(name)
    return [row for row in rows if isinstance(row, dict)] if isinstance(rows, list) else []
