"""The connect page: what the portal shows, entered by the owner."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse

from gobiz_admin.merchants.models import AuditEntry, GobizApp, Outlet, Proof
from tests.factories import OutletFactory
from tests.threads import at_once

pytestmark = pytest.mark.django_db
ENTERED = {
    "environment": "local",
    "app_id": "app-9",
    "app_secret": "typed-app-secret",
    "partner_id": "partner-9",
    "relay_secret": "typed-relay-secret",
    "outlet_id": "G900000001",
    "outlet_name": "Tebet",
}


def browser(user) -> Client:
    client = Client()
    client.force_login(user, "django.contrib.auth.backends.ModelBackend")
    return client


def connect(cast, user=None, **changes: str):
    return browser(user or cast.owner).post(
        reverse("connect", args=[cast.merchant.pk]), {**ENTERED, **changes}
    )


def errors_of(answer) -> dict[str, list[str]]:
    assert answer.status_code == 422
    return answer.context["form"].errors


def test_stored_and_begun_to_be_proven(cast):
    answer = connect(cast)
    outlet = Outlet.objects.get(outlet_id="G900000001")
    assert answer.headers["Location"] == reverse("connect_proof", args=[cast.merchant.pk, outlet.pk])
    assert (outlet.merchant, outlet.gobiz_app.app_secret) == (cast.merchant, "typed-app-secret")
    assert outlet.proofs.filter(state=Proof.State.WAITING).count() == 4
    assert AuditEntry.objects.get().user == cast.owner
    for part in ("typed-app-secret", "typed-relay-secret"):
        assert part not in browser(cast.owner).get(answer.headers["Location"]).content.decode()


@pytest.mark.parametrize("person", ["manager", "cashier"])
def test_by_the_owner_only(cast, person):
    assert connect(cast, getattr(cast, person)).status_code == 403
    assert not Outlet.objects.filter(outlet_id="G900000001").exists()


def test_an_outlet_of_another_merchant(cast):
    before = GobizApp.objects.count()
    answer = connect(cast, outlet_id=cast.other_outlet.outlet_id)
    assert "outlet_id" in errors_of(answer)
    assert cast.other_merchant.name not in answer.content.decode()
    assert GobizApp.objects.count() == before
    cast.other_outlet.refresh_from_db()
    assert cast.other_outlet.merchant == cast.other_merchant


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"app_id": "G900000001"}, "app_id"),
        ({"app_id": "G900000001", "outlet_id": "app-9"}, "outlet_id"),
        ({"app_secret": "app-9"}, "app_secret"),
        ({"app_id": "app\u200b-9"}, "app_id"),
        ({"app_secret": "typed\u200bsecret"}, "app_secret"),
        ({"relay_secret": "typed\x07secret"}, "relay_secret"),
        ({"partner_id": "part\u00a0ner"}, "partner_id"),
        ({"outlet_id": "900000001"}, "outlet_id"),
        ({"outlet_id": ""}, "outlet_id"),
        ({"outlet_name": "x" * 151}, "outlet_name"),
        ({"environment": "moon"}, "environment"),
        ({"app_secret": ""}, "app_secret"),
        ({"relay_secret": ""}, "relay_secret"),
        ({"app_id": "a\x00b"}, "app_id"),
    ],
)
def test_what_makes_no_sense_is_said_at_its_field(cast, changes, field):
    answer = connect(cast, **changes)
    assert field in errors_of(answer)
    assert "typed-app-secret" not in answer.content.decode()
    assert "typed-relay-secret" not in answer.content.decode()
    assert not GobizApp.objects.filter(partner_id="partner-9").exists()


def test_spaces_and_a_small_g_are_read_over(cast):
    assert connect(cast, outlet_id="  g900000001 ", app_id=" app-9 ").status_code == 302
    assert Outlet.objects.get(outlet_id="G900000001").gobiz_app.app_id == "app-9"


def test_a_further_outlet_needs_no_secret(cast):
    answer = connect(
        cast,
        app_id=cast.app.app_id,
        partner_id=cast.app.partner_id,
        app_secret="",
        relay_secret="",
    )
    assert answer.status_code == 302
    secret = cast.app.app_secret
    cast.app.refresh_from_db()
    assert cast.app.app_secret == secret
    assert Outlet.objects.get(outlet_id="G900000001").gobiz_app == cast.app


def test_the_local_environment_is_for_developers(cast, settings):
    settings.GOBIZ_LOCAL_ALLOWED = False
    assert "environment" in errors_of(connect(cast))
    page = browser(cast.owner).get(reverse("connect", args=[cast.merchant.pk])).content.decode()
    assert 'value="local"' not in page
    assert connect(cast, environment="sandbox").status_code == 302


def test_no_secret_is_ever_sent_to_the_browser(cast):
    page = browser(cast.owner).get(reverse("connect", args=[cast.merchant.pk])).content.decode()
    assert cast.app.app_id in page
    assert cast.app.app_secret not in page
    assert cast.app.relay_secret not in page


@pytest.mark.django_db(transaction=True)
def test_the_same_form_twice_at_once(cast):
    """A double click is not "another business"."""
    answers = at_once(lambda number: connect(cast).status_code, 3)
    assert answers == [302, 302, 302]
    assert Outlet.objects.filter(outlet_id="G900000001").count() == 1


@pytest.mark.parametrize("name", ["connect_proof", "connect_proofs"])
def test_the_cost_is_constant(cast, name, django_assert_max_num_queries):
    client = browser(cast.owner)
    for _ in range(10):
        OutletFactory(gobiz_app=cast.app)
    with django_assert_max_num_queries(12):
        client.get(reverse(name, args=[cast.merchant.pk, cast.outlet.pk]))
