"""What was published last, or found at first: by it can be told who changed what, GoFood or we."""

from typing import Any

from gobiz_admin.merchants.models import Outlet
from menus.live_menu import ImportRefused, LiveMenu, read_menu
from menus.models import CatalogVersion, Sync
from menus.stock_told import Told, told_since_taken, with_told

Rows = dict[tuple[str, str], Any]


class Baseline:
    """The rows of the version that GoFood took last, found by the ids and the name of a live one."""

    def __init__(self, version: CatalogVersion | None, told: Told | None = None) -> None:
        self.known = version is not None
        # Of what we sent, GoFood keeps its own copies of the pictures.
        self.sent = version is not None and version.number > 0
        self.menu = _read(version, told or {})
        self._rows: dict[str, Rows] = {
            "item": _keyed(self.menu.items),
            "variant_category": _keyed(self.menu.categories),
            "variant": _keyed(self.menu.variants),
            "menu": _keyed(self.menu.menus),
        }
        self.where = {id(item): menu.name for menu in self.menu.menus for item in menu.items}
        self.where |= {id(one): row.name for row in self.menu.categories for one in row.variants}

    def row_of(self, kind: str, live: Any) -> Any:
        """The row that it was, or None; `live` is a live row, or one of ours."""
        rows = self._rows[kind]
        return next((rows[key] for key in _keys_of(live) if key in rows), None)


def baseline(outlet: Outlet) -> Baseline:
    """Of the newest version that GoFood took, with the stock that it was told since; else of the live menu as
    it was found. Four queries at most."""
    taken = Sync.objects.filter(outlet=outlet, state__in=[Sync.State.ACCEPTED, Sync.State.CONFIRMED])
    sync = taken.select_related("version").order_by("-pk").first()
    version = sync.version if sync else CatalogVersion.objects.filter(outlet=outlet, number=0).first()
    return Baseline(version, told_since_taken([outlet]).get(outlet.pk))


def _read(version: CatalogVersion | None, told: Told) -> LiveMenu:
    try:
        return read_menu(with_told(version.ours, told)) if version else LiveMenu([], [])
    except ImportRefused:
        return LiveMenu([], [])


def _keyed(rows: Any) -> Rows:
    found: Rows = {}
    for row in rows:
        for key in _keys_of(row):
            found.setdefault(key, row)
    return found


def _keys_of(row: Any) -> list[tuple[str, str]]:
    """What it is known by, the surest first."""
    external_id, gobiz_id = getattr(row, "external_id", None), getattr(row, "gobiz_id", "")
    keys = [("external_id", external_id), ("gobiz_id", gobiz_id), ("name", row.name)]
    return [(by, value) for by, value in keys if value]
