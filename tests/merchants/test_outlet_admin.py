"""Operators delete outlets: not one that GoFood would go on to have closed."""

from __future__ import annotations

import pytest
from django.contrib.messages import get_messages
from django.db.models import ProtectedError
from django.test import Client
from django.urls import reverse

from gobiz_admin.merchants.closing import close
from gobiz_admin.merchants.closings import OutletClosing
from gobiz_admin.merchants.models import AuditEntry, Outlet
from tests.factories import OutletFactory, UserFactory
from tests.merchants.test_closing import closed_outlet, gobiz, sent, wish
from tests.threads import at_once

__all__ = ["gobiz"]
pytestmark = pytest.mark.django_db
LIST = "admin:merchants_outlet_changelist"


@pytest.fixture
def operator() -> Client:
    client = Client()
    user = UserFactory(is_staff=True, is_superuser=True)
    client.force_login(user, "django.contrib.auth.backends.ModelBackend")
    return client


@pytest.fixture
def outlet() -> Outlet:
    return OutletFactory(name="Warung Bu Sri")


def delete(operator, outlet):
    """By its own page, all the way."""
    address = reverse("admin:merchants_outlet_delete", args=[outlet.pk])
    page = operator.get(address)
    operator.post(address, {"post": "yes"})
    return page


def act(operator, action, *outlets, **more):
    chosen = {"action": action, "_selected_action": [outlet.pk for outlet in outlets]}
    return operator.post(reverse(LIST), {**chosen, **more})


def test_a_closed_one_stays_and_the_page_says_what_to_do(operator, outlet, gobiz):
    closed_outlet(outlet)
    page = delete(operator, outlet).content.decode()
    assert "Open on GoFood" in page or "Buka di GoFood" in page
    assert OutletClosing.objects.get().closed


def test_nor_does_it_go_with_others_from_the_list(operator, outlet, gobiz):
    closed_outlet(outlet)
    other = OutletFactory(merchant=outlet.merchant, gobiz_app=outlet.gobiz_app)
    act(operator, "delete_selected", outlet, other, post="yes")
    assert Outlet.objects.count() == 2


@pytest.mark.parametrize(
    "facts",
    [
        # Not told yet; on its way; an answer was lost; to be opened, and refused.
        {"closed": True, "state": "queued", "told": False},
        {"closed": False, "state": "sending", "told": False},
        {"closed": False, "state": "queued", "told": None},
        {"closed": False, "state": "failed", "told": True},
    ],
)
def test_while_gofood_may_have_it_closed_nothing_deletes_it(outlet, facts):
    OutletClosing.objects.create(outlet=outlet, **facts)
    with pytest.raises(ProtectedError):
        outlet.delete()
    assert OutletClosing.objects.exists()


def test_it_is_opened_from_the_list_and_goes_then(operator, outlet, gobiz):
    closed_outlet(outlet)
    answer = act(operator, "open_on_gofood", outlet)
    assert len(list(get_messages(answer.wsgi_request))) == 1
    delete(operator, outlet)
    assert Outlet.objects.exists()
    assert sent(outlet).surely_open
    assert gobiz.told[-1] == (outlet.outlet_id, False)
    delete(operator, outlet)
    assert not Outlet.objects.exists()
    assert AuditEntry.objects.filter(action="outlet.opened").exists()


def test_one_that_was_never_closed_goes(operator, outlet):
    delete(operator, outlet)
    assert not Outlet.objects.exists()


def test_what_was_opened_in_the_gobiz_app_can_be_forgotten(operator, outlet, gobiz):
    row = closed_outlet(outlet)
    operator.post(reverse("admin:merchants_outletclosing_delete", args=[row.pk]), {"post": "yes"})
    delete(operator, outlet)
    assert not Outlet.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_closed_and_deleted_at_once_it_is_gone_or_stays_closed(operator, outlet):
    """Never: told to close, and nothing left that would open it."""
    OutletClosing.objects.create(outlet=outlet)
    address = reverse("admin:merchants_outlet_delete", args=[outlet.pk])

    def both(number):
        if number:
            return operator.post(address, {"post": "yes"})
        return close({outlet.pk: 0}, wish(outlet), None)

    at_once(both)
    assert OutletClosing.objects.filter(closed=True).count() == Outlet.objects.count()
