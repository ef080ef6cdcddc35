"""Findings as the pages show them: by what is wrong, each row with its value, its link and its cure."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.translation import ngettext

from gobiz_admin.merchants.templatetags.wording import rupiah
from menus.checks import CATALOG, Check
from menus.confirmations import asked_for, shown_digest
from menus.fixes import FIXES
from menus.views.jumping import Jumps

MOST_ROWS = 100


@dataclass(frozen=True)
class Refused:
    """An answer that was not what a guard asked for; shown where it was typed."""

    code: str
    row: str
    typed: str
    sentence: Any


def key_of(check: Check) -> str:
    """What a form calls the row: `item-12`."""
    return f"{check.kind}-{check.pk}"


def unplaced(refused: Refused | None, guards: list[Check]) -> Refused | None:
    """A refusal whose question is not on the page any more stands on top of it."""
    if refused is None:
        return None
    rows = [key_of(check) for check in guards if check.code == refused.code]
    there = len(rows) > 1 if refused.row == "" else refused.row in rows
    return None if there else refused


def groups_of(checks: Iterable[Check], jumps: Jumps, refused: Refused | None = None) -> list[dict[str, Any]]:
    """The checks by code, in their order; what belongs to all of a code stands in the group."""
    by_code: dict[str, list[Check]] = {}
    for check in checks:
        by_code.setdefault(check.code, []).append(check)
    return [_group(code, rows, jumps, refused) for code, rows in by_code.items()]


def _group(code: str, checks: list[Check], jumps: Jumps, refused: Refused | None) -> dict[str, Any]:
    rows = [_row(check, jumps, refused) for check in checks[:MOST_ROWS]]
    return {
        "code": code,
        "sentence": checks[0].sentence,
        "count": len(checks),
        "rows": rows,
        "more": len(checks) - len(rows),
        "fix": FIXES.get(checks[0].fix or ""),
        "confirm": checks[0].confirm and checks[0].confirmation is None,
        "question": _question(code, "", checks, refused) if len(checks) > 1 else None,
    }


def _row(check: Check, jumps: Jumps, refused: Refused | None) -> dict[str, Any]:
    return {
        "key": key_of(check),
        "name": check.name,
        "where": check.where,
        "value": _value(check),
        "url": jumps.url(check),
        "last": rupiah(check.last_price) if check.last_price is not None else "",
        "percent": percent_words(check),
        "confirmation": check.confirmation,
        "question": _question(check.code, key_of(check), [check], refused) if check.confirm else None,
    }


def _question(code: str, row: str, checks: Sequence[Check], refused: Refused | None) -> dict[str, Any]:
    """What is asked of one guard or of several: the number to type, and what was typed instead."""
    number = asked_for(checks)
    of_price = len(checks) == 1 and checks[0].kind != CATALOG
    wrong = refused if refused and (refused.code, refused.row) == (code, row) else None
    return {
        "id": f"confirm-{code}-{row or 'all'}",
        "row": row,
        "asks": rupiah(number) if of_price else str(number),
        "of_price": of_price,
        "shown": shown_digest(checks),
        "typed": wrong.typed if wrong else "",
        "error": wrong.sentence if wrong else "",
    }


def _value(check: Check) -> str:
    """What stands in the field, as far as it says more than the name does."""
    if check.kind == CATALOG and check.confirm:
        words = ngettext("%(changed)d of %(count)d price", "%(changed)d of %(count)d prices", check.value)
        return words % {"changed": check.asked, "count": check.value}
    if check.field == "price":
        return rupiah(check.value)
    if check.code.endswith("_too_long"):
        count = len(check.value)
        return ngettext("%(count)d character", "%(count)d characters", count) % {"count": count}
    shown = isinstance(check.value, int) or (check.field == "external_id" and check.value)
    return str(check.value) if shown else ""


def percent_words(check: Check) -> str:
    """`+40 %` beside the price that GoFood has; "" where it has none to compare with."""
    if not check.last_price or not check.confirm:
        return ""
    percent = round((check.asked - check.last_price) * 100 / abs(check.last_price))
    if not percent:
        return ""
    return f"{'+' if percent > 0 else '−'}{abs(percent)}\N{NO-BREAK SPACE}%"
