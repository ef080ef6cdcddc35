"""The operators' list of notifications: by index, whatever is looked for."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse

from tests.factories import UserFactory
from tests.orders.notifications import store
from webhooks.models import Notification

pytestmark = pytest.mark.django_db
LIST = "admin:webhooks_notification_changelist"


@pytest.fixture
def operator() -> Client:
    client = Client()
    client.force_login(
        UserFactory(is_staff=True, is_superuser=True), "django.contrib.auth.backends.ModelBackend"
    )
    return client


@pytest.fixture
def rows(cast) -> list[Notification]:
    return [
        store(
            cast.outlet,
            f'{{"header": {{"event_id": "e-{number}", "event_name": "gofood.order.placed"}},'
            f' "body": {{"order": {{"order_number": "F-{number}"}}}}}}'.encode(),
        )
        for number in range(3)
    ]


def found(operator, **query) -> list[str]:
    answer = operator.get(reverse(LIST), query)
    assert answer.status_code == 200
    return [row.event_id for row in answer.context["cl"].result_list]


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ({}, ["e-2", "e-1", "e-0"]),
        ({"q": "F-1"}, ["e-1"]),
        ({"q": " e-2 "}, ["e-2"]),
        ({"q": "F"}, []),
        ({"q": "'; --"}, []),
        ({"event": "gofood.order.placed"}, ["e-2", "e-1", "e-0"]),
        ({"event": "gofood.order.completed"}, []),
        ({"event": "\x00", "q": "\x00"}, ["e-2", "e-1", "e-0"]),
        ({"state__exact": "dead"}, []),
        ({"received_at__gte": "2020-01-01 00:00:00+00:00"}, ["e-2", "e-1", "e-0"]),
    ],
)
def test_looked_for(operator, rows, query, expected):
    assert found(operator, **query) == expected


def test_bodies_are_not_read_for_the_list(operator, rows, django_assert_max_num_queries):
    with django_assert_max_num_queries(20) as captured:
        found(operator)
    for query in captured.captured_queries:
        assert '"webhooks_notification"."raw"' not in query["sql"]
        assert "DISTINCT" not in query["sql"]


def test_one_shows_traceback_lag_and_body(operator, rows):
    Notification.objects.update(traceback="Traceback: here", unread=["order.pin"])
    page = operator.get(reverse("admin:webhooks_notification_change", args=[rows[0].pk])).content.decode()
    for words in ("Traceback: here", "order.pin", "e-0", "F-0"):
        assert words in page
