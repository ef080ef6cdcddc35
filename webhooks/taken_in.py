"""What counts as heard from GoBiz: not what was refused, and not the tests that we send ourselves."""

from __future__ import annotations

from datetime import datetime

from django.db.models import OuterRef, Q, QuerySet, Subquery

from gobiz_admin.merchants.models import Outlet
from webhooks.models import Notification
from webhooks.round_trip import TEST_EVENT
from webhooks.slices import newest_of_app

# An app that only records signatures takes unverified ones in, and only such an app has any.
TAKEN_IN = Q(verdict__in=[Notification.Verdict.VERIFIED, Notification.Verdict.UNVERIFIED]) & ~Q(
    event_name=TEST_EVENT
)


def from_gobiz() -> QuerySet[Notification]:
    return Notification.objects.filter(TAKEN_IN)


def newest_pk_of_app(event_name: str = "") -> Subquery:
    """For a query of GobizApp: the pk of its newest one (of that event), by index, reading one row."""
    wanted = TAKEN_IN & Q(event_name=event_name) if event_name else TAKEN_IN
    return Subquery(newest_of_app(OuterRef("pk"), wanted).values("pk")[:1])


def last_heard(outlets: list[Outlet]) -> dict[int, datetime | None]:
    """When GoBiz was last heard about each outlet, by its pk; one query, one row read per outlet."""
    newest = from_gobiz().filter(outlet=OuterRef("pk")).order_by("-received_at").values("received_at")[:1]
    return dict(
        Outlet.objects.filter(pk__in=[outlet.pk for outlet in outlets])
        .order_by()
        .values_list("pk", Subquery(newest))
    )
