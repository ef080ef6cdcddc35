"""The thread that runs due steps and sends due deliveries.

Deliveries of one lane (one URL and one order) start one after the other, lanes run side by side, so
that a slow receiver of one order holds up no other. A delivery stays `waiting` until its attempt is
recorded: a process that dies between the two delivers again after its start, which is the "at least
once" of the real GoBiz.
"""

import logging
import threading
from collections import defaultdict
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

from django.db import close_old_connections
from django.db.models import Min
from django.utils import timezone

from gobiz_admin.sandbox import notifications, orders, steps, waking
from gobiz_admin.sandbox.deliveries import deliver
from gobiz_admin.sandbox.models import Delivery, Step

log = logging.getLogger(__name__)

HANDLERS: dict[str, steps.Handler] = {
    "menu_confirmed": notifications.confirm_menu,
    "order_event": orders.planned_event,
    "acceptance_deadline": orders.acceptance_deadline,
}
LANES = 12
LONGEST_WAIT = 1.0

_round = threading.Lock()
_busy: set[str] = set()
_pool = ThreadPoolExecutor(LANES, thread_name_prefix="delivery")


def start() -> None:
    threading.Thread(target=_loop, name="sandbox-worker", daemon=True).start()


@contextmanager
def paused() -> Iterator[None]:
    """Keeps the thread from starting anything, for a reset."""
    with _round:
        yield


def _loop() -> None:
    while True:
        waking.work.clear()
        try:
            close_old_connections()
            with _round:
                steps.run_due(HANDLERS)
                _dispatch()
            wait = _seconds_to_next()
        except Exception:  # the thread must outlive a database that is away for a moment
            log.exception("delivery round failed")
            wait = LONGEST_WAIT
        waking.work.wait(wait)


def _dispatch() -> None:
    """Hands each free lane's due deliveries to the pool."""
    lanes: dict[str, list[Delivery]] = defaultdict(list)
    due = Delivery.objects.select_related("app").filter(state="waiting", due_at__lte=timezone.now())
    for delivery in due.exclude(lane__in=list(_busy)).order_by("due_at", "pk")[:200]:
        lanes[delivery.lane].append(delivery)
    for lane, deliveries in lanes.items():
        _busy.add(lane)
        _pool.submit(_work, lane, deliveries)


def _work(lane: str, deliveries: list[Delivery]) -> None:
    try:
        close_old_connections()
        for delivery in deliveries:
            deliver(delivery)
    except Exception:
        log.exception("delivery failed")
    finally:
        _busy.discard(lane)
        waking.work.set()


def _seconds_to_next() -> float:
    """Until the next step or delivery is due; a second at most, to notice rows of other processes."""
    waiting = Delivery.objects.filter(state="waiting").exclude(lane__in=list(_busy))
    times = [
        Step.objects.aggregate(due=Min("due_at"))["due"],
        waiting.aggregate(due=Min("due_at"))["due"],
    ]
    gaps = [(moment - timezone.now()).total_seconds() for moment in times if moment is not None]
    return max(0.005, min([LONGEST_WAIT, *gaps]))
