"""The merchant's outlets, and how each is connected."""

from django.http import HttpResponse
from django.shortcuts import render

from gobiz_admin.gobiz.scopes import FEATURE_OF_SCOPE, OPTIONAL_SCOPES
from gobiz_admin.merchants.closing_words import sentence
from gobiz_admin.merchants.closings import OutletClosing
from gobiz_admin.merchants.models import Outlet, Proof
from gobiz_admin.merchants.outlet_chips import chips_for
from gobiz_admin.merchants.roles import Action
from gobiz_admin.merchants.tenancy import MemberRequest, member_view


@member_view(Action.SEE_OUTLETS)
def outlets(request: MemberRequest) -> HttpResponse:
    found = request.merchant.outlets.select_related("gobiz_app", "closing__by").prefetch_related("proofs")
    rows, chips = [], chips_for(request.merchant, list(found))
    for outlet in found:
        states = [proof.state for proof in outlet.proofs.all()]
        rows.append(
            {
                "outlet": outlet,
                "app": outlet.gobiz_app,
                "state": _state(outlet),
                "chips": chips.get(outlet.pk, []),
                "missing_features": [
                    FEATURE_OF_SCOPE.get(scope, scope)
                    for scope in outlet.gobiz_app.scopes_missing
                    if scope not in OPTIONAL_SCOPES
                ],
                "proven": bool(states) and all(state == Proof.State.PASSED for state in states),
                "failed": states.count(Proof.State.FAILED),
            }
        )
    return render(request, "merchants/outlets.html", {"rows": rows})


def _state(outlet: Outlet) -> str:
    """Since when and until when GoFood has it closed; "" while it is open."""
    row: OutletClosing | None = getattr(outlet, "closing", None)
    return sentence(row) if row and row.told is not False else ""
