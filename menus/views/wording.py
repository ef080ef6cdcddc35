"""Sentences of the menu pages: from counts, codes and changes to words for a merchant."""

from collections.abc import Callable, Iterable
from typing import Any

from django.utils.functional import Promise
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from gobiz_admin.merchants.templatetags.wording import rupiah
from menus.differences import Change, counted
from menus.hours_text import DAY_WORDS
from menus.models import Menu, Sync, VariantCategory

Words = str | Promise


def selection_sentence(category: VariantCategory) -> str:
    """“Must choose 1 to 2”, as a customer meets it."""
    least, most = category.min_quantity, category.max_quantity
    if least <= 0:
        return ngettext("May choose up to %(most)d", "May choose up to %(most)d", most) % {"most": most}
    if least == most:
        return ngettext("Must choose %(most)d", "Must choose %(most)d", most) % {"most": most}
    return _("Must choose %(least)d to %(most)d") % {"least": least, "most": most}


def counted_things(counts: dict[str, int]) -> list[str]:
    """“48 items”, “7 menus” …: what of `counts` is not zero."""
    items, menus = counts.get("menu_items", 0), counts.get("menus", 0)
    categories, variants = counts.get("variant_categories", 0), counts.get("variants", 0)
    found = [
        (items, ngettext("%(count)d item", "%(count)d items", items)),
        (menus, ngettext("%(count)d menu", "%(count)d menus", menus)),
        (categories, ngettext("%(count)d variant category", "%(count)d variant categories", categories)),
        (variants, ngettext("%(count)d variant", "%(count)d variants", variants)),
    ]
    return [words % {"count": count} for count, words in found if count]


def read_sentence(counts: dict[str, dict[str, int]]) -> str:
    """“48 items in 7 menus, 6 variant categories, 21 variants”."""
    read = counts.get("read", {})
    items, menus = read.get("menu_items", 0), read.get("menus", 0)
    in_menus = ngettext("%(items)s in %(count)d menu", "%(items)s in %(count)d menus", menus) % {
        "items": ngettext("%(count)d item", "%(count)d items", items) % {"count": items},
        "count": menus,
    }
    rest = {kind: count for kind, count in read.items() if kind in ("variant_categories", "variants")}
    return ", ".join([in_menus, *counted_things(rest)])


def short(name: str, most: int = 60) -> str:
    """A name of any length, fit for a sentence."""
    return name if len(name) <= most else name[: most - 1] + "…"


def shown_value(field: str, value: Any) -> str:
    """The value of a field as a person reads it, where it can be said in a few words; else ""."""
    if field == "price":
        return rupiah(value)
    if field == "menu":
        return str(Menu.objects.filter(pk=value).values_list("name", flat=True).first() or "")
    if isinstance(value, str | int) and not isinstance(value, bool):
        return str(value)
    return ""


# --- changes ----------------------------------------------------------------------------------

Group = tuple[tuple[str, ...], Words]
GROUPS: tuple[Group, ...] = (
    (("removed",), gettext_lazy("Removed from GoFood")),
    (("repriced",), gettext_lazy("Prices")),
    (("added",), gettext_lazy("Added")),
    (("switched",), gettext_lazy("Stock")),
    (("renamed",), gettext_lazy("Names")),
    (("described",), gettext_lazy("Descriptions")),
    (("pictured",), gettext_lazy("Pictures")),
    (("variants",), gettext_lazy("Variants and their rules")),
    (("hours",), gettext_lazy("Hours")),
    (("moved",), gettext_lazy("Sort order")),
)
# What a publish undoes of what was done on GoFood.
OVERWRITTEN: tuple[Group, ...] = (
    (("removed",), gettext_lazy("Added in the GoBiz app, and removed by publishing")),
    (("added",), gettext_lazy("Removed in the GoBiz app, and brought back by publishing")),
    *(group for group in GROUPS if group[0] not in (("removed",), ("added",))),
)
LATER: tuple[Group, ...] = (
    (("repriced",), gettext_lazy("Own price, which customers pay when the timed price is over")),
)
OF_WORDS: dict[str, Words] = {
    "menu": gettext_lazy("Menu"),
    "item": gettext_lazy("Menu item"),
    "variant_category": gettext_lazy("Variant category"),
    "variant": gettext_lazy("Variant"),
}


def summary(changes: Iterable[Change]) -> str:
    """“Changes 3 prices, adds 1 item, removes none.”: always says what is removed."""
    return summary_of(counted(changes))


def summary_of(of: dict[str, int]) -> str:
    """The same from `differences.counted`."""
    parts = [words % {"count": of[key]} for key, words in _parts(of) if of.get(key)]
    if not any(key.startswith("removed") for key in of):
        parts.append(_("removes none"))
    return capfirst(", ".join(parts)) + "."


