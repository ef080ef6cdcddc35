"""What every test stands on: own Redis database per worker, the cast, and no way out of this machine."""

from __future__ import annotations

import os
import re
from types import SimpleNamespace

import pytest
from django.conf import settings


def _own_redis_database() -> None:
    """Each xdist worker gets a Redis database of its own: what one wakes, no other's worker sees."""
    worker = re.sub(r"\D", "", os.environ.get("PYTEST_XDIST_WORKER", "")) or "0"
    base = re.sub(r"/\d*$", "", os.environ["REDIS_URL"])
    url = os.environ["REDIS_URL"] = f"{base}/{int(worker) % 8}"
    # pytest-django has read the settings by now; nothing has used them yet.
    settings.REDIS_URL = settings.CELERY_BROKER_URL = settings.CACHES["default"]["LOCATION"] = url


_own_redis_database()


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config, log):
    """One worker walks all pages: two stacks and two browsers at once are more than two cores can do."""
    from xdist.scheduler import LoadFileScheduling

    class PagesTogether(LoadFileScheduling):
        def _split_scope(self, nodeid):
            return "tests/e2e" if nodeid.startswith("tests/e2e/") else super()._split_scope(nodeid)

    return PagesTogether(config, log)


@pytest.fixture(autouse=True)
def _indonesian_unless_said():
    """A test that switched the language leaves it as it was."""
    from django.utils import translation

    with translation.override("id"):
        yield


@pytest.fixture(autouse=True)
def _quick_passwords(settings):
    """Hashing is slow on purpose: the cast of four would cost each test two seconds."""
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


@pytest.fixture
def cast(db) -> SimpleNamespace:
    """A merchant with owner, manager and cashier and one outlet; and a stranger with a merchant of their own."""
    from gobiz_admin.merchants.models import Role
    from tests.factories import GobizAppFactory, MemberFactory, MerchantFactory, OutletFactory

    merchant, other = MerchantFactory(name="Warung Satu"), MerchantFactory(name="Warung Dua")
    app, other_app = GobizAppFactory(merchant=merchant), GobizAppFactory(merchant=other)
    return SimpleNamespace(
        merchant=merchant,
        app=app,
        outlet=OutletFactory(merchant=merchant, gobiz_app=app),
        owner=MemberFactory(merchant=merchant, role=Role.OWNER).user,
        manager=MemberFactory(merchant=merchant, role=Role.MANAGER).user,
        cashier=MemberFactory(merchant=merchant, role=Role.CASHIER).user,
        stranger=MemberFactory(merchant=other, role=Role.OWNER).user,
        other_merchant=other,
        other_app=other_app,
        other_outlet=OutletFactory(merchant=other, gobiz_app=other_app),
    )
