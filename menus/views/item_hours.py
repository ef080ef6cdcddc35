"""When an item is sold: a line of times a day, ready-made weeks, and the way to many items."""

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django_htmx.http import trigger_client_event

from gobiz_admin.merchants.gone import read_again
from gobiz_admin.merchants.roles import Action
from gobiz_admin.merchants.tenancy import MemberRequest, member_view
from menus import editing
from menus.forms.hours import HoursForm
from menus.hours import sendable
from menus.models import MenuItem
from menus.seen import seen
from menus.views import reach
from menus.views.wording import hours_words


@member_view(Action.EDIT_MENU, "GET", "HEAD", "POST")
def item_hours(request: MemberRequest, pk: int) -> HttpResponse:
    item = reach.item_of(request, pk)
    if request.method != "POST":
        return _page(request, item, HoursForm(None, hours=item.operational_hours))
    form = HoursForm(request.POST, hours=item.operational_hours)
    if not form.is_valid():
        return _page(request, item, form)
    shown = {"operational_hours": request.POST["shown"]} if request.POST.get("shown") else {}
    try:
        editing.save_item(item, {"operational_hours": form.hours}, request.user, shown)
    except editing.EditConflict:
        read_again(item)
        form.add_error(
            None, _("Somebody else changed these hours meanwhile. Save again to put yours in their place.")
        )
        return _page(request, item, form)
    read_again(item)
    if request.htmx:
        answer = _page(request, item, HoursForm(None, hours=item.operational_hours), saved=True)
        return trigger_client_event(answer, "thing-saved", {"thing": f"item-{item.pk}"})
    messages.success(request, _("The hours are saved. GoFood gets them when you publish."))
    return reach.go(request, "item_hours", item.pk)


def _page(request: MemberRequest, item: MenuItem, form: HoursForm, saved: bool = False) -> HttpResponse:
    context = {"item": item, "catalog": item.catalog, **hours_context(item, form), "saved": saved}
    return render(request, "menus/_hours.html" if request.htmx else "menus/hours.html", context)


def hours_context(item: MenuItem, form: HoursForm | None = None) -> dict[str, Any]:
    """What menus/_hours.html needs of an item."""
    hours = item.operational_hours
    week = sendable(hours)
    over_midnight = any(span["end"] <= span["start"] for spans in (hours or {}).values() for span in spans)
    return {
        "hours_form": form or HoursForm(None, hours=hours),
        "hours_sentence": hours_words(hours),
        "hours_shown": seen(item, "operational_hours"),
        # GoFood gets a span over midnight as two: said, so that the live menu is no surprise.
        "hours_sent": hours_words(week) if over_midnight else "",
    }
