"""What somebody changed, as a few words: “price of Ayam Geprek”."""

from collections.abc import Callable
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from menus.models import CatalogEdit

Words = str | Promise
LONGEST_NAME = 40
FIELDS: dict[str, Words] = {
    "name": gettext_lazy("name"),
    "internal_name": gettext_lazy("internal name"),
    "description": gettext_lazy("description"),
    "price": gettext_lazy("price"),
    "in_stock": gettext_lazy("stock"),
    "picture": gettext_lazy("picture"),
    "operational_hours": gettext_lazy("hours"),
    "menu": gettext_lazy("menu"),
    "categories": gettext_lazy("variant categories"),
    "ingredients": gettext_lazy("ingredients"),
    "bearers": gettext_lazy("items and variants"),
    "hidden": gettext_lazy("hidden or shown"),
    "min_quantity": gettext_lazy("“choose at least”"),
    "max_quantity": gettext_lazy("“choose at most”"),
}

OPERATIONS: dict[str, Words] = {
    "price": gettext_lazy("price"),
    "stock": gettext_lazy("stock"),
    "hours": gettext_lazy("hours"),
    "attach": gettext_lazy("variant categories"),
    "detach": gettext_lazy("variant categories"),
    "give": gettext_lazy("ingredients"),
    "take": gettext_lazy("ingredients"),
    "move": gettext_lazy("menu"),
    "delete": gettext_lazy("removal"),
}


def edit_sentence(edit: CatalogEdit) -> str:
    """What was changed, in words that can follow a colon."""
    if edit.action.startswith("items_") and edit.action != "items_moved":
        return _of_items(edit)
    words = _WORDS.get(edit.action.rpartition("_")[2], _other)
    return words(edit)


def _of_items(edit: CatalogEdit) -> str:
    count = len(edit.rows)
    facts = {"what": OPERATIONS.get(edit.action.removeprefix("items_"), ""), "count": count}
    return ngettext("%(what)s of %(count)d item", "%(what)s of %(count)d items", count) % facts


def _name(edit: CatalogEdit) -> str:
    name = str(edit.facts.get("name") or _first_name(edit))
    return name if len(name) <= LONGEST_NAME else name[: LONGEST_NAME - 1] + "…"


def _first_name(edit: CatalogEdit) -> str:
    found: Any = next(
        (
            row[when]["name"]
            for row in edit.rows
            for when in ("before", "after")
            if "name" in (row[when] or {})
        ),
        "",
    )
    return str(found)


def _changed(edit: CatalogEdit) -> str:
    fields = ", ".join(str(FIELDS.get(field, field)) for field in edit.facts.get("fields", []))
    return _("%(fields)s of “%(name)s”") % {"fields": fields or _("the values"), "name": _name(edit)}


def _added(edit: CatalogEdit) -> str:
    return _("added “%(name)s”") % {"name": _name(edit)}


def _removed(edit: CatalogEdit) -> str:
    return _("removed “%(name)s”") % {"name": _name(edit)}


def _moved(edit: CatalogEdit) -> str:
    count = edit.facts.get("count")
    if isinstance(count, int):
        return ngettext("moved %(count)d item", "moved %(count)d items", count) % {"count": count}
    return _("moved “%(name)s”") % {"name": _name(edit)}


def _fixed(edit: CatalogEdit) -> str:
    count = int(edit.facts.get("count") or len(edit.rows))
    return ngettext("%(count)d repair", "%(count)d repairs", count) % {"count": count}


def _differing(edit: CatalogEdit) -> str:
    fields = ", ".join(str(FIELDS.get(field, field)) for field in edit.facts.get("fields", []))
    return _("%(fields)s of %(what)s %(where)s") % {
        "fields": fields,
        "what": _what_of(edit),
        "where": _where_of(edit),
    }


def _as_the_catalog(edit: CatalogEdit) -> str:
    return _("%(what)s as in the catalog again %(where)s") % {
        "what": _what_of(edit),
        "where": _where_of(edit),
    }


def _what_of(edit: CatalogEdit) -> str:
    """“Ayam Geprek”, or how many things."""
    count = edit.facts.get("count", 1)
    if count == 1:
        return f"“{_name(edit)}”"
    return ngettext("%(count)d thing", "%(count)d things", count) % {"count": count}


def _where_of(edit: CatalogEdit) -> str:
    count = len(edit.facts.get("outlets", []))
    if count == 1 and edit.facts.get("outlet"):
        return _("at %(outlet)s") % {"outlet": str(edit.facts["outlet"])[:LONGEST_NAME]}
    return ngettext("at %(count)d outlet", "at %(count)d outlets", count) % {"count": count}


def _adopted(edit: CatalogEdit) -> str:
    count = int(edit.facts.get("count") or len(edit.rows))
    return ngettext(
        "%(count)d change taken over from GoFood", "%(count)d changes taken over from GoFood", count
    ) % {"count": count}


def _bound(edit: CatalogEdit) -> str:
    count = int(edit.facts.get("count") or len(edit.rows))
    return ngettext("%(count)d id of GoFood", "%(count)d ids of GoFood", count) % {"count": count}


def _restored(edit: CatalogEdit) -> str:
    facts = {"name": _name(edit), "version": edit.facts.get("version", 0)}
    return _("“%(name)s” as in version %(version)s") % facts


def _switched(edit: CatalogEdit) -> str:
    words = _("“%(name)s” out %(where)s") if edit.facts.get("out") else _("“%(name)s” there again %(where)s")
    return words % {"name": _name(edit), "where": _where_of(edit)}


def _repaired(edit: CatalogEdit) -> str:
    count = int(edit.facts.get("count") or len(edit.rows))
    return ngettext("%(count)d repaired mapping", "%(count)d repaired mappings", count) % {"count": count}


def _other(edit: CatalogEdit) -> str:
    count = len(edit.rows)
    return ngettext("a change of %(count)d row", "a change of %(count)d rows", count) % {"count": count}


def _all_on(edit: CatalogEdit) -> str:
    return _("all that was still off at %(outlet)s") % {
        "outlet": str(edit.facts.get("outlet", ""))[:LONGEST_NAME]
    }


_WORDS: dict[str, Callable[[CatalogEdit], str]] = {
    "changed": _changed,
    "added": _added,
    "removed": _removed,
    "moved": _moved,
    "fixed": _fixed,
    "set": _differing,
    "cleared": _as_the_catalog,
    "adopted": _adopted,
    "bound": _bound,
    "restored": _restored,
    "switched": _switched,
    "on": _all_on,
    "repaired": _repaired,
}
