"""Bad days over HTTP, against GoBiz's sandbox with its faults on: a bad hour in a few seconds.

After each: what we call published is what GoFood has, no PUT is doubled or comes after a newer one, no menu was
ever empty, and everything is as it should be again without anybody's help.
"""

import os
import random
import subprocess
import sys
import time
from datetime import timedelta

import pytest
import redis
from celery import Task
from django.db import connection
from django.utils import timezone

from gobiz_admin.gobiz import http
from gobiz_admin.gobiz.client import GobizClient
from gobiz_admin.merchants import announcing, gobiz
from menus.confirming import read_back
from menus.editing import save_item
from menus.models import MenuItem, Sync
from menus.publishing import request_publish
from menus.sending import free_stuck_syncs, send
from tests.menus.days import Day, shown
from tests.menus.test_concurrency import at_once
from tests.menus.test_with_sandbox import imported, outlet, sandbox, sandbox_process, work
from tests.sandbox_process import ROOT, in_database

__all__ = ["outlet", "sandbox", "sandbox_process"]
pytestmark = pytest.mark.django_db
HTML = "<html><body>Bad gateway</body></html>"


@pytest.fixture
def day(time_machine):
    return Day(time_machine)


@pytest.fixture
def selling(outlet):
    imported(outlet)
    return outlet


def reprice(outlet, price):
    save_item(MenuItem.objects.filter(catalog=outlet.selling.catalog).earliest("pk"), {"price": price}, None)
    return request_publish(outlet, None)


def puts(sandbox):
    """The version number of each PUT, in the order of arrival."""
    number = dict(Sync.objects.values_list("request_id", "version__number"))
    return [number[call["body"]["request_id"]] for call in sandbox.calls("PUT catalog")]


def live(sandbox, outlet):
    return sandbox.control("GET", f"outlets/{outlet.outlet_id}")["catalog"]


def is_live(sandbox, outlet, sync):
    sync.refresh_from_db()
    return sync.state == "confirmed" and shown(live(sandbox, outlet)) == shown(sync.version.payload)


def faults(sandbox, *found):
    sandbox.control("DELETE", "faults")
    if found:
        sandbox.control("POST", "faults", [{"match": "/", "times": None, **fault} for fault in found])


# --- GoBiz is away ----------------------------------------------------------------------------


@pytest.mark.parametrize("how", [{"status": 503}, {"close": True}, {"status": 502, "body": HTML}])
def test_gobiz_is_down_for_an_hour(selling, sandbox, day, how):
    first = work(request_publish(selling, None), send)
    assert work(first, read_back).state == "confirmed"
    faults(sandbox, how)
    began = timezone.now()
    old, before = reprice(selling, 17000), live(sandbox, selling)
    assert day.goes_on(began + timedelta(minutes=30))
    newest = reprice(selling, 18000)
    assert day.goes_on(began + timedelta(hours=1))
    newest.refresh_from_db()
    assert (newest.state, newest.accepted_at) == ("queued", None)
    assert live(sandbox, selling) == before
    assert is_live(sandbox, selling, first)
    faults(sandbox)
    assert day.goes_on()
    assert is_live(sandbox, selling, newest)
    old.refresh_from_db()
    assert (old.state, old.accepted_at) == ("superseded", None)
    assert puts(sandbox) == sorted(puts(sandbox))


def test_away_for_longer_than_it_is_tried_it_says_so_and_one_press_helps(selling, sandbox, day):
    faults(sandbox, {"status": 503})
    sync = request_publish(selling, None)
    assert day.goes_on()
    sync.refresh_from_db()
    assert (sync.state, sync.error_code, sync.attempts) == ("failed", "gobiz_failed", 6)
    faults(sandbox)
    again = request_publish(selling, None)
    assert day.goes_on()
    assert is_live(sandbox, selling, again)


