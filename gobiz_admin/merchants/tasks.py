"""Celery's way in; the work itself stands in the modules named below."""

from celery import shared_task

from gobiz_admin.merchants import closing, closing_sending, mailing

# Where workers are busy, the wake-ups of many sweeps must not pile up.
UNTIL_THE_NEXT_SWEEPS = 10


@shared_task(name="merchants.tasks.send_letters")
def send_letters() -> None:
    mailing.send_due()


@shared_task(name="merchants.tasks.forget_old_letters")
def forget_old_letters() -> None:
    mailing.forget_old()


@shared_task(name="merchants.tasks.send_closing")
def send_closing(outlet_pk: int) -> None:
    closing_sending.send(outlet_pk)


@shared_task(name="merchants.tasks.sweep_closings")
def sweep_closings() -> None:
    """Open again what is due, free what dead workers left, and wake workers for what waits."""
    closing.reopen_due()
    closing_sending.free_stuck()
    for outlet_pk in closing_sending.due_outlets():
        send_closing.apply_async(args=(outlet_pk,), expires=UNTIL_THE_NEXT_SWEEPS)
