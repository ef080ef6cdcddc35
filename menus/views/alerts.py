"""Orders that GoFood could not deliver, what was missing, and how it is put right."""

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _

from gobiz_admin.merchants.models import Outlet
from gobiz_admin.merchants.roles import Action, may
from gobiz_admin.merchants.tenancy import MemberRequest, member_view
from menus.models import MappingAlert
from menus.readings import request_readings
from menus.repairing import automatic
from menus.repairing.cards import MOST_CARDS, Card, cards_of, missing, open_alerts, taken_over_with
from menus.repairing.choices import ADOPT
from menus.repairing.fixing import Choices, request_repairs
from menus.repairing.letters import mark_seen
from menus.views import reach
from menus.views.alert_cards import Problems, card_view, chosen

State = MappingAlert.State
MOST_CLOSED = 20


@member_view(Action.SEE_ALERTS)
def alerts(request: MemberRequest) -> HttpResponse:
    return _page(request)


@member_view(Action.PUBLISH_MENU, "POST")
def alerts_seen(request: MemberRequest) -> HttpResponse:
    """A page that shows open alerts says that it is looked at."""
    mark_seen(request.place.chosen_outlets, request.user)
    return HttpResponse(status=204)


@member_view(Action.PUBLISH_MENU, "POST")
def without_asking(request: MemberRequest) -> HttpResponse:
    wanted = request.POST.get("wanted") == "1"
    automatic.set_without_asking(request.merchant, wanted, request.user)
    if wanted:
        messages.success(
            request, _("From the next alert on we resync without asking, where nothing else changes.")
        )
    else:
        messages.success(request, _("Alerts wait for you again: nothing is resynced without asking."))
    return reach.go(request, "alerts")


@member_view(Action.PUBLISH_MENU, "POST")
def read_for_alert(request: MemberRequest, pk: int) -> HttpResponse:
    """Have GoFood's menu read at the outlets of the alert's card; a worker does it."""
    alert = reach.alert_of(request, pk)
    alike = [one for one in open_alerts(request.place.chosen_outlets) if missing(one) == missing(alert)]
    request_readings(list({one.outlet_id: one.outlet for one in alike}.values()))
    return _answer(request, alert)


@member_view(Action.PUBLISH_MENU, "POST")
def resync_alert(request: MemberRequest, pk: int) -> HttpResponse:
    """Fix and resync: what was chosen for the alert's names, at all outlets of its card."""
    alert = reach.alert_of(request, pk)
    alike = [one for one in open_alerts(request.place.chosen_outlets) if missing(one) == missing(alert)]
    if alert.state != State.OPEN or not alike:
        messages.info(request, _("This alert is closed already. Nothing was sent."))
        return _answer(request, alert)
    (card,) = cards_of(alike)
    wanted, errors = _wanted(request, card)
    if errors:
        return _page(request, errors)
    request_repairs(wanted, request.user)
    return _answer(request, alert)


def _wanted(request: MemberRequest, card: Card) -> tuple[dict[Outlet, Choices], dict[int, str]]:
    """By outlet what was chosen for each name, and what is wrong with what was typed, by the name's pk."""
    wanted: dict[Outlet, Choices] = {}
    errors: dict[int, str] = {}
    others = taken_over_with(card.outlets, card.keys)
    for part in card.parts:
        for outlet in part.outlets:
            choices = {":".join(name.key): ADOPT for name in others.get(outlet.pk, ())}
            for name in part.names:
                if not name.covered:
                    choice = chosen(request.POST, name, card.knowledge, outlet.pk)
                    choices[":".join(name.key)] = choice.value
                    if choice.error:
                        errors[name.row.pk] = choice.error
            if card.knowledge.selling(outlet.pk):
                wanted[outlet] = choices
    return wanted, errors


def _answer(request: MemberRequest, alert: MappingAlert) -> HttpResponse:
    return _page(request) if request.htmx else reach.go(request, "alerts", anchor=f"#alert-{alert.pk}")


def _page(request: MemberRequest, errors: dict[int, str] | None = None) -> HttpResponse:
    template = "menus/_alerts.html" if request.htmx else "menus/alerts.html"
    return render(request, template, _context(request, errors or {}))


def _context(request: MemberRequest, errors: dict[int, str]) -> dict[str, Any]:
    outlets = request.place.chosen_outlets
    opened = open_alerts(outlets)
    cards = cards_of(opened)
    problems = Problems(request, cards)
    closed = MappingAlert.objects.filter(outlet__in=outlets, state=State.CLOSED)
    closed = closed.select_related("outlet", "closed_by_sync__version").prefetch_related("names")
    may_repair = may(request.member.role, Action.PUBLISH_MENU)
    given = request.POST if request.method == "POST" else request.GET
    shown = [card_view(card, problems, given, errors) for card in cards]
    return {
        "cards": shown,
        # What is chosen goes along when the list is read again.
        "choosing": may_repair and any(card["choosing"] for card in shown),
        "more_open": len({missing(alert) for alert in opened}) > MOST_CARDS,
        "unseen": may_repair and any(alert.seen_at is None for alert in opened),
        "without_asking": automatic.is_wanted(request.merchant),
        "closed": closed.defer("closed_by_sync__version__payload").order_by("-closed_at", "-pk")[
            :MOST_CLOSED
        ],
    }
