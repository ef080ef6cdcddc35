"""Closing outlets and opening them again: what is wished, by whom, who comes second, and what is due."""

from __future__ import annotations

from datetime import timedelta

import pytest
import time_machine
from django.core import mail
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from gobiz_admin.gobiz.errors import GobizUnavailable, RequestRefused, ScopeMissing
from gobiz_admin.merchants import closing, closing_sending, mailing
from gobiz_admin.merchants.closing import Wish, close, reopen, reopen_due, try_again
from gobiz_admin.merchants.closing_sending import WAITS, due_outlets, free_stuck, send
from gobiz_admin.merchants.closings import OutletClosing
from gobiz_admin.merchants.models import AuditEntry, Letter
from tests.factories import OutletFactory
from tests.threads import at_once

pytestmark = pytest.mark.django_db
State = OutletClosing.State


class Gobiz:
    """Takes or refuses what it is told, and keeps it."""

    def __init__(self):
        self.told: list[tuple[str, bool]] = []
        self.errors: list[Exception] = []
        self.meanwhile = None

    def set_force_close(self, outlet_id, closed):
        self.told.append((outlet_id, closed))
        if self.meanwhile is not None:
            self.meanwhile()
        if self.errors:
            raise self.errors.pop(0)
        return {}


@pytest.fixture
def gobiz(monkeypatch):
    gobiz = Gobiz()
    monkeypatch.setattr(closing_sending.gobiz, "client_for", lambda app: gobiz)
    return gobiz


def wish(*outlets, until=None, reason="too_busy", words=""):
    return Wish(reason, words, dict.fromkeys([outlet.pk for outlet in outlets], until))


def shut(outlet, user=None, seen=0, until=None, **more):
    """The outlet's row after somebody wished it closed."""
    close({outlet.pk: seen}, wish(outlet, until=until, **more), user)
    return OutletClosing.objects.get(outlet=outlet)


def sent(outlet):
    """The outlet's row after a worker has come when it was due."""
    OutletClosing.objects.filter(state=State.QUEUED).update(next_attempt_at=timezone.now())
    send(outlet.pk)
    return OutletClosing.objects.get(outlet=outlet)


def closed_outlet(outlet, user=None, **more):
    shut(outlet, user, **more)
    row = sent(outlet)
    assert (row.shown, row.told) == ("closed", True)
    return row


def ago(**time):
    return timezone.now() - timedelta(**time)


# Told once, and who comes second.


def test_it_is_closed_and_opened_and_kept_in_the_history(cast, gobiz):
    row = closed_outlet(cast.outlet, cast.cashier, words="oven full")
    assert (row.by, row.reason, row.words, row.reopen_at) == (cast.cashier, "too_busy", "oven full", None)
    assert row.told_at is not None
    reopen([cast.outlet.pk], cast.manager)
    assert sent(cast.outlet).shown == "open"
    assert gobiz.told == [(cast.outlet.outlet_id, True), (cast.outlet.outlet_id, False)]
    entries = AuditEntry.objects.order_by("pk").values_list("action", "user", "facts__reason")
    assert list(entries) == [
        ("outlet.closed", cast.cashier.pk, "too_busy"),
        ("outlet.opened", cast.manager.pk, "too_busy"),
    ]


