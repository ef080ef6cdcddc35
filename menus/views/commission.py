"""The commission that GoFood takes at each outlet: for showing what is left of a price."""

from decimal import Decimal

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from gobiz_admin.merchants.models import Outlet
from gobiz_admin.merchants.roles import Action
from gobiz_admin.merchants.tenancy import MemberRequest, member_view
from menus.commission import net, set_commission
from menus.forms.commission import CommissionForm, percent_words
from menus.views import reach

# A price that is easy to reckon with.
EXAMPLE = 20_000


@member_view(Action.EDIT_MENU, "GET", "HEAD", "POST")
def menu_commission(request: MemberRequest) -> HttpResponse:
    outlets = request.place.outlets
    typed = request.POST if request.method == "POST" else None
    form = CommissionForm(typed, outlets=outlets, chosen=request.place.outlet)
    if request.method == "POST" and form.is_valid():
        percent = form.cleaned_data["percent"]
        changed = set_commission(request.merchant, form.chosen, percent, request.user)
        messages.success(request, _result(changed, percent))
        return reach.go(request, "menu_commission")
    rows = [_row(outlet) for outlet in outlets]
    context = {"form": form, "rows": rows, "example": EXAMPLE}
    return render(request, "menus/commission.html", context, status=422 if form.errors else 200)


def _row(outlet: Outlet) -> dict[str, object]:
    percent = outlet.commission_percent
    return {
        "outlet": outlet,
        "percent": percent_words(percent),
        "kept": None if percent is None else net(EXAMPLE, percent),
    }


def _result(changed: list[Outlet], percent: Decimal | None) -> str:
    if not changed:
        return _("Nothing was changed.")
    facts = {"count": len(changed), "percent": percent_words(percent)}
    if percent is None:
        words = ngettext(
            "No commission is set at %(count)d outlet any more.",
            "No commission is set at %(count)d outlets any more.",
            len(changed),
        )
    else:
        words = ngettext(
            "The commission is %(percent)s%% at %(count)d outlet now.",
            "The commission is %(percent)s%% at %(count)d outlets now.",
            len(changed),
        )
    return words % facts
