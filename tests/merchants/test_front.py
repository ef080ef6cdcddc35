"""The way in: signing in, being locked out, languages, choosing a merchant, pages that are not there."""

from __future__ import annotations

import pytest
from django.conf import settings
from django.core import mail
from django.core.cache import cache
from django.db import transaction
from django.test import Client
from django.urls import reverse

from gobiz_admin.merchants.connecting import merchant_of
from gobiz_admin.merchants.models import Member, Merchant, Role, User
from tests.factories import MemberFactory, MerchantFactory

pytestmark = pytest.mark.django_db
PASSWORD = "correct horse battery"


def sign_in(client: Client, email: str, password: str = PASSWORD, **more: str):
    return client.post(reverse("account_login"), {"login": email, "password": password, **more})


@pytest.fixture(autouse=True)
def _no_limits_of_earlier_tests():
    cache.clear()


class TestSigningIn:
    def test_with_the_right_password(self, cast):
        client = Client()
        answer = sign_in(client, cast.owner.email)
        assert answer.status_code == 302
        first = client.get(answer.headers["Location"], follow=True)
        assert first.status_code == 200
        assert cast.merchant.name in first.content.decode()

    def test_in_any_case_of_the_address(self, cast):
        assert sign_in(Client(), cast.owner.email.upper()).status_code == 302

    def test_the_cashier_lands_in_the_inbox(self, cast):
        client = Client()
        sign_in(client, cast.cashier.email)
        answer = client.get("/")
        assert answer.headers["Location"] == reverse("inbox", args=[cast.merchant.pk])

    @pytest.mark.parametrize("email", ["owner", "nobody@example.com"])
    def test_wrong(self, cast, email):
        """The same words whether the address is known or not."""
        email = cast.owner.email if email == "owner" else email
        client = Client()
        answer = sign_in(client, email, "wrong")
        assert answer.status_code == 200
        errors = answer.context["form"].non_field_errors()
        assert len(errors) == 1
        assert errors[0] in answer.content.decode()
        assert "_auth_user_id" not in client.session

    def test_to_the_page_that_was_asked_for(self, cast):
        client = Client()
        wanted = reverse("outlets", args=[cast.merchant.pk])
        answer = client.get(wanted)
        assert answer.headers["Location"] == f"{reverse('account_login')}?next={wanted}"
        assert sign_in(client, cast.owner.email, next=wanted).headers["Location"] == wanted

    def test_not_to_a_foreign_page(self, cast):
        answer = sign_in(Client(), cast.owner.email, next="https://evil.example.com/")
        assert answer.headers["Location"].startswith("/")

    def test_too_often_wrong(self, cast):
        client = Client()
        for _ in range(settings.AXES_FAILURE_LIMIT):
            answer = sign_in(client, cast.owner.email, "wrong")
        locked = sign_in(client, cast.owner.email)
        assert locked.status_code == 429
        assert "account/locked.html" in [template.name for template in locked.templates]
        # Somebody else at the same counter is not.
        assert sign_in(Client(), cast.cashier.email).status_code == 302
        assert answer.status_code in (200, 429)

    def test_with_redis_away(self, cast, settings):
        """Tries cannot be counted there then; but whoever may come in comes in."""
        default = {**settings.CACHES["default"], "LOCATION": "redis://127.0.0.1:9/0"}
        settings.CACHES = {"default": default}
        assert sign_in(Client(), cast.owner.email).status_code == 302

    def test_an_account_without_a_password(self):
        """`connect_outlet` makes the owner's: no password fits until one is set by e-mail."""
        with transaction.atomic():
            merchant_of("Warung", "new@example.com")
        for password in ("", "!", "None"):
            assert sign_in(Client(), "new@example.com", password).status_code == 200
        Client().post(reverse("account_reset_password"), {"email": "new@example.com"})
        assert [message.to for message in mail.outbox] == [["new@example.com"]]

    def test_signing_out(self, cast):
        client = Client()
        sign_in(client, cast.owner.email)
        client.post(reverse("account_logout"))
        assert client.get(reverse("inbox", args=[cast.merchant.pk])).status_code == 302

    def test_signing_up_makes_no_member(self, cast):
        client = Client()
        page = {
            "email": "Five@Example.com",
            "password1": "a long enough word",
            "password2": "a long enough word",
        }
        assert client.post(reverse("account_signup"), page).status_code == 302
        assert not Member.objects.filter(user__email="five@example.com").exists()
        assert client.get("/").headers["Location"] == reverse("create_merchant")


