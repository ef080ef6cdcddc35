"""What is not well with GoBiz's notifications, in sentences, the worst first, each with what to do."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from webhooks.health import MOST_COUNTED, AppHealth, Counts
from webhooks.listing import Result
from webhooks.silence import Level, Silence, cure


@dataclass(frozen=True)
class Finding:
    kind: str  # "danger" or "warning"
    text: str
    detail: str
    # Which of the log's results shows them; empty: none.
    result: str = ""


def findings_of(healths: list[AppHealth], counts: Counts, silences: Iterable[Silence]) -> list[Finding]:
    """The worst first; empty when all is well."""
    silences = list(silences)
    found = [
        *_silent(silences, Level.RED, "danger"),
        *_refused(healths),
        *_not_worked_off(counts),
        *_unplaced(counts),
        *_silent(silences, Level.AMBER, "warning"),
    ]
    return sorted(found, key=lambda finding: finding.kind)


def number(count: int) -> str:
    """The count, or that it is at least what was counted to."""
    return _("%(count)d or more") % {"count": count} if count >= MOST_COUNTED else str(count)


def dead_words(count: int) -> str:
    return ngettext(
        "%(count)s notification could not be worked off",
        "%(count)s notifications could not be worked off",
        count,
    ) % {"count": number(count)}


def dead_cure() -> str:
    """What is safe, and what to do about notifications that could not be worked off."""
    return _(
        "They are kept as they came, and what they tell is missing here. Work them off again; if they fail "
        "again, tell the operator of this site."
    )


def _silent(silences: list[Silence], level: Level, kind: str) -> Iterator[Finding]:
    silent = sorted((silence for silence in silences if silence.level == level), key=lambda s: -s.expected)
    for silence in silent[:3]:
        yield Finding(kind, f"{silence.outlet.name}: {silence.sentence}", cure())
    more = len(silent) - 3
    if more > 0:
        text = ngettext("%(count)d more outlet is silent.", "%(count)d more outlets are silent.", more)
        yield Finding(kind, text % {"count": more}, _("They stand below, under “Outlets”."))


def _refused(healths: list[AppHealth]) -> Iterator[Finding]:
    for health in healths:
        if health.refused_at:
            yield Finding(
                "danger",
                _("The newest notification for app %(app)s was refused: its signature does not fit.")
                % {"app": health.app.app_id},
                _(
                    "Compare the Relay Secret with the one in the GoBiz Developer Portal. GoBiz sends a refused "
                    "notification again for some hours, so that orders come once it is right."
                ),
                Result.NOT_VERIFIED,
            )


def _not_worked_off(counts: Counts) -> Iterator[Finding]:
    if counts.dead:
        yield Finding("danger", dead_words(counts.dead) + ".", dead_cure(), Result.FAILED)
    if counts.late:
        text = ngettext(
            "%(count)s notification has waited for more than a minute.",
            "%(count)s notifications have waited for more than a minute.",
            counts.late,
        )
        detail = _(
            "Nothing is lost: they are stored and are worked off by themselves. If this stays, tell the "
            "operator of this site that no worker takes them."
        )
        yield Finding("danger", text % {"count": number(counts.late)}, detail)
    if counts.failed:
        text = ngettext(
            "%(count)s notification failed and is tried again by itself.",
            "%(count)s notifications failed and are tried again by themselves.",
            counts.failed,
        )
        detail = _("Nothing is lost. The log below says when the next try is.")
        yield Finding("warning", text % {"count": number(counts.failed)}, detail, Result.FAILED)


def _unplaced(counts: Counts) -> Iterator[Finding]:
    if counts.no_outlet:
        text = ngettext(
            "%(count)s notification names no outlet.",
            "%(count)s notifications name no outlet.",
            counts.no_outlet,
        )
        detail = _("The app has several outlets: open it in the log and choose which one it is about.")
        yield Finding("warning", text % {"count": number(counts.no_outlet)}, detail, Result.UNKNOWN_OUTLET)
    if counts.unknown_outlet:
        text = ngettext(
            "%(count)s notification of the last 24 hours is about an outlet that is not connected here.",
            "%(count)s notifications of the last 24 hours are about outlets that are not connected here.",
            counts.unknown_outlet,
        )
        detail = _("They are kept. Connect the outlet, then work them off again.")
        yield Finding(
            "warning", text % {"count": number(counts.unknown_outlet)}, detail, Result.UNKNOWN_OUTLET
        )
