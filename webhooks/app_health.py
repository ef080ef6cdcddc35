"""How a GoBiz app is doing, as pages show it: its subscriptions, and the test of its address."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _

from gobiz_admin.gobiz.events import EVENTS
from gobiz_admin.merchants.models import GobizApp
from webhooks import addresses, check_words
from webhooks.event_words import in_words
from webhooks.models import AppCheck
from webhooks.rotation_ends import BOTH_VALID_FOR, subscribed_at_address
from webhooks.signers import Signer
from webhooks.subscriptions import CORRECTED, CREATED, ELSEWHERE, GOOD, OUTLET_UNKNOWN, REFUSED, RIGHT

Kind, State = AppCheck.Kind, AppCheck.State
Shown = dict[str, Any]
# A worker takes a check within a second, or with the next sweep.
WAITS_FOR_TOO_LONG = timedelta(seconds=45)
_PASSED = {"subscriptions_right", "round_trip_came_back"}


def app_health(app: GobizApp, checks: Iterable[AppCheck]) -> Shown:
    """What `webhooks/_app_health.html` shows as `health`; give prefetched checks and it asks no query."""
    found = {check.kind: check for check in checks}
    subscriptions = check_shown(found.get(Kind.SUBSCRIPTIONS))
    round_trip = check_shown(found.get(Kind.ROUND_TRIP))
    return {
        "app": app,
        "subscriptions": subscriptions,
        "round_trip": round_trip,
        "busy": subscriptions["busy"] or round_trip["busy"],
        # For a summary of several apps: "ok", "wrong", or "unknown" until the first look.
        "state": {True: "ok", False: "wrong", None: "unknown"}[subscriptions["passed"]],
    }


def check_shown(check: AppCheck | None) -> Shown:
    """The last outcome of a check, which is shown while it runs again; `passed` is None before the first."""
    busy = check is not None and check.state in (State.WAITING, State.RUNNING)
    stuck = bool(
        check and check.state == State.WAITING and check.checked_at < timezone.now() - WAITS_FOR_TOO_LONG
    )
    return {
        "busy": busy,
        "stuck": stuck,
        "passed": check.code in _PASSED if check and check.code else None,
        "sentence": check_words.sentence(check) if check else "",
        "details": check_words.details(check) if check and check.code else [],
        "checked_at": check.checked_at if check and check.code and not busy else None,
    }


def app_subscriptions(app: GobizApp, checks: Iterable[AppCheck], signer: Signer | None) -> Shown:
    """What `webhooks/_app_subscriptions.html` shows as `shown`."""
    checks = list(checks)
    facts: Shown = next((check.facts for check in checks if check.kind == Kind.SUBSCRIPTIONS), {})
    return {
        "app": app,
        "health": app_health(app, checks),
        "rows": [_row(event, facts) for event in EVENTS],
        "foreign": [{**row, "name": in_words(row["event"])} for row in facts.get("foreign", [])],
        "more_foreign": facts.get("more_foreign", 0),
        "problems": _problems(facts) if facts.get("per") == GobizApp.SubscribedPer.OUTLET else [],
        "more_problems": facts.get("more_problems", 0),
        "address": addresses.masked(app),
        "address_ends": _end_of(app.webhook_token_changed_at),
        "still_needs_old_address": not subscribed_at_address(app, checks),
        "relay_ends": _end_of(app.relay_secret_changed_at),
        "relay_words": _relay_words(app, signer),
        "still_signs_with_old": _signs_with_old(app, signer),
    }


def _end_of(changed_at: Any) -> Any:
    return changed_at + BOTH_VALID_FOR if changed_at else None


def _row(event: str, facts: dict[str, Any]) -> Shown:
    counts = facts.get("states", {}).get(event, {})
    places = facts.get("places", 0)
    good = sum(number for state, number in counts.items() if state in GOOD)
    return {
        "event": event,
        "name": in_words(event),
        "kind": "ok" if places and good == places else "wrong" if counts else "unknown",
        "words": _words(counts, good, places, facts),
    }


def _words(counts: dict[str, int], good: int, places: int, facts: dict[str, Any]) -> str:
    if not counts:
        return _("Not known")
    if facts.get("per") == GobizApp.SubscribedPer.OUTLET:
        return _("At %(good)d of %(all)d outlets") % {"good": good, "all": places}
    return state_words(next(iter(counts)))


def state_words(state: str) -> str:
    """What was found, or done, for one event."""
    return {
        RIGHT: _("Subscribed"),
        CREATED: _("Newly subscribed"),
        CORRECTED: _("Corrected"),
        ELSEWHERE: _("Subscribed elsewhere"),
        REFUSED: _("Refused by GoBiz"),
        OUTLET_UNKNOWN: _("Outlet not linked"),
    }.get(state, _("Not known"))


def _problems(facts: dict[str, Any]) -> list[Shown]:
    return [
        {**row, "name": in_words(row["event"]), "words": state_words(row["state"])}
        for row in facts.get("problems", [])
    ]


def _signs_with_old(app: GobizApp, signer: Signer | None) -> bool:
    """Whether GoBiz was seen to do so since the new one was entered here."""
    changed_at = app.relay_secret_changed_at
    return bool(signer and not signer.is_current and changed_at and signer.received_at > changed_at)


def _relay_words(app: GobizApp, signer: Signer | None) -> str:
    """Which Relay Secret GoBiz signs with, as far as that is known."""
    if signer and signer.is_current:
        return _("GoBiz signs with the Relay Secret that is stored here: it is right.")
    if not app.previous_relay_secret:
        return _("Whether it is the right one will be known with GoBiz's first notification.")
    if _signs_with_old(app, signer):
        return _(
            "GoBiz still signs with the old Relay Secret. Orders arrive all the same, for both are valid. If you "
            "made a new one in the GoBiz Developer Portal, compare it with what you entered here."
        )
    return _(
        "GoBiz has sent nothing since the new Relay Secret was entered. Both are valid, so no order is lost."
    )
