"""The receiver with other connections beside it, and with the broker away."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest
from django.db import connection

from gobiz_admin.gobiz.signatures import sign
from tests.sandbox_process import free_port, in_database
from tests.threads import at_once
from tests.webhooks.conftest import receiver
from webhooks.models import Notification

pytestmark = pytest.mark.django_db(transaction=True)
ROOT = Path(__file__).resolve().parents[2]
RAW = json.dumps({"header": {"event_name": "x", "event_id": "e-1"}, "body": {}}).encode()
# A process of its own, for the connection pools and the settings are the process's.
POST_ONE = """
import json, sys, time, django
django.setup()
from tests.webhooks.conftest import receiver
path, signature, raw = sys.argv[1:]
times, statuses = [], []
for repetition in range(2):
    began = time.monotonic()
    answer = receiver("POST", path, raw.encode(), HTTP_X_GO_SIGNATURE=signature)
    times.append(time.monotonic() - began)
    statuses.append(answer.status_code)
print(json.dumps({"statuses": statuses, "times": times}))
"""


def test_at_the_same_time(cast):
    path, signature = f"/webhooks/gobiz/{cast.app.webhook_token}/", sign(cast.app.relay_secret, RAW)
    answers = at_once(lambda number: receiver("POST", path, RAW, HTTP_X_GO_SIGNATURE=signature), 4)
    assert [answer.status_code for answer in answers] == [200] * 4
    assert Notification.objects.count() == 1


@pytest.fixture(params=["closed", "silent"])
def redis_url(request):
    """A port where nobody listens, and one where somebody accepts and never answers."""
    if request.param == "closed":
        yield f"redis://127.0.0.1:{free_port()}/0"
        return
    with socket.create_server(("127.0.0.1", 0), backlog=16) as listener:
        yield f"redis://127.0.0.1:{listener.getsockname()[1]}/0"


def test_without_a_broker_it_answers_in_time_and_the_row_stands(cast, redis_url):
    database = in_database(os.environ["DATABASE_URL"], connection.settings_dict["NAME"])
    done = subprocess.run(
        [
            sys.executable,
            "-c",
            POST_ONE,
            f"/webhooks/gobiz/{cast.app.webhook_token}/",
            sign(cast.app.relay_secret, RAW),
            RAW,
        ],
        cwd=ROOT,
        env={
            **os.environ,
            "DATABASE_URL": database,
            "REDIS_URL": redis_url,
            "DJANGO_SETTINGS_MODULE": "gobiz_admin.settings",
        },
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout.splitlines()[-1])
    assert told["statuses"] == [200, 200]
    # No request waits for the broker, not even the first.
    assert max(told["times"]) < 1
    assert Notification.objects.get().state == Notification.State.PENDING
