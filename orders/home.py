"""The first page of owner and manager: what needs me, worst first; then each outlet as a line."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.db.models import Count, OuterRef, Q, Subquery
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from gobiz_admin.merchants.models import Merchant, Outlet, Proof
from gobiz_admin.merchants.outlet_chips import chips_for
from gobiz_admin.merchants.roles import Action
from menus.models import Drift, MappingAlert, Sync
from menus.mornings import open_mornings
from menus.stock_lists import items_off
from orders.models import Order
from webhooks.health import dead_count
from webhooks.health_words import dead_cure, dead_words
from webhooks.listing import Result
from webhooks.silence import Level, cure, silences_of


@dataclass(frozen=True)
class Need:
    kind: str  # "danger" or "warning"
    text: str
    detail: str
    url: str
    label: str
    # What the page behind the button asks for; empty: whoever sees home may open it.
    right: Action | None = None


def rows_of(outlets: list[Outlet]) -> list[dict[str, Any]]:
    """Per outlet what its line shows; a fixed number of queries."""
    orders = _orders(outlets)
    newest_sync = Sync.objects.filter(outlet=OuterRef("pk")).order_by("-pk")
    facts = {
        row["pk"]: row
        for row in Outlet.objects.filter(pk__in=[outlet.pk for outlet in outlets]).values(
            "pk",
            sync_state=Subquery(newest_sync.values("state")[:1]),
            published_at=Subquery(
                Sync.objects.filter(outlet=OuterRef("pk"), state=Sync.State.CONFIRMED)
                .order_by("-pk")
                .values("confirmed_at")[:1]
            ),
        )
    }
    alerts = dict(
        MappingAlert.objects.filter(outlet__in=outlets, state=MappingAlert.State.OPEN)
        .values_list("outlet")
        .annotate(Count("pk"))
    )
    chips = chips_for(outlets[0].merchant, outlets) if outlets else {}
    urgent = dict(Drift.objects.filter(outlet__in=outlets, urgent__gt=0).values_list("outlet_id", "urgent"))
    off, silences = items_off(outlets), silences_of(outlets)
    still = {row.outlet.pk: len(row.lines) for row in open_mornings(outlets)}
    return [
        {
            "outlet": outlet,
            "last_notification_at": silences[outlet.pk].since,
            "silence": silences[outlet.pk],
            **facts[outlet.pk],
            **orders.get(outlet.pk, {"orders_today": 0, "waiting": 0}),
            "alerts": alerts.get(outlet.pk, 0),
            "items_off": off.get(outlet.pk),
            "still_off": still.get(outlet.pk, 0),
            "chips": chips.get(outlet.pk, []),
            "urgent_drift": urgent.get(outlet.pk, 0),
        }
        for outlet in outlets
    ]


def _orders(outlets: list[Outlet]) -> dict[int, dict[str, Any]]:
    today = timezone.localtime().replace(hour=0, minute=0, second=0, microsecond=0)
    counted = (
        Order.objects.filter(outlet__in=outlets)
        .filter(Q(received_at__gte=today) | Q(status=Order.Status.AWAITING))
        .values("outlet_id")
        .annotate(
            orders_today=Count("pk", filter=Q(received_at__gte=today)),
            waiting=Count("pk", filter=Q(status=Order.Status.AWAITING)),
        )
    )
    return {
        row["outlet_id"]: {"orders_today": row["orders_today"], "waiting": row["waiting"]} for row in counted
    }


def needs_of(merchant: Merchant, rows: list[dict[str, Any]]) -> list[Need]:
    """What needs the owner or manager now, worst first, each with its one button."""
    needs = [need for row in rows for need in _needs_of_row(merchant, row)]
    unproven = (
        Proof.objects.filter(outlet__merchant=merchant, state=Proof.State.FAILED)
        .values_list("outlet", "outlet__name")
        .distinct()
    )
    needs += [
        Need(
            "warning",
            _("The connection of %(outlet)s is not proven") % {"outlet": name},
            _("At least one check failed; until it passes, orders or menu changes may not come through."),
            reverse("connect_proof", args=[merchant.pk, pk]),
            _("See what failed"),
            Action.CONNECT_OUTLET,
        )
        for pk, name in unproven
    ]
    if dead := dead_count(merchant):
        url = f"{reverse('webhooks', args=[merchant.pk])}?result={Result.FAILED}"
        needs.append(
            Need(
                "danger",
                dead_words(dead),
                dead_cure(),
                url,
                _("See these notifications"),
                Action.SEE_WEBHOOKS,
            )
        )
    return sorted(needs, key=lambda need: need.kind)


def _needs_of_row(merchant: Merchant, row: dict[str, Any]) -> list[Need]:
    outlet, needs = row["outlet"], []
    if row["waiting"]:
        text = ngettext("%(count)d order is waiting", "%(count)d orders are waiting", row["waiting"])
        needs.append(
            Need(
                "danger",
                text % {"count": row["waiting"]},
                outlet.name,
                _at("inbox", merchant, outlet),
                _("Open the inbox"),
            )
        )
    if row["alerts"]:
        text = ngettext(
            "%(count)d order was not delivered", "%(count)d orders were not delivered", row["alerts"]
        )
        needs.append(
            Need(
                "danger",
                text % {"count": row["alerts"]},
                outlet.name,
                _at("alerts", merchant, outlet),
                _("Repair"),
            )
        )
    if row["still_off"]:
        text = ngettext(
            "%(count)d is still off since yesterday or longer",
            "%(count)d are still off since yesterday or longer",
            row["still_off"],
        )
        needs.append(
            Need(
                "warning",
                text % {"count": row["still_off"]},
                outlet.name,
                _at("still_off", merchant, outlet),
                _("Look through them"),
                Action.SWITCH_STOCK,
            )
        )
    if row["urgent_drift"]:
        text = ngettext(
            "%(count)d price, stock or id is another on GoFood",
            "%(count)d prices, stocks or ids are others on GoFood",
            row["urgent_drift"],
        )
        needs.append(
            Need(
                "danger",
                text % {"count": row["urgent_drift"]},
                outlet.name,
                reverse("drift_outlet", args=[merchant.pk, outlet.pk]),
                _("See what differs"),
                Action.PUBLISH_MENU,
            )
        )
    if row["silence"].level == Level.RED:
        text = _("%(outlet)s is unusually silent") % {"outlet": outlet.name}
        needs.append(
            Need(
                "danger",
                text,
                f"{row['silence'].sentence} {cure()}",
                _at("webhooks", merchant, outlet),
                _("See why"),
                Action.SEE_WEBHOOKS,
            )
        )
    if row["items_off"] is None:
        needs.append(
            Need(
                "warning",
                _("%(outlet)s has no menu here yet") % {"outlet": outlet.name},
                _("Import the live GoFood menu; a backup is kept."),
                reverse("import_menu", args=[merchant.pk, outlet.pk]),
                _("Import the menu"),
            )
        )
    elif row["sync_state"] == Sync.State.FAILED:
        needs.append(
            Need(
                "danger",
                _("The last publish to %(outlet)s failed") % {"outlet": outlet.name},
                _("GoFood keeps the menu that it had."),
                _at("publish", merchant, outlet),
                _("See why"),
            )
        )
    elif row["sync_state"] is None:
        needs.append(
            Need(
                "warning",
                _("The menu of %(outlet)s was never published from here") % {"outlet": outlet.name},
                _("Until it is, orders for items without an external_id do not arrive."),
                _at("publish", merchant, outlet),
                _("Review and publish"),
            )
        )
    return needs


def _at(name: str, merchant: Merchant, outlet: Outlet) -> str:
    return f"{reverse(name, args=[merchant.pk])}?outlet={outlet.outlet_id}"
