"""Which Relay Secret GoBiz signs with: known from the newest notification of its own that verified."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.db.models import OuterRef, Q, Subquery

from gobiz_admin.gobiz.signatures import matches
from gobiz_admin.merchants.models import GobizApp
from gobiz_admin.merchants.rotating import knows_proven_secret
from webhooks.models import Notification
from webhooks.round_trip import TEST_EVENT
from webhooks.slices import newest_of_app

SIGNATURE = "X-Go-Signature"


@dataclass(frozen=True)
class Signer:
    """The secret that signed the newest notification of GoBiz's, and when that came."""

    is_current: bool
    received_at: datetime


def signers_of(apps: Iterable[GobizApp]) -> dict[int, Signer]:
    """By app, as far as it is known; two queries, however many apps."""
    by_pk = {app.pk: app for app in apps}
    verified = newest_of_app(
        OuterRef("pk"), Q(verdict=Notification.Verdict.VERIFIED) & ~Q(event_name=TEST_EVENT)
    )
    newest = (
        GobizApp.objects.filter(pk__in=by_pk)
        .annotate(newest=Subquery(verified.values("pk")[:1]))
        .values_list("newest", flat=True)
    )
    found = {}
    for row in Notification.objects.filter(pk__in=[pk for pk in newest if pk]):
        app = by_pk[row.gobiz_app_id]
        if (secret := _secret_of(app, row)) and app.relay_secret:
            found[app.pk] = Signer(secret == app.relay_secret, row.received_at)
    return found


@knows_proven_secret
def proven_secret(app: GobizApp) -> str:
    """The Relay Secret of the app that GoBiz was last seen to sign with; "" when it was not."""
    signer = signers_of([app]).get(app.pk)
    if signer is None:
        return ""
    return app.relay_secret if signer.is_current else app.previous_relay_secret


def fits(secrets: list[str], row: Notification) -> bool:
    """Whether one of the secrets signed the stored bytes."""
    return matches(secrets, bytes(row.raw), row.headers.get(SIGNATURE))


def _secret_of(app: GobizApp, row: Notification) -> str:
    return next((secret for secret in app.relay_secrets if fits([secret], row)), "")