class TestMerchants:
    def test_the_first_one(self, cast):
        user = User.objects.create_user("six@example.com", PASSWORD)
        client = Client()
        sign_in(client, user.email)
        assert client.get("/").headers["Location"] == reverse("create_merchant")
        answer = client.post(reverse("create_merchant"), {"name": "Warung Enam"})
        merchant = Merchant.objects.get(name="Warung Enam")
        assert answer.headers["Location"] == reverse("merchant_home", args=[merchant.pk])
        assert Member.objects.get(user=user).role == Role.OWNER

    @pytest.mark.parametrize("name", ["", "   ", "x" * 151, "a\x00b"])
    def test_a_name_that_is_none(self, cast, name):
        client = Client()
        sign_in(client, cast.owner.email)
        before = Merchant.objects.count()
        assert client.post(reverse("create_merchant"), {"name": name}).status_code in (200, 422)
        assert Merchant.objects.count() == before

    def test_choosing_among_several(self, cast):
        second = MemberFactory(
            user=cast.owner, merchant=MerchantFactory(name="Warung Lain"), role=Role.CASHIER
        )
        client = Client()
        sign_in(client, cast.owner.email)
        page = client.get("/", follow=True)
        assert page.redirect_chain[-1][0] == reverse("choose_merchant")
        text = page.content.decode()
        assert reverse("merchant_home", args=[cast.merchant.pk]) in text
        assert reverse("inbox", args=[second.merchant_id]) in text
        assert cast.other_merchant.name not in text


class TestLanguage:
    def test_indonesian_first_whatever_the_browser_says(self):
        answer = Client(headers={"Accept-Language": "en"}).get(reverse("account_login"))
        assert '<html lang="id"' in answer.content.decode()
        assert answer.headers["Content-Language"] == "id"

    def test_the_person_chooses(self):
        client = Client()
        answer = client.post(reverse("set_language"), {"language": "en", "next": "/account/login/"})
        assert answer.headers["Location"] == "/account/login/"
        assert '<html lang="en"' in client.get("/account/login/").content.decode()

    @pytest.mark.parametrize("cookie", ["xx", "../../etc", "", "en-US", "\xe9"])
    def test_a_language_that_there_is_not(self, cookie):
        client = Client()
        client.cookies["language"] = cookie
        assert client.get("/account/login/").status_code == 200


class TestPagesThatAreNot:
    @pytest.mark.parametrize("path", ["/nowhere/", "/m/1/nowhere/", "/m/x/", "/webhooks/gobiz/"])
    def test_404(self, cast, path):
        client = Client()
        for user in (None, cast.owner):
            if user:
                client.force_login(user, "django.contrib.auth.backends.ModelBackend")
            answer = client.get(path)
            assert answer.status_code == 404
            assert "<html" in answer.content.decode()

    def test_without_the_token_of_a_form(self, cast):
        client = Client(enforce_csrf_checks=True)
        client.force_login(cast.owner, "django.contrib.auth.backends.ModelBackend")
        answer = client.post(reverse("create_merchant"), {"name": "Forged"})
        assert answer.status_code == 403
        assert not Merchant.objects.filter(name="Forged").exists()

    def test_every_page_forbids_foreign_scripts(self, cast):
        for path in ("/account/login/", "/nowhere/"):
            policy = Client().get(path).headers["Content-Security-Policy"]
            assert "script-src 'self'" in policy
            assert "unsafe" not in policy
