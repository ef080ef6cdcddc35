"""Telling what changed, after the transaction that changed it: to open browsers, and to workers.

Both are wake-ups. What there is to see or to do stands in the database; with Redis away, browsers
poll and the sweeps find the work, so that nothing here may fail a request or take long.
"""

import json
import logging
import time
from typing import Any, cast

import redis
from celery import Task, current_app
from django.conf import settings
from django.db import transaction

log = logging.getLogger(__name__)
_PAUSE_SECONDS = 5.0
_silent_until = 0.0


def shared_redis() -> redis.Redis:
    """The connection pool of this process, with timeouts short enough for a request."""
    global _redis
    if _redis is None:
        _redis = redis.Redis.from_url(
            settings.REDIS_URL,
            socket_connect_timeout=settings.REDIS_TIMEOUT_SECONDS,
            socket_timeout=settings.REDIS_TIMEOUT_SECONDS,
        )
    return _redis


_redis: redis.Redis | None = None


def channel(merchant_id: int) -> str:
    """The Redis channel on which a merchant's open browsers are told what changed."""
    return f"live:{merchant_id}"


def announce(merchant_id: int, topic: str, **facts: Any) -> None:
    """Tell the merchant's open browsers, after commit, that `topic` (orders, syncs, …) changed."""
    message = json.dumps({"topic": topic, **facts})
    transaction.on_commit(lambda: _try(lambda: shared_redis().publish(channel(merchant_id), message)))


def wake(task: Task, *args: Any, countdown: float = 0) -> None:
    """Enqueue the task after commit. When the broker is away the sweeps do its work later."""
    transaction.on_commit(lambda: wake_now(task, *args, countdown=countdown))


def wake_named(name: str, *args: Any, countdown: float = 0) -> None:
    """As `wake`, by the task's name: no function has to import the tasks that call it."""
    wake(cast(Task, current_app.signature(name)), *args, countdown=countdown)


def wake_now(task: Task, *args: Any, countdown: float = 0, expires: float | None = None) -> None:
    """Enqueue the task at once; `countdown` and `expires` are seconds from now."""
    times: dict[str, Any] = {"countdown": countdown, "expires": expires}
    _try(lambda: task.apply_async(args=args, **times))


def _try(call: Any) -> None:
    """Call it, unless Redis has just failed: a request waits for it once, not for each wake-up."""
    global _silent_until
    if time.monotonic() < _silent_until:
        return
    try:
        call()
    except Exception as error:  # noqa: BLE001 - kombu and redis raise many kinds; none may surface
        _silent_until = time.monotonic() + _PAUSE_SECONDS
        log.warning("broker away, work waits for the sweep: %s", type(error).__name__)
