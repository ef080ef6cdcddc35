"""Sentences of the dry run: from rows, states and fields to words for a merchant."""

from collections.abc import Callable
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from gobiz_admin.merchants.templatetags.wording import rupiah
from menus.hours_text import hours_text
from menus.sheets.columns import heading_of
from menus.sheets.plans import FieldChange, Plan, Reason, RowPlan, State
from menus.sheets.reading import Upload
from menus.sheets.sentences import DOUBTS
from menus.views.wording import OF_WORDS

Words = str | Promise
STATES: dict[str, Words] = {
    State.REFUSED: gettext_lazy("Refused"),
    State.NEW: gettext_lazy("New"),
    State.CHANGED: gettext_lazy("Changed"),
    State.UNCHANGED: gettext_lazy("Unchanged"),
}
REFUSED: dict[str, Words] = {
    "changed": gettext_lazy(
        "The menu was changed meanwhile, so nothing was applied. This is what would happen now: look again."
    ),
    "refused_rows": gettext_lazy(
        "Nothing was applied: some rows are refused. Correct them in the file and upload it again, or tick that "
        "the others are to be applied without them."
    ),
    "nothing": gettext_lazy("There is nothing to apply: no row changes anything."),
}
MOST_NAMED = 10


def counted(counts: dict[str, int]) -> list[dict[str, Any]]:
    """“3 new”, “12 changed” …: each state with its count and words."""
    words = {
        State.REFUSED: ngettext("%(count)s refused", "%(count)s refused", counts.get("refused", 0)),
        State.NEW: ngettext("%(count)s new", "%(count)s new", counts.get("new", 0)),
        State.CHANGED: ngettext("%(count)s changed", "%(count)s changed", counts.get("changed", 0)),
        State.UNCHANGED: ngettext("%(count)s unchanged", "%(count)s unchanged", counts.get("unchanged", 0)),
    }
    return [
        {
            "state": state.value,
            "count": counts.get(state, 0),
            "words": text % {"count": grouped_number(counts.get(state, 0))},
        }
        for state, text in words.items()
    ]


def grouped_number(number: int) -> str:
    """`1.980`, as amounts are written here."""
    return f"{number:,}".replace(",", ".")


def file_notes(content: Upload, plan: Plan) -> list[str]:
    """What is to be known of the file as a whole: what was ignored, guessed, and is made besides its rows."""
    notes = []
    if plan.menus:
        notes.append(
            ngettext("A new menu is made: %(names)s.", "New menus are made: %(names)s.", len(plan.menus))
            % {"names": _listed(list(plan.menus.values()))}
        )
    for sheet in content.sheets:
        if sheet.ignored:
            words = ngettext(
                "In “%(sheet)s”, this column is ignored, because its heading says nothing to us: %(names)s.",
                "In “%(sheet)s”, these columns are ignored, because their headings say nothing to us: %(names)s.",
                len(sheet.ignored),
            )
            notes.append(words % {"sheet": sheet.title[:60], "names": _listed(sheet.ignored)})
        if sheet.guessed:
            words = _(
                "“%(sheet)s” is not in UTF-8; it was read as Windows-1252. Look whether letters with accents are right."
            )
            notes.append(words % {"sheet": sheet.title[:60]})
    if content.skipped:
        words = _("These sheets are ignored, because they have no headings that we know: %(names)s.")
        notes.append(words % {"names": _listed(content.skipped)})
    return notes


def _listed(names: list[str]) -> str:
    shown = ", ".join(f"“{name[:60]}”" for name in names[:MOST_NAMED])
    return f"{shown} …" if len(names) > MOST_NAMED else shown


def row_line(row: RowPlan, titles: list[str]) -> dict[str, Any]:
    """One row of the file as a line of the page; `titles` of its sheets where there are several."""
    return {
        "number": row.number,
        "sheet": titles[row.sheet] if titles else "",
        "name": row.name,
        "where": row.where,
        "of": OF_WORDS.get(row.kind, row.kind),
        "state": row.state.value,
        "words": STATES[row.state],
        "reasons": [_reason(reason) for reason in row.reasons],
        "doubts": [DOUBTS[code] for code in row.doubts],
        "changes": [_change(change) for change in row.changes],
        "category_changes": [_change(change) for change in row.category_changes],
        "new_category": row.new_category,
    }


def _reason(reason: Reason) -> dict[str, Words]:
    return {"column": heading_of(reason.field), "words": reason.words}


def _change(change: FieldChange) -> dict[str, str]:
    """The field as it is headed, and its two values; "" where there is none."""
    show = SHOWN.get(change.field, str)
    old, new = ("" if value in (None, "") else show(value) for value in (change.old, change.new))
    none = _("none")
    return {
        "column": heading_of(change.field),
        "old": old or ("" if change.old is None else none),
        "new": new or none,
    }


def _stock(in_stock: bool) -> str:
    return _("in stock") if in_stock else _("out of stock")


SHOWN: dict[str, Callable[[Any], str]] = {
    "price": rupiah,
    "hours": hours_text,
    "in_stock": _stock,
    "ingredients": ", ".join,
}