@pytest.mark.parametrize("seed", range(3))
def test_a_third_of_the_calls_fails(selling, sandbox, day, seed):
    rng, syncs = random.Random(seed), []
    kinds = [
        {"status": 500},
        {"status": 502, "body": HTML, "apply": True},
        {"status": 429, "headers": {"Retry-After": "2"}},
        {"status": 200, "body": HTML, "apply": True},
        {"close": True},
        {"close": True, "apply": True},
    ]
    for price in range(20_000, 24_000, 1000):
        syncs.append(reprice(selling, price))
        for _ in range(rng.randrange(1, 6)):
            faults(sandbox, *([{**rng.choice(kinds), "times": 1}] if rng.random() < 0.4 else []))
            day.sweep()
            day.passes(rng.choice([3, 11, 61]))
        for sync in Sync.objects.filter(state="confirmed").order_by("-pk")[:1]:
            assert is_live(sandbox, selling, sync) or Sync.objects.filter(pk__gt=sync.pk).exists()
    faults(sandbox)
    assert day.goes_on()
    assert is_live(sandbox, selling, syncs[-1])
    assert puts(sandbox) == sorted(puts(sandbox))
    assert all(len(call["body"]["menus"]) for call in sandbox.calls("PUT catalog"))


# --- the answer is lost -----------------------------------------------------------------------


def until_answered(sandbox):
    """GoBiz goes on with a PUT though nobody listens any more."""
    deadline = time.monotonic() + 20
    while any(call["status"] is None for call in sandbox.calls("PUT catalog")):
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_a_timeout_after_which_it_was_applied(selling, sandbox, day, monkeypatch):
    monkeypatch.setattr(http, "CATALOG_TIMEOUT", (5.0, 0.1, 0.2))
    sandbox.fault("PUT catalog", times=1, delay=0.6)
    sync = request_publish(selling, None)
    send(sync.pk)
    sync.refresh_from_db()
    assert (sync.state, sync.maybe_applied, sync.error_code) == ("queued", True, "timeout")
    until_answered(sandbox)
    monkeypatch.undo()
    assert day.goes_on()
    assert is_live(sandbox, selling, sync)
    assert puts(sandbox) == [1]


@pytest.mark.parametrize(
    "answer",
    [
        {"status": 200, "body": HTML},
        {"status": 200, "body": ""},
        {"status": 200, "body": '{"success": true, "data"'},
        {"status": 200, "body": "[]"},
        {"status": 504, "body": HTML},
        {"close": True},
    ],
)
def test_an_answer_that_is_no_answer(selling, sandbox, day, answer):
    """To the PUT, which was applied, and to the first look after it."""
    faults(sandbox, {"match": "PUT catalog", "times": 1, "apply": True, **answer})
    sync = request_publish(selling, None)
    day.sweep()
    sync.refresh_from_db()
    assert (sync.state, sync.maybe_applied) == ("queued", True)
    faults(sandbox, {"match": "GET catalog", "times": 1, **answer})
    assert day.goes_on()
    assert is_live(sandbox, selling, sync)
    assert puts(sandbox) == [1]


def test_a_reading_that_is_no_menu_proves_nothing_and_denies_nothing(selling, sandbox, day):
    sync = work(request_publish(selling, None), send)
    faults(sandbox, {"match": "GET catalog", "status": 200, "body": HTML})
    assert day.goes_on(timezone.now() + timedelta(minutes=30))
    sync.refresh_from_db()
    assert sync.state == "accepted"
    faults(sandbox)
    assert day.goes_on()
    assert is_live(sandbox, selling, sync)


# --- others do something meanwhile ------------------------------------------------------------


def test_a_catalog_that_changes_while_it_is_sent(selling, sandbox, day, monkeypatch):
    """Somebody edits and publishes in the midst of the PUT; the answer is lost at that."""
    put, newer = GobizClient.put_catalog, []

    def and_edit(client, *args, **kwargs):
        if not newer:
            newer.append(reprice(selling, 19000))
            day.sweep()
        return put(client, *args, **kwargs)

    monkeypatch.setattr(GobizClient, "put_catalog", and_edit)
    sandbox.fault("PUT catalog", times=1, status=502, apply=True)
    old = reprice(selling, 18000)
    day.sweep()
    assert shown(live(sandbox, selling)) == shown(old.version.payload)
    assert day.goes_on()
    assert is_live(sandbox, selling, newer[0])
    assert puts(sandbox) == [1, 2]


