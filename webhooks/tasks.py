"""Celery's way in; the work itself stands in the modules named below."""

from celery import shared_task

from webhooks import proving, working


@shared_task(name="webhooks.tasks.work_off")
def work_off() -> None:
    working.work_off()


@shared_task(name="webhooks.tasks.prove_connection")
def prove_connection(outlet_pk: int) -> None:
    proving.prove(outlet_pk)


@shared_task(name="webhooks.tasks.sweep_proofs")
def sweep_proofs() -> None:
    proving.sweep()
