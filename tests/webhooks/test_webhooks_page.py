"""The page "Webhooks": health, log, one notification, and working off again by hand."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime, timedelta
from html import unescape

import pytest
from django.core.management import CommandError, call_command
from django.urls import reverse
from django.utils import timezone

from gobiz_admin.gobiz import events
from gobiz_admin.merchants.models import Outlet
from tests.factories import GobizAppFactory, OutletFactory
from tests.orders.notifications import item, order_notification, store
from webhooks.listing import LOOKED_AT, PAGE
from webhooks.models import Notification, Rhythm
from webhooks.replaying import BATCH, BATCH_EVERY, replay
from webhooks.working import work_off

pytestmark = pytest.mark.django_db
State, Verdict = Notification.State, Notification.Verdict


def message(event_id="e-1", event="gofood.order.placed", **body):
    return {"header": {"event_name": event, "event_id": event_id}, "body": body}


@pytest.fixture
def owner(client, cast):
    client.force_login(cast.owner, "django.contrib.auth.backends.ModelBackend")
    client.cookies["language"] = "en"
    return client


def address(cast, name, *args):
    return reverse(name, args=[cast.merchant.pk, *args])


def page_of(owner, cast, name="webhooks", *args, **query):
    return owner.get(address(cast, name, *args), query)


class TestLog:
    def test_another_merchants_are_not_shown(self, cast, owner):
        store(cast.other_outlet, order_notification(events.ORDER_ACCEPTED, cast.other_outlet, "F-SECRET"))
        assert "F-SECRET" not in page_of(owner, cast).content.decode()

    def test_foreign_filters_find_nothing(self, cast, owner):
        store(cast.outlet, order_notification(events.ORDER_ACCEPTED, cast.outlet, "F-1"))
        answer = page_of(owner, cast, outlet_of=cast.other_outlet.pk, event="'; --", result="x", before="-1")
        assert answer.status_code == 200

    def test_older_ones_are_reached_and_none_twice(self, cast, owner):
        for number in range(PAGE * 2 + 3):
            store(cast.outlet, message(f"e-{number}"))
        seen, query = [], {}
        while True:
            page = page_of(owner, cast, **query).context["page"]
            seen += [row.pk for row in page.notifications]
            if page.older_before is None:
                break
            query = {"before": page.older_before}
        assert len(seen) == len(set(seen)) == PAGE * 2 + 3
        assert seen == sorted(seen, reverse=True)

    @pytest.mark.parametrize(
        ("query", "expected"),
        [
            ({"order": "F-1"}, {"one"}),
            ({"event": events.ORDER_CANCELLED}, {"two"}),
            ({"result": "failed"}, {"dead"}),
            ({"result": "without_effect"}, {"unknown", "forged"}),
            ({"result": "unknown_outlet"}, {"unknown"}),
            ({"result": "not_verified"}, {"forged"}),
            ({"result": "failed", "order": "F-1"}, set()),
        ],
    )
    def test_filters(self, cast, owner, query, expected):
        store(cast.outlet, order_notification(events.ORDER_ACCEPTED, cast.outlet, "F-1", event_id="one"))
        store(cast.outlet, order_notification(events.ORDER_CANCELLED, cast.outlet, "F-2", event_id="two"))
        store(cast.outlet, message("unknown", outlet={"id": "G000"}))
        store(cast.outlet, message("forged"), verdict=Verdict.FORGED)
        work_off()
        store(cast.outlet, message("dead"), state=State.DEAD)
        page = page_of(owner, cast, **query).context["page"]
        assert {row.event_id for row in page.notifications} == expected

    def test_of_one_outlet(self, cast, owner):
        second = OutletFactory(merchant=cast.merchant, gobiz_app=cast.app)
        for outlet in (cast.outlet, second):
            store(outlet, order_notification(events.ORDER_ACCEPTED, outlet))
        work_off()
        page = page_of(owner, cast, outlet_of=second.pk).context["page"]
        assert [row.outlet for row in page.notifications] == [second]

    def test_the_cost_is_constant(self, cast, owner, django_assert_max_num_queries):
        for number in range(PAGE):
            store(cast.outlet, message(f"e-{number}"))
        for _ in range(10):
            OutletFactory(merchant=cast.merchant, gobiz_app=cast.app)
        work_off()
        with django_assert_max_num_queries(40) as few:
            page_of(owner, cast)
        for number in range(PAGE):
            store(cast.outlet, message(f"f-{number}"))
        for _ in range(20):
            OutletFactory(merchant=cast.merchant, gobiz_app=cast.app)
        work_off()
        with django_assert_max_num_queries(len(few.captured_queries)):
            page_of(owner, cast)

    def test_a_search_looks_no_further_than_it_may(self):
        assert LOOKED_AT <= 5000


class TestHealth:
    def test_nothing_yet(self, cast, owner):
        assert "has not sent anything yet" in page_of(owner, cast).content.decode()

    def test_all_is_well(self, cast, owner):
        store(cast.outlet, order_notification(events.ORDER_ACCEPTED, cast.outlet))
        work_off()
        assert "All is well" in page_of(owner, cast).content.decode()

    def test_a_dead_one_is_said_here_and_at_home(self, cast, owner):
        store(cast.outlet, message(), state=State.DEAD)
        assert "1 notification could not be worked off" in page_of(owner, cast).content.decode()
        assert (
            "1 notification could not be worked off" in page_of(owner, cast, "merchant_home").content.decode()
        )

    def test_an_unusual_silence_is_said_here_and_at_home(self, cast, owner):
        store(cast.outlet, order_notification(events.ORDER_ACCEPTED, cast.outlet))
        work_off()
        Notification.objects.update(received_at=timezone.now() - timedelta(hours=9))
        Rhythm.objects.create(
            outlet=cast.outlet, orders_per_hour=[1.0] * 168, days=28, computed_at=timezone.now()
        )
        for name in ("webhooks", "merchant_home"):
            assert "Usually about 9 orders come" in page_of(owner, cast, name).content.decode()

    def test_a_usual_silence_is_not(self, cast, owner):
        store(cast.outlet, order_notification(events.ORDER_ACCEPTED, cast.outlet))
        work_off()
        Rhythm.objects.create(
            outlet=cast.outlet, orders_per_hour=[1.0] * 168, days=28, computed_at=timezone.now()
        )
        assert not page_of(owner, cast).context["findings"]


class TestOne:
    def test_what_could_not_be_read_is_marked(self, cast, owner):
        body = order_notification(
            events.ORDER_ACCEPTED, cast.outlet, order_total="a lot", order_items=[item(price=[1])]
        )
        row = store(cast.outlet, body)
        work_off()
        row.refresh_from_db()
        assert sorted(row.unread) == ["order.order_items.0.price", "order.order_total"]
        shown = page_of(owner, cast, "notification", row.pk).content.decode()
        assert "<mark>" in shown
        assert shown.count("<mark>") == 2

    @pytest.mark.parametrize(
        "raw",
        [
            b"",
            b"\xff\x00",
            b"no json",
            b"[" * 5000,
            b'{"header": {"event_name": "<script>alert(1)</script>"}}',
        ],
        ids=range(5),
    )
    def test_any_body_is_shown_and_none_is_run(self, cast, owner, raw):
        row = store(cast.outlet, raw)
        work_off()
        answer = page_of(owner, cast, "notification", row.pk)
        assert answer.status_code == 200
        assert "<script>alert" not in answer.content.decode()

    def test_the_bytes_are_a_file(self, cast, owner):
        row = store(cast.outlet, b"<html>")
        answer = page_of(owner, cast, "notification_raw", row.pk)
        assert (answer.content, answer["Content-Type"]) == (b"<html>", "application/octet-stream")
        assert answer["X-Content-Type-Options"] == "nosniff"
        assert "attachment" in answer["Content-Disposition"]

    def test_the_traceback_is_for_operators(self, cast, owner):
        row = store(cast.outlet, message(), state=State.DEAD, note="ValueError: x", traceback="secret.py")
        shown = page_of(owner, cast, "notification", row.pk).content.decode()
        assert "secret.py" not in shown
        assert "ValueError" not in shown

    def test_again(self, cast, owner):
        row = store(cast.outlet, message(), state=State.DEAD, attempts=5, note="x", traceback="y")
        owner.post(address(cast, "notification_again", row.pk))
        row.refresh_from_db()
        assert (row.state, row.attempts, row.note, row.traceback) == (State.PENDING, 0, "", "")

    def test_a_forged_one_is_not_done_again(self, cast, owner):
        row = store(cast.outlet, message(), verdict=Verdict.FORGED)
        owner.post(address(cast, "notification_again", row.pk))
        row.refresh_from_db()
        assert row.state == State.IGNORED

    def test_the_owner_says_which_outlet_it_is_about(self, cast, owner):
        second = OutletFactory(merchant=cast.merchant, gobiz_app=cast.app)
        body = order_notification(events.ORDER_ACCEPTED, second, "F-1")
        body["body"]["outlet"] = None
        row = store(cast.outlet, body)
        work_off()
        url = address(cast, "notification_again", row.pk)
        assert owner.post(url, {"outlet": cast.other_outlet.pk}).status_code == 404
        assert owner.post(url, {"outlet": "x"}).status_code == 404
        assert second.name in page_of(owner, cast, "notification", row.pk).content.decode()
        owner.post(url, {"outlet": second.pk})
        work_off()
        row.refresh_from_db()
        assert (row.state, row.outlet) == (State.DONE, second)


class TestMany:
    def test_counted_first_then_done(self, cast, owner):
        store(cast.outlet, message("dead"), state=State.DEAD)
        store(cast.outlet, message("done"), state=State.DONE)
        store(cast.other_outlet, message("foreign"), state=State.DEAD)
        since = (timezone.localtime() - timedelta(hours=1)).strftime("%Y-%m-%dT%H:%M")
        for which, count in (("failed", 1), ("all", 2)):
            query = {"since": since, "which": which}
            assert page_of(owner, cast, "replay", **query).context["count"] == count
        assert not Notification.objects.filter(state=State.PENDING).exists()
        owner.post(address(cast, "replay"), {"since": since, "which": "failed"})
        pending = Notification.objects.filter(state=State.PENDING)
        assert [row.event_id for row in pending] == ["dead"]

    def test_what_cannot_be_read_does_nothing(self, cast, owner):
        store(cast.outlet, message("dead"), state=State.DEAD)
        answer = owner.post(address(cast, "replay"), {"since": "yesterday", "which": "x"})
        assert answer.status_code == 422
        assert not Notification.objects.filter(state=State.PENDING).exists()

    def test_many_are_spread_out(self, cast):
        """An order that comes meanwhile waits behind one batch, not behind all."""
        row = store(cast.outlet, message())
        rows = [Notification(**_copy(row), event_id=f"e-{number}-copy") for number in range(BATCH)]
        Notification.objects.bulk_create(rows)
        assert replay(Notification.objects.all()) == BATCH + 1
        due = sorted(set(Notification.objects.values_list("next_attempt_at", flat=True)))
        assert len(due) == 2
        assert due[1] - due[0] == BATCH_EVERY


def _copy(row):
    return {
        "gobiz_app_id": row.gobiz_app_id,
        "raw": bytes(row.raw),
        "verdict": row.verdict,
        "event_name": row.event_name,
    }


class TestCommand:
    def run(self, capsys, *words):
        call_command("replay_notifications", *words)
        return json.loads(capsys.readouterr().out)

    def test_it_wants_to_know_which(self, cast):
        with pytest.raises(CommandError, match="Say which ones"):
            call_command("replay_notifications")
        with pytest.raises(CommandError, match="no time"):
            call_command("replay_notifications", "--since", "yesterday")

    def test_a_dry_run_counts(self, cast, capsys):
        store(cast.outlet, message(), state=State.DEAD)
        assert self.run(capsys, "--all", "--dry-run") == {"found": 1, "replayed": 0}
        assert Notification.objects.get().state == State.DEAD

    def test_those_of_an_order_in_any_state(self, cast, capsys):
        store(cast.outlet, order_notification(events.ORDER_ACCEPTED, cast.outlet, "F-1"))
        store(cast.outlet, order_notification(events.ORDER_ACCEPTED, cast.outlet, "F-2"))
        work_off()
        assert self.run(capsys, "--order", "F-1", "--state", "all") == {"found": 1, "replayed": 1}
        assert Notification.objects.get(state=State.PENDING).order_number == "F-1"


class TestChosenOutlet:
    """The outlet that is chosen in the frame: its app, its silence, its notifications."""

    @pytest.fixture
    def two(self, cast):
        second = OutletFactory(gobiz_app=GobizAppFactory(merchant=cast.merchant))
        for outlet in (cast.outlet, second):
            for _ in range(PAGE + 1):
                store(outlet, order_notification(events.ORDER_ACCEPTED, outlet))
        work_off()
        return second

    def test_log_and_health_are_its_own(self, cast, owner, two):
        context = page_of(owner, cast, outlet=two.outlet_id).context
        assert {row.outlet for row in context["page"].notifications} == {two}
        assert [health.app for health, _ in context["healths"]] == [two.gobiz_app]
        assert [silence.outlet for silence in context["silences"]] == [two]

    def test_it_stays_chosen_while_looking_for_something(self, cast, owner, two):
        page = page_of(owner, cast, outlet=two.outlet_id)
        text = page.content.decode()
        before = page.context["page"].older_before
        assert f'<input type="hidden" name="outlet" value="{two.outlet_id}">' in text
        assert f"?outlet={two.outlet_id}&amp;before={before}" in text
        older = page_of(owner, cast, outlet=two.outlet_id, before=before).context["page"]
        assert [row.outlet for row in older.notifications] == [two]

    def test_the_log_is_read_again_without_the_health(self, cast, owner, two):
        answer = owner.get(address(cast, "webhooks"), headers={"HX-Request": "true", "HX-Target": "log"})
        assert "healths" not in answer.context
        assert 'id="log"' in answer.content.decode()


class TestFoundAtOneOutlet:
    """What is wrong is said of the whole app: the way from there must not look at the chosen outlet only."""

    @pytest.mark.parametrize("trouble", ["dead", "unknown_outlet", "no_outlet", "forged"])
    def test_the_way_leads_there(self, cast, owner, trouble):
        OutletFactory(gobiz_app=cast.app)
        row = store(
            cast.outlet,
            message(outlet={"id": "G000"} if trouble == "unknown_outlet" else None),
            verdict=Verdict.FORGED if trouble == "forged" else Verdict.VERIFIED,
            **({"state": State.DEAD} if trouble == "dead" else {}),
        )
        work_off()
        text = page_of(owner, cast, outlet=cast.outlet.outlet_id).content.decode()
        [link] = re.findall(r'href="(\?[^"]*result=[^"]*)"', text)
        page = owner.get(address(cast, "webhooks") + unescape(link)).context["page"]
        assert [found.pk for found in page.notifications] == [row.pk]


class TestZone:
    """Times are shown, and taken, in the zone of the outlets that are chosen."""

    def test_of_the_only_outlet(self, cast, owner):
        Outlet.objects.filter(pk=cast.outlet.pk).update(time_zone="Asia/Jayapura")
        row = store(cast.outlet, message(), received_at=datetime(2026, 11, 24, 5, tzinfo=UTC))
        assert "24 Nov 14:00:00" in page_of(owner, cast).content.decode()
        assert "24 Nov 2026 14:00:00 WIT" in page_of(owner, cast, "notification", row.pk).content.decode()
        for since, count in (("2026-11-24T13:59", 1), ("2026-11-24T14:01", 0)):
            page = page_of(owner, cast, "replay", since=since, which="all")
            assert page.context["count"] == count

    def test_of_several_with_different_ones(self, cast, owner):
        east = OutletFactory(gobiz_app=cast.app, time_zone="Asia/Jayapura")
        row = store(east, message(), received_at=datetime(2026, 11, 24, 5, tzinfo=UTC), outlet_id=east.pk)
        assert "24 Nov 12:00:00" in page_of(owner, cast).content.decode()
        assert "24 Nov 14:00:00" in page_of(owner, cast, outlet=east.outlet_id).content.decode()
        assert "24 Nov 2026 14:00:00 WIT" in page_of(owner, cast, "notification", row.pk).content.decode()


def test_choosing_an_outlet_asks_for_nothing_yet(cast, owner):
    """Its page is opened from the frame with `?outlet=`: nothing was filled in wrongly."""
    answer = page_of(owner, cast, "replay", outlet=cast.outlet.outlet_id)
    assert answer.status_code == 200
    assert answer.context["count"] is None
    assert f'name="outlet" value="{cast.outlet.outlet_id}"' in answer.content.decode()


class TestManyTooMany:
    def test_more_than_can_be_done_soon(self, cast, owner, monkeypatch):
        monkeypatch.setattr("webhooks.replaying.MOST", 1)
        for number in range(2):
            store(cast.outlet, message(f"e-{number}"), state=State.DEAD)
        query = {"since": "2020-01-01T00:00", "which": "failed"}
        for answer in (page_of(owner, cast, "replay", **query), owner.post(address(cast, "replay"), query)):
            assert answer.status_code == 422
            assert "Choose a later time" in answer.content.decode()
        assert not Notification.objects.filter(state=State.PENDING).exists()


class TestCommandsFilters(TestCommand):
    @pytest.mark.parametrize("name", ["order", "outlet", "event", "since", "until"])
    @pytest.mark.parametrize("value", ["", " ", "\x00"])
    def test_an_empty_filter_is_not_none(self, cast, name, value):
        """As a script's unset variable gives it: it must not mean all."""
        store(cast.outlet, message(), state=State.DEAD)
        with pytest.raises(CommandError, match="is empty, or contains"):
            call_command("replay_notifications", f"--{name}={value}", "--all")
        assert Notification.objects.get().state == State.DEAD
