"""Following one sync to GoFood, and what it proved or why it failed."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.http import HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from gobiz_admin.merchants.roles import Action
from gobiz_admin.merchants.tenancy import MemberRequest, member_view
from menus import states
from menus.differences import Change
from menus.models import Sync
from menus.payload import items_of
from menus.refusals import refused
from menus.sentences import sync_sentence
from menus.views import reach
from menus.views.jumping import Jumps
from menus.views.wording import FINAL, Words, grouped

State = Sync.State
LABELS: dict[str, Words] = {
    State.QUEUED: gettext_lazy("Queued"),
    State.SENDING: gettext_lazy("Sending"),
    State.ACCEPTED: gettext_lazy("Accepted by GoFood"),
    State.CONFIRMED: gettext_lazy("Confirmed live"),
}
ORDER = list(LABELS)
NAMED = 50


@dataclass
class Step:
    """One step of the way: what it is, when it was reached, and whether it is done, now or to come."""

    label: Words
    at: datetime | None
    kind: str  # done, now, failed, todo


@member_view(Action.PUBLISH_MENU)
def sync_page(request: MemberRequest, pk: int) -> HttpResponse:
    return render(request, "menus/sync.html", _context(request, pk))


@member_view(Action.PUBLISH_MENU)
def sync_progress(request: MemberRequest, pk: int) -> HttpResponse:
    return render(request, "menus/_sync.html", _context(request, pk))


def _context(request: MemberRequest, pk: int) -> dict[str, Any]:
    sync = reach.sync_of(request, pk)
    found = refused(sync) if sync.state == State.FAILED else []
    jumps = Jumps(request, sync.outlet, None, found)
    return {**progress(sync), "refused": jumps.grouped(found)}


def progress(sync: Sync) -> dict[str, Any]:
    """What a page says about the sync."""
    return {
        **way_of(sync),
        # Until the live menu was read for the last time there may be more to tell.
        "moving": sync.state not in FINAL
        or (sync.state == State.CONFIRMED and sync.next_attempt_at is not None),
        "proof": _proof(sync) if sync.state == State.CONFIRMED else "",
        "differs": _differences(sync),
        "ticks": _ticks(sync),
    }


def way_of(sync: Sync) -> dict[str, Any]:
    """How far it has come, without looking at its version."""
    return {
        "sync": sync,
        "outlet": sync.outlet,
        "steps": _steps(sync),
        "final": sync.state in FINAL,
        "failure": sync_sentence(sync) if sync.state == State.FAILED else "",
        "hold_up": sync_sentence(sync) if sync.state == State.QUEUED else "",
    }


def steps_of_waiting(since: datetime | None) -> list[Step]:
    """The way of a sync that is not made yet."""
    return [
        Step(label, since if state == State.QUEUED else None, "now" if state == State.QUEUED else "todo")
        for state, label in LABELS.items()
    ]


def _steps(sync: Sync) -> list[Step]:
    times = [sync.queued_at, sync.sending_at, sync.accepted_at, sync.confirmed_at]
    reached = _reached(sync)
    if sync.state in (State.CONFIRMED, State.SUPERSEDED):
        now = "done"
    else:
        now = "failed" if sync.state == State.FAILED else "now"
    kinds = ["done"] * reached + [now] + ["todo"] * (len(ORDER) - reached - 1)
    # A queued sync that was tried before has a time of sending: it is not there any more.
    return [
        Step(LABELS[state], at if place <= reached else None, kind)
        for place, (state, at, kind) in enumerate(zip(ORDER, times, kinds, strict=True))
    ]


def _reached(sync: Sync) -> int:
    """The place of the step where it stands, or where it ended."""
    if sync.state in ORDER:
        return ORDER.index(sync.state)
    if sync.state == State.FAILED and sync.accepted_at:
        return ORDER.index(State.CONFIRMED)
    if sync.accepted_at:
        return ORDER.index(State.ACCEPTED)
    return ORDER.index(State.SENDING if sync.sending_at else State.QUEUED)


def _proof(sync: Sync) -> str:
    items = sum(len(menu["menu_items"]) for menu in sync.version.payload["menus"])
    of_items = ngettext("%(count)d of %(count)d item", "%(count)d of %(count)d items", items) % {
        "count": items
    }
    if sync.proof == states.ARRIVED:
        return _(
            "It arrived after all, later than we waited for it: the live menu was read, and %(items)s match what "
            "was sent."
        ) % {"items": of_items}
    if sync.proof == states.READ_BACK:
        return _("Proven by reading the live menu: %(items)s match what was sent.") % {"items": of_items}
    words = _("Proven by GoFood's own notification: the new menu and its ids are in use.")
    if sync.read_back_at and not sync.differs:
        words += " " + _("The live menu was read, too: %(items)s match what was sent.") % {"items": of_items}
    return words


def _ticks(sync: Sync) -> dict[str, Any] | None:
    """Which items GoFood's notification named as mapped; None where it named none of them."""
    if not sync.mapped_ids:
        return None
    named = set(sync.mapped_ids)
    items = items_of(sync.version.payload)
    open_ones = [item["name"] for item in items if item["external_id"] not in named]
    return {"count": len(items) - len(open_ones), "of": len(items), "open": open_ones[:NAMED]}


def _differences(sync: Sync) -> dict[str, Any] | None:
    """What a reading of the live menu showed to be other than what was sent; None when nothing."""
    if sync.state != State.CONFIRMED or not sync.differs:
        return None
    changes = [Change(**row) for row in sync.differs]
    items = sum(len(menu["menu_items"]) for menu in sync.version.payload["menus"])
    other = {change.name for change in changes if change.of == "item"}
    return {
        "taken": max(items - len(other), 0),
        "items": items,
        "groups": grouped(changes),
        # It may yet come right: the menu is read again for a while.
        "final": sync.next_attempt_at is None,
    }
