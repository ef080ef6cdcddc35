"""How a Relay Secret or an address takes the place of another, with both valid meanwhile.

Only the fields are changed here; whoever calls this locks the app, saves it and says so.
"""

from __future__ import annotations

from collections.abc import Callable

from django.utils import timezone

from gobiz_admin.merchants.models import GobizApp, new_webhook_token

# Which Relay Secret GoBiz was last seen to sign with, "" when it was not; the app that receives knows.
KnowsProven = Callable[[GobizApp], str]
_KNOWS_PROVEN: list[KnowsProven] = []

RELAY_SECRET_FIELDS = ["relay_secret", "previous_relay_secret", "relay_secret_changed_at"]
ADDRESS_FIELDS = ["webhook_token", "previous_webhook_token", "webhook_token_changed_at"]


class RotationUnderWay(Exception):
    """The address was changed already, and the one before it is still valid."""


def knows_proven_secret(function: KnowsProven) -> KnowsProven:
    """Register who knows which Relay Secret is proven."""
    _KNOWS_PROVEN.append(function)
    return function


def replace_relay_secret(app: GobizApp, new: str) -> bool:
    """Whether the app has another Relay Secret now; the one before it stays valid.

    Of two that were valid the proven one is kept, so that two mistyped ones in a row do not drive
    out the right one; when none is proven, the newer.
    """
    if not new or new == app.relay_secret:
        return False
    valid = [secret for secret in app.relay_secrets if secret != new]
    if valid:
        app.previous_relay_secret = _to_keep(app, valid)
        app.relay_secret_changed_at = timezone.now()
    app.relay_secret = new
    return True


def _to_keep(app: GobizApp, valid: list[str]) -> str:
    proven = next((secret for knows in _KNOWS_PROVEN if (secret := knows(app))), "") if len(valid) > 1 else ""
    return proven if proven in valid else valid[0]


def forget_relay_secret(app: GobizApp) -> bool:
    """Whether there was a previous Relay Secret; now there is none."""
    had, app.previous_relay_secret = bool(app.previous_relay_secret), ""
    app.relay_secret_changed_at = None if had else app.relay_secret_changed_at
    return had


def replace_address(app: GobizApp) -> None:
    """Give the app a new token; the old one stays valid. Raises RotationUnderWay while an older one is.

    GoBiz may still post to that older one: a third would make it a dead end.
    """
    if app.previous_webhook_token:
        raise RotationUnderWay
    app.previous_webhook_token = app.webhook_token
    app.webhook_token = new_webhook_token()
    app.webhook_token_changed_at = timezone.now()


def forget_address(app: GobizApp) -> bool:
    """Whether there was a previous address; now there is none."""
    had, app.previous_webhook_token = bool(app.previous_webhook_token), None
    return had
