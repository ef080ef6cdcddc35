"""What every page says while outlets are closed on GoFood, or could not be closed or opened."""

from __future__ import annotations

from collections.abc import Sequence

from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from gobiz_admin.merchants.banners import Banner, Press, banner_source
from gobiz_admin.merchants.closing_words import closed_since, ends
from gobiz_admin.merchants.closings import OutletClosing
from gobiz_admin.merchants.models import Merchant

Rows = Sequence[OutletClosing]
NAMED = 3


@banner_source("outlets")
def outlets_closed(merchant: Merchant) -> list[Banner]:
    """At most three: outlets that should be open, that should be closed, and that are closed."""
    found = OutletClosing.objects.filter(outlet__merchant=merchant).exclude(
        closed=False, state=OutletClosing.State.DONE
    )
    rows, now = list(found.select_related("outlet", "by").order_by("since", "pk")), timezone.now()
    late = [row for row in rows if row.is_late(now)]
    shut = [row for row in late if not row.closed or row.shown == OutletClosing.Shown.CLOSED]
    wide_open = [row for row in late if row not in shut]
    closed = [row for row in rows if row not in late and row.shown == OutletClosing.Shown.CLOSED]
    banners = []
    if shut:
        banners.append(_still_closed(merchant, shut))
    if wide_open:
        banners.append(_still_open(merchant, wide_open))
    if closed:
        banners.append(_closed(merchant, closed))
    return banners


def _still_closed(merchant: Merchant, rows: Rows) -> Banner:
    text = ngettext(
        "%(names)s could not be opened again on GoFood: customers cannot order. Open it in the GoBiz app "
        "if it stays so.",
        "%(count)d outlets could not be opened again on GoFood, so customers cannot order: %(names)s. Open "
        "them in the GoBiz app if it stays so.",
        len(rows),
    )
    return Banner("danger", text % _facts(rows), _page(merchant), _("See why"), press=_open(merchant, rows))


def _still_open(merchant: Merchant, rows: Rows) -> Banner:
    text = ngettext(
        "%(names)s could not be closed on GoFood: customers can still order.",
        "%(count)d outlets could not be closed on GoFood, so customers can still order: %(names)s.",
        len(rows),
    )
    return Banner("danger", text % _facts(rows), _page(merchant), _("See why"))


def _closed(merchant: Merchant, rows: Rows) -> Banner:
    if len(rows) == 1:
        text = f"{rows[0].outlet.name}: {closed_since(rows[0])} {ends(rows[0])}"
    else:
        text = _("%(count)d outlets are closed on GoFood: %(names)s.") % _facts(rows)
    return Banner("warning", text, _page(merchant), _("See"), press=_open(merchant, rows))


def _open(merchant: Merchant, rows: Rows) -> Press | None:
    """The button that opens the outlet; of several, each may be closed for a reason of its own."""
    if len(rows) > 1:
        return None
    return Press(reverse("reopen", args=[merchant.pk]), rows[0].outlet_id, _("Open again"))


def _facts(rows: Rows) -> dict[str, object]:
    names = ", ".join(row.outlet.name for row in rows[:NAMED])
    return {"count": len(rows), "names": names if len(rows) <= NAMED else f"{names}, …"}


def _page(merchant: Merchant) -> str:
    return reverse("closing", args=[merchant.pk])
