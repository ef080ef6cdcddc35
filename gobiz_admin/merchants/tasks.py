"""Celery's way in; the work itself stands in the modules named below."""

from celery import shared_task

from gobiz_admin.merchants import mailing


@shared_task(name="merchants.tasks.send_letters")
def send_letters() -> None:
    mailing.send_due()


@shared_task(name="merchants.tasks.forget_old_letters")
def forget_old_letters() -> None:
    mailing.forget_old()
