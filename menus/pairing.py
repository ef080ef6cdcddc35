"""Which row of one menu is which of another, and which were moved: the fewest that explain the new order."""

from bisect import bisect_left
from collections.abc import Callable
from typing import Any

Row = dict[str, Any]
Pair = tuple[Row | None, Row | None]


def pair(
    old: list[Row], new: list[Row], by_name: bool = True, key: Callable[[Row], Any] | None = None
) -> list[Pair]:
    """Each row of either list once: with its counterpart, or with None. In the order of `new`, then `old`.

    By external_id; where one of two has none, by `key` if it has a value, then by name.
    """
    found: dict[int, Row] = {}
    free = {id(row): row for row in old}

    def take(value: Callable[[Row], Any], fits: Callable[[Row, Row], bool]) -> None:
        rows: dict[Any, list[Row]] = {}
        for row in free.values():
            rows.setdefault(value(row), []).append(row)
        for row in new:
            candidates = rows.get(value(row), []) if id(row) not in found and value(row) else []
            for candidate in candidates:
                if id(candidate) in free and fits(candidate, row):
                    found[id(row)] = free.pop(id(candidate))
                    break

    def one_has_no_id(one: Row, two: Row) -> bool:
        return not (one["external_id"] and two["external_id"])

    take(lambda row: row["external_id"], lambda *_: True)
    if key is not None:
        take(key, one_has_no_id)
    if by_name:
        take(lambda row: row["name"].strip(), one_has_no_id)
    pairs: list[Pair] = [(found.get(id(row)), row) for row in new]
    return pairs + [(row, None) for row in free.values()]


def pair_in_order(old: list[Row], new: list[Row]) -> list[Pair]:
    """Menus have no ids: by name, then one that is renamed by the item that it shares, in order."""
    named = pair([{"external_id": None, **row} for row in old], [{"external_id": None, **row} for row in new])
    before = {id(row["menu_items"]): row for row in old}
    after = {id(row["menu_items"]): row for row in new}
    pairs: list[Pair] = [
        (before[id(one["menu_items"])] if one else None, after[id(two["menu_items"])] if two else None)
        for one, two in named
    ]
    lost = [one for one, two in pairs if two is None and one is not None]
    fresh = [two for one, two in pairs if one is None and two is not None]
    renamed = [(one, two) for two in fresh if (one := _sharing(two, lost)) is not None]
    done = {id(row) for both in renamed for row in both}
    rest = [both for both in pairs if not any(id(row) in done for row in both if row is not None)]
    return [*rest, *renamed]


def _sharing(menu: Row, lost: list[Row]) -> Row | None:
    """Takes from `lost` the menu that has the same items, if there is one."""
    ids = {item["external_id"] for item in menu["menu_items"] if item["external_id"]}
    for row in lost:
        if ids and ids == {item["external_id"] for item in row["menu_items"] if item["external_id"]}:
            lost.remove(row)
            return row
    return None


def moved_rows(old: list[Row], new: list[Row], kept: list[tuple[Row, Row]]) -> list[Row]:
    """The fewest rows of `new` that have to be moved to come from the old order to the new one."""
    place = {id(row): index for index, row in enumerate(old)}
    before = {id(after): place[id(one)] for one, after in kept if id(one) in place}
    rows = [row for row in new if id(row) in before]
    staying = _longest_rising([before[id(row)] for row in rows])
    return [row for index, row in enumerate(rows) if index not in staying]


def _longest_rising(values: list[int]) -> set[int]:
    """The indexes of a longest rising subsequence of distinct values."""
    tops: list[int] = []
    at: list[int] = []
    previous: list[int] = []
    for index, value in enumerate(values):
        place = bisect_left(tops, value)
        previous.append(at[place - 1] if place else -1)
        if place == len(tops):
            tops.append(value)
            at.append(index)
        else:
            tops[place], at[place] = value, index
    rising: set[int] = set()
    index = at[-1] if at else -1
    while index >= 0:
        rising.add(index)
        index = previous[index]
    return rising