@pytest.mark.django_db(transaction=True)
def test_two_people_publish_and_two_workers_send_at_once(selling, sandbox, day):
    items = list(MenuItem.objects.order_by("pk")[:2])

    def person(item):
        for _ in range(3):
            save_item(item, {"price": item.price + 200}, None)
            send(request_publish(selling, None).pk)

    wanted = {item.price + 600 for item in items}
    assert at_once(lambda: person(items[0]), lambda: person(items[1])) == [None, None]
    assert day.goes_on()
    newest = Sync.objects.latest("pk")
    assert is_live(sandbox, selling, newest)
    prices = {row["price"] for menu in newest.version.payload["menus"] for row in menu["menu_items"]}
    assert wanted <= prices
    assert puts(sandbox) == sorted(set(puts(sandbox)))


# --- our own parts die ------------------------------------------------------------------------

WORKER = "import sys, django; django.setup(); from menus.sending import send; send(int(sys.argv[1]))"


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("applied", [True, False])
def test_a_worker_is_killed_between_the_put_and_its_answer(selling, sandbox, day, applied):
    sandbox.fault("PUT catalog", times=1, delay=1, **({} if applied else {"status": 503}))
    sync = request_publish(selling, None)
    worker = subprocess.Popen(
        [sys.executable, "-c", WORKER, str(sync.pk)],
        cwd=ROOT,
        env={
            **sandbox.env,
            "DJANGO_SETTINGS_MODULE": "gobiz_admin.settings",
            "DATABASE_URL": in_database(os.environ["DATABASE_URL"], connection.settings_dict["NAME"]),
            "GOBIZ_LOCAL_OAUTH_URL": sandbox.url,
            "GOBIZ_LOCAL_API_URL": sandbox.url,
        },
    )
    try:
        deadline = time.monotonic() + 60
        while not sandbox.calls("PUT catalog"):
            assert worker.poll() is None
            assert time.monotonic() < deadline
            time.sleep(0.02)
    finally:
        worker.kill()
        worker.wait()
    until_answered(sandbox)
    sync.refresh_from_db()
    assert (sync.state, sync.attempt_log.get().outcome) == ("sending", "")
    day.sweep()
    assert Sync.objects.get().state == "sending"
    # The worker went by a clock that did not stand still.
    day.passes(300)
    assert free_stuck_syncs() == 1
    assert day.goes_on()
    assert is_live(sandbox, selling, sync)
    assert puts(sandbox) == ([1] if applied else [1, 1])


@pytest.fixture
def no_redis(monkeypatch):
    """As in a process that has no Redis; what would be woken is tried for real."""

    def no_broker(*args, **kwargs):
        raise ConnectionError

    # Undone is what keeps these tests from waking anybody (conftest.py).
    monkeypatch.undo()
    away = redis.Redis(host="127.0.0.1", port=1, socket_connect_timeout=0.2)
    monkeypatch.setattr(announcing, "_redis", away)
    monkeypatch.setattr(announcing, "_silent_until", 0.0)
    monkeypatch.setattr(Task, "apply_async", no_broker)
    gobiz.token_store.cache_clear()
    yield
    gobiz.token_store.cache_clear()


def test_redis_is_gone(selling, sandbox, day, no_redis, django_capture_on_commit_callbacks):
    """A person publishes, and a worker that was in the midst of its work goes on."""
    asked = len(sandbox.calls("POST oauth2"))
    with django_capture_on_commit_callbacks(execute=True) as tried:
        sync = request_publish(selling, None)
    assert len(tried) > 0
    assert sync.state == "queued"
    with django_capture_on_commit_callbacks(execute=True):
        assert day.goes_on()
    assert is_live(sandbox, selling, sync)
    # One token for all of it, which this process kept to itself.
    assert len(sandbox.calls("POST oauth2")) == asked + 1
    assert puts(sandbox) == [1]
