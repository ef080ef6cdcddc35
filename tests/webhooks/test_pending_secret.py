"""A mistyped App Secret does not replace one that works."""

from __future__ import annotations

from dataclasses import replace

import pytest

from gobiz_admin.merchants.connecting import Connection, save_connection
from gobiz_admin.merchants.models import Proof, ProofStep
from tests.gobiz_answers import Gobiz
from webhooks import proving

pytestmark = pytest.mark.django_db


def entered(cast, **changed) -> Connection:
    connection = Connection(
        environment=cast.app.environment,
        app_id=cast.app.app_id,
        partner_id=cast.app.partner_id,
        outlet_id=cast.outlet.outlet_id,
        outlet_name=cast.outlet.name,
    )
    return replace(connection, **changed)


def state_of_token(cast) -> str:
    return cast.outlet.proofs.get(step=ProofStep.TOKEN).state


def test_the_old_one_stays_when_gobiz_refuses_the_new_one(cast, gobiz: Gobiz):
    before = cast.app.app_secret
    save_connection(cast.merchant, entered(cast, app_secret="mistyped"), cast.owner)
    cast.app.refresh_from_db()
    assert (cast.app.app_secret, cast.app.pending_app_secret) == (before, "mistyped")
    gobiz.on("POST", "/oauth2/token", {"error": "invalid_client"}, 401)
    proving.prove(cast.outlet.pk)
    cast.app.refresh_from_db()
    assert (cast.app.app_secret, cast.app.pending_app_secret) == (before, "")
    assert cast.app.refused_at is None
    assert state_of_token(cast) == Proof.State.FAILED


def test_the_new_one_takes_its_place_when_gobiz_accepts_it(cast, gobiz: Gobiz):
    save_connection(cast.merchant, entered(cast, app_secret="rotated"), cast.owner)
    gobiz.is_well(cast.outlet.outlet_id)
    proving.prove(cast.outlet.pk)
    cast.app.refresh_from_db()
    assert (cast.app.app_secret, cast.app.pending_app_secret) == ("rotated", "")
    assert state_of_token(cast) == Proof.State.PASSED


def test_both_stay_while_gobiz_is_away(cast, gobiz: Gobiz):
    before = cast.app.app_secret
    save_connection(cast.merchant, entered(cast, app_secret="rotated"), cast.owner)
    gobiz.on("POST", "/oauth2/token", {}, 503)
    proving.prove(cast.outlet.pk)
    cast.app.refresh_from_db()
    assert (cast.app.app_secret, cast.app.pending_app_secret) == (before, "rotated")
