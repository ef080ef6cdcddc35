"""Celery's way in; the work itself stands in the modules named below."""

from celery import Task, shared_task

from gobiz_admin.merchants.announcing import wake_now
from gobiz_admin.merchants.models import GobizApp
from webhooks import checking, lookups, proving, retention, rhythm, rotation_ends, working

# Where workers are busy, the wake-ups of many sweeps must not pile up.
UNTIL_THE_NEXT_SWEEP = 15

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
    lookups.forget_old()


@shared_task(name="webhooks.tasks.run_check")
def run_check(check_pk: int) -> None:
    checking.run(check_pk)


@shared_task(name="webhooks.tasks.sweep_checks")
def sweep_checks() -> None:
    """Wake workers for what is due: no wake-up has to arrive."""
    for pk in checking.due():
        run_check.apply_async(args=(pk,), expires=UNTIL_THE_NEXT_SWEEP)


@shared_task(name="webhooks.tasks.judge_again")
def judge_again(app_pk: int) -> None:
    if app := GobizApp.objects.filter(pk=app_pk).first():
        rotation_ends.judge_again(app)


@shared_task(name="webhooks.tasks.sweep_rotations")
def sweep_rotations() -> None:
    rotation_ends.sweep()


@shared_task(name="webhooks.tasks.compute_rhythms")
def compute_rhythms() -> None:
    rhythm.compute_due()


@shared_task(name="webhooks.tasks.run_lookup")
def run_lookup(lookup_pk: int) -> None:
    lookups.run(lookup_pk)


@shared_task(name="webhooks.tasks.sweep_lookups")
def sweep_lookups() -> None:
    """Wake workers for what is due, and for what dead workers left: no wake-up has to arrive."""
    lookups.free_lost()
    for pk in lookups.due():
        run_lookup.apply_async(args=(pk,), expires=UNTIL_THE_NEXT_SWEEP)
