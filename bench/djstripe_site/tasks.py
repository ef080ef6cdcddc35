"""Deferring, as dj-stripe's documentation does it: the callback enqueues, a worker processes."""

import os
from typing import Any

from celery import Celery

app = Celery("djstripe_site", broker=os.environ["REDIS_URL"])
app.conf.task_ignore_result = True


def defer(trigger: Any, api_key: str) -> None:
    process_trigger.delay(trigger.pk)


@app.task
def process_trigger(pk: int) -> None:
    from djstripe.models import WebhookEventTrigger

    WebhookEventTrigger.objects.get(pk=pk).process()
