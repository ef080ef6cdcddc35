"""How a rotation ends: by itself, once the new Relay Secret or address is proven, or by hand."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from datetime import timedelta

from django.db import IntegrityError, transaction
from django.utils import timezone

from gobiz_admin.merchants import rotating
from gobiz_admin.merchants.announcing import announce
from gobiz_admin.merchants.models import AuditEntry, GobizApp, User
from webhooks.models import AppCheck, Notification
from webhooks.signers import fits, signers_of
from webhooks.subscription_check import knows_address

# GoBiz tries a delivery for the last time after six hours (gobiz-api.md, "Receiving notifications").
BOTH_VALID_FOR = timedelta(hours=24)
# Whoever corrects a Relay Secret later than that has other work than these orders.
JUDGED_AGAIN_WITHIN = timedelta(days=7)
# A wake-up that was lost is made up for by the sweep, for as long.
SWEPT_FOR = timedelta(hours=1)
MOST_JUDGED = 2000
BATCH = 100


@contextmanager
def changing(app: GobizApp) -> Iterator[GobizApp]:
    """The app as it stands now, locked; notifications for it are stored all the same."""
    with transaction.atomic():
        yield GobizApp.objects.select_for_update(no_key=True).get(pk=app.pk)


def record(app: GobizApp, user: User | None, action: str, **facts: str) -> None:
    """Into the audit trail, and to open browsers; without a user it happened by itself."""
    AuditEntry.objects.create(
        merchant_id=app.merchant_id, user=user, action=action, facts={"app": app.app_id, **facts}
    )
    announce(app.merchant_id, "webhooks")


def forget_previous_relay_secret(app: GobizApp, user: User | None) -> bool:
    """Whether there was one."""
    with changing(app) as locked:
        if not rotating.forget_relay_secret(locked):
            return False
        locked.save(update_fields=rotating.RELAY_SECRET_FIELDS)
        record(locked, user, "relay_secret.previous_forgotten")
    return True


def forget_previous_address(app: GobizApp, user: User | None) -> bool:
    """Whether there was one."""
    with changing(app) as locked:
        if not rotating.forget_address(locked):
            return False
        locked.save(update_fields=rotating.ADDRESS_FIELDS)
        record(locked, user, "address.previous_forgotten")
    return True


def sweep() -> int:
    """How many rotations have ended by themselves; what was refused under a wrong secret is judged again."""
    now = timezone.now()
    for app in GobizApp.objects.filter(relay_secret_changed_at__gte=now - SWEPT_FOR):
        judge_again(app)
    due = now - BOTH_VALID_FOR
    addresses = GobizApp.objects.filter(
        previous_webhook_token__isnull=False, webhook_token_changed_at__lte=due
    ).prefetch_related("checks")
    secrets = GobizApp.objects.filter(relay_secret_changed_at__lte=due)
    return _end(addresses, _is_subscribed, forget_previous_address) + _end(
        secrets, _is_proven, forget_previous_relay_secret
    )


def _end(
    apps: Iterable[GobizApp],
    is_proven: Callable[[GobizApp], bool],
    forget: Callable[[GobizApp, User | None], bool],
) -> int:
    return sum(forget(app, None) for app in apps if is_proven(app))


def _is_subscribed(app: GobizApp) -> bool:
    return subscribed_at_address(app, app.checks.all())


def subscribed_at_address(app: GobizApp, checks: Iterable[AppCheck]) -> bool:
    """Whether the last look found every event subscribed at the address that the app has now."""
    return any(
        check.kind == AppCheck.Kind.SUBSCRIPTIONS
        and check.code == "subscriptions_right"
        and knows_address(app, check.facts)
        for check in checks
    )


def _is_proven(app: GobizApp) -> bool:
    signer = signers_of([app]).get(app.pk)
    return signer is not None and signer.is_current


def judge_again(app: GobizApp) -> int:
    """How many deliveries that were refused as forged verify now; they are worked off as if they had just come.

    Those that were cut when they were stored cannot be judged. Safe to repeat.
    """
    refused = Notification.objects.filter(
        gobiz_app=app,
        verdict=Notification.Verdict.FORGED,
        note="forged",
        received_at__gte=timezone.now() - JUDGED_AGAIN_WITHIN,
    )
    pks = list(refused.order_by("-id").values_list("pk", flat=True)[:MOST_JUDGED])[::-1]
    found = 0
    for start in range(0, len(pks), BATCH):
        rows = Notification.objects.filter(pk__in=pks[start : start + BATCH]).order_by("pk")
        found += sum(_take_in(row) for row in rows if fits(app.relay_secrets, row))
    if found:
        announce(app.merchant_id, "webhooks")
    return found


def _take_in(row: Notification) -> bool:
    """Whether it counts now; not when it came once more meanwhile, and verified then."""
    try:
        with transaction.atomic():
            changed = Notification.objects.filter(pk=row.pk, verdict=Notification.Verdict.FORGED).update(
                verdict=Notification.Verdict.VERIFIED,
                state=Notification.State.PENDING,
                note="",
                attempts=0,
                next_attempt_at=timezone.now(),
                finished_at=None,
            )
            return bool(changed)
    except IntegrityError:
        return False
