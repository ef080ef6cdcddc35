"""How many orders an outlet usually gets in each hour of the week, learned from its last 28 whole days."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime, time, timedelta

from django.db.models import F, Min, QuerySet
from django.utils import timezone

from gobiz_admin.gobiz.events import ORDER_EVENTS
from gobiz_admin.merchants.models import Outlet
from webhooks.models import Notification, Rhythm

HOURS = 168
LEARNED_FROM = timedelta(days=28)
RECOMPUTED_EVERY = timedelta(days=1)
# A whole week is the most that is looked back over: more would only make what is unusual more so.
LONGEST = timedelta(days=7)
# An order that began before the days that are counted, and goes on in them, is not one of theirs.
BEGAN_BEFORE = timedelta(days=1)
# Any Monday, at midnight.
MONDAY = datetime(2024, 1, 1)


def expected_orders(rhythm: Rhythm, since: datetime, until: datetime) -> float:
    """Orders that usually come from `since` to `until`, of at most the last seven days of it; 0 and more."""
    if until <= since or len(rhythm.orders_per_hour) != HOURS:
        return 0.0
    if until - since >= LONGEST:
        return float(sum(rhythm.orders_per_hour))
    zone = rhythm.outlet.zone
    return max(
        0.0,
        _up_to(rhythm.orders_per_hour, until.astimezone(zone))
        - _up_to(rhythm.orders_per_hour, since.astimezone(zone)),
    )


def _up_to(means: list[float], local: datetime) -> float:
    """Orders that usually come from MONDAY to then; a part of an hour counts as its share."""
    hours = (local.replace(tzinfo=None) - MONDAY) / timedelta(hours=1)
    weeks, rest = divmod(hours, HOURS)
    whole = int(rest)
    return weeks * sum(means) + sum(means[:whole]) + means[whole % HOURS] * (rest - whole)


def orders_seen(rhythm: Rhythm) -> float:
    """About how many orders the means are made of."""
    return sum(rhythm.orders_per_hour) * rhythm.days / 7


def compute_due(limit: int = 200) -> int:
    """How many outlets' rhythms were computed: those without one, then those older than a day."""
    now = timezone.now()
    due = Outlet.objects.exclude(rhythm__computed_at__gt=now - RECOMPUTED_EVERY).order_by(
        F("rhythm__computed_at").asc(nulls_first=True), "pk"
    )
    outlets = list(due[:limit])
    for outlet in outlets:
        compute(outlet, now)
    return len(outlets)


def compute(outlet: Outlet, now: datetime | None = None) -> Rhythm:
    """The outlet's rhythm, learned from the 28 whole days before `now` in its zone, and stored.

    An outlet that has been silent since the last time keeps what was learned then, for as long as
    28 days: a silence must not make itself usual.
    """
    now = now or timezone.now()
    known = Rhythm.objects.filter(outlet=outlet).first()
    if known and not _order_events(outlet).filter(received_at__gte=known.computed_at).exists():
        newest = _order_events(outlet).order_by("-received_at").values_list("received_at", flat=True).first()
        if newest and newest > now - LEARNED_FROM:
            known.computed_at = now
            known.save(update_fields=["computed_at"])
            return known
    means, days = learn(outlet, now)
    return Rhythm.objects.update_or_create(
        outlet=outlet, defaults={"orders_per_hour": means, "days": days, "computed_at": now}
    )[0]


def learn(outlet: Outlet, now: datetime) -> tuple[list[float], int]:
    """168 means of orders per hour, from Monday 00:00 in the outlet's zone, and of how many days they are made."""
    last = now.astimezone(outlet.zone).date()
    first = last - LEARNED_FROM
    begin, end = (datetime.combine(day, time(), outlet.zone) for day in (first, last))
    begun = (
        _order_events(outlet)
        .filter(received_at__gte=begin - BEGAN_BEFORE, received_at__lt=end)
        .values("order_number")
        .annotate(at=Min("received_at"))
        .values_list("at", flat=True)
    )
    moments = [at.astimezone(outlet.zone) for at in begun.iterator()]
    if not _order_events(outlet).filter(received_at__lt=begin).exists():
        # Connected since: the first day is not a whole one.
        first = min((at.date() for at in moments), default=last) + timedelta(days=1)
    days = max(0, (last - first).days)
    return _means([at for at in moments if first <= at.date() < last], first, days), days


def _means(moments: Iterable[datetime], first: date, days: int) -> list[float]:
    orders = [0] * HOURS
    for at in moments:
        orders[at.weekday() * 24 + at.hour] += 1
    times = [0] * 7
    for day in range(days):
        times[(first.weekday() + day) % 7] += 1
    return [round(count / times[hour // 24], 4) if count else 0.0 for hour, count in enumerate(orders)]


def _order_events(outlet: Outlet) -> QuerySet[Notification]:
    """The outlet's notifications that carry an order and were not refused."""
    return Notification.objects.filter(
        outlet=outlet,
        event_name__in=ORDER_EVENTS,
        verdict__in=[Notification.Verdict.VERIFIED, Notification.Verdict.UNVERIFIED],
    ).exclude(order_number="")
