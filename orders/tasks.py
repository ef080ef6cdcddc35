"""Celery's way in; the work itself stands in the modules named below."""

from celery import shared_task

from orders import actions, gaps


@shared_task(name="orders.tasks.send_action")
def send_action(action_pk: int) -> None:
    actions.send(action_pk)


@shared_task(name="orders.tasks.sweep_actions")
def sweep_actions() -> None:
    actions.sweep()


@shared_task(name="orders.tasks.sweep_gaps")
def sweep_gaps() -> None:
    gaps.sweep()