def _parts(of: dict[str, int]) -> list[tuple[str, str]]:
    def count(key: str) -> int:
        return of.get(key, 0)

    return [
        ("repriced", ngettext("changes %(count)d price", "changes %(count)d prices", count("repriced"))),
        ("renamed", ngettext("renames %(count)d", "renames %(count)d", count("renamed"))),
        (
            "described",
            ngettext("changes %(count)d description", "changes %(count)d descriptions", count("described")),
        ),
        ("pictured", ngettext("changes %(count)d picture", "changes %(count)d pictures", count("pictured"))),
        (
            "switched",
            ngettext("switches the stock of %(count)d", "switches the stock of %(count)d", count("switched")),
        ),
        (
            "variants",
            ngettext(
                "changes the variants of %(count)d", "changes the variants of %(count)d", count("variants")
            ),
        ),
        (
            "hours",
            ngettext("changes the hours of %(count)d", "changes the hours of %(count)d", count("hours")),
        ),
        ("moved", ngettext("moves %(count)d", "moves %(count)d", count("moved"))),
        ("added:menu", ngettext("adds %(count)d menu", "adds %(count)d menus", count("added:menu"))),
        ("added:item", ngettext("adds %(count)d item", "adds %(count)d items", count("added:item"))),
        (
            "added:variant_category",
            ngettext(
                "adds %(count)d variant category",
                "adds %(count)d variant categories",
                count("added:variant_category"),
            ),
        ),
        (
            "added:variant",
            ngettext("adds %(count)d variant", "adds %(count)d variants", count("added:variant")),
        ),
        (
            "removed:menu",
            ngettext("removes %(count)d menu", "removes %(count)d menus", count("removed:menu")),
        ),
        (
            "removed:item",
            ngettext("removes %(count)d item", "removes %(count)d items", count("removed:item")),
        ),
        (
            "removed:variant_category",
            ngettext(
                "removes %(count)d variant category",
                "removes %(count)d variant categories",
                count("removed:variant_category"),
            ),
        ),
        (
            "removed:variant",
            ngettext("removes %(count)d variant", "removes %(count)d variants", count("removed:variant")),
        ),
    ]


def grouped(
    changes: list[Change], most: int = 200, titles: tuple[Group, ...] = GROUPS
) -> list[dict[str, Any]]:
    """The changes by kind, each with what to show of the old and the new; of very many the first."""
    found = []
    for kinds, title in titles:
        rows = [change for change in changes if change.kind in kinds]
        if rows:
            found.append(
                {
                    "kind": kinds[0],
                    "title": title,
                    "count": len(rows),
                    "rows": [line_of(change) for change in rows[:most]],
                    "more": max(0, len(rows) - most),
                }
            )
    return found


def line_of(change: Change) -> dict[str, Any]:
    """A change as one line: what it is about, old → new."""
    old, new = _SHOWN.get(change.kind, _nothing)(change)
    return {
        "name": change.name,
        "of": OF_WORDS.get(change.of, change.of),
        "old": old,
        "new": new,
        "picture": change.kind == "pictured",
    }


Shown = tuple[str, str]


def _nothing(change: Change) -> Shown:
    return "", ""


def _as_text(change: Change) -> Shown:
    none = _("none")
    return change.old or none, change.new or none


def _as_price(change: Change) -> Shown:
    return rupiah(change.old), rupiah(change.new)


def _added(change: Change) -> Shown:
    return "", rupiah(change.new) if change.new is not None else ""


def _removed(change: Change) -> Shown:
    return rupiah(change.old) if change.old is not None else "", ""


def _as_stock(change: Change) -> Shown:
    words = {True: _("in stock"), False: _("out of stock")}
    return words[bool(change.old)], words[bool(change.new)]


def _as_variants(change: Change) -> Shown:
    if change.of == "variant_category":
        return _selection(change.old), _selection(change.new)
    none = _("none")
    return ", ".join(change.old or []) or none, ", ".join(change.new or []) or none


def _selection(rule: dict[str, int] | None) -> str:
    rule = rule or {}
    return selection_sentence(
        VariantCategory(min_quantity=rule.get("min_quantity", 0), max_quantity=rule.get("max_quantity", 1))
    )


def _as_place(change: Change) -> Shown:
    if not change.old or change.old == change.new:
        return "", _("another place in the list")
    return str(change.old), str(change.new)


def _as_hours(change: Change) -> Shown:
    return hours_words(change.old), hours_words(change.new)


def hours_words(hours: dict[str, list[dict[str, str]]] | None) -> str:
    """“Mon–Fri 08:00–14:00, Sat, Sun closed”: days that follow one another and are alike stand together."""
    if not hours:
        return _("all day")
    days = [(day, _spans(hours.get(day) or [])) for day in DAY_WORDS]
    if len({spans for _day, spans in days}) == 1:
        return _("every day %(spans)s") % {"spans": days[0][1]}
    runs: list[tuple[str, str, str]] = []
    for day, spans in days:
        if runs and runs[-1][2] == spans:
            runs[-1] = (runs[-1][0], day, spans)
        else:
            runs.append((day, day, spans))
    return ", ".join(
        (f"{DAY_WORDS[first]} {spans}" if first == last else f"{DAY_WORDS[first]}–{DAY_WORDS[last]} {spans}")
        for first, last, spans in runs
    )


def _spans(spans: list[dict[str, str]]) -> str:
    return " + ".join(f"{span['start']}–{span['end']}" for span in spans) or _("not sold")


_SHOWN: dict[str, Callable[[Change], Shown]] = {
    "repriced": _as_price,
    "renamed": _as_text,
    "described": _as_text,
    "pictured": lambda change: (change.old or "", change.new or ""),
    "switched": _as_stock,
    "variants": _as_variants,
    "moved": _as_place,
    "hours": _as_hours,
    "added": _added,
    "removed": _removed,
}
FINAL = {Sync.State.CONFIRMED, Sync.State.FAILED, Sync.State.SUPERSEDED}
