"""How many calls of one GoBiz app that change a menu are under way at once: PUTs, and batches of stock switches."""

from django.conf import settings
from django.db.models import QuerySet
from django.utils import timezone

from gobiz_admin.merchants.models import GobizApp, Outlet
from menus.models import StockSwitch, Sync


def has_room(outlet: Outlet, for_menu: bool) -> bool:
    """Whether one more call of the outlet's GoBiz app may begin. It is asked one by one, until commit.

    A menu takes a minute and can wait, a dish that is out cannot: a menu leaves room for the stock that is due.
    """
    app_id = outlet.gobiz_app_id
    GobizApp.objects.select_for_update(no_key=True).values_list("pk").get(pk=app_id)
    putting = Sync.objects.filter(outlet__gobiz_app=app_id, state=Sync.State.SENDING)
    switches = StockSwitch.objects.filter(outlet__gobiz_app=app_id)
    under_way = putting.count() + _outlets(switches.filter(state=StockSwitch.State.SENDING))
    if for_menu:
        due = switches.filter(state=StockSwitch.State.QUEUED, next_attempt_at__lte=timezone.now())
        under_way += _outlets(due.exclude(outlet__in=putting.values("outlet")))
    return under_way < settings.GOBIZ_PUTS_AT_ONCE


def _outlets(switches: QuerySet[StockSwitch]) -> int:
    return switches.values("outlet").distinct().count()
