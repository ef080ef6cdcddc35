"""Relay Secret and address change without losing an order: both are valid meanwhile."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from gobiz_admin.gobiz.events import EVENTS
from gobiz_admin.gobiz.signatures import sign
from gobiz_admin.merchants.connecting import Connection, save_connection
from gobiz_admin.merchants.models import AuditEntry, GobizApp
from gobiz_admin.merchants.rotating import RotationUnderWay
from tests.factories import GobizAppFactory
from tests.threads import at_once
from webhooks import rotating, rotation_ends, subscription_check
from webhooks.models import AppCheck, Notification
from webhooks.round_trip import TEST_EVENT
from webhooks.signers import proven_secret

pytestmark = pytest.mark.django_db
Verdict = Notification.Verdict


def arrived(app: GobizApp, secret: str, verdict: str = Verdict.VERIFIED, **changes: Any) -> Notification:
    """A delivery signed with `secret`, as the receiver stores it."""
    raw = f'{{"header": {{"event_id": "e-{Notification.objects.count()}"}}}}'.encode()
    forged = verdict == Verdict.FORGED
    fields = {
        "event_id": f"e-{Notification.objects.count()}",
        "event_name": EVENTS[0],
        "raw": raw,
        "headers": {"X-Go-Signature": sign(secret, raw)},
        "verdict": verdict,
        "state": "ignored" if forged else "done",
        "note": "forged" if forged else "",
        "finished_at": timezone.now(),
    }
    return Notification.objects.create(gobiz_app=app, **{**fields, **changes})


def secrets(app: GobizApp) -> list[str]:
    app.refresh_from_db()
    return app.relay_secrets


def change(app: GobizApp, new: str) -> list[str]:
    rotating.change_relay_secret(app, new, None)
    return secrets(app)


class TestRelaySecret:
    def test_the_old_one_stays_valid(self, cast):
        old = cast.app.relay_secret
        assert rotating.change_relay_secret(cast.app, "new", cast.owner)
        assert secrets(cast.app) == ["new", old]
        entry = AuditEntry.objects.get()
        assert (entry.user, entry.action) == (cast.owner, "relay_secret.changed")
        assert "new" not in str(entry.facts)

    def test_the_same_is_no_change(self, cast):
        assert not rotating.change_relay_secret(cast.app, cast.app.relay_secret, None)
        assert cast.app.relay_secret_changed_at is None
        assert not AuditEntry.objects.exists()

    def test_back_to_the_old_one(self, cast):
        old = cast.app.relay_secret
        change(cast.app, "new")
        assert change(cast.app, old) == [old, "new"]

    def test_mistyped_twice_the_proven_one_stays(self, cast):
        old = cast.app.relay_secret
        arrived(cast.app, old)
        change(cast.app, "mistyped")
        assert change(cast.app, "mistyped again") == ["mistyped again", old]
        assert proven_secret(cast.app) == old

    def test_nothing_proven_the_newest_two_stay(self, cast):
        arrived(cast.app, cast.app.relay_secret, event_name=TEST_EVENT)
        change(cast.app, "second")
        assert change(cast.app, "third") == ["third", "second"]

    def test_the_connect_form_follows_the_same_rule(self, cast):
        old = cast.app.relay_secret
        arrived(cast.app, old)
        for number in range(3):
            entered = Connection(
                environment=cast.app.environment,
                app_id=cast.app.app_id,
                partner_id=cast.app.partner_id,
                outlet_id=cast.outlet.outlet_id,
                outlet_name=cast.outlet.name,
                relay_secret=f"typed-{number}",
            )
            save_connection(cast.merchant, entered, cast.owner)
        assert secrets(cast.app) == ["typed-2", old]
        assert AuditEntry.objects.filter(action="relay_secret.changed").count() == 3

    @pytest.mark.django_db(transaction=True)
    def test_twice_at_once(self, cast):
        old = cast.app.relay_secret
        assert sorted(at_once(lambda number: rotating.change_relay_secret(cast.app, "new", None))) == [
            False,
            True,
        ]
        assert secrets(cast.app) == ["new", old]


class TestItsEnd:
    @pytest.fixture
    def changed(self, cast) -> GobizApp:
        change(cast.app, "new")
        self.since(25)
        cast.app.refresh_from_db()
        return cast.app

    def since(self, hours: float) -> None:
        GobizApp.objects.exclude(relay_secret_changed_at=None).update(
            relay_secret_changed_at=timezone.now() - timedelta(hours=hours)
        )

    def test_by_itself_once_gobiz_signs_with_the_new_one(self, changed):
        arrived(changed, "new")
        assert rotation_ends.sweep() == 1
        assert secrets(changed) == ["new"]
        assert AuditEntry.objects.filter(action="relay_secret.previous_forgotten", user=None).exists()
        assert rotation_ends.sweep() == 0

    def test_not_within_a_day(self, changed):
        arrived(changed, "new")
        self.since(23)
        assert rotation_ends.sweep() == 0

    def test_not_while_nothing_came(self, changed):
        arrived(changed, "new", event_name=TEST_EVENT)
        assert rotation_ends.sweep() == 0
        assert len(secrets(changed)) == 2

    def test_not_while_gobiz_signs_with_the_old_one(self, changed):
        """So a wrong new secret never replaces a right one."""
        arrived(changed, "new")
        arrived(changed, changed.previous_relay_secret)
        assert rotation_ends.sweep() == 0


class TestJudgedAgain:
    def test_what_fits_now_is_worked_off(self, cast):
        old = cast.app.relay_secret
        right = arrived(cast.app, "right", Verdict.FORGED)
        wrong = arrived(cast.app, "somebody's", Verdict.FORGED)
        cut = arrived(cast.app, "right", Verdict.FORGED, note="forged_cut")
        long_ago = arrived(cast.app, "right", Verdict.FORGED, received_at=timezone.now() - timedelta(days=8))
        assert rotation_ends.judge_again(cast.app) == 0
        assert change(cast.app, "right") == ["right", old]
        assert rotation_ends.judge_again(cast.app) == 1
        assert rotation_ends.judge_again(cast.app) == 0
        right.refresh_from_db()
        assert (right.verdict, right.state, right.note) == (Verdict.VERIFIED, "pending", "")
        for row in (wrong, cut, long_ago):
            row.refresh_from_db()
            assert row.verdict == Verdict.FORGED

    def test_it_came_once_more_and_verified(self, cast):
        """GoBiz repeats a delivery: whichever of the two is first counts, once."""
        raw, secret = b'{"header": {"event_id": "same"}}', cast.app.relay_secret
        same = {"raw": raw, "headers": {"X-Go-Signature": sign(secret, raw)}, "event_id": "same"}
        first, second = (arrived(cast.app, secret, Verdict.FORGED, **same) for _ in range(2))
        assert rotation_ends.judge_again(cast.app) == 1
        first.refresh_from_db()
        second.refresh_from_db()
        assert (first.verdict, second.verdict) == (Verdict.VERIFIED, Verdict.FORGED)

    def test_by_the_sweep_when_the_wake_up_was_lost(self, cast):
        arrived(cast.app, "right", Verdict.FORGED)
        change(cast.app, "right")
        rotation_ends.sweep()
        assert Notification.objects.get().verdict == Verdict.VERIFIED

    def test_anothers_are_not_touched(self, cast):
        theirs = arrived(cast.other_app, "right", Verdict.FORGED)
        change(cast.app, "right")
        assert rotation_ends.judge_again(cast.app) == 0
        theirs.refresh_from_db()
        assert theirs.verdict == Verdict.FORGED


class TestAddress:
    def test_both_are_valid(self, cast, post):
        old = cast.app.webhook_token
        rotating.rotate_address(cast.app, cast.owner)
        cast.app.refresh_from_db()
        assert cast.app.webhook_tokens == [cast.app.webhook_token, old]
        assert cast.app.webhook_token != old
        check = AppCheck.objects.get()
        assert (check.kind, check.state) == ("subscriptions", "waiting")
        assert old not in str(AuditEntry.objects.get().facts)

    def test_not_a_third(self, cast):
        rotating.rotate_address(cast.app, None)
        cast.app.refresh_from_db()
        tokens = cast.app.webhook_tokens
        with pytest.raises(RotationUnderWay):
            rotating.rotate_address(cast.app, None)
        cast.app.refresh_from_db()
        assert cast.app.webhook_tokens == tokens

    @pytest.mark.parametrize(
        ("hours", "code", "knows", "ends"),
        [
            (25, "subscriptions_right", True, 1),
            (23, "subscriptions_right", True, 0),
            (25, "subscribed_elsewhere", True, 0),
            (25, "subscriptions_right", False, 0),
        ],
    )
    def test_its_end(self, cast, hours, code, knows, ends):
        rotating.rotate_address(cast.app, None)
        GobizApp.objects.filter(pk=cast.app.pk).update(
            webhook_token_changed_at=timezone.now() - timedelta(hours=hours)
        )
        cast.app.refresh_from_db()
        since = subscription_check._since(cast.app) if knows else ""
        AppCheck.objects.update(state="passed", code=code, facts={"address_since": since})
        assert rotation_ends.sweep() == ends
        cast.app.refresh_from_db()
        assert bool(cast.app.previous_webhook_token) is not bool(ends)

    def test_forgotten_by_hand(self, cast):
        rotating.rotate_address(cast.app, None)
        assert rotation_ends.forget_previous_address(cast.app, cast.owner)
        assert not rotation_ends.forget_previous_address(cast.app, cast.owner)
        cast.app.refresh_from_db()
        assert len(cast.app.webhook_tokens) == 1


def test_production_always_enforces(cast):
    app = GobizAppFactory(merchant=cast.merchant, environment="production")
    with pytest.raises(rotating.NotInProduction):
        rotating.choose_signature_mode(app, "record_only", cast.owner)
    assert rotating.choose_signature_mode(cast.app, "record_only", cast.owner)
    assert not rotating.choose_signature_mode(cast.app, "record_only", cast.owner)
    assert AuditEntry.objects.get().facts == {"app": cast.app.app_id, "mode": "record_only"}
