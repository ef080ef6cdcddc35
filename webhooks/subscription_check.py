"""A look at an app's subscriptions, repaired, as what is stored and shown of it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.conf import settings

from gobiz_admin.gobiz.errors import GobizError, RequestRefused, ScopeMissing, TokenRefused
from gobiz_admin.gobiz.events import EVENTS
from gobiz_admin.merchants.models import GobizApp
from gobiz_admin.merchants.wording import facts_of
from webhooks import addresses
from webhooks.outcomes import Outcome
from webhooks.subscriptions import (
    CORRECTED,
    CREATED,
    ELSEWHERE,
    GOOD,
    OUTLET_UNKNOWN,
    REFUSED,
    RIGHT,
    Reconciled,
    reconcile,
)

Facts = dict[str, Any]
# The page names these; the rest it counts.
MOST_NAMED = 30
_CODES = {
    REFUSED: "subscriptions_refused",
    ELSEWHERE: "subscribed_elsewhere",
    OUTLET_UNKNOWN: "outlets_unknown",
}


def check(app: GobizApp, before: Facts, still_ours: Callable[[], None]) -> Outcome:
    """What GoBiz has subscribed now, put right as far as it lets us; `before` are the facts of the last look."""
    if reason := addresses.why_not_public(app):
        facts = {**_kept(before), "reason": reason, "host": addresses.host_of(settings.PUBLIC_BASE_URL)}
        return Outcome(False, "address_not_public", facts)
    was_clean = before.get("per", app.subscribed_per) == app.subscribed_per and before.get("cleaned", True)
    result = reconcile(app, was_clean=was_clean, still_ours=still_ours)
    facts = _facts(app, result)
    if not result.error:
        code = next((code for state, code in _CODES.items() if result.events(state)), "subscriptions_right")
        return Outcome(code == "subscriptions_right", code, {**facts, "events": result.events(*_CODES)})
    return Outcome(
        False,
        _code_of(result.error),
        {**facts, **_error_facts(app, result.error)},
        transient=result.error.transient,
        retry_after=result.error.retry_after or 0.0,
    )


def _code_of(error: GobizError) -> str:
    if isinstance(error, ScopeMissing | TokenRefused):
        return "subscriptions_not_allowed"
    # What was refused is our list, for nobody entered anything.
    return "subscriptions_refused" if isinstance(error, RequestRefused) else error.code


def _error_facts(app: GobizApp, error: GobizError) -> Facts:
    return {**facts_of(error), "detail": addresses.without_addresses(error.detail, app)}


def _kept(before: Facts) -> Facts:
    """What of the last look still tells what has to be cleared."""
    return {name: before[name] for name in ("per", "cleaned") if name in before}


def _facts(app: GobizApp, result: Reconciled) -> Facts:
    problems = [
        {"outlet": place, "event": event, "state": state, "detail": result.details.get((place, event), "")}
        for (place, event), state in result.states.items()
        if state not in GOOD
    ]
    return {
        "per": result.per,
        "cleaned": result.cleaned,
        "places": len(result.places),
        "states": {event: _count(result, event) for event in EVENTS},
        "kept": len(result.events(RIGHT)),
        "created": len(result.events(CREATED)),
        "corrected": len(result.events(CORRECTED)),
        "removed": result.removed,
        "not_removed": result.not_removed,
        "problems": problems[:MOST_NAMED],
        "more_problems": max(0, len(problems) - MOST_NAMED),
        "foreign": result.foreign[:MOST_NAMED],
        "more_foreign": max(0, len(result.foreign) - MOST_NAMED),
        # Which change of the address it has seen (rotation_ends.py).
        "address_since": _since(app),
    }


def _since(app: GobizApp) -> str:
    return app.webhook_token_changed_at.isoformat() if app.webhook_token_changed_at else ""


def knows_address(app: GobizApp, facts: Facts) -> bool:
    """Whether the look was made with the address that the app has now."""
    return facts.get("address_since", "") == _since(app)


def _count(result: Reconciled, event: str) -> dict[str, int]:
    counts: dict[str, int] = {}
    for place in result.places:
        if state := result.states.get((place, event)):
            counts[state] = counts.get(state, 0) + 1
    return counts
