"""Drift in words: line by line, old → new, sorted by how it came about."""

from collections.abc import Iterable
from typing import Any

from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from gobiz_admin.merchants.templatetags.wording import rupiah
from menus.adopting.plans import NEW
from menus.drift.bounds import by_importance
from menus.drift.sorting import EDITED, EXTERNAL_ID, GONE, KINDS, NEWER, NOT_TAKEN, Line
from menus.views.adoption_words import CATALOG, FIELDS, shown
from menus.views.wording import OF_WORDS, Words

TITLES: dict[str, Words] = {
    EDITED: gettext_lazy("Changed in the GoBiz app"),
    NOT_TAKEN: gettext_lazy("Not taken over by GoFood"),
    NEWER: gettext_lazy("Changed on both sides"),
}
EXPLAINED: dict[str, Words] = {
    EDITED: gettext_lazy(
        "Somebody changed this in the GoBiz app. Changes there can break orders, above all where an id is lost: "
        "after connecting, change the menu here only."
    ),
    NOT_TAKEN: gettext_lazy(
        "GoFood did not take this over with the last publish. Publish again; if it stays, ask GoBiz."
    ),
    NEWER: gettext_lazy(
        "It was changed in the GoBiz app and here, too. The next publish brings what stands here, unless you take "
        "over what GoFood has."
    ),
}
URGENT_WORDS: dict[str, Words] = {
    "price": gettext_lazy("Customers pay this now"),
    "in_stock": gettext_lazy("Availability"),
    EXTERNAL_ID: gettext_lazy("Orders may not arrive"),
    NEW: gettext_lazy("Orders may not be recognised"),
    GONE: gettext_lazy("Cannot be ordered"),
}


def drift_groups(lines: Iterable[Line], decided: dict[str, Any]) -> list[dict[str, Any]]:
    """The lines by how they came about; what costs money or orders first, what was decided last."""
    lines = by_importance(lines, decided)
    groups = []
    for kind in KINDS:
        rows = [drift_row(line, line.print in decided) for line in lines if line.kind == kind]
        if rows:
            groups.append(
                {
                    "kind": kind,
                    "title": TITLES[kind],
                    "words": EXPLAINED[kind],
                    "rows": rows,
                    "open": sum(not row["decided"] for row in rows),
                }
            )
    return groups


def drift_row(line: Line, decided: bool) -> dict[str, Any]:
    """A line as a page shows it."""
    old, new, ours = _values(line)
    of_catalog = line.of == "catalog"
    return {
        "print": line.print,
        "name": CATALOG[line.old is not None and line.key.startswith("catalog-1")]
        if of_catalog
        else line.name,
        "of": "" if of_catalog else OF_WORDS[line.of],
        "where": line.where,
        "label": _label(line),
        "old": old,
        "new": new,
        "ours": ours,
        "picture": line.field == "image_url",
        "urgent": URGENT_WORDS[line.field] if line.urgent else "",
        "adoptable": bool(line.key),
        "decided": decided,
        "item_pk": line.pk if line.of == "item" else None,
    }


def _label(line: Line) -> str:
    if line.field == NEW:
        return _("not here") if line.kind != NOT_TAKEN else _("removed here, still there")
    if line.field == GONE:
        return _("gone from GoFood") if line.kind != NOT_TAKEN else _("has not come to GoFood")
    return capfirst(str(FIELDS.get(line.field, line.field)))


def _values(line: Line) -> tuple[str, str, str]:
    if line.field == NEW:
        new = rupiah(line.new) if isinstance(line.new, int) else ", ".join(line.new or [])
        return "", new, ""
    if line.field == GONE:
        return "", "", ""
    if line.field == "image_url":
        return line.old or "", line.new or "", ""
    ours = shown(line.field, line.ours) if line.ours is not None else ""
    return shown(line.field, line.old), shown(line.field, line.new), ours