def test_the_second_who_saw_it_open_changes_nothing_and_gets_the_state(cast, gobiz):
    soon = timezone.now() + timedelta(hours=1)
    first = closed_outlet(cast.outlet, cast.owner, until=soon)
    result = close({cast.outlet.pk: 0}, wish(cast.outlet, reason="holiday"), cast.manager)
    assert (result.changed, [row.pk for row in result.left]) == ([], [first.pk])
    row = OutletClosing.objects.get()
    assert (row.by, row.reason, row.reopen_at) == (cast.owner, "too_busy", soon)
    assert due_outlets() == []
    assert AuditEntry.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_two_who_close_at_once_have_one_effect(cast, gobiz):
    people = (cast.owner, cast.cashier)
    results = at_once(lambda number: close({cast.outlet.pk: 0}, wish(cast.outlet), people[number]))
    assert sorted(len(result.changed) for result in results) == [0, 1]
    at_once(lambda _: send(cast.outlet.pk))
    assert gobiz.told == [(cast.outlet.outlet_id, True)]
    assert AuditEntry.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_two_who_open_at_once_have_one_effect(cast, gobiz):
    closed_outlet(cast.outlet)
    results = at_once(lambda _: reopen([cast.outlet.pk], cast.owner))
    assert sorted(len(result.changed) for result in results) == [0, 1]
    at_once(lambda _: send(cast.outlet.pk))
    assert [closed for _, closed in gobiz.told] == [True, False]


@pytest.mark.django_db(transaction=True)
def test_many_outlets_closed_and_opened_at_once_wait_for_each_other(cast, gobiz):
    outlets = [OutletFactory(gobiz_app=cast.app) for _ in range(5)]
    pks = [outlet.pk for outlet in outlets]
    at_once(
        lambda number: (
            close(dict.fromkeys(pks[:: 1 if number % 2 else -1], 0), wish(*outlets), None)
            if number < 2
            else reopen(pks, None)
        ),
        4,
    )
    assert OutletClosing.objects.filter(outlet__in=pks).count() == 5


def test_who_saw_it_closed_changes_reason_and_time_without_a_call(cast, gobiz):
    row = closed_outlet(cast.outlet, cast.owner)
    later = timezone.now() + timedelta(hours=2)
    again = shut(cast.outlet, cast.manager, seen=row.wish, until=later, reason="no_power")
    assert (again.state, again.reopen_at, again.reason) == ("done", later, "no_power")
    assert (again.by, again.since) == (cast.owner, row.since)
    assert len(gobiz.told) == 1
    assert AuditEntry.objects.latest("pk").user == cast.manager


# Wishes that overtake one another.


def test_opened_before_it_was_sent_needs_no_call(cast, gobiz):
    shut(cast.outlet)
    reopen([cast.outlet.pk], cast.owner)
    assert (sent(cast.outlet).shown, gobiz.told) == ("open", [])


def test_the_newest_wish_wins_while_an_older_one_is_sent(cast, gobiz):
    shut(cast.outlet)
    gobiz.meanwhile = lambda: reopen([cast.outlet.pk], cast.owner)
    row = sent(cast.outlet)
    assert (row.state, row.told, row.closed, row.attempts) == ("queued", True, False, 0)
    gobiz.meanwhile = None
    assert sent(cast.outlet).shown == "open"
    assert [closed for _, closed in gobiz.told] == [True, False]


def test_a_lost_call_is_not_overtaken_by_the_opposite_one(cast, gobiz):
    shut(cast.outlet)
    gobiz.meanwhile = lambda: reopen([cast.outlet.pk], cast.owner)
    gobiz.errors = [GobizUnavailable("timeout")]
    OutletClosing.objects.update(next_attempt_at=timezone.now())
    send(cast.outlet.pk)
    row = OutletClosing.objects.get()
    assert (row.state, row.told) == ("queued", None)
    assert row.next_attempt_at > timezone.now()


def test_refused_while_it_was_opened_again_is_no_failure(cast, gobiz):
    shut(cast.outlet)
    gobiz.meanwhile = lambda: reopen([cast.outlet.pk], cast.owner)
    gobiz.errors = [ScopeMissing(scope="gofood:outlet:write")]
    row = sent(cast.outlet)
    assert (row.shown, row.error_code) == ("open", "")


def test_what_is_due_to_open_but_was_closed_for_longer_stays_closed(cast, gobiz):
    row = closed_outlet(cast.outlet, until=ago(seconds=1))
    shut(cast.outlet, cast.owner, seen=row.wish, until=timezone.now() + timedelta(hours=3))
    assert reopen_due() == 0
    assert sent(cast.outlet).shown == "closed"


