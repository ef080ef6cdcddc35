"""Bringing everything back at several outlets: what they had at a moment, or before a rollout; looked at first."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext_lazy

from gobiz_admin.merchants.models import Outlet
from gobiz_admin.merchants.roles import Action
from gobiz_admin.merchants.tenancy import MemberRequest, in_outlets_zone, member_view
from menus.models import Rollout
from menus.returning import (
    Find,
    Return,
    digest_of,
    returnable,
    returns,
    start_return,
    versions_at,
    versions_before,
)
from menus.rollouts.starting import Plan, RolloutRefused
from menus.text import clean
from menus.views import reach
from menus.views.trial import NOT_CHOSEN, chosen_and_first
from menus.views.wording import Words, grouped, summary

HELD_UP: dict[str, Words] = {
    "unknown": gettext_lazy("What GoFood had there then is not known"),
    "nothing": gettext_lazy("Nothing is sold there from here yet"),
    "ids": gettext_lazy("Some of it had no id on GoFood: bring it back there by itself"),
    "removal": gettext_lazy("Many items would disappear: bring it back there by itself"),
    "coming": gettext_lazy("It is on its way there already"),
}
# Publishes that are offered to go back before.
MOST_OFFERED = 5
REFUSED: dict[str, Words] = {
    "pilot": NOT_CHOSEN,
    "nothing_chosen": gettext_lazy("Choose at least one outlet. Nothing was brought back."),
    "changed": gettext_lazy(
        "A menu was changed while you were looking, so nothing was brought back. This is what would change now: look "
        "again."
    ),
    "blocked": gettext_lazy("Nothing was brought back, because it cannot be at: %(outlets)s."),
    "removal": gettext_lazy(
        "Nothing was brought back, because many items would disappear at: %(outlets)s. Bring it back there by itself."
    ),
}


@dataclass
class Asked:
    """Which moment, or which rollout; `find` is None until one was chosen."""

    find: Find | None = None
    moment: datetime | None = None
    rollout: Rollout | None = None
    at: str = ""
    unreadable: bool = False


@dataclass
class Line:
    """Outlets that change alike, each with what a form says was shown of it."""

    first: Return
    rows: list[tuple[Outlet, Return, str]] = field(default_factory=list)

    @property
    def can_be_chosen(self) -> bool:
        """Whether there is anything to do at these outlets, and it can be done from here."""
        return not self.first.held_up and not self.first.same

    @property
    def summary(self) -> str:
        return summary(self.first.changes) if self.first.changes else ""

    @property
    def groups(self) -> list[dict[str, Any]]:
        return grouped(self.first.changes)

    @property
    def why(self) -> Words:
        return HELD_UP.get(self.first.held_up, "")


@member_view(Action.PUBLISH_MENU, "GET", "HEAD", "POST")
@in_outlets_zone
def publish_back(request: MemberRequest) -> HttpResponse:
    """What would change where; with a POST the chosen outlets get what they had, as one rollout."""
    asked = _asked(request)
    refused = None
    if request.method == "POST":
        try:
            if asked.find is None:
                raise RolloutRefused("nothing_chosen")
            rollout = start_return(request.merchant, _plan(request), asked.find, request.user, _seen(request))
        except RolloutRefused as error:
            refused = error
        else:
            return reach.go(request, "rollout", rollout.pk)
    outlets = request.place.chosen_outlets
    lines = lines_of(outlets, asked.find) if asked.find else []
    context = {
        "asked": asked,
        "lines": lines,
        "free": [row[0] for line in lines for row in line.rows if line.can_be_chosen],
        "verdict": _verdict(lines),
        "offered": [] if asked.find else returnable(request.merchant, outlets)[:MOST_OFFERED],
        "now": timezone.localtime(),
        "clock": _clock(request),
        "refused": _sentence(refused) if refused else "",
        "chosen": set(request.POST.getlist("outlets")) if refused else None,
        "typed": request.POST if refused else {},
    }
    return render(request, "menus/publish_back.html", context, status=422 if refused else 200)


def _asked(request: MemberRequest) -> Asked:
    """From the address: `?before=<rollout>`, or `?at=` by the clock of the chosen outlets."""
    before, at = request.GET.get("before", ""), request.GET.get("at", "")
    if before:
        if not (before.isascii() and before.isdigit() and len(before) <= 18):
            raise Http404
        rollout = reach.rollout_of(request, int(before))
        return Asked(versions_before(rollout), rollout=rollout)
    if not at:
        return Asked()
    try:
        moment = parse_datetime(at)
        moment = timezone.make_aware(moment) if moment and moment.tzinfo is None else moment
    except (ValueError, OverflowError):
        moment = None
    if moment is None or moment > timezone.now():
        return Asked(at=at, unreadable=True)
    return Asked(versions_at(moment), moment=moment, at=at)


def _verdict(lines: list[Line]) -> str:
    """Why nothing can be chosen: same, coming (all of it is on its way), stuck; "" where something can."""
    if any(line.can_be_chosen for line in lines):
        return ""
    # An outlet that sells nothing from here has nothing to bring back, either.
    kinds = {line.first.held_up or "same" for line in lines} - {"nothing"}
    if kinds == {"same"}:
        return "same"
    return "coming" if kinds and kinds <= {"same", "coming"} else "stuck"


def _clock(request: MemberRequest) -> str:
    """The name of the time zone in which the page takes times."""
    zone = request.place.zone.key
    names = [row.get_time_zone_display() for row in request.place.chosen_outlets if row.time_zone == zone]
    return names[0] if names else zone


def lines_of(outlets: list[Outlet], find: Find) -> list[Line]:
    """A line for each way of changing, those that can be chosen first."""
    lines: dict[tuple[str, str, bool], Line] = {}
    for one in returns(outlets, find):
        line = lines.setdefault((repr(one.changes), one.held_up, one.same), Line(one))
        line.rows.append((one.outlet, one, digest_of([one])))
    return sorted(lines.values(), key=lambda line: (bool(line.first.held_up), line.first.same))


def _plan(request: MemberRequest) -> Plan:
    chosen, pilot = chosen_and_first(request)
    rest = [outlet for outlet in chosen if outlet not in pilot]
    return Plan([stage for stage in (pilot, rest) if stage], note=clean(request.POST.get("note"))[:200])


def _seen(request: MemberRequest) -> dict[int, str]:
    """`seen-<outlet>`: the digest of what was shown of it."""
    by_name = {f"seen-{outlet.pk}": outlet.pk for outlet in request.place.chosen_outlets}
    return {pk: request.POST[name] for name, pk in by_name.items() if name in request.POST}


def _sentence(refused: RolloutRefused) -> str:
    return str(REFUSED[refused.code]) % {"outlets": ", ".join(outlet.name for outlet in refused.outlets)}
