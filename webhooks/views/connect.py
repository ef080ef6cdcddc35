"""Connecting an outlet: what the portal shows is entered, and then proven step by step."""

from django.conf import settings
from django.core.exceptions import ValidationError
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _

from gobiz_admin.merchants.announcing import wake
from gobiz_admin.merchants.connecting import OutletHeldElsewhere, save_connection
from gobiz_admin.merchants.forms import ConnectForm
from gobiz_admin.merchants.models import Outlet, Proof, ProofStep
from gobiz_admin.merchants.roles import Action
from gobiz_admin.merchants.tenancy import MemberRequest, member_view
from webhooks import proof_words, proving
from webhooks.tasks import judge_again, prove_connection


@member_view(Action.CONNECT_OUTLET, "GET", "POST")
def connect(request: MemberRequest) -> HttpResponse:
    form = ConnectForm(request.POST or None, merchant=request.merchant, initial=_known(request))
    if request.method == "POST" and form.is_valid():
        outlet = _store(request, form)
        if outlet is not None:
            return redirect("connect_proof", request.merchant.pk, outlet.pk)
    portal = settings.GOBIZ_LOCAL_API_URL if settings.GOBIZ_LOCAL_ALLOWED else ""
    status = 422 if form.errors else 200
    return render(request, "connect/app.html", {"form": form, "local_portal_url": portal}, status=status)


def _known(request: MemberRequest) -> dict[str, str]:
    """What a further outlet, or a correction, need not type again; never a secret."""
    outlet = request.place.outlet or next(iter(request.place.outlets), None)
    if outlet is None:
        return {}
    app = outlet.gobiz_app
    if further := request.GET.get("add", "")[:50]:
        # An outlet that a notification named, of the app that it came to.
        named = [
            each.gobiz_app
            for each in request.place.outlets
            if str(each.gobiz_app_id) == request.GET.get("app")
        ]
        app = next(iter(named), app)
    known = {"environment": app.environment, "app_id": app.app_id, "partner_id": app.partner_id}
    if further:
        known["outlet_id"] = further
    elif "outlet" in request.GET:
        known |= {"outlet_id": outlet.outlet_id, "outlet_name": outlet.name}
    return known


def _store(request: MemberRequest, form: ConnectForm) -> Outlet | None:
    try:
        outlet = save_connection(request.merchant, form.connection(), request.user)
    except OutletHeldElsewhere:
        form.add_error(
            "outlet_id",
            _(
                "This outlet is connected by another business here. Nothing was changed. Compare the Outlet ID "
                "with the GoBiz Developer Portal; if it is yours, ask the operator of this site."
            ),
        )
    except ValidationError as error:
        form.add_error(None, error)
    else:
        proving.start(outlet)
        wake(prove_connection, outlet.pk)
        # A Relay Secret that is right now: what was refused under the wrong one counts after all.
        wake(judge_again, outlet.gobiz_app_id)
        return outlet
    return None


@member_view(Action.CONNECT_OUTLET, "GET", "POST")
def connect_proof(request: MemberRequest, outlet_pk: int) -> HttpResponse:
    outlet = get_object_or_404(request.merchant.outlets.select_related("gobiz_app"), pk=outlet_pk)
    if request.method == "POST":
        proving.start(outlet)
        wake(prove_connection, outlet.pk)
        return redirect("connect_proof", request.merchant.pk, outlet.pk)
    return render(request, "connect/proof.html", _proofs(outlet))


@member_view(Action.CONNECT_OUTLET)
def connect_proofs(request: MemberRequest, outlet_pk: int) -> HttpResponse:
    outlet = get_object_or_404(request.merchant.outlets.select_related("gobiz_app"), pk=outlet_pk)
    return render(request, "connect/_proofs.html", _proofs(outlet))


def _proofs(outlet: Outlet) -> dict[str, object]:
    found = {proof.step: proof for proof in outlet.proofs.all()}
    proofs = [found.get(step) or Proof(outlet=outlet, step=step) for step in ProofStep]
    for proof in proofs:
        proof.sentence = proof_words.sentence(proof)  # type: ignore[attr-defined]
        proof.details = proof_words.details(proof)  # type: ignore[attr-defined]
    states = {proof.step: proof.state for proof in proofs}
    return {
        "outlet": outlet,
        "proofs": proofs,
        "running": bool({Proof.State.WAITING, Proof.State.RUNNING} & set(states.values())),
        "ready_to_import": states[ProofStep.TOKEN] == states[ProofStep.CATALOG] == Proof.State.PASSED,
    }
