"""The Celery application. Three queues, so that a PUT of a minute never delays an order:

`notifications` (what GoBiz told us), `actions` (what a person at the counter waits for) and
`publishing` (menus, proofs, imports). The broker only wakes workers; what there is to do stands in
the database, and the periodic sweeps below find what no wake-up reached.
"""

import os

from celery import Celery
from celery.schedules import schedule

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "gobiz_admin.settings")

app = Celery("gobiz_admin")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()

app.conf.task_routes = {
    "webhooks.tasks.work_off": {"queue": "notifications"},
    "webhooks.tasks.*": {"queue": "publishing"},
    "orders.tasks.*": {"queue": "actions"},
    # Orders that nobody can cook come in until the outlet is closed.
    "merchants.tasks.send_closing": {"queue": "actions"},
    "merchants.tasks.sweep_closings": {"queue": "actions"},
    "merchants.tasks.*": {"queue": "publishing"},
    # A dish that is out is not to be ordered while a menu is on its way.
    "menus.tasks.send_stock": {"queue": "actions"},
    "menus.tasks.sweep_stock": {"queue": "actions"},
    "menus.tasks.*": {"queue": "publishing"},
}
app.conf.beat_schedule = {
    "sweep notifications": {"task": "webhooks.tasks.work_off", "schedule": schedule(5.0)},
    "sweep proofs": {"task": "webhooks.tasks.sweep_proofs", "schedule": schedule(15.0)},
    "forget old edits": {"task": "menus.tasks.forget_old_edits", "schedule": schedule(3600.0)},
    "forget old sheets": {"task": "menus.tasks.forget_old_sheets", "schedule": schedule(3600.0)},
    "prune notifications": {"task": "webhooks.tasks.prune_notifications", "schedule": schedule(600.0)},
    "sweep checks": {"task": "webhooks.tasks.sweep_checks", "schedule": schedule(15.0)},
    "sweep look-ups": {"task": "webhooks.tasks.sweep_lookups", "schedule": schedule(15.0)},
    "sweep rotations": {"task": "webhooks.tasks.sweep_rotations", "schedule": schedule(300.0)},
    "compute rhythms": {"task": "webhooks.tasks.compute_rhythms", "schedule": schedule(600.0)},
    "sweep order actions": {"task": "orders.tasks.sweep_actions", "schedule": schedule(10.0)},
    "sweep order gaps": {"task": "orders.tasks.sweep_gaps", "schedule": schedule(60.0)},
    "send letters": {"task": "merchants.tasks.send_letters", "schedule": schedule(30.0)},
    "forget old letters": {"task": "merchants.tasks.forget_old_letters", "schedule": schedule(3600.0)},
    "sweep pictures": {"task": "menus.tasks.sweep_pictures", "schedule": schedule(15.0)},
    "ask what is still off": {"task": "menus.tasks.ask_what_is_still_off", "schedule": schedule(300.0)},
    "sweep stock": {"task": "menus.tasks.sweep_stock", "schedule": schedule(5.0)},
    "sweep closings": {"task": "merchants.tasks.sweep_closings", "schedule": schedule(5.0)},
    "sweep drift": {"task": "menus.tasks.sweep_drift", "schedule": schedule(30.0)},
    "tell of drift": {"task": "menus.tasks.tell_drift", "schedule": schedule(900.0)},
    "sweep timed prices": {"task": "menus.tasks.sweep_timed_prices", "schedule": schedule(10.0)},
    "sweep alerts": {"task": "menus.tasks.sweep_alerts", "schedule": schedule(5.0)},
    "sweep syncs": {"task": "menus.tasks.sweep_syncs", "schedule": schedule(5.0)},
}
for entry in app.conf.beat_schedule.values():
    # A sweep that waited longer than its period says nothing new: the next one is on its way. One that
    # comes seldom must outlive what keeps its worker busy.
    entry["options"] = {"expires": max(10.0, entry["schedule"].run_every.total_seconds())}
