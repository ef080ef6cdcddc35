"""What GoFood writes its own way: where pictures stand, how hours are written, what order lists come in.

Whether somebody changed one of these on GoFood cannot be told by what we sent. It is told by what GoFood
showed when that was proven to be live: what is as it was then is as we sent it.
"""

from collections.abc import Callable, Hashable, Iterator
from typing import Any

from menus.hours import read_hours
from menus.live_menu import external_id_of
from menus.text import clean

Row = dict[str, Any]
Key = Callable[[Row], Hashable]


def as_sent(live: Row, sent: Row, proven: Row | None) -> Row:
    """The live menu (GET catalog) with what nobody changed in the words of the payload `sent`.

    `proven`: the reading by which it was proven; None: there was none, and then nothing that GoFood may
    write its own way counts as changed.
    """
    known = _Known(sent, proven)
    menus = [
        {**menu, "menu_items": known.items(_name(menu), _rows(menu, "menu_items"))}
        for menu in _rows(live, "menus")
    ]
    categories = [
        {**row, "variants": known.variants(_name(row), _rows(row, "variants"))}
        for row in _rows(live, "variant_categories")
    ]
    return {**live, "menus": menus, "variant_categories": known.categories(categories)}


class _Known:
    def __init__(self, sent: Row, proven: Row | None) -> None:
        self.proven = proven
        self.sent_items = {external_id_of(item): item for item in _items(sent)}
        was = list(_items(proven or {}))
        self.was_by_id = {clean(item.get("id")): item for item in was if clean(item.get("id"))}
        self.was_by_external_id = {external_id_of(item): item for item in was if external_id_of(item)}
        self.lists = {
            name: (_lists(sent, *name), _lists(proven or {}, *name))
            for name in (("menus", "menu_items"), ("variant_categories", "variants"))
        }
        self.category_lists = _rows(sent, "variant_categories"), _rows(proven or {}, "variant_categories")

    def items(self, menu: str, rows: list[Row]) -> list[Row]:
        sent, was = self.lists["menus", "menu_items"]
        rows = [self._item(row) for row in rows]
        return self._ordered(rows, sent.get(menu, []), was.get(menu, []), external_id_of)

    def variants(self, category: str, rows: list[Row]) -> list[Row]:
        sent, was = self.lists["variant_categories", "variants"]
        return self._ordered(rows, sent.get(category, []), was.get(category, []), external_id_of)

    def categories(self, rows: list[Row]) -> list[Row]:
        sent, was = self.category_lists
        return self._ordered(rows, sent, was, _name)

    def _item(self, row: Row) -> Row:
        was = self.was_by_external_id.get(external_id_of(row)) or self.was_by_id.get(clean(row.get("id")))
        sent = self.sent_items.get(external_id_of(was or row))
        if sent is None or (self.proven is not None and was is None):
            return row
        told = dict(row)
        if was is None or read_hours(was.get("operational_hours")) == read_hours(
            row.get("operational_hours")
        ):
            told["operational_hours"] = sent.get("operational_hours")
        # A picture that is gone was taken away, wherever it stood.
        if clean(row.get("image")) and (was is None or _place(was) == _place(row)):
            told["image"] = sent.get("image", "")
        return told

    def _ordered(self, rows: list[Row], sent: list[Row], was: list[Row], key: Key) -> list[Row]:
        """In the order that was sent, unless GoFood showed another one when it was proven."""
        sent_keys, was_keys, keys = ([key(row) for row in side] for side in (sent, was, rows))
        if keys == sent_keys:
            return rows
        both = set(was_keys) & set(keys)
        before, now = ([one for one in side if one in both] for side in (was_keys, keys))
        if self.proven is not None and before != now:
            return rows
        rank = {one: place for place, one in enumerate(sent_keys)}
        ours = [(rank[one], row) for one, row in zip(keys, rows, strict=True) if one in rank]
        known = iter(sorted(ours, key=lambda pair: pair[0]))
        return [next(known)[1] if one in rank else row for one, row in zip(keys, rows, strict=True)]


def _items(menu: Row) -> Iterator[Row]:
    return (item for section in _rows(menu, "menus") for item in _rows(section, "menu_items"))


def _lists(menu: Row, outer: str, inner: str) -> dict[str, list[Row]]:
    return {_name(row): _rows(row, inner) for row in _rows(menu, outer)}


def _rows(holder: Row, name: str) -> list[Row]:
    rows = holder.get(name)
    return [row for row in rows if isinstance(row, dict)] if isinstance(rows, list) else []


def _name(row: Row) -> str:
    return clean(row.get("name"))


def _place(row: Row) -> str:
    """Where its picture stands, without what an address is signed with."""
    return clean(row.get("image")).partition("?")[0]
