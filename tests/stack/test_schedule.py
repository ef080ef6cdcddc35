"""What beat sends, and how often: a lost wake-up is found by a sweep, or by nothing."""

import pytest

from gobiz_admin.celery import app

# Task → the longest wait, in seconds, that is promised anywhere (docs/operating.md, decisions 3 and 5).
PROMISED = {
    "webhooks.tasks.work_off": 10,
    "webhooks.tasks.sweep_proofs": 15,
    "webhooks.tasks.sweep_checks": 15,
    "webhooks.tasks.sweep_lookups": 15,
    "webhooks.tasks.sweep_rotations": 300,
    "webhooks.tasks.compute_rhythms": 600,
    "webhooks.tasks.prune_notifications": 600,
    "orders.tasks.sweep_actions": 10,
    "orders.tasks.sweep_gaps": 60,
    "merchants.tasks.send_letters": 60,
    "merchants.tasks.forget_old_letters": 24 * 3600,
    "merchants.tasks.sweep_closings": 10,
    "menus.tasks.sweep_syncs": 10,
    "menus.tasks.sweep_alerts": 10,
    "menus.tasks.sweep_stock": 10,
    "menus.tasks.sweep_timed_prices": 10,
    "menus.tasks.ask_what_is_still_off": 600,
    "menus.tasks.sweep_pictures": 60,
    "menus.tasks.sweep_drift": 60,
    "menus.tasks.tell_drift": 3600,
    "menus.tasks.forget_old_edits": 24 * 3600,
    "menus.tasks.forget_old_sheets": 24 * 3600,
}


@pytest.fixture(autouse=True)
def _tasks_are_known():
    app.loader.import_default_modules()


def entries():
    return {entry["task"]: entry for entry in app.conf.beat_schedule.values()}


@pytest.mark.parametrize("task", PROMISED)
def test_a_sweep_comes_as_often_as_promised(task):
    assert entries()[task]["schedule"].run_every.total_seconds() <= PROMISED[task]


def test_every_entry_is_promised_and_there_to_be_run():
    assert entries().keys() == PROMISED.keys()
    assert PROMISED.keys() <= app.tasks.keys()


@pytest.mark.parametrize("task", PROMISED)
def test_a_sweep_waits_for_a_busy_worker_until_the_next_comes(task):
    entry = entries()[task]
    assert entry["options"]["expires"] >= entry["schedule"].run_every.total_seconds()
