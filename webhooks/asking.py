"""Asking for a check of an app: from a page, or after what made one necessary."""

from gobiz_admin.merchants.announcing import wake
from gobiz_admin.merchants.models import GobizApp
from webhooks import checking
from webhooks.models import AppCheck
from webhooks.tasks import run_check


def ask(app: GobizApp, kind: str) -> AppCheck:
    """The check, waiting for the worker that is woken for it after commit."""
    check = checking.put(app, kind)
    wake(run_check, check.pk)
    return check
