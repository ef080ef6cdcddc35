"""What GoBiz was told is kept: applied once, shown right, whatever died meanwhile."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any

from tests.chaos.disturbances import KINDS
from tests.chaos.outcome import Outcome


def differences(found: Mapping[str, Any], expected: Mapping[str, Any], most: int = 5) -> dict[str, Any]:
    """The first of the keys for which both do not say the same: (found, expected)."""
    keys = sorted(found.keys() | expected.keys())
    pairs = {key: (found.get(key), expected.get(key)) for key in keys}
    return dict([item for item in pairs.items() if item[1][0] != item[1][1]][:most])


def test_every_disturbance_took_place(outcome: Outcome) -> None:
    assert outcome.storm.errors == []
    for kind in KINDS:
        assert sum(line.endswith(kind) for line in outcome.storm.done) == outcome.form.rounds


def test_every_answer_is_taken_or_try_again(outcome: Outcome) -> None:
    assert outcome.answers.given_up == []
    assert set(outcome.answers.statuses) <= {200, 503}
    # Whatever is away: GoBiz never waits in vain.
    assert "TimeoutError" not in outcome.answers.unanswered
    assert outcome.answers.acknowledged == Counter(
        delivery.notification.event_id for delivery in outcome.plan.deliveries
    )


def test_everything_is_drained(outcome: Outcome) -> None:
    assert outcome.left == []


def test_what_was_acknowledged_is_stored_once_and_done(outcome: Outcome) -> None:
    stored = outcome.facts.ask("SELECT event_id, state, verdict FROM webhooks_notification")
    once = {event_id: [("done", "verified")] for event_id in outcome.plan.event_ids}
    found: dict[str, list[tuple[str, str]]] = {}
    for event_id, state, verdict in stored:
        found.setdefault(event_id, []).append((state, verdict))
    assert differences(found, once) == {}


def test_a_server_that_went_away_used_up_no_attempt(outcome: Outcome) -> None:
    """A handler cannot help it; five attempts are for what it cannot do."""
    again = outcome.facts.ask("SELECT event_id, attempts FROM webhooks_notification WHERE attempts > 1")
    assert again == []


def test_every_notification_was_applied_once(outcome: Outcome) -> None:
    """One row per order, with the end, the lines and the timeline that its notifications tell."""
    orders = outcome.facts.orders()
    assert differences(dict(orders), outcome.plan.orders) == {}
    assert len(orders) == len(outcome.plan.orders)


def test_the_inbox_is_right(outcome: Outcome) -> None:
    for sender in outcome.senders:
        for outlet_id in sender.outlet_ids:
            expected = [
                (number, facts.status)
                for number, facts in outcome.plan.orders.items()
                if facts.outlet_id == outlet_id
            ]
            assert sorted(outcome.facts.inbox(sender, outlet_id)) == sorted(expected)


def test_the_stack_is_well(outcome: Outcome) -> None:
    outcome.stack.becomes_well(30)
