"""People, merchants and what they connect, as every app's tests need them."""

import factory
from factory.django import DjangoModelFactory

from gobiz_admin.merchants.models import GobizApp, Member, Merchant, Outlet, Role, User


class UserFactory(DjangoModelFactory):
    class Meta:
        model = User
        skip_postgeneration_save = True

    email = factory.Sequence(lambda n: f"user{n}@example.com")
    password = factory.django.Password("correct horse battery")


class MerchantFactory(DjangoModelFactory):
    class Meta:
        model = Merchant

    name = factory.Sequence(lambda n: f"Warung {n}")


class MemberFactory(DjangoModelFactory):
    class Meta:
        model = Member

    merchant = factory.SubFactory(MerchantFactory)
    user = factory.SubFactory(UserFactory)
    role = Role.OWNER


class GobizAppFactory(DjangoModelFactory):
    class Meta:
        model = GobizApp

    merchant = factory.SubFactory(MerchantFactory)
    environment = GobizApp.Environment.LOCAL
    app_id = factory.Sequence(lambda n: f"app-id-{n}")
    app_secret = factory.Sequence(lambda n: f"app-secret-{n}")
    partner_id = factory.Sequence(lambda n: f"partner-{n}")
    relay_secret = factory.Sequence(lambda n: f"relay-secret-{n}")


class OutletFactory(DjangoModelFactory):
    """An outlet of a merchant and app of its own; give `gobiz_app` for several outlets of one app."""

    class Meta:
        model = Outlet

    merchant = factory.SubFactory(MerchantFactory)
    gobiz_app = factory.SubFactory(GobizAppFactory, merchant=factory.SelfAttribute("..merchant"))
    environment = factory.SelfAttribute("gobiz_app.environment")
    outlet_id = factory.Sequence(lambda n: f"G{100_000_000 + n}")
    name = factory.Sequence(lambda n: f"Outlet {n}")

    @classmethod
    def _generate(cls, strategy, params):
        if "gobiz_app" in params:
            params.setdefault("merchant", params["gobiz_app"].merchant)
        return super()._generate(strategy, params)
