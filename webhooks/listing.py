"""The log: one page of notifications, newest first, whatever is looked for and however many there are.

Every search is led by one index and reads it from its newest end, per app, and no further than
LOOKED_AT rows; what else is asked for is looked for among those. So a page costs the same with ten
million rows, and "Older" goes on where the look ended.
"""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import Q, QuerySet, TextChoices
from django.utils.translation import gettext_lazy as _

from gobiz_admin.merchants.models import GobizApp, Outlet
from webhooks.models import Notification
from webhooks.notes import NOTES
from webhooks.slices import newest_of_app, newest_of_each

State, Verdict = Notification.State, Notification.Verdict
PAGE = 50
LOOKED_AT = 2000
FIELDS = ("pk", "received_at")


class Result(TextChoices):
    FAILED = "failed", _("Failed")
    WITHOUT_EFFECT = "without_effect", _("Without effect")
    UNKNOWN_OUTLET = "unknown_outlet", _("Unknown outlet, or none named")
    NOT_VERIFIED = "not_verified", _("Signature not verified")


@dataclass(frozen=True)
class Filters:
    """What is looked for; empty: all."""

    outlet: Outlet | None = None
    event_name: str = ""
    result: str = ""
    order_number: str = ""

    @property
    def active(self) -> bool:
        return bool(self.outlet or self.event_name or self.result or self.order_number)


@dataclass(frozen=True)
class Page:
    notifications: list[Notification]
    # The id to go on before; None at the end.
    older_before: int | None
    # Ended by LOOKED_AT, not by a full page: there may be more among older ones.
    cut_short: bool = False


# Results as conditions that the partial indexes of Notification answer, each a range of one of them.
_RANGES: dict[str, list[Q]] = {
    Result.FAILED: [Q(state=State.FAILED), Q(state=State.DEAD)],
    Result.WITHOUT_EFFECT: [Q(state=State.IGNORED, note=note) for note in NOTES],
    Result.UNKNOWN_OUTLET: [Q(state=State.IGNORED, note=note) for note in ("unknown_outlet", "no_outlet")],
    Result.NOT_VERIFIED: [Q(verdict=Verdict.UNVERIFIED), Q(verdict=Verdict.FORGED)],
}


def page_of(apps: list[GobizApp], filters: Filters, before: int | None = None) -> Page:
    """The newest notifications of these apps, before that id if given; at most four queries."""
    branches, rest = _branches(apps, filters, before)
    by_time = _lead(filters)[0] == "outlet"
    found = newest_of_each([branch[: LOOKED_AT if rest else PAGE + 1] for branch in branches], FIELDS)
    found.sort(key=lambda row: (row.received_at, row.pk) if by_time else (row.pk,), reverse=True)
    pks = [row.pk for row in found]
    if rest:
        return _page_among(pks, rest)
    return Page(_rows(pks[:PAGE]), pks[PAGE - 1] if len(pks) > PAGE else None)


def _page_among(pks: list[int], rest: Q) -> Page:
    """The page of those that `rest` selects among the ones that were looked at."""
    # Each branch gave its newest, so that of all together as many are complete, and no more.
    cut, pks = len(pks) >= LOOKED_AT, pks[:LOOKED_AT]
    selected = set(Notification.objects.filter(rest, pk__in=pks).values_list("pk", flat=True))
    found = [pk for pk in pks if pk in selected]
    if len(found) > PAGE:
        return Page(_rows(found[:PAGE]), found[PAGE - 1])
    return Page(_rows(found), pks[-1] if cut else None, cut_short=cut)


def _rows(pks: list[int]) -> list[Notification]:
    """These notifications, in this order, without what can be large."""
    rows = Notification.objects.select_related("outlet").defer("raw", "traceback").in_bulk(pks)
    return [rows[pk] for pk in pks if pk in rows]


def _branches(
    apps: list[GobizApp], filters: Filters, before: int | None
) -> tuple[list[QuerySet[Notification]], Q | None]:
    """Ordered queries, each led by an index, and what is left to look for among their rows."""
    lead, wanted = _lead(filters)
    rest = Q()
    for name, condition in _conditions(filters).items():
        if name != lead:
            rest &= condition
    if lead == "outlet":
        assert filters.outlet
        branches = [_of_outlet(filters.outlet, apps, before)]
    else:
        older = Q(pk__lt=before) if before else Q()
        branches = [newest_of_app(app, older & condition) for app in apps for condition in wanted]
    return branches, rest if rest else None


def _lead(filters: Filters) -> tuple[str, list[Q]]:
    """What the index is asked for, of what is looked for: the rarest first."""
    if filters.order_number:
        return "order_number", [Q(order_number=filters.order_number)]
    if filters.result:
        return "result", _RANGES[filters.result]
    if filters.outlet:
        return "outlet", []
    if filters.event_name:
        return "event_name", [Q(event_name=filters.event_name)]
    return "", [Q()]


def _conditions(filters: Filters) -> dict[str, Q]:
    found = {}
    if filters.order_number:
        found["order_number"] = Q(order_number=filters.order_number)
    if filters.result:
        found["result"] = Q()
        for condition in _RANGES[filters.result]:
            found["result"] |= condition
    if filters.outlet:
        found["outlet"] = Q(outlet=filters.outlet)
    if filters.event_name:
        found["event_name"] = Q(event_name=filters.event_name)
    return found


def _of_outlet(outlet: Outlet, apps: list[GobizApp], before: int | None) -> QuerySet[Notification]:
    """By the time at which they came, which is the order of the index and, but for a moment, of the ids."""
    found = Notification.objects.filter(outlet=outlet, gobiz_app__in=apps)
    if before:
        at = (
            Notification.objects.filter(pk=before, outlet=outlet)
            .values_list("received_at", flat=True)
            .first()
        )
        # One that is no longer kept: by its id, which says nearly the same.
        older = Q(received_at__lte=at) & ~Q(received_at=at, pk__gte=before) if at else Q(pk__lt=before)
        found = found.filter(older)
    return found.order_by("-received_at", "-id")
