"""A part that dies comes back; a stop leaves nothing; a killed start is cleaned up by the next."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from gobiz_admin.stack import leftovers, logs
from gobiz_admin.stack.supervisor import Part, Supervisor

ROOT = Path(__file__).resolve().parents[2]
# A leader with a child that ignores a polite request, as a server with workers may.
FAMILY = """
import signal, subprocess, sys, time
child = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); time.sleep(60)"
subprocess.Popen([sys.executable, "-S", "-c", child])
print("up", flush=True)
time.sleep(60)
"""
DEAF = """
import signal, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
print("up", flush=True)
time.sleep(60)
"""
# A whole run, in a process that a test can signal.
RUN = """
import sys, time
from pathlib import Path
from gobiz_admin.stack import leftovers
from gobiz_admin.stack.signals import StopRequests
from gobiz_admin.stack.supervisor import Part, Supervisor
data = Path(sys.argv[1])
stops = StopRequests()
supervisor = Supervisor(data / "logs", say=lambda text: print(text, flush=True))
supervisor.on_change = lambda pids: leftovers.remember(data / "run.json", "test-run", pids)
supervisor.start(Part("family", (sys.executable, "-S", "-c", sys.argv[2]), {"GOBIZ_RUN": "test-run"}, data))
while not stops.asked():
    supervisor.tick()
    time.sleep(0.05)
supervisor.stop()
"""


def python(code):
    return (sys.executable, "-S", "-c", code)


def until(condition, seconds=8.0):
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.02)


@pytest.fixture
def supervisor(tmp_path):
    said = []
    supervisor = Supervisor(tmp_path / "logs", said.append)
    supervisor.said = said
    yield supervisor
    supervisor.killing = True
    supervisor.stop()


@pytest.fixture
def run(tmp_path):
    process = subprocess.Popen(
        [sys.executable, "-c", RUN, str(tmp_path), FAMILY],
        cwd=ROOT,
        env={**os.environ, "MAKELEVEL": ""},
        stdout=subprocess.PIPE,
        text=True,
    )
    until(lambda: "up" in logs.tail(tmp_path / "logs" / "family.log"))
    yield process
    process.kill()
    process.wait()
    leftovers.stop_leftovers(tmp_path / "run.json", patience=0.1)


def ticking(supervisor, condition):
    def check():
        supervisor.tick()
        return condition()

    return check


def test_a_part_that_dies_is_started_again_and_said(supervisor, tmp_path):
    part = Part("steady", python("import time; time.sleep(60)"), {}, tmp_path)
    supervisor.start(part)
    first = supervisor.pids()["steady"]
    os.kill(first, signal.SIGKILL)
    until(ticking(supervisor, lambda: supervisor.pids().get("steady", first) != first))
    assert supervisor.is_running("steady")
    assert supervisor.said[0].startswith("steady stopped (killed by SIGKILL); starting it again")


def test_a_part_that_dies_at_once_waits_longer_each_time(supervisor, tmp_path):
    supervisor.start(Part("broken", python("raise SystemExit(3)"), {}, tmp_path))
    until(ticking(supervisor, lambda: len(supervisor.said) == 3))
    assert "exit status 3" in supervisor.said[0]
    assert supervisor.running["broken"].pause > 1


def test_a_program_that_is_missing_is_said_and_tried_again(supervisor, tmp_path):
    supervisor.start(Part("absent", ("/no/such/program",), {}, tmp_path))
    until(ticking(supervisor, lambda: len(supervisor.said) == 2))
    assert supervisor.said[0].startswith("absent could not be started")


def test_the_children_of_a_part_that_died_go_before_it_comes_back(supervisor, tmp_path):
    supervisor.start(Part("family", python(FAMILY), {}, tmp_path))
    until(lambda: "up" in logs.tail(tmp_path / "logs" / "family.log"))
    leader = supervisor.pids()["family"]
    [child] = psutil.Process(leader).children()
    os.kill(leader, signal.SIGKILL)
    until(ticking(supervisor, lambda: supervisor.pids().get("family", leader) != leader))
    until(lambda: not leftovers.is_alive(child))


def test_a_part_that_does_not_stop_is_killed(supervisor, tmp_path):
    supervisor.start(Part("deaf", python(DEAF), {}, tmp_path, patience=0.3))
    until(lambda: "up" in logs.tail(tmp_path / "logs" / "deaf.log"))
    pid = supervisor.pids()["deaf"]
    supervisor.stop()
    assert not psutil.pid_exists(pid)
    assert supervisor.pids() == {}


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_stop_leaves_nothing_behind(run, number):
    family = psutil.Process(run.pid).children(recursive=True)
    assert len(family) == 2
    run.send_signal(number)
    # It is killed after five seconds; the machine may be busy.
    assert run.wait(timeout=30) == 0
    until(lambda: not any(map(leftovers.is_alive, family)))


def test_what_a_killed_start_left_is_found_and_stopped(run, tmp_path):
    family = psutil.Process(run.pid).children(recursive=True)
    run.kill()
    run.wait()
    # The kernel stops the leader (on Linux); its child ignores that, and is known by its mark.
    stopped = leftovers.stop_leftovers(tmp_path / "run.json", patience=0.5)
    assert stopped >= 1
    until(lambda: not any(map(leftovers.is_alive, family)))
    assert not (tmp_path / "run.json").exists()


def test_a_number_that_belongs_to_another_program_now_is_left_alone(tmp_path):
    with subprocess.Popen(python("import time; time.sleep(60)")) as innocent:
        leftovers.remember(tmp_path / "run.json", "an-old-run", {"web": innocent.pid})
        state = (tmp_path / "run.json").read_text()
        created = str(psutil.Process(innocent.pid).create_time())
        (tmp_path / "run.json").write_text(state.replace(created, "1.0"))
        assert leftovers.stop_leftovers(tmp_path / "run.json", patience=0.1) == 0
        assert innocent.poll() is None
        innocent.kill()


def test_logs_do_not_grow_without_end(tmp_path):
    with logs.open_log(tmp_path, "web") as log:
        log.write(b"x" * 2000 + b"\nlast line\n")
        log.flush()
        assert logs.rotate(tmp_path, largest=1000) == ["web.log"]
        log.write(b"after\n")
    assert logs.tail(tmp_path / "web.log") == "after"
    assert logs.tail(tmp_path / "web.log.1", lines=1) == "last line"
