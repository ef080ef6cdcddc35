"""The guard before a publish that takes much of a menu away. A bug or a slip must not empty a restaurant."""

from dataclasses import dataclass
from typing import Any

from menus.differences import Change

# More of the items than this is asked about.
MOST_REMOVED_PERCENT = 20


@dataclass(frozen=True)
class Removal:
    """`count` of the `of` items on GoFood would be gone: the count has to be typed."""

    count: int
    of: int


class RemovalUnconfirmed(Exception):
    """Nothing was published: the number of removed items was not typed, or is another by now."""

    def __init__(self, removal: Removal, typed: bool) -> None:
        super().__init__(f"{removal.count} of {removal.of}")
        self.removal = removal
        self.typed = typed


def removal_in(old: dict[str, Any], changes: list[Change]) -> Removal | None:
    """What has to be confirmed of these changes of the payload `old`; None when few items go, or none."""
    of = sum(len(menu["menu_items"]) for menu in old["menus"])
    count = sum(change.kind == "removed" and change.of == "item" for change in changes)
    return Removal(count, of) if count * 100 > of * MOST_REMOVED_PERCENT else None


def refuse_unconfirmed(removal: Removal | None, typed: int | None) -> None:
    """RemovalUnconfirmed unless the very number of items that go was typed."""
    if removal is not None and typed != removal.count:
        raise RemovalUnconfirmed(removal, typed is not None)