@pytest.mark.django_db(transaction=True)
def test_due_and_closed_for_longer_at_once_is_one_of_both(cast, gobiz):
    """The newer wish holds, or came second: then it opens, and the person is told."""
    row = closed_outlet(cast.outlet, until=ago(seconds=1))
    later = timezone.now() + timedelta(hours=3)
    seen, longer = {cast.outlet.pk: row.wish}, wish(cast.outlet, until=later)
    result, _ = at_once(lambda number: reopen_due() if number else close(seen, longer, cast.owner))
    row = sent(cast.outlet)
    held = len(result.changed) == 1
    assert (row.closed, row.told, row.reopen_at) == (held, held, later if held else None)
    assert len(result.left) == (not held)


def test_due_once_opens_once(cast, gobiz):
    closed_outlet(cast.outlet, until=ago(seconds=1))
    assert (reopen_due(), reopen_due()) == (1, 0)
    assert sent(cast.outlet).shown == "open"
    entry = AuditEntry.objects.latest("pk")
    assert (entry.action, entry.user, entry.facts["by_itself"]) == ("outlet.opened", None, True)


# Bad days.


@pytest.mark.parametrize("error", [ScopeMissing(scope="gofood:outlet:write"), RequestRefused("no")])
def test_a_refusal_stops_at_once_and_is_kept(cast, gobiz, error):
    shut(cast.outlet)
    gobiz.errors = [error]
    row = sent(cast.outlet)
    assert (row.shown, row.error_code, row.told) == ("not_closed", error.code, False)
    assert due_outlets() == []
    assert AuditEntry.objects.latest("pk").action == "outlet.closing_failed"
    # Given up: there is nothing to open, so nothing is sent that would be refused too.
    reopen([cast.outlet.pk], cast.owner)
    assert sent(cast.outlet).shown == "open"
    assert len(gobiz.told) == 1


def test_what_cannot_be_opened_is_tried_again_and_then_asks_for_help(cast, gobiz):
    closed_outlet(cast.outlet, until=ago(seconds=1))
    reopen_due()
    gobiz.errors = [GobizUnavailable("503") for _ in range(20)]
    waits = []
    while (row := sent(cast.outlet)).state == "queued":
        waits.append(row.next_attempt_at - timezone.now())
    assert len(waits) == len(WAITS)
    assert waits == sorted(waits)
    assert (row.shown, row.told, row.is_late(timezone.now())) == ("not_opened", None, True)
    # Who looks after outlets is told by e-mail too, once.
    assert set(Letter.objects.values_list("user", flat=True)) == {cast.owner.pk, cast.manager.pk}
    mailing.send_due()
    assert cast.outlet.name in mail.outbox[0].subject
    assert "/outlets/closed/" in mail.outbox[0].body
    gobiz.errors = []
    assert len(reopen([cast.outlet.pk], cast.owner).changed) == 1
    assert sent(cast.outlet).shown == "open"


@pytest.mark.parametrize(("asked", "waits"), [(40, 40), (1, 3), (86_400, 900)])
def test_it_waits_as_long_as_gobiz_asks_within_reason(cast, gobiz, asked, waits):
    shut(cast.outlet)
    gobiz.errors = [GobizUnavailable.never_sent("slow down", retry_after=asked)]
    with time_machine.travel(timezone.now() + timedelta(seconds=1), tick=False):
        row = sent(cast.outlet)
        assert row.next_attempt_at == timezone.now() + timedelta(seconds=waits)
    assert row.told is False


def test_trying_again_is_for_what_waits_or_failed_only(cast, gobiz):
    shut(cast.outlet)
    gobiz.errors = [RequestRefused("no")]
    row = sent(cast.outlet)
    try_again(cast.outlet.pk)
    row = sent(cast.outlet)
    assert (row.shown, row.error_code) == ("closed", "")
    try_again(cast.outlet.pk)
    assert due_outlets() == []


