"""Proving a connection, step by step, in a worker; each step is stored as soon as it is known."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

from django.db import transaction
from django.db.models import Count, Max, Q
from django.utils import timezone

from gobiz_admin.gobiz.errors import CredentialsRefused, GobizError
from gobiz_admin.gobiz.tokens import AppCredentials, Token, missing
from gobiz_admin.merchants.announcing import announce
from gobiz_admin.merchants.gobiz import client_for, token_store
from gobiz_admin.merchants.models import GobizApp, Outlet, Proof, ProofStep
from gobiz_admin.merchants.wording import facts_of
from webhooks import checking
from webhooks.models import AppCheck, Notification
from webhooks.round_trip import TEST_EVENT, RoundTripFailed, send_test
from webhooks.slices import newest_of_app

log = logging.getLogger(__name__)
Facts = dict[str, Any]
# A step can take minutes with a slow GoBiz; one that stands still for longer has lost its worker.
WORKER_LOST_AFTER = timedelta(minutes=5)
WAKE_LOST_AFTER = timedelta(seconds=15)


class NotProven(Exception):
    """A step that ended without a GoBiz error, but did not prove what it should."""

    def __init__(self, code: str, /, **facts: Any) -> None:
        super().__init__(code)
        self.code, self.facts = code, facts


def start(outlet: Outlet) -> None:
    """Set all steps to waiting; the caller wakes the task that proves them."""
    with transaction.atomic():
        for step in ProofStep:
            Proof.objects.update_or_create(
                outlet=outlet,
                step=step,
                defaults={
                    "state": Proof.State.WAITING,
                    "code": "",
                    "facts": {},
                    "checked_at": timezone.now(),
                },
            )
        announce(outlet.merchant_id, "proofs")


def prove(outlet_pk: int) -> None:
    """Run every step of the outlet's proof. Without a token the GoBiz steps after it are not tried."""
    outlet = Outlet.objects.select_related("gobiz_app").get(pk=outlet_pk)
    has_token = _run(outlet, ProofStep.TOKEN, _prove_token)
    for step, function in (
        (ProofStep.CATALOG, _prove_catalog),
        (ProofStep.SUBSCRIPTIONS, _prove_subscriptions),
    ):
        if has_token:
            _run(outlet, step, function)
        else:
            _record(outlet, step, Proof.State.FAILED, "after_token", {})
    _run(outlet, ProofStep.ROUND_TRIP, _prove_round_trip)


def sweep() -> int:
    """How many outlets were proven that no worker has: their wake-up was lost, or their worker died."""
    now, state = timezone.now(), Proof.State
    unfinished = Outlet.objects.annotate(
        waiting=Count("proofs", filter=Q(proofs__state=state.WAITING)),
        running=Count("proofs", filter=Q(proofs__state=state.RUNNING)),
        last=Max("proofs__checked_at"),
    ).filter(
        Q(running__gt=0, last__lt=now - WORKER_LOST_AFTER)
        | Q(running=0, waiting__gt=0, last__lt=now - WAKE_LOST_AFTER)
    )
    pks = list(unfinished.order_by("last").values_list("pk", flat=True)[:20])
    for pk in pks:
        prove(pk)
    return len(pks)


def _run(outlet: Outlet, step: ProofStep, function: Callable[[Outlet], Facts]) -> bool:
    _record(outlet, step, Proof.State.RUNNING, "", {})
    try:
        facts = function(outlet)
    except GobizError as error:
        _record(outlet, step, Proof.State.FAILED, error.code, facts_of(error))
    except (NotProven, RoundTripFailed) as error:
        _record(outlet, step, Proof.State.FAILED, error.code, error.facts)
    except Exception:
        log.exception("proof of %s, step %s", outlet.pk, step)
        _record(outlet, step, Proof.State.FAILED, "broken", {})
    else:
        _record(outlet, step, Proof.State.PASSED, f"{step}_proven", facts)
        return True
    return False


def _record(outlet: Outlet, step: ProofStep, state: str, code: str, facts: Facts) -> None:
    Proof.objects.update_or_create(
        outlet=outlet,
        step=step,
        defaults={
            "state": state,
            "code": code,
            "facts": facts,
            "checked_at": timezone.now(),
        },
    )
    announce(outlet.merchant_id, "proofs")


def _prove_token(outlet: Outlet) -> Facts:
    app = outlet.gobiz_app
    secret = app.pending_app_secret or app.app_secret
    try:
        token = _new_token(replace(app.credentials(), app_secret=secret))
    except CredentialsRefused:
        # Not for a missing scope: the banner would name the wrong fault.
        _note_refusal(app)
        raise
    app.app_secret, app.pending_app_secret, app.refused_at = secret, "", None
    app.scopes_granted, app.scopes_missing = list(token.scopes), list(missing(token))
    app.save(
        update_fields=["app_secret", "pending_app_secret", "refused_at", "scopes_granted", "scopes_missing"]
    )
    return {"granted": app.scopes_granted, "missing": app.scopes_missing}


def _new_token(credentials: AppCredentials) -> Token:
    """A token that GoBiz gave out now: one from the store proves only that the app was right an hour ago."""
    stored = token_store().get(credentials)
    return token_store().get(credentials, refresh_of=stored.access_token)


def _note_refusal(app: GobizApp) -> None:
    """A refused new App Secret is forgotten, and the old one stays; a refused old one is said on every page."""
    if app.pending_app_secret:
        app.pending_app_secret = ""
    else:
        app.refused_at = timezone.now()
    app.save(update_fields=["pending_app_secret", "refused_at"])


def _prove_catalog(outlet: Outlet) -> Facts:
    live = client_for(outlet.gobiz_app).get_catalog(outlet.outlet_id)
    items = [item for menu in live["menus"] for item in menu["menu_items"]]
    return {
        "menus": len(live["menus"]),
        "items": len(items),
        "without_id": sum(not item.get("external_id") for item in items),
    }


def _prove_subscriptions(outlet: Outlet) -> Facts:
    """What the look at the app's subscriptions found; it is stored as the app's check as well."""
    try:
        outcome = checking.check_now(outlet.gobiz_app, AppCheck.Kind.SUBSCRIPTIONS)
    except checking.CheckBusy as error:
        raise NotProven("check_busy") from error
    hosts = dict.fromkeys(row["host"] for row in outcome.facts.get("foreign", []))
    facts = {**outcome.facts, "foreign_hosts": list(hosts)[:5]}
    if not outcome.passed:
        raise NotProven(outcome.code, **facts)
    return facts


def _prove_round_trip(outlet: Outlet) -> Facts:
    milliseconds = send_test(outlet.gobiz_app, outlet)
    last = newest_of_app(outlet.gobiz_app, ~Q(event_name=TEST_EVENT))[:1].first()
    if last is not None and last.verdict == Notification.Verdict.FORGED:
        raise NotProven("relay_secret_wrong", at=last.received_at.isoformat())
    return {
        "milliseconds": milliseconds,
        "relay_proven": last is not None and last.verdict == Notification.Verdict.VERIFIED,
    }
