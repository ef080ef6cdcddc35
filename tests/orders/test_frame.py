"""The frame of an open page is asked for again by whatever may change what it says."""

import re

import pytest
from django.test import Client
from django.urls import reverse

from gobiz_admin.merchants.banners import SOURCES, banner_topics

pytestmark = pytest.mark.django_db


def test_an_open_page_listens_for_all_that_changes_a_banner(cast):
    client = Client()
    client.force_login(cast.owner, "django.contrib.auth.backends.ModelBackend")
    page = client.get(reverse("merchant_home", args=[cast.merchant.pk])).content.decode()
    frame = re.search(r'<div id="frame-now".*?hx-trigger="([^"]*)"', page, re.DOTALL)
    assert frame is not None
    heard = set(re.findall(r"live:(\w+) from:body", frame[1]))
    # What rings waits for nothing.
    assert "live:orders from:body," in frame[1]
    assert heard == {"orders", "poll", *banner_topics()}
    assert {"alerts", "drift", "outlets", "proofs", "syncs"} <= heard


def test_every_banner_says_when_it_may_be_another():
    assert all(SOURCES.values())
