"""What of a menu GoBiz refused: its words, traced to the row and the field that they are about.

gobiz-api.md, "Answers and errors", leaves the words open. They may name a place in what was sent
(`menus[0].menu_items[2].price`), an external_id, or a name; what names none of these stays as it is.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext_lazy as _

from menus.checks import Check
from menus.checks.findings import CATEGORY, ERROR, ITEM, MENU, VARIANT, Sentence
from menus.models import Menu, MenuItem, OutletCatalog, Sync, Variant, VariantCategory
from menus.payload import Payload
from menus.text import folded

PLACE = re.compile(r"(menus|variant_categories)\[(\d+)\](?:\.(menu_items|variants)\[(\d+)\])?(?:\.(\w+))?")
QUOTED = re.compile(r"[\"“']([^\"”']{2,200})[\"”']")
# GoBiz's name of a field, or a word for it → the field of our form, and the sentence.
FIELDS: dict[str, tuple[str, Sentence]] = {
    "price": ("price", _("GoFood does not take its price.")),
    "image": ("picture", _("GoFood does not take its picture.")),
    "picture": ("picture", _("GoFood does not take its picture.")),
    "description": ("description", _("GoFood does not take its description.")),
    "operational_hours": ("operational_hours", _("GoFood does not take its hours.")),
    "variant_category_external_ids": ("categories", _("GoFood does not take its variant categories.")),
    "external_id": ("external_id", _("GoFood does not take its id.")),
    "rules": ("min_quantity", _("GoFood does not take how many of it may be chosen.")),
    "in_stock": ("", _("GoFood does not take whether it is in stock.")),
    "internal_name": ("internal_name", _("GoFood does not take its internal name.")),
    "name": ("name", _("GoFood does not take its name.")),
}
NOT_SAID = _("GoFood does not take this, and does not say what is wrong with it.")
TABLES: dict[str, Any] = {MENU: Menu, ITEM: MenuItem, CATEGORY: VariantCategory, VARIANT: Variant}


@dataclass(frozen=True)
class _Sent:
    """A row as it was sent; `external_id` "" for a menu, which has only its name."""

    kind: str
    external_id: str
    name: str


def refused(sync: Sync) -> list[Check]:
    """What GoBiz's words about a failed sync name, each once, with where it is put right; [] when nothing."""
    found = dict.fromkeys(_named_in(sync.error, sync.version.payload))
    if not found:
        return []
    selling = OutletCatalog.objects.filter(outlet=sync.outlet_id).first()
    pks = _pks({row for row, _field in found}, selling)
    return [_check(row, word, pks.get(row)) for row, word in found]


def _check(row: _Sent, word: str, pk: int | None) -> Check:
    field, sentence = FIELDS.get(word, ("", NOT_SAID))
    return Check(f"refused_{word or 'row'}", ERROR, sentence, row.kind, pk, row.name, field)


def _pks(rows: set[_Sent], selling: OutletCatalog | None) -> dict[_Sent, int]:
    """The rows that the catalog still has; one query a kind at most."""
    found: dict[_Sent, int] = {}
    for kind in {row.kind for row in rows} if selling else ():
        by = "name" if kind == MENU else "external_id"
        wanted = {row.name if kind == MENU else row.external_id: row for row in rows if row.kind == kind}
        known = TABLES[kind].objects.filter(catalog=selling.catalog_id, **{f"{by}__in": wanted})  # type: ignore[union-attr]
        found |= {wanted[value]: pk for value, pk in known.values_list(by, "pk")}
    return found


def _named_in(words: str, payload: Payload) -> Iterator[tuple[_Sent, str]]:
    places = list(PLACE.finditer(words))
    for place in places:
        row = _row_at(payload, place)
        if row is not None:
            yield row, place[5] or ""
    if not places:
        word = next((name for name in FIELDS if re.search(rf"\b{name}\b", words.lower())), "")
        for row in _rows_named(words, payload):
            yield row, word


def _row_at(payload: Payload, place: re.Match[str]) -> _Sent | None:
    top, number, inner, inner_number, _field = place.groups()
    try:
        row = payload[top][int(number)]
        if inner is not None:
            row = row[inner][int(inner_number)]
    except (IndexError, KeyError):
        return None
    kind = {"menus": MENU, "variant_categories": CATEGORY, "menu_items": ITEM, "variants": VARIANT}
    return _Sent(kind[inner or top], row.get("external_id") or "", row["name"])


def _rows_named(words: str, payload: Payload) -> Iterator[_Sent]:
    """Whose external_id stands in the words as a word of its own, or whose name is quoted there."""
    ids = set(re.findall(r"[\w-]+", words))
    names = {folded(name) for name in QUOTED.findall(words)}
    for row in _sent_rows(payload):
        if (len(row.external_id) > 2 and row.external_id in ids) or folded(row.name) in names:
            yield row


def _sent_rows(payload: Payload) -> Iterator[_Sent]:
    for menu in payload["menus"]:
        for item in menu["menu_items"]:
            yield _Sent(ITEM, item["external_id"] or "", item["name"])
    for category in payload["variant_categories"]:
        yield _Sent(CATEGORY, category["external_id"] or "", category["name"])
        for variant in category["variants"]:
            yield _Sent(VARIANT, variant["external_id"] or "", variant["name"])
