"""Home: what needs the owner or manager, and no button that leads to a refusal."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from gobiz_admin.gobiz import events
from gobiz_admin.merchants.models import Proof
from tests.factories import OutletFactory
from tests.orders.notifications import order_notification, store
from webhooks.models import Notification, Rhythm
from webhooks.working import work_off

pytestmark = pytest.mark.django_db


@pytest.fixture
def troubled(cast):
    """A silent outlet, a dead notification, a proof that failed."""
    store(cast.outlet, order_notification(events.ORDER_ACCEPTED, cast.outlet))
    work_off()
    Notification.objects.update(received_at=timezone.now() - timedelta(hours=30))
    Rhythm.objects.create(
        outlet=cast.outlet, orders_per_hour=[1.0] * 168, days=28, computed_at=timezone.now()
    )
    store(cast.outlet, b"{}", state=Notification.State.DEAD)
    Proof.objects.create(outlet=cast.outlet, step="token", state=Proof.State.FAILED)
    return cast


def home(cast, user) -> str:
    client = Client()
    client.force_login(user, "django.contrib.auth.backends.ModelBackend")
    client.cookies["language"] = "en"
    return client.get(reverse("merchant_home", args=[cast.merchant.pk])).content.decode()


def test_the_owner_gets_a_button_for_each(troubled):
    page = home(troubled, troubled.owner)
    log = reverse("webhooks", args=[troubled.merchant.pk])
    assert f"{troubled.outlet.name} is unusually silent" in page
    assert f'href="{log}?outlet={troubled.outlet.outlet_id}"' in page
    assert f'href="{log}?result=failed"' in page
    assert "Ask the owner" not in page


def test_the_manager_is_told_whom_to_ask(troubled):
    page = home(troubled, troubled.manager)
    assert f"{troubled.outlet.name} is unusually silent" in page
    assert page.count("Ask the owner to look at it.") == 3
    assert reverse("webhooks", args=[troubled.merchant.pk]) not in page
    assert reverse("connect_proof", args=[troubled.merchant.pk, troubled.outlet.pk]) not in page


def test_what_another_has_is_not_told(troubled):
    page = home(troubled, troubled.owner)
    other = Client()
    other.force_login(troubled.stranger, "django.contrib.auth.backends.ModelBackend")
    theirs = other.get(reverse("merchant_home", args=[troubled.other_merchant.pk])).context
    assert not [need for need, _ in theirs["needs"] if "silent" in need.text or "worked off" in need.text]
    assert troubled.other_outlet.name not in page


def test_last_heard_is_the_newest(cast):
    older, newer = (
        store(cast.outlet, order_notification(events.ORDER_ACCEPTED, cast.outlet)) for _ in range(2)
    )
    work_off()
    Notification.objects.filter(pk=older.pk).update(received_at=timezone.now() - timedelta(days=2))
    newer.refresh_from_db()
    client = Client()
    client.force_login(cast.owner, "django.contrib.auth.backends.ModelBackend")
    OutletFactory(gobiz_app=cast.app)
    rows = client.get(reverse("merchant_home", args=[cast.merchant.pk])).context["rows"]
    assert [row["last_notification_at"] for row in rows] == [newer.received_at, None]