def test_a_fault_of_ours_is_told_and_not_met_at_every_sweep(cast, gobiz):
    shut(cast.outlet)
    gobiz.errors = [ValueError("ours")]
    assert sent(cast.outlet).shown == "not_closed"


def test_a_killed_worker_is_followed_by_another_and_comes_too_late(cast, gobiz):
    shut(cast.outlet)
    OutletClosing.objects.update(next_attempt_at=timezone.now())
    dead = closing_sending._claim(cast.outlet.pk)
    assert (free_stuck(), due_outlets()) == (0, [])
    OutletClosing.objects.update(next_attempt_at=ago(seconds=1))
    assert free_stuck() == 1
    reopen([cast.outlet.pk], cast.owner)
    assert sent(cast.outlet).shown == "open"
    closing_sending._record(dead, None)
    row = OutletClosing.objects.get()
    assert (row.shown, row.told) == ("open", False)
    assert gobiz.told == [(cast.outlet.outlet_id, False)]


def test_an_outlet_that_goes_meanwhile_takes_its_row_along(cast, gobiz):
    row = shut(cast.outlet)

    def forget():
        row.delete()
        cast.outlet.delete()

    gobiz.meanwhile = forget
    OutletClosing.objects.update(next_attempt_at=timezone.now())
    send(cast.outlet.pk)
    assert not OutletClosing.objects.exists()
    gone = cast.outlet.pk or 0
    assert close({gone: 0}, Wish("other", "x", {gone: None}), None) == closing.Result([], [])


def test_what_is_open_has_no_time_to_open_at(cast):
    with pytest.raises(IntegrityError), transaction.atomic():
        OutletClosing.objects.create(outlet=cast.outlet, closed=False, reopen_at=timezone.now())


@pytest.mark.parametrize(
    ("facts", "late"),
    [
        ({"state": "done", "closed": True}, False),
        ({"state": "done", "closed": True, "reopen_at": "soon"}, False),
        ({"state": "done", "closed": True, "reopen_at": "past"}, True),
        ({"state": "queued", "closed": True, "reopen_at": "soon", "wished_at": "past"}, True),
        ({"state": "queued", "wished_at": "soon", "attempts": 1}, False),
        ({"state": "queued", "wished_at": "soon", "attempts": 2}, True),
        ({"state": "failed"}, True),
    ],
)
def test_late_is_what_nobody_works_off_or_gobiz_refuses(cast, facts, late):
    moments = {"soon": timezone.now() + timedelta(minutes=1), "past": ago(minutes=5)}
    row = OutletClosing(
        outlet=cast.outlet, **{name: moments.get(value, value) for name, value in facts.items()}
    )
    assert row.is_late(timezone.now()) is late


def test_two_or_forty_outlets_cost_the_same(cast, gobiz):
    outlets = [OutletFactory(gobiz_app=cast.app) for _ in range(42)]

    def cost(some):
        with CaptureQueriesContext(connection) as captured:
            close(
                dict.fromkeys([outlet.pk for outlet in some], 0), wish(*some, until=ago(hours=1)), cast.owner
            )
            reopen([outlet.pk for outlet in some], cast.owner)
        return len(captured)

    assert cost(outlets[:2]) == cost(outlets[2:])


def test_a_press_makes_what_waits_to_be_opened_go_at_once(cast, gobiz):
    closed_outlet(cast.outlet)
    reopen([cast.outlet.pk], cast.owner)
    gobiz.errors = [GobizUnavailable("503")]
    OutletClosing.objects.update(next_attempt_at=timezone.now())
    send(cast.outlet.pk)
    assert due_outlets() == []
    assert len(reopen([cast.outlet.pk], cast.cashier).changed) == 1
    assert due_outlets() == [cast.outlet.pk]
    assert AuditEntry.objects.filter(action="outlet.opened").count() == 1
