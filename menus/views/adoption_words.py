"""What a live menu differs in, in words: row by row, with a box for each thing that can be chosen."""

from collections.abc import Callable, Iterable
from itertools import groupby
from typing import Any

from django.utils.functional import Promise
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from gobiz_admin.merchants.templatetags.wording import rupiah
from menus.adopting.plans import NEW, ORDER, PLACE, Difference, OnlyHere, Plan
from menus.models import VariantCategory
from menus.views.edit_words import FIELDS as EDITED
from menus.views.wording import OF_WORDS, hours_words, selection_sentence

Words = str | Promise
FIELDS: dict[str, Words] = {
    **EDITED,
    "external_id": gettext_lazy("id"),
    "image_url": gettext_lazy("picture"),
    "quantities": gettext_lazy("how many may be chosen"),
    "category": gettext_lazy("variant category"),
    ORDER: gettext_lazy("order"),
    PLACE: gettext_lazy("place in its menu"),
}
CATALOG: tuple[Words, Words] = (gettext_lazy("The menus"), gettext_lazy("The variant categories"))
REFUSED: dict[str, Words] = {
    "changed": gettext_lazy(
        "The menu was changed meanwhile, so nothing was taken over. This is what differs now: look again."
    ),
    "answered": gettext_lazy(
        "This was answered already, or a newer reading took its place. Nothing was done."
    ),
}


def groups_of(plan: Plan) -> list[dict[str, Any]]:
    """The differences as the page shows them: what is new there, what changed there, what we changed."""
    new = [one for one in plan.differences if one.field == NEW and not one.by_us]
    changed = [one for one in plan.differences if one.field != NEW and not one.by_us]
    by_us = [one for one in plan.differences if one.by_us]
    groups: list[dict[str, Any]] = [
        {
            "code": "new",
            "title": _("Only on GoFood"),
            "words": _("The next publish removes from GoFood what you do not take over."),
            "rows": _rows(new, checked=True),
        },
        {
            "code": "changed",
            "title": _("Changed on GoFood"),
            "words": _("The next publish puts back ours where you do not take it over."),
            "rows": _rows(changed, checked=True),
        },
        {
            "code": "ours",
            "title": _("Changed here and not published"),
            "words": _("GoFood still has what was published. Taking it over gives up the change made here."),
            "rows": _rows(by_us, checked=False),
        },
    ]
    return [group for group in groups if group["rows"]]


def rows_of(differences: Iterable[Difference]) -> list[dict[str, Any]]:
    """The differences as lines, row by row, where all of them are taken or none."""
    return _rows(sorted(differences, key=lambda one: (one.kind, one.index)), checked=True)


def _rows(differences: Iterable[Difference], checked: bool) -> list[dict[str, Any]]:
    rows = groupby(differences, key=lambda one: (one.kind, one.index))
    return [_row(list(of_row), checked) for _key, of_row in rows]


def _row(differences: list[Difference], checked: bool) -> dict[str, Any]:
    first = differences[0]
    of_catalog = first.kind == "catalog"
    return {
        "name": CATALOG[first.index] if of_catalog else first.name,
        "of": "" if of_catalog else OF_WORDS[first.kind],
        "where": first.where,
        "choices": [_choice(one, checked) for one in differences],
    }


def _choice(one: Difference, checked: bool) -> dict[str, Any]:
    if one.field == PLACE:
        return {
            "key": one.key,
            "label": capfirst(str(FIELDS[PLACE])),
            "old": "",
            "new": _("as it was"),
            "checked": checked,
        }
    if one.field == NEW:
        label = _("removed here") if one.by_us else _("not here yet")
        return {"key": one.key, "label": label, "old": "", "new": _of_new(one), "checked": checked}
    if one.field == "picture":
        return {
            "key": one.key,
            "label": capfirst(str(FIELDS[one.field])),
            "old": one.old,
            "new": one.new,
            "picture": True,
        }
    return {
        "key": one.key,
        "label": capfirst(str(FIELDS.get(one.field, one.field))),
        "old": shown(one.field, one.old),
        "new": shown(one.field, one.new),
        "checked": checked,
    }


def shown(field: str, value: Any) -> str:
    """The value of a difference's field as a person reads it."""
    return _SHOWN.get(field, _text)(value)


def _of_new(one: Difference) -> str:
    return rupiah(one.new) if isinstance(one.new, int) else ", ".join(one.new or [])


def only_here_rows(rows: Iterable[OnlyHere]) -> list[dict[str, Any]]:
    """What GoFood does not have, and why, as far as it can be told."""
    gone, added = _("was removed from GoFood"), _("not published yet")
    return [
        {
            "name": row.name,
            "of": OF_WORDS[row.kind],
            "where": row.where,
            "why": gone if row.was_there else added,
        }
        for row in rows
    ]


def _text(value: Any) -> str:
    return str(value) if value not in (None, "") else _("none")


def _listed(value: Any) -> str:
    return ", ".join(value or ()) or _("none")


def _quantities(value: Any) -> str:
    return selection_sentence(VariantCategory(**value)) if value else _("none")


_SHOWN: dict[str, Callable[[Any], str]] = {
    "price": lambda value: rupiah(value) if value is not None else _("none"),
    "in_stock": lambda value: _("in stock") if value else _("out of stock"),
    "hidden": lambda value: _("hidden here") if value else _("shown"),
    "operational_hours": hours_words,
    "quantities": _quantities,
    "categories": _listed,
    "ingredients": _listed,
    ORDER: _listed,
}
