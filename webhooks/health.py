"""How well GoBiz's notifications reach us: a fixed number of queries, each by index, however many there are."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Q
from django.utils import timezone

from gobiz_admin.gobiz.events import EVENTS
from gobiz_admin.merchants.models import GobizApp, Merchant
from webhooks import lag
from webhooks.models import Notification
from webhooks.silence import WAITS_TOO_LONG
from webhooks.slices import newest_of_app, newest_of_each
from webhooks.taken_in import TAKEN_IN, newest_pk_of_app

State = Notification.State
MEDIAN_OF = 100
# Counted no further: more than that is said as "1,000 or more".
MOST_COUNTED = 1000
# Notifications about outlets that are none of ours are told of while they are news.
NEWS_FOR = timedelta(days=1)
FIELDS = ("pk", "gobiz_app_id", "event_name", "verdict", "sent_at", "received_at", "finished_at")


@dataclass(frozen=True)
class EventHealth:
    """The newest notification of one event: times in seconds, None where not known."""

    event_name: str
    last: Notification | None = None

    @property
    def arrival(self) -> float | None:
        return lag.arrival(self.last) if self.last else None

    @property
    def effect(self) -> float | None:
        return lag.effect(self.last) if self.last else None


@dataclass
class AppHealth:
    app: GobizApp
    last: Notification | None = None
    events: list[EventHealth] = field(default_factory=list)
    # Medians of the newest 100: seconds from GoBiz to our row, and from there to the end of the work.
    median_arrival: float | None = None
    median_effect: float | None = None
    # The newest one that was refused for its signature, when nothing was taken in since.
    refused_at: datetime | None = None


@dataclass(frozen=True)
class Counts:
    """How many notifications are in trouble now; none is counted beyond MOST_COUNTED."""

    waiting: int = 0
    # Of the waiting ones those that no worker has taken.
    late: int = 0
    failed: int = 0
    dead: int = 0
    unknown_outlet: int = 0
    no_outlet: int = 0


def health_of(apps: list[GobizApp]) -> list[AppHealth]:
    """Per app what was heard last, event by event, and how fast; four queries."""
    newest = _newest_pks(apps)
    wanted = {pk for found in newest.values() for pk in found.values() if pk}
    rows = {row.pk: row for row in Notification.objects.filter(pk__in=wanted).only(*FIELDS)}
    recent, refused = _recent(apps), _newest_refused(apps)
    healths = []
    for app in apps:
        found = newest.get(app.pk, {})
        last, mine = rows.get(found.get("", 0)), recent.get(app.pk, [])
        healths.append(
            AppHealth(
                app=app,
                last=last,
                events=[EventHealth(name, rows.get(found.get(name, 0))) for name in EVENTS],
                median_arrival=lag.median_of([lag.arrival(row) for row in mine]),
                median_effect=lag.median_of([lag.effect(row) for row in mine]),
                refused_at=_refused_since(last, refused.get(app.pk)),
            )
        )
    return healths


def _newest_pks(apps: list[GobizApp]) -> dict[int, dict[str, Any]]:
    """Per app, and event ("" for any), the pk of the newest one that was taken in, or None."""
    names = {f"event_{number}": name for number, name in enumerate(EVENTS)} | {"any": ""}
    found = (
        GobizApp.objects.filter(pk__in=[app.pk for app in apps])
        .annotate(**{key: newest_pk_of_app(name) for key, name in names.items()})
        .values("pk", *names)
    )
    return {row["pk"]: {name: row[key] for key, name in names.items()} for row in found}


def _recent(apps: list[GobizApp]) -> dict[int, list[Notification]]:
    """Per app its newest ones that were taken in."""
    branches = [newest_of_app(app, TAKEN_IN)[:MEDIAN_OF] for app in apps]
    grouped: dict[int, list[Notification]] = {}
    for row in newest_of_each(branches, FIELDS):
        grouped.setdefault(row.gobiz_app_id, []).append(row)
    return grouped


def _newest_refused(apps: list[GobizApp]) -> dict[int, Notification]:
    branches = [newest_of_app(app, Q(verdict=Notification.Verdict.FORGED))[:1] for app in apps]
    return {row.gobiz_app_id: row for row in newest_of_each(branches, FIELDS)}


def _refused_since(last: Notification | None, refused: Notification | None) -> datetime | None:
    if refused is None or (last is not None and last.pk > refused.pk):
        return None
    return refused.received_at if refused.received_at > timezone.now() - NEWS_FOR else None


def counts_of(apps: list[GobizApp]) -> Counts:
    """What is in trouble now at these apps together; six queries."""
    now = timezone.now()
    ours = Notification.objects.filter(gobiz_app__in=apps)
    return Counts(
        waiting=_count(ours.filter(state=State.PENDING)),
        late=_count(ours.filter(state=State.PENDING, next_attempt_at__lt=now - WAITS_TOO_LONG)),
        failed=_count(ours.filter(state=State.FAILED)),
        dead=_count(ours.filter(state=State.DEAD)),
        unknown_outlet=_unknown_outlet_news(apps, now),
        no_outlet=_count(ours.filter(state=State.IGNORED, note="no_outlet")),
    )


def dead_count(merchant: Merchant) -> int:
    """How many of the merchant's notifications could not be worked off, up to MOST_COUNTED; one query."""
    return _count(Notification.objects.filter(gobiz_app__merchant=merchant, state=State.DEAD))


def _count(found: Any) -> int:
    return int(found.order_by()[:MOST_COUNTED].count())


def _unknown_outlet_news(apps: list[GobizApp], now: datetime) -> int:
    """How many of each app's newest hundred that name an unknown outlet are from the last day."""
    unknown = Q(state=State.IGNORED, note="unknown_outlet")
    branches = [newest_of_app(app, unknown)[:MEDIAN_OF] for app in apps]
    return sum(row.received_at > now - NEWS_FOR for row in newest_of_each(branches, FIELDS))
