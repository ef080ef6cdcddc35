"""publish_menu OUTLET_ID [--wait SECONDS] [--note WORDS] [--again] [--removing COUNT]"""

import math
import time
from typing import Any

from django.core.management.base import CommandParser
from django.utils.translation import gettext_lazy as _

from gobiz_admin.merchants.commands import JsonCommand, Refused, find_outlet
from menus.checks import Check
from menus.models import Sync
from menus.publishing import AlreadyPublished, PublishRefused, request_publish
from menus.removals import RemovalUnconfirmed
from menus.reports import sync_as_json
from menus.sentences import sync_error

POLL_SECONDS = 0.2
REMOVAL = _(
    "%(count)d of %(of)d items would disappear from GoFood. Nothing was published. If that is meant, add "
    "--removing %(count)d."
)
State = Sync.State
ENDED = {State.CONFIRMED, State.FAILED, State.SUPERSEDED}


def seconds(text: str) -> float:
    """For `--wait SECONDS`: zero or more."""
    value = float(text)
    if not 0 <= value < math.inf:
        raise ValueError(text)
    return value


class Command(JsonCommand):
    help = "Publish the outlet's catalog to GoFood, and print the sync."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("outlet_id")
        parser.add_argument("--wait", type=seconds, default=0, metavar="SECONDS")
        parser.add_argument("--note", default="", metavar="WORDS")
        parser.add_argument("--again", action="store_true", help="send even what GoFood has already")
        parser.add_argument(
            "--removing", type=int, metavar="COUNT", help="say that this many items go, where many go"
        )

    def work(self, **options: Any) -> dict[str, Any]:
        outlet = find_outlet(options["outlet_id"])
        try:
            sync = request_publish(
                outlet, None, note=options["note"], again=options["again"], removing=options["removing"]
            )
        except PublishRefused as refused:
            raise Refused(_one_line(refused.checks)) from None
        except RemovalUnconfirmed as unconfirmed:
            count = unconfirmed.removal.count
            raise Refused(REMOVAL % {"count": count, "of": unconfirmed.removal.of}) from None
        except AlreadyPublished as published:
            sync = published.sync
        wait_for_end(sync, options["wait"])
        found = sync_as_json(sync)
        if sync.state == State.FAILED:
            raise Refused(sync_error(sync), value=found)
        return found


def wait_for_end(sync: Sync, patience: float) -> None:
    """Refresh the sync until it has ended or the time is over."""
    deadline = time.monotonic() + patience
    while sync.state not in ENDED and (left := deadline - time.monotonic()) > 0:
        time.sleep(min(POLL_SECONDS, left))
        sync.refresh_from_db()


def _one_line(checks: list[Check]) -> str:
    return " ".join(
        f"{check.name}: {check.sentence}" if check.name else str(check.sentence) for check in checks
    )
