"""How many calls of one GoBiz app that change a menu are under way at once: PUTs, and batches of stock switches."""

from collections import Counter
from collections.abc import Collection
from typing import Any

from django.conf import settings
from django.db.models import Count, Exists, F, OuterRef, QuerySet, Window
from django.db.models.functions import RowNumber
from django.utils import timezone

from gobiz_admin.merchants.models import GobizApp, Outlet
from menus.models import StockSwitch, Sync


def has_room(outlet: Outlet, for_menu: bool) -> bool:
    """Whether one more call of the outlet's GoBiz app may begin. It is asked one by one, until commit.

    A menu takes a minute and can wait, a dish that is out cannot: a menu leaves room for the stock that is due.
    """
    app_id = outlet.gobiz_app_id
    GobizApp.objects.select_for_update(no_key=True).values_list("pk").get(pk=app_id)
    return _under_way([app_id], for_menu)[app_id] < settings.GOBIZ_PUTS_AT_ONCE


def _under_way(app_ids: Collection[int], for_menu: bool) -> Counter[int]:
    """How much of what they bear is used, by GoBiz app; three queries at most."""
    putting = Sync.objects.filter(outlet__gobiz_app__in=app_ids, state=Sync.State.SENDING)
    switches = StockSwitch.objects.filter(outlet__gobiz_app__in=app_ids)
    used = _outlets(putting) + _outlets(switches.filter(state=StockSwitch.State.SENDING))
    if for_menu:
        due = switches.filter(state=StockSwitch.State.QUEUED, next_attempt_at__lte=timezone.now())
        used += _outlets(due.exclude(outlet__in=putting.values("outlet")))
    return used


def _outlets(rows: QuerySet[Any]) -> Counter[int]:
    """At how many outlets, by GoBiz app."""
    of_app = rows.order_by().values_list("outlet__gobiz_app").annotate(Count("outlet", distinct=True))
    return Counter(dict(of_app))


def next_menus() -> list[int]:
    """The queued syncs that can be sent now, the longest waiting first: per GoBiz app as many as it has room for.

    Four queries, however many wait.
    """
    waiting = waiting_menus()
    used = _under_way({app_id for _, app_id in waiting}, for_menu=True)
    found = []
    for sync_id, app_id in waiting:
        if used[app_id] < settings.GOBIZ_PUTS_AT_ONCE:
            used[app_id] += 1
            found.append(sync_id)
    return found


def waiting_menus(app_id: int | None = None) -> list[tuple[int, int]]:
    """(sync pk, app pk) of what is due and whose outlet is free, the longest waiting first.

    Of each app, or of this one, no more than it bears at once. What waits for its own outlet takes no other's turn.
    """
    due = Sync.objects.filter(state=Sync.State.QUEUED, next_attempt_at__lte=timezone.now())
    if app_id is not None:
        due = due.filter(outlet__gobiz_app=app_id)
    on_its_way: list[QuerySet[Any]] = [
        Sync.objects.filter(outlet=OuterRef("outlet"), state=Sync.State.SENDING),
        StockSwitch.objects.filter(outlet=OuterRef("outlet"), state=StockSwitch.State.SENDING),
    ]
    free = due.filter(*(~Exists(rows) for rows in on_its_way))
    place = Window(RowNumber(), partition_by=F("outlet__gobiz_app"), order_by=[F("next_attempt_at"), F("pk")])
    next_of_app = free.annotate(place=place).filter(place__lte=settings.GOBIZ_PUTS_AT_ONCE)
    return list(next_of_app.order_by("next_attempt_at", "pk").values_list("pk", "outlet__gobiz_app"))
