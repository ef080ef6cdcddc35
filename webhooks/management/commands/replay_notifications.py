"""Work notifications off again from a terminal."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.core.management.base import CommandParser
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.dateparse import parse_datetime

from gobiz_admin.merchants.commands import BadInput, JsonCommand, find_outlet
from webhooks.models import Notification
from webhooks.replaying import replay, replayable

State = Notification.State
STATES: dict[str, list[str]] = {
    "failed": [State.FAILED, State.DEAD],
    "all": list(State.values),
    "dead": [State.DEAD],
    "ignored": [State.IGNORED],
    "done": [State.DONE],
}


class Command(JsonCommand):
    help = "Work notifications off again; safe at any time, since handlers are idempotent."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--id", type=int, action="append", help="a notification's number; repeatable")
        parser.add_argument("--order", help="those of this order number")
        parser.add_argument("--outlet", help="those of this Outlet ID")
        parser.add_argument("--event", help="those of this event name")
        parser.add_argument("--since", help="received then or later, for example 2026-11-23T18:00+07:00")
        parser.add_argument("--until", help="received before then")
        parser.add_argument("--state", choices=list(STATES), default="failed", help="failed: dead ones too")
        parser.add_argument("--all", action="store_true", help="no other filter than the state")
        parser.add_argument("--dry-run", action="store_true", help="only count them")

    def work(self, **options: Any) -> dict[str, Any]:
        found = replayable(_found(options))
        if options["dry_run"]:
            return {"found": found.count(), "replayed": 0}
        count = replay(found)
        return {"found": count, "replayed": count}


def _found(options: dict[str, Any]) -> QuerySet[Notification]:
    for name in ("order", "outlet", "event", "since", "until"):
        if options[name] is not None and not (options[name].strip() and options[name].isprintable()):
            raise BadInput(f"--{name} is empty, or contains a character that cannot be seen.")
    wanted: dict[str, Any] = {
        "pk__in": options["id"],
        "order_number": options["order"],
        "event_name": options["event"],
        "outlet": find_outlet(options["outlet"]) if options["outlet"] else None,
        "received_at__gte": _moment(options["since"]),
        "received_at__lt": _moment(options["until"]),
    }
    filters = {name: value for name, value in wanted.items() if value}
    if not filters and not options["all"]:
        raise BadInput("Say which ones, for example --since, or --all for all of that state.")
    return Notification.objects.filter(state__in=STATES[options["state"]], **filters)


def _moment(text: str | None) -> datetime | None:
    if not text:
        return None
    try:
        at = parse_datetime(text)
    except ValueError:
        at = None
    if at is None:
        raise BadInput(f"{text} is no time; write it like 2026-11-23T18:00+07:00.")
    return timezone.make_aware(at) if timezone.is_naive(at) else at
