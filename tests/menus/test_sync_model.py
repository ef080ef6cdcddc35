"""Publishing as a model: anything people, GoBiz, workers and clocks do, in any order.

Always the same ways, so that a failure is of the change that brought it. SYNC_MODEL=long tries others, and more, each
time (about half an hour), and prints how to repeat what it finds.
"""

import itertools
import os

import pytest
from django.utils import timezone
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test

from gobiz_admin.merchants import gobiz
from menus.models import Rollout, StockSwitch, Sync
from tests.menus.days import Day
from tests.menus.sync_model import Publishing, World
from tests.sandbox_process import sandbox, sandbox_process

__all__ = ["sandbox", "sandbox_process"]
pytestmark = pytest.mark.django_db
LONG = os.environ.get("SYNC_MODEL") == "long"
HOW_MUCH = settings(
    max_examples=400 if LONG else 25,
    stateful_step_count=60 if LONG else 25,
    derandomize=not LONG,
    database=None,
    deadline=None,
    print_blob=True,
    suppress_health_check=list(HealthCheck),
    phases=[Phase.generate, Phase.shrink],
)


def test_whatever_happens_gofood_has_what_was_published(sandbox, time_machine, monkeypatch, settings):
    settings.GOBIZ_LOCAL_OAUTH_URL = settings.GOBIZ_LOCAL_API_URL = sandbox.url
    sandbox.settings(send_confirmation=False)
    began, numbers = timezone.now(), itertools.count()

    def make_world():
        sandbox.control("DELETE", "faults")
        # Each run begins at the same time, so that it takes the same way again.
        time_machine.move_to(began, tick=False)
        for model in (Rollout, StockSwitch, Sync):
            model.objects.all().delete()
        world = World(sandbox, Day(time_machine), next(numbers))
        monkeypatch.setattr(gobiz, "client_for", world.client_for)
        return world

    machine = type("Publishing", (Publishing,), {"make_world": staticmethod(make_world)})
    run_state_machine_as_test(machine, settings=HOW_MUCH)
