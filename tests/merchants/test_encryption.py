"""Secrets at rest: unreadable in the database, shown nowhere, and the keys can be changed."""

from __future__ import annotations

import pytest
from cryptography.fernet import InvalidToken
from django.contrib.auth import get_user_model
from django.core import serializers
from django.db import connection
from django.test import Client

from gobiz_admin.merchants.connecting import Connection
from gobiz_admin.merchants.models import GobizApp
from tests.factories import GobizAppFactory

pytestmark = pytest.mark.django_db
OLD, NEW = "an old key of sufficient length", "a new key of sufficient length"
SECRETS = {"app_secret": "plain-app-secret", "relay_secret": "plain-relay-secret"}


def stored(app: GobizApp) -> str:
    with connection.cursor() as cursor:
        cursor.execute("SELECT app_secret FROM merchants_gobizapp WHERE id = %s", [app.pk])
        return str(cursor.fetchone()[0])


def test_unreadable_in_the_database():
    app = GobizAppFactory(app_secret="same", relay_secret="same")
    assert "same" not in stored(app)
    with connection.cursor() as cursor:
        cursor.execute("SELECT app_secret, relay_secret FROM merchants_gobizapp")
        assert len(set(cursor.fetchone())) == 2


@pytest.mark.parametrize("secret", ["", "é€ 中", "x" * 10_000, "a\nb", "  "])
def test_comes_back_as_it_was(secret):
    app = GobizAppFactory(app_secret=secret)
    app.refresh_from_db()
    assert app.app_secret == secret


def test_the_first_key_encrypts_and_all_decrypt(settings):
    settings.FIELD_ENCRYPTION_KEYS = [OLD]
    app = GobizAppFactory(**SECRETS)
    settings.FIELD_ENCRYPTION_KEYS = [NEW, OLD]
    app.refresh_from_db()
    assert app.app_secret == SECRETS["app_secret"]
    app.save()
    settings.FIELD_ENCRYPTION_KEYS = [NEW]
    app.refresh_from_db()
    assert app.app_secret == SECRETS["app_secret"]


def test_without_its_key_it_is_lost_and_not_guessed(settings):
    settings.FIELD_ENCRYPTION_KEYS = [OLD]
    app = GobizAppFactory(**SECRETS)
    settings.FIELD_ENCRYPTION_KEYS = [NEW]
    with pytest.raises(InvalidToken):
        app.refresh_from_db()


def test_shown_nowhere():
    app = GobizAppFactory(**SECRETS)
    entered = Connection("local", "a", "p", "G123", "n", **SECRETS)
    for text in (
        str(app),
        repr(app),
        repr(app.credentials()),
        repr(entered),
        repr(app.credentials().__class__),
    ):
        for secret in SECRETS.values():
            assert secret not in text


def test_a_dump_is_not_in_clear():
    """`dumpdata` is what people make backups with, and mail around."""
    app = GobizAppFactory(**SECRETS)
    dump = serializers.serialize("json", [app])
    for secret in SECRETS.values():
        assert secret not in dump
    next(serializers.deserialize("json", dump)).save()
    app.refresh_from_db()
    assert app.app_secret == SECRETS["app_secret"]


def test_not_in_the_operators_admin():
    app = GobizAppFactory(**SECRETS)
    client = Client()
    client.force_login(
        get_user_model().objects.create_superuser("root@example.com", "x"),
        "django.contrib.auth.backends.ModelBackend",
    )
    for page in ("", f"{app.pk}/change/", f"{app.pk}/history/"):
        answer = client.get(f"/admin/merchants/gobizapp/{page}")
        assert answer.status_code == 200
        for secret in (*SECRETS.values(), stored(app)):
            assert secret not in answer.content.decode()
    assert client.get("/admin/merchants/gobizapp/add/").status_code == 403
    for model in ("user", "merchant", "outlet", "auditentry"):
        assert client.get(f"/admin/merchants/{model}/").status_code == 200
    for page in ("webhooks/notification", "orders/order"):
        assert client.get(f"/admin/{page}/").status_code == 200
