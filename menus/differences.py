"""What differs between two menus: two payloads, or a payload and the live menu."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from menus.hours import read_hours, sendable
from menus.live_menu import external_id_of
from menus.pairing import Pair, Row, moved_rows, pair, pair_in_order
from menus.payload import items_of
from menus.text import clean, whole_number


@dataclass(frozen=True)
class Change:
    """`kind`: added, removed, renamed, repriced, described, pictured, switched, moved, hours, variants.
    `of`: menu, item, variant_category, variant. `old` and `new` are JSON."""

    kind: str
    name: str
    old: Any = None
    new: Any = None
    of: str = "item"


def counted(changes: Iterable[Change]) -> dict[str, int]:
    """How many changes of each kind; added and removed ones by what they are: `removed:item`."""
    of: dict[str, int] = {}
    for change in changes:
        key = f"{change.kind}:{change.of}" if change.kind in ("added", "removed") else change.kind
        of[key] = of.get(key, 0) + 1
    return of


def from_live(data: Row) -> Row:
    """The live menu (GET catalog) in the shape of a payload; what has no external_id has None."""
    categories = data.get("variant_categories") or []
    id_of = {clean(row.get("id")): index for index, row in enumerate(categories)}
    menus = [
        {
            "name": clean(menu.get("name")),
            "menu_items": [_live_item(item, id_of) for item in _rows(menu, "menu_items")],
        }
        for menu in data.get("menus") or []
    ]
    return {"menus": menus, "variant_categories": [_live_category(row) for row in categories]}


def _rows(holder: Row, name: str) -> list[Row]:
    return [row for row in holder.get(name) or [] if isinstance(row, dict)]


def _live_item(row: Row, id_of: dict[str, int]) -> Row:
    # `_links` are places in the list of categories, which often have no external_id here.
    named = row.get("variant_category_ids")
    named = named if isinstance(named, list) else []
    links = [id_of[clean(name)] for name in named if clean(name) in id_of]
    item = {**_live_variant(row), "_links": links}
    for name in ("internal_name", "description", "image"):
        if clean(row.get(name)):
            item[name] = clean(row[name])
    item["operational_hours"] = sendable(read_hours(row.get("operational_hours")))
    if not named:
        item["variant_category_external_ids"] = row.get("variant_category_external_ids") or []
        del item["_links"]
    return item


def _live_variant(row: Row) -> Row:
    return {
        "external_id": external_id_of(row),
        "name": clean(row.get("name")),
        "price": whole_number(row.get("price")) or 0,
        "in_stock": row.get("in_stock") is not False,
    }


def _live_category(row: Row) -> Row:
    rules = row.get("rules") if isinstance(row.get("rules"), dict) else {}
    selection = rules.get("selection") if isinstance(rules, dict) else {}
    selection = selection if isinstance(selection, dict) else {}
    return {
        "external_id": external_id_of(row),
        "name": clean(row.get("name")),
        "internal_name": clean(row.get("internal_name")),
        "rules": {
            "selection": {
                "min_quantity": whole_number(selection.get("min_quantity")) or 0,
                "max_quantity": whole_number(selection.get("max_quantity")) or 1,
            }
        },
        "variants": [_live_variant(variant) for variant in _rows(row, "variants")],
    }


def differences(old: Row, new: Row) -> list[Change]:
    """What `new` changes of `old`; for version 0 pass `from_live(version.payload)`."""
    return _Comparison(old, new).changes(
        item_fields=("name", "price", "description", "image", "in_stock", "operational_hours"),
        order_of_items=True,
    )


def matches_live(payload: Row, live: Row) -> list[Change]:
    """[] when the live menu (GET shape) is the payload, as far as GET can show it.

    Left out: internal names, which GET does not tell; where a picture stands, as GoFood keeps its own
    copies, but not that there is one; hours and the order inside a menu, which it may write its own way.
    """
    comparison = _Comparison(with_items(payload), with_items(from_live(live)), ids_must_match=True)
    fields = ("name", "price", "description", "in_stock")
    return comparison.changes(item_fields=fields, order_of_items=False) + comparison.lost_pictures()


def with_items(payload: Row) -> Row:
    """Without empty menus, which GoFood may not show."""
    return {**payload, "menus": [menu for menu in payload["menus"] if menu["menu_items"]]}


class _Comparison:
    """Two menus, paired row by row: by external_id, and by name where one of two has none."""

    def __init__(self, old: Row, new: Row, ids_must_match: bool = False) -> None:
        self.old, self.new = old, new
        self.ids_must_match = ids_must_match
        self.categories = pair(old["variant_categories"], new["variant_categories"], key=variant_ids)
        self.items = pair(items_of(old), items_of(new), by_name=not ids_must_match)
        self.menus = pair_in_order(old["menus"], new["menus"])
        # One token per pair, so that links can be compared across the two menus.
        self.token: dict[int, int] = {}
        for token, (before, after) in enumerate(self.categories):
            self.token.update({id(row): token for row in (before, after) if row is not None})

    def changes(self, item_fields: Iterable[str], order_of_items: bool) -> list[Change]:
        return [
            *self._of_menus(),
            *self._of_items(item_fields, order_of_items),
            *self._of_categories(),
        ]

    def lost_pictures(self) -> list[Change]:
        """The items that have a picture in the old menu and none in the new."""
        kept = [(old, new) for old, new in self.items if old is not None and new is not None]
        lost = [(old, new) for old, new in kept if old.get("image") and not new.get("image")]
        return [Change("pictured", new["name"], old["image"], "") for old, new in lost]

    def _of_menus(self) -> list[Change]:
        found = _added_and_removed(self.menus, "menu")
        kept = [(old, new) for old, new in self.menus if old is not None and new is not None]
        found += [change for old, new in kept if (change := _field_change("name", old, new, "menu"))]
        moved = moved_rows(self.old["menus"], self.new["menus"], kept)
        return found + [Change("moved", row["name"], of="menu") for row in moved]

    def _of_items(self, fields: Iterable[str], order: bool) -> list[Change]:
        found = _added_and_removed(self.items, "item")
        kept = [(old, new) for old, new in self.items if old is not None and new is not None]
        for old, new in kept:
            found += [change for name in fields if (change := _field_change(name, old, new, "item"))]
            found += self._links_change(old, new)
        return found + self._moves(kept, order)

    def _links_change(self, old: Row, new: Row) -> list[Change]:
        before, after = self._links(self.old, old), self._links(self.new, new)
        if [self.token[id(row)] for row in before] == [self.token[id(row)] for row in after]:
            return []
        names = [row["name"] for row in before], [row["name"] for row in after]
        return [Change("variants", new["name"], *names)]

    def _links(self, menu: Row, item: Row) -> list[Row]:
        categories = menu["variant_categories"]
        if "_links" in item:
            return [categories[index] for index in item["_links"]]
        by_id = {row["external_id"]: row for row in categories if row["external_id"]}
        return [by_id[name] for name in item.get("variant_category_external_ids") or [] if name in by_id]

    def _moves(self, kept: list[tuple[Row, Row]], order: bool) -> list[Change]:
        menu_of = {
            id(item): menu
            for side in (self.old, self.new)
            for menu in side["menus"]
            for item in menu["menu_items"]
        }
        same_menu = {(id(old), id(new)) for old, new in self.menus if old is not None and new is not None}
        found, stayed = [], []
        for old, new in kept:
            before, after = menu_of[id(old)], menu_of[id(new)]
            if (id(before), id(after)) in same_menu:
                stayed.append((old, new))
            else:
                found.append(Change("moved", new["name"], before["name"], after["name"]))
        if order:
            for old_menu, new_menu in self.menus:
                if old_menu is not None and new_menu is not None:
                    moved = moved_rows(old_menu["menu_items"], new_menu["menu_items"], stayed)
                    found += [
                        Change("moved", row["name"], old_menu["name"], new_menu["name"]) for row in moved
                    ]
        return found

    def _of_categories(self) -> list[Change]:
        found = _added_and_removed(self.categories, "variant_category")
        kept = [(old, new) for old, new in self.categories if old is not None and new is not None]
        for old, new in kept:
            if change := _field_change("name", old, new, "variant_category"):
                found.append(change)
            before, after = old["rules"]["selection"], new["rules"]["selection"]
            if before != after:
                found.append(Change("variants", new["name"], before, after, "variant_category"))
            found += self._of_variants(old, new)
        if not self.ids_must_match:
            moved = moved_rows(self.old["variant_categories"], self.new["variant_categories"], kept)
            found += [Change("moved", row["name"], of="variant_category") for row in moved]
        return found

    def _of_variants(self, old: Row, new: Row) -> list[Change]:
        pairs = pair(old["variants"], new["variants"], by_name=not self.ids_must_match)
        found = _added_and_removed(pairs, "variant")
        kept = [(before, after) for before, after in pairs if before is not None and after is not None]
        for before, after in kept:
            fields = ("name", "price", "in_stock")
            found += [change for name in fields if (change := _field_change(name, before, after, "variant"))]
        if not self.ids_must_match:
            moved = moved_rows(old["variants"], new["variants"], kept)
            found += [Change("moved", row["name"], new["name"], new["name"], "variant") for row in moved]
        return found


FIELD_KINDS = {
    "name": "renamed",
    "price": "repriced",
    "description": "described",
    "image": "pictured",
    "in_stock": "switched",
    "operational_hours": "hours",
}


def _field_change(name: str, old: Row, new: Row, of: str) -> Change | None:
    before, after = _comparable(name, old.get(name)), _comparable(name, new.get(name))
    return None if before == after else Change(FIELD_KINDS[name], new["name"], before, after, of)


def _comparable(name: str, value: Any) -> Any:
    if name in ("name", "description", "image"):
        return (value or "").strip()
    return value


def _added_and_removed(pairs: list[Pair], of: str) -> list[Change]:
    added = [
        Change("added", new["name"], new=new.get("price"), of=of) for old, new in pairs if old is None and new
    ]
    removed = [
        Change("removed", old["name"], old=old.get("price"), of=of)
        for old, new in pairs
        if new is None and old
    ]
    return added + removed


def variant_ids(category: Row) -> Any:
    """What a variant category is known by where GET shows none of its own ids."""
    return frozenset(row["external_id"] for row in category["variants"] if row["external_id"])
