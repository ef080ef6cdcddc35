"""Celery's way in; the work itself stands in the modules named below."""

from celery import Task, shared_task

from gobiz_admin.merchants.announcing import wake_now
from webhooks import proving, retention, working

# A worker that comes to a wake-up later than this finds that another, or the sweep, was there.
WAKE_EXPIRES_SECONDS = 5
# A handler that hangs fails with its notification; a worker that cannot even do that is replaced.
HANGS_SECONDS = 60


@shared_task(
    bind=True, name="webhooks.tasks.work_off", soft_time_limit=HANGS_SECONDS, time_limit=HANGS_SECONDS + 15
)
def work_off(self: Task) -> None:
    working.take_turn(lambda: wake_now(self, expires=WAKE_EXPIRES_SECONDS))


@shared_task(name="webhooks.tasks.prove_connection")
def prove_connection(outlet_pk: int) -> None:
    proving.prove(outlet_pk)


@shared_task(name="webhooks.tasks.sweep_proofs")
def sweep_proofs() -> None:
    proving.sweep()


@shared_task(name="webhooks.tasks.prune_notifications")
def prune_notifications() -> None:
    retention.prune()
