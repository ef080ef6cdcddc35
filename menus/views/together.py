"""Publishing to several outlets at once: what changes where, who comes first and when, and following it."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import render
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from gobiz_admin.merchants.models import Outlet
from gobiz_admin.merchants.roles import Action
from gobiz_admin.merchants.tenancy import MemberRequest, in_outlets_zone, member_view
from menus.models import Rollout
from menus.readings import readings_of
from menus.reviewing import Review, reviews
from menus.rollouts.starting import Plan, RolloutRefused, Seen, start
from menus.rollouts.stopping import Returned, bring_all_back, stop
from menus.text import clean
from menus.views import reach
from menus.views.reading import readings_state
from menus.views.trial import NOT_CHOSEN, chosen_and_first
from menus.views.wording import FINAL, LATER, OVERWRITTEN, Words, grouped, summary

REFUSED: dict[str, Words] = {
    "pilot": NOT_CHOSEN,
    "nothing_chosen": gettext_lazy("Choose at least one outlet. Nothing was published."),
    "changed": gettext_lazy(
        "The menu was changed while you were looking, so nothing was published. This is what would be "
        "published now: look again."
    ),
    "live_changed": gettext_lazy(
        "GoFood's menu is another than the one that you were shown at: %(outlets)s. Nothing was published. This is "
        "what would change now: look again."
    ),
    "blocked": gettext_lazy("Nothing was published, because there are problems at: %(outlets)s."),
    "removal": gettext_lazy(
        "Nothing was published, because many items would disappear at: %(outlets)s. Review these by themselves."
    ),
    "time": gettext_lazy("This time cannot be read, or it is over. Nothing was published."),
}
STOPPED: dict[str, Words] = {
    "": gettext_lazy("Somebody stopped it. Nothing more is sent."),
    "sync_failed": gettext_lazy(
        "It stopped by itself, because the menu did not arrive at one of the outlets. Nothing more is sent."
    ),
    "differs": gettext_lazy(
        "It stopped by itself, because the menu on GoFood is not what was sent to one of the outlets. Nothing more "
        "is sent."
    ),
    "mapping_alert": gettext_lazy(
        "It stopped by itself, because GoFood could not deliver an order at one of the outlets. Nothing more is sent."
    ),
}
ALL_AT_ONCE = "0"
NUMBER = re.compile(r"[0-9]{1,18}")


@dataclass
class Line:
    """Outlets that change alike."""

    outlets: list[Outlet] = field(default_factory=list)
    reviews: list[Review] = field(default_factory=list)
    summary: str = ""
    groups: list[dict[str, Any]] = field(default_factory=list)
    # What somebody changed in the GoBiz app, and publishing puts back.
    overwritten: list[dict[str, Any]] = field(default_factory=list)
    overwritten_count: int = 0
    # What keeps them from being published together: problems, removal; "" when nothing does.
    held_up: str = ""
    same: bool = False


def lines_of(found: list[Review]) -> list[Line]:
    """A line for each way of changing, those that change first; fifty that change alike are one."""
    by_change: dict[tuple[Any, ...], Line] = {}
    for review in found:
        held_up = "problems" if review.errors else "removal" if review.removal else ""
        same = not held_up and not review.changes and not review.edited and review.base is not None
        changes = repr(review.changes), repr(review.overwritten), repr(review.later)
        key = (*changes, held_up, same, review.base is None)
        line = by_change.setdefault(key, Line(held_up=held_up, same=same))
        line.outlets.append(review.outlet)
        line.reviews.append(review)
    for line in by_change.values():
        first = line.reviews[0]
        line.summary = summary(first.unpublished) if first.unpublished else ""
        line.groups = grouped(first.own_changes) + grouped(first.later, titles=LATER)
        line.overwritten = grouped(first.overwritten, titles=OVERWRITTEN)
        line.overwritten_count = len(first.overwritten)
    return sorted(by_change.values(), key=lambda line: (bool(line.held_up), line.same, -len(line.outlets)))


@member_view(Action.PUBLISH_MENU, "GET", "HEAD", "POST")
def publish_together(request: MemberRequest) -> HttpResponse:
    if request.method != "POST":
        return _page(request)
    try:
        seen = Seen(_numbered(request, "revision-"), _live_seen(request))
        rollout = start(request.merchant, _plan(request), request.user, seen)
    except RolloutRefused as refused:
        return _page(request, refused)
    return reach.go(request, "rollout", rollout.pk)


def _page(request: MemberRequest, refused: RolloutRefused | None = None) -> HttpResponse:
    found = reviews(request.place.chosen_outlets)
    revisions = {review.selling.catalog_id: review.revision for review in found if review.selling}
    readings = readings_of([review.outlet for review in found if review.selling])
    free = [review.outlet for review in found if not (review.errors or review.removal)]
    context = {
        "lines": lines_of(found),
        "free": free,
        "shown": {review.outlet.pk: review.on_gofood.seen for review in found},
        "live": readings_state(readings, found),
        "revisions": revisions,
        "refused": _sentence(refused) if refused else "",
        "chosen": set(request.POST.getlist("outlets")) if refused else None,
        "typed": request.POST if refused else {},
    }
    return render(request, "menus/together.html", context)


def _sentence(refused: RolloutRefused) -> str:
    return str(REFUSED[refused.code]) % {"outlets": ", ".join(outlet.name for outlet in refused.outlets)}


def _plan(request: MemberRequest) -> Plan:
    chosen, pilot = chosen_and_first(request)
    rest = [outlet for outlet in chosen if outlet not in pilot]
    size = request.POST.get("group", ALL_AT_ONCE)
    step = int(size) if size in ("5", "10", "25") else max(len(rest), 1)
    stages = [pilot] if pilot else []
    stages += [rest[start : start + step] for start in range(0, len(rest), step)]
    return Plan(stages, _due_at(request, chosen), clean(request.POST.get("note"))[:200])


def _due_at(request: MemberRequest, chosen: list[Outlet]) -> dict[int, datetime]:
    """The typed time as the clock of each outlet shows it."""
    if request.POST.get("when") != "later":
        return {}
    try:
        at = parse_datetime(request.POST.get("at", ""))
    except ValueError:
        at = None
    if at is None or at.tzinfo is not None:
        raise RolloutRefused("time")
    due = {outlet.pk: at.replace(tzinfo=outlet.zone) for outlet in chosen}
    if any(time <= datetime.now(time.tzinfo) for time in due.values()):
        raise RolloutRefused("time")
    return due


def _numbered(request: MemberRequest, prefix: str) -> dict[int, int]:
    """The fields `<prefix><pk>`, by pk: what the page showed."""
    found = {}
    for name, value in _prefixed(request, prefix).items():
        if NUMBER.fullmatch(value):
            found[name] = int(value)
    return found


def _live_seen(request: MemberRequest) -> dict[int, str]:
    """`live-<outlet>`: the live menu that was shown, "" where it was not known."""
    return _prefixed(request, "live-")


def _prefixed(request: MemberRequest, prefix: str) -> dict[int, str]:
    names = {name: name.removeprefix(prefix) for name in request.POST if name.startswith(prefix)}
    return {int(pk): request.POST[name] for name, pk in names.items() if NUMBER.fullmatch(pk)}


@member_view(Action.PUBLISH_MENU, "GET", "HEAD", "POST")
@in_outlets_zone
def rollout(request: MemberRequest, pk: int) -> HttpResponse:
    found = reach.rollout_of(request, pk)
    if request.method == "POST":
        if request.POST.get("what") == "back":
            _say_returned(request, bring_all_back(found, request.user))
        elif stop(found, request.user):
            messages.success(request, _("Stopped. What is on its way still arrives; nothing more is sent."))
        return reach.go(request, "rollout", found.pk)
    rows = list(
        found.rows.select_related("outlet", "version__restores", "sync__version", "before").defer(
            "version__payload", "version__restores__payload", "sync__version__payload", "before__payload"
        )
    )
    context = {
        "rollout": found,
        "rows": rows,
        "stages": sorted({row.stage for row in rows}),
        "proven": sum(row.sync is not None and row.sync.state == "confirmed" for row in rows),
        "why": STOPPED.get(found.stop_code, "") if found.state == Rollout.State.STOPPED else "",
        "brings_back": all(row.version.restores_id for row in rows),
        # What is on its way when it is stopped still arrives.
        "moving": found.state == Rollout.State.RUNNING
        or any(row.sync and row.sync.state not in FINAL for row in rows),
        "can_return": any(row.sync_id and row.before_id for row in rows),
    }
    return render(request, "menus/rollout.html", context)


def _say_returned(request: MemberRequest, returned: Returned) -> None:
    count = len(returned.syncs)
    words = ngettext(
        "The menu from before is on its way back to %(count)d outlet.",
        "The menu from before is on its way back to %(count)d outlets.",
        count,
    )
    messages.success(request, words % {"count": count})
    if returned.refused:
        names = ", ".join(outlet.name for outlet in returned.refused)
        messages.warning(
            request, _("Not at %(outlets)s: bring it back there from the history.") % {"outlets": names}
        )
