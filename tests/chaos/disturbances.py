"""What goes wrong, when, and how it is done to the stack."""

from __future__ import annotations

import os
import random
import signal
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field

import psutil

from tests.chaos.facts import Facts
from tests.chaos.gobiz import Gobiz
from tests.chaos.parts import Parts, named, wait_for_children, works_on

WORKERS = works_on("notifications")
# Of all deliveries: the first and the last ones see an undisturbed stack.
FIRST, LAST = 0.05, 0.9


@dataclass
class Victim:
    """The running stack as a disturbance sees it."""

    parts: Parts
    facts: Facts
    rng: random.Random
    # How long something is held down.
    seconds: float


def kill_worker_groups(victim: Victim) -> None:
    for leader in victim.parts.wait_for(WORKERS):
        # The leader's number is its group's (supervisor.py); anything else would be somebody else's group.
        if os.getpgid(leader.pid) == leader.pid:
            os.killpg(leader.pid, signal.SIGKILL)


def kill_worker_parents(victim: Victim) -> None:
    for leader in victim.parts.wait_for(WORKERS):
        leader.kill()


def kill_working_children(victim: Victim) -> None:
    """In the midst of work: while one of them holds a notification. The parents stay."""
    leaders = victim.parts.wait_for(WORKERS)
    workers = [child for leader in leaders for child in wait_for_children(leader)]
    victim.facts.wait_for_claim(2)
    for worker in workers:
        worker.kill()


def send_to(name: str, number: int) -> Callable[[Victim], None]:
    def send(victim: Victim) -> None:
        victim.parts.wait_for(named(name))[0].send_signal(number)

    return send


def hold_valkey_down(victim: Victim) -> None:
    """Killed each time it comes back."""
    until = time.monotonic() + victim.seconds
    while time.monotonic() < until:
        victim.parts.wait_for(named("valkey"))[0].kill()


def freeze_valkey(victim: Victim) -> None:
    """It accepts connections, and answers nothing."""
    valkey = victim.parts.wait_for(named("valkey"))[0]
    valkey.suspend()
    try:
        time.sleep(victim.seconds)
    finally:
        valkey.resume()


def kill_web_worker(victim: Victim) -> None:
    leader = victim.parts.wait_for(named("web"))[0]
    victim.rng.choice(wait_for_children(leader)).kill()


KINDS: dict[str, Callable[[Victim], None]] = {
    "notification workers: SIGKILL to their groups": kill_worker_groups,
    "notification workers: SIGKILL to the parents": kill_worker_parents,
    "notification workers: SIGKILL to the children at work": kill_working_children,
    "valkey: SIGTERM": send_to("valkey", signal.SIGTERM),
    "valkey: SIGKILL, again and again": hold_valkey_down,
    "valkey: SIGSTOP, SIGCONT": freeze_valkey,
    "postgres: SIGINT (fast stop)": send_to("postgres", signal.SIGINT),
    "postgres: SIGQUIT (crash)": send_to("postgres", signal.SIGQUIT),
    "postgres: SIGKILL": send_to("postgres", signal.SIGKILL),
    "web: SIGKILL to a worker": kill_web_worker,
    "web: SIGKILL to the parent": send_to("web", signal.SIGKILL),
    "beat: SIGKILL": send_to("beat", signal.SIGKILL),
}


def make_schedule(rounds: int, deliveries: int, rng: random.Random) -> list[tuple[int, str]]:
    """Every kind once a round, each after so many deliveries."""
    kinds = [kind for _ in range(rounds) for kind in rng.sample(list(KINDS), len(KINDS))]
    moments = rng.sample(range(int(deliveries * FIRST), int(deliveries * LAST)), len(kinds))
    return list(zip(sorted(moments), kinds, strict=True))


@dataclass
class Storm:
    """Disturbs the stack while GoBiz sends."""

    schedule: list[tuple[int, str]]
    victim: Victim
    gobiz: Gobiz
    # What was done, and when.
    done: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)

    def start(self) -> None:
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def finish(self) -> None:
        self._thread.join()

    def _run(self) -> None:
        begun = time.monotonic()
        for moment, kind in self.schedule:
            while self.gobiz.begun < moment and self.gobiz.is_sending():
                time.sleep(0.02)
            try:
                KINDS[kind](self.victim)
            except psutil.NoSuchProcess:
                # It died between our look and our signal, by an earlier disturbance: as good.
                pass
            except Exception as error:
                self.errors.append(f"{kind}: {error!r}")
            self.done.append(f"{time.monotonic() - begun:6.1f} s, delivery {self.gobiz.begun:5}: {kind}")
