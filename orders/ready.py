"""The end of connecting: what is proven about an outlet, and when; what is still open."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from gobiz_admin.merchants.models import Outlet, Proof, ProofStep
from menus.models import OutletCatalog, Sync


@dataclass(frozen=True)
class Fact:
    """One thing that has to be true before an outlet is in good hands; `at` is when it was proven."""

    title: str | Promise
    at: datetime | None
    open_words: str | Promise
    url_name: str


def facts_of(outlet: Outlet) -> list[Fact]:
    """What is proven, in the order in which it is done; a fixed number of queries."""
    proofs = {proof.step: proof for proof in outlet.proofs.filter(state=Proof.State.PASSED)}
    connected = [proofs[step].checked_at for step in ProofStep if step in proofs]
    imported = OutletCatalog.objects.filter(outlet=outlet).values_list("imported_at", flat=True).first()
    confirmed = (
        outlet.syncs.filter(state=Sync.State.CONFIRMED).order_by("-pk").values_list("confirmed_at", flat=True)
    )
    received = outlet.orders.order_by("received_at").values_list("received_at", flat=True)
    return [
        Fact(
            _("Credentials, live menu, subscriptions and our public address work"),
            max(at for at in connected if at) if len(connected) == len(ProofStep) else None,
            _("Not every check has passed."),
            "connect_proof",
        ),
        Fact(_("The live menu was imported"), imported, _("It was not imported yet."), "import_menu"),
        Fact(
            _("GoFood has our menu, with an id for everything in it"),
            confirmed.first(),
            _("It was not published, or not confirmed, yet."),
            "publish_review",
        ),
        Fact(_("An order came in"), received.first(), _("None has come yet. Send yourself one."), ""),
    ]
