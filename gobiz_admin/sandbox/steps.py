"""What happens by itself later. Steps are rows, so a restart goes on with them."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from django.db import transaction
from django.utils import timezone

from gobiz_admin.sandbox import waking
from gobiz_admin.sandbox.models import Step

Handler = Callable[[dict[str, Any]], None]


def plan(kind: str, data: dict[str, Any], after: float) -> None:
    Step.objects.create(kind=kind, data=data, due_at=timezone.now() + timedelta(seconds=after))
    waking.after_commit()


def run_due(handlers: dict[str, Handler]) -> int:
    """Runs what is due, oldest first, each in a transaction of its own; tells how many."""
    done = 0
    while _run_next(handlers):
        done += 1
    return done


def _run_next(handlers: dict[str, Handler]) -> bool:
    with transaction.atomic():
        due = Step.objects.filter(due_at__lte=timezone.now()).order_by("due_at", "pk")
        step = due.select_for_update(skip_locked=True).first()
        if step is None:
            return False
        handlers[step.kind](step.data)
        step.delete()
    return True
