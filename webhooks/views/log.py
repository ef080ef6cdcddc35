"""How GoBiz's notifications reach us, and each of them, newest first."""

from typing import Any

from django import forms
from django.http import HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext_lazy as _

from gobiz_admin.merchants.models import GobizApp, Outlet
from gobiz_admin.merchants.roles import Action
from gobiz_admin.merchants.tenancy import MemberRequest, in_outlets_zone, member_view
from webhooks import event_words
from webhooks.app_health import app_health
from webhooks.health import counts_of, health_of
from webhooks.health_words import findings_of
from webhooks.listing import Filters, Result, page_of
from webhooks.notes import sentence_of
from webhooks.silence import silences_of


class FilterForm(forms.Form):
    """What is looked for in the log; what cannot be looked for is left out."""

    outlet_of = forms.ModelChoiceField(Outlet.objects.none(), label=_("Outlet"), required=False)
    event = forms.ChoiceField(label=_("Event"), required=False)
    result = forms.ChoiceField(label=_("Result"), required=False, choices=[("", _("All")), *Result.choices])
    order = forms.CharField(label=_("Order number"), required=False, max_length=200)
    before = forms.IntegerField(required=False, min_value=1, max_value=2**62)

    def __init__(self, data: Any, outlets: list[Outlet]) -> None:
        super().__init__(data)
        field = self.fields["outlet_of"]
        assert isinstance(field, forms.ModelChoiceField)
        field.queryset = Outlet.objects.filter(pk__in=[outlet.pk for outlet in outlets])
        field.empty_label = str(_("All"))
        event = self.fields["event"]
        assert isinstance(event, forms.ChoiceField)
        event.choices = [("", _("All")), *event_words.choices()]

    def filters(self, chosen: Outlet | None) -> Filters:
        """What is looked for; `chosen` in the frame unless the form says another outlet."""
        self.is_valid()
        found = self.cleaned_data
        return Filters(
            outlet=found.get("outlet_of") or chosen,
            event_name=found.get("event") or "",
            result=found.get("result") or "",
            order_number=(found.get("order") or "").strip(),
        )


@member_view(Action.SEE_WEBHOOKS)
@in_outlets_zone
def webhooks(request: MemberRequest) -> HttpResponse:
    chosen = request.place.outlet if request.GET.get("outlet") else None
    apps = _apps(request, chosen)
    form = FilterForm(request.GET, request.place.outlets)
    filters = form.filters(chosen)
    page = page_of(apps, filters, form.cleaned_data.get("before"))
    for notification in page.notifications:
        notification.result = sentence_of(notification)  # type: ignore[attr-defined]
        notification.event = event_words.in_words(notification.event_name)  # type: ignore[attr-defined]
    first = filters == Filters(outlet=chosen) and not form.cleaned_data.get("before")
    context = {"page": page, "form": form, "filters": filters, "apps": apps, "first": first}
    if first and request.htmx.target != "log":
        context |= _health(apps, [chosen] if chosen else request.place.outlets)
    return render(request, "webhooks/log.html", context)


def _apps(request: MemberRequest, chosen: Outlet | None) -> list[GobizApp]:
    apps = request.merchant.gobiz_apps.order_by("environment", "app_id", "pk").prefetch_related("checks")
    return list(apps.filter(pk=chosen.gobiz_app_id) if chosen else apps)


def _health(apps: list[GobizApp], outlets: list[Outlet]) -> dict[str, Any]:
    """The upper part, on the first page only: whoever looks for something has seen it."""
    healths, silences = health_of(apps), silences_of(outlets)
    return {
        "findings": findings_of(healths, counts_of(apps), silences.values()),
        "healths": [(health, app_health(health.app, health.app.checks.all())) for health in healths],
        "silences": [silences[outlet.pk] for outlet in outlets],
        "heard": any(health.last for health in healths),
    }
