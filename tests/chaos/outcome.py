"""One run: GoBiz sends, the storm disturbs, the stack works off what is left."""

from __future__ import annotations

import random
import time
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

import psycopg

from tests.chaos.cast import Sender, make_cast
from tests.chaos.disturbances import Storm, Victim, make_schedule
from tests.chaos.facts import Facts
from tests.chaos.gobiz import Answers, Gobiz
from tests.chaos.lives import Plan, make_plan
from tests.chaos.parts import Parts
from tests.stack_process import Stack


@dataclass(frozen=True)
class Form:
    """How much of it."""

    name: str
    deliveries: int
    # A second.
    rate: float
    # Each does every disturbance once.
    rounds: int
    # How long something is held down.
    down_seconds: float
    # How long the stack may take afterwards: an attempt that failed is made again after 10 s, then a minute.
    drain_seconds: float


FORMS = {"short": Form("short", 400, 40, 1, 0.5, 90), "full": Form("full", 5000, 32, 3, 3, 180)}


@dataclass
class Outcome:
    """What was planned, what was done, what came of it."""

    form: Form
    seed: int
    stack: Stack
    facts: Facts
    senders: list[Sender]
    plan: Plan
    storm: Storm
    answers: Answers
    # Notifications seen waiting for another attempt, and the error that they waited with.
    stumbled: dict[str, str] = field(default_factory=dict)
    # Unfinished when the time was over.
    left: list[tuple[Any, ...]] = field(default_factory=list)
    seconds: dict[str, float] = field(default_factory=dict)
    # Whether a reader has got the report.
    told: bool = False

    def report(self) -> str:
        """What a reader needs to understand a failure, and to repeat it."""
        answers = self.answers
        return "\n".join(
            [
                f"CHAOS={self.form.name} CHAOS_SEED={self.seed}; a failed run keeps {self.stack.data}",
                f"{len(self.plan.deliveries)} deliveries of {len(self.plan.event_ids)} notifications"
                f" about {len(self.plan.orders)} orders",
                f"answers {dict(answers.statuses)}, none {dict(answers.unanswered)},"
                f" slowest {answers.slowest:.1f} s",
                "seconds: " + ", ".join(f"{name} {value:.1f}" for name, value in self.seconds.items()),
                *(
                    f"waited for another attempt: {event_id}: {why}"
                    for event_id, why in self.stumbled.items()
                ),
                *self.storm.done,
                *self.storm.errors,
            ]
        )


def weather(form: Form, seed: int, stack: Stack) -> Outcome:
    """Everything that happens before anybody looks at what came of it."""
    senders, facts = make_cast(stack), Facts(stack)
    # Apart, so that another disturbance leaves the orders of a seed as they are.
    plan = make_plan(form.deliveries, senders, random.Random(f"orders {seed}"))
    rng = random.Random(f"disturbances {seed}")
    gobiz = Gobiz(stack.port, plan.deliveries, form.rate)
    victim = Victim(Parts(stack.data), facts, rng, form.down_seconds)
    storm = Storm(make_schedule(form.rounds, form.deliveries, rng), victim, gobiz)
    begun = time.monotonic()
    gobiz.start()
    storm.start()
    outcome = Outcome(form, seed, stack, facts, senders, plan, storm, gobiz.finish())
    storm.finish()
    outcome.seconds["storm"] = time.monotonic() - begun
    wait_until_drained(outcome)
    outcome.seconds["drain"] = time.monotonic() - begun - outcome.seconds["storm"]
    return outcome


def wait_until_drained(outcome: Outcome) -> None:
    """Until nothing waits for a worker, or the time is over; notes what failed on the way."""
    deadline = time.monotonic() + outcome.form.drain_seconds
    outcome.left = [("nobody could ask",)]
    while outcome.left and time.monotonic() < deadline:
        # The last disturbance may have hit the database.
        with suppress(psycopg.Error):
            outcome.left = outcome.facts.unfinished()
            outcome.stumbled |= {row[0]: row[3] for row in outcome.left if row[1] == "failed"}
        time.sleep(0.1)
