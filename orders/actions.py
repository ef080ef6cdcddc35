"""What a person at the counter asks GoBiz to do with an order: asked once, sent once, told in any case."""

from __future__ import annotations

import logging
from datetime import datetime, timedelta

from django.db import IntegrityError, transaction
from django.db.models import F, Q, QuerySet
from django.utils import timezone

from gobiz_admin.gobiz.client import GobizClient
from gobiz_admin.gobiz.errors import GobizError, OrderMovedOn
from gobiz_admin.merchants.announcing import announce, wake
from gobiz_admin.merchants.gobiz import client_for
from gobiz_admin.merchants.models import User
from orders.models import Order, OrderAction, TimelineEntry
from orders.progress import FINAL, RANK, advance

log = logging.getLogger(__name__)
Kind, State, Status = OrderAction.Kind, OrderAction.State, Order.Status
CANCEL_REASONS = ("HIGH_DEMAND", "RESTAURANT_CLOSED", "ITEMS_OUT_OF_STOCK", "OTHERS")
# A customer waits: a call that failed is tried again soon, and given back to the person soon.
WAITS = (timedelta(seconds=1), timedelta(seconds=3), timedelta(seconds=8), timedelta(seconds=15))
# As long as a token and a call can take; a claim that is older was left by a worker that died.
CLAIM_HOLDS = timedelta(seconds=60)
STATUS_AFTER = {Kind.ACCEPT: Status.ACCEPTED, Kind.CANCEL: Status.CANCELLED}


class NotPossible(Exception):
    """The order's state does not allow the action."""


def possible(order: Order) -> list[str]:
    """The kinds of action that the order's state allows, the main one first."""
    if order.status in FINAL or order.status == Status.PLACED:
        return []
    if order.status == Status.AWAITING:
        return [Kind.ACCEPT, Kind.CANCEL]
    return [Kind.CANCEL] if order.food_ready_at else [Kind.FOOD_READY, Kind.CANCEL]


def request_action(
    order: Order, kind: str, user: User | None, reason_code: str = "", reason: str = ""
) -> OrderAction | None:
    """The action to be sent; None when one is on its way already. Raises NotPossible."""
    try:
        with transaction.atomic():
            order = Order.objects.select_for_update(of=("self",)).select_related("outlet").get(pk=order.pk)
            if kind not in possible(order):
                raise NotPossible
            if order.actions.filter(Q(state=State.PENDING) | Q(state=State.DONE, kind=kind)).exists():
                return None
            action = OrderAction.objects.create(
                order=order, kind=kind, requested_by=user, reason_code=reason_code, reason=reason
            )
            announce(order.outlet.merchant_id, "orders", outlet=order.outlet.outlet_id)
            from orders.tasks import send_action  # tasks.py imports this module

            wake(send_action, action.pk)
            return action
    except IntegrityError:
        return None


def send(action_pk: int) -> None:
    """Send the action to GoBiz if it is this worker's to send, and record what came of it."""
    action = _claim(action_pk)
    if action is None:
        return
    error: GobizError | None = None
    try:
        _call(client_for(action.order.outlet.gobiz_app), action)
    except GobizError as failure:
        error = failure
    except Exception:
        # A fault of ours would be met again at every sweep: the person is told instead.
        log.exception("action %s failed", action.pk)
        error = GobizError()
    _record(action, error)


def _claim(action_pk: int) -> OrderAction | None:
    """The action, if it is due and no other worker has it.

    Claim and attempt are committed before GoBiz is called: of a worker that dies they remain.
    """
    now = timezone.now()
    claimed = _due(now).filter(pk=action_pk).update(claimed_at=now, attempts=F("attempts") + 1)
    if not claimed:
        return None
    # Without the app: a secret that no longer decrypts is a failure of the call, not of the claim.
    return OrderAction.objects.select_related("order__outlet").get(pk=action_pk)


def _due(now: datetime) -> QuerySet[OrderAction]:
    """Actions to send now: no worker has them, or the one that had them has died."""
    waiting = Q(claimed_at__isnull=True) & (Q(next_attempt_at__isnull=True) | Q(next_attempt_at__lte=now))
    return OrderAction.objects.filter(waiting | Q(claimed_at__lt=now - CLAIM_HOLDS), state=State.PENDING)


def _call(client: GobizClient, action: OrderAction) -> None:
    order = action.order
    where = (order.outlet.outlet_id, order_type(order), order.order_number)
    if action.kind == Kind.ACCEPT:
        client.accept_order(*where)
    elif action.kind == Kind.FOOD_READY:
        client.mark_food_prepared(*where)
    else:
        client.cancel_order(*where, action.reason_code, action.reason)


def order_type(order: Order) -> str:
    """GoBiz's word in the address (gobiz-api.md, "Orders"): `pickup` or `delivery`."""
    return "pickup" if order.service_type == "gofood_pickup" else "delivery"


def _record(sent: OrderAction, error: GobizError | None) -> None:
    with transaction.atomic():
        order = Order.objects.select_for_update(of=("self",)).select_related("outlet").get(pk=sent.order_id)
        action = OrderAction.objects.select_for_update().get(pk=sent.pk)
        if action.state != State.PENDING:
            return
        if error is not None and action.attempts != sent.attempts:
            return  # we were so slow that another worker has it by now
        if isinstance(error, OrderMovedOn) and _has_happened(order, action):
            error = None
        if error is None:
            _succeed(order, action)
        elif error.transient and action.attempts <= len(WAITS):
            _wait(action, error)
        else:
            action.state, action.finished_at = State.FAILED, timezone.now()
        action.error_code, action.error = (error.code, error.detail) if error else ("", "")
        action.save()
        announce(order.outlet.merchant_id, "orders", outlet=order.outlet.outlet_id)


def _has_happened(order: Order, action: OrderAction) -> bool:
    """A 409 after an attempt whose answer was lost: the order stands where the action wanted it."""
    if action.kind == Kind.CANCEL:
        return order.status == Status.CANCELLED
    if action.attempts < 2 or order.status == Status.CANCELLED:
        return False
    # Nothing in an order tells that its food is ready; that GoBiz refuses it the second time does.
    return action.kind == Kind.FOOD_READY or RANK[order.status] >= RANK[Status.ACCEPTED]


def _succeed(order: Order, action: OrderAction) -> None:
    now = timezone.now()
    action.state, action.finished_at = State.DONE, now
    if action.kind == Kind.FOOD_READY:
        order.food_ready_at = now
    elif RANK[STATUS_AFTER[Kind(action.kind)]] > RANK[order.status]:
        # Without a stamp of GoBiz's time: its own notification, which is on its way, decides.
        advance(order, STATUS_AFTER[Kind(action.kind)], "")
    order.save(update_fields=["status", "told_by", "food_ready_at"])
    TimelineEntry.objects.create(order=order, at=now, event=f"action.{action.kind}", user=action.requested_by)


def _wait(action: OrderAction, error: GobizError) -> None:
    wait = WAITS[action.attempts - 1]
    if error.retry_after:
        wait = max(wait, timedelta(seconds=min(error.retry_after, 30)))
    action.claimed_at, action.next_attempt_at = None, timezone.now() + wait
    from orders.tasks import send_action  # tasks.py imports this module

    wake(send_action, action.pk, countdown=wait.total_seconds())


def sweep() -> int:
    """How many actions were found that no worker has: their wake-up was lost, or their worker died."""
    now = timezone.now()
    due = _due(now).filter(requested_at__lt=now - timedelta(seconds=5))
    pks = list(due.order_by("pk").values_list("pk", flat=True)[:100])
    for pk in pks:
        send(pk)
    return len(pks)
