"""A version, read as the live menu that it was."""

import re
from typing import Any

from menus.live_menu import ImportRefused, LiveMenu, read_menu
from menus.models import CatalogVersion
from menus.timed_now import bases_of

OURS = re.compile(r"/pictures/([0-9a-f]{64})\.png$")


def menu_of(version: CatalogVersion) -> LiveMenu:
    """The version as a live menu is read; LookupError for a version 0 that cannot be read in whole."""
    try:
        live = read_menu(version.payload)
    except ImportRefused as refused:
        raise LookupError(refused.code) from refused
    rows: list[Any] = [*live.items, *live.categories, *live.variants]
    for row in rows:
        # GoBiz's ids may be others by now, and are nothing that a merchant takes back.
        row.gobiz_id = ""
    if version.number:
        bases = bases_of(version.timed)
        for item in live.items:
            item.internal_name = item.internal_name or ""
            item.price = bases.get(item.external_id or "", item.price)
    stocked: list[Any] = [*live.items, *live.variants]
    for row in stocked:
        # Stock is of the day: what was out then, perhaps for want of an ingredient, does not come back as off.
        row.in_stock = True
    return live


def menus_of(version: CatalogVersion) -> list[dict[str, Any]]:
    """The version's menus, each with its items by their number: what can be taken back."""
    try:
        live = menu_of(version)
    except LookupError:
        return []
    number, found = 0, []
    for index, menu in enumerate(live.menus):
        rows = [{"index": number + place, "name": item.name} for place, item in enumerate(menu.items)]
        number += len(rows)
        found.append({"index": index, "name": menu.name, "rows": rows})
    return found


def content_of(address: str) -> str:
    """What tells a picture of ours, wherever we stood when it was sent; else its address."""
    ours = OURS.search(address)
    return ours[1] if ours else address
