"""What the owner changes about how GoBiz reaches us: Relay Secret, address, subscriptions, signatures."""

from __future__ import annotations

from gobiz_admin.merchants import rotating
from gobiz_admin.merchants.announcing import wake
from gobiz_admin.merchants.models import GobizApp, User
from webhooks.asking import ask
from webhooks.models import AppCheck
from webhooks.rotation_ends import changing, record
from webhooks.tasks import judge_again


class NotInProduction(Exception):
    """Production always enforces signatures."""


def change_relay_secret(app: GobizApp, new: str, user: User | None) -> bool:
    """Whether it is another one; the one before stays valid, and what was refused under it is judged again."""
    with changing(app) as locked:
        if not rotating.replace_relay_secret(locked, new):
            return False
        locked.save(update_fields=rotating.RELAY_SECRET_FIELDS)
        record(locked, user, "relay_secret.changed")
        wake(judge_again, locked.pk)
    return True


def rotate_address(app: GobizApp, user: User | None) -> None:
    """Give the app a new address, to which GoBiz is asked to post; raises RotationUnderWay."""
    with changing(app) as locked:
        rotating.replace_address(locked)
        locked.save(update_fields=rotating.ADDRESS_FIELDS)
        record(locked, user, "address.rotated")
        ask(locked, AppCheck.Kind.SUBSCRIPTIONS)


def choose_subscribed_per(app: GobizApp, per: str, user: User | None) -> bool:
    """Whether it is another choice; GoBiz is asked accordingly, the old subscriptions going last."""
    with changing(app) as locked:
        if locked.subscribed_per == per:
            return False
        locked.subscribed_per = GobizApp.SubscribedPer(per)
        locked.save(update_fields=["subscribed_per"])
        record(locked, user, "subscribed_per.changed", per=per)
        ask(locked, AppCheck.Kind.SUBSCRIPTIONS)
    return True


def choose_signature_mode(app: GobizApp, mode: str, user: User | None) -> bool:
    """Whether it is another choice; raises NotInProduction.

    Source: gobiz-api.md, "Receiving notifications".
    """
    with changing(app) as locked:
        if locked.signature_mode == mode:
            return False
        if locked.environment == GobizApp.Environment.PRODUCTION:
            raise NotInProduction
        locked.signature_mode = GobizApp.SignatureMode(mode)
        locked.save(update_fields=["signature_mode"])
        record(locked, user, "signature_mode.changed", mode=mode)
    return True
