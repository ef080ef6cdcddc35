"""Tells the delivery thread that there is something to do."""

import threading

from django.db import transaction

work = threading.Event()


def after_commit() -> None:
    transaction.on_commit(work.set)
