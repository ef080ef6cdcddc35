"""Letters: written once, sent by whoever claims them, kept while the mail server is away."""

from datetime import timedelta

import pytest
import time_machine
from django.core import mail
from django.db import transaction
from django.utils import timezone

from gobiz_admin.merchants import mailing
from gobiz_admin.merchants.models import Letter, Member, Role
from gobiz_admin.merchants.roles import Action
from tests.threads import at_once

pytestmark = pytest.mark.django_db
State = Letter.State

TEMPLATE = """{% load i18n %}{% if name %}{% translate "Price" %}: {{ name }}{% endif %}

{{ merchant.name }} {{ name }}
{{ link }}
"""


@pytest.fixture(autouse=True)
def _a_template(settings, tmp_path):
    (tmp_path / "mail").mkdir()
    (tmp_path / "mail" / "sample.txt").write_text(TEMPLATE)
    settings.TEMPLATES = [{**settings.TEMPLATES[0], "DIRS": [tmp_path]}]


def write(cast, key="alert-1", **facts):
    return mailing.write(cast.merchant, Action.PUBLISH_MENU, "sample", key, {"path": "/m/1/", **facts})


def states():
    return sorted(Letter.objects.values_list("state", flat=True))


class BrokenServer:
    """Stands where Django's mail backend stands; fails as often as it is told."""

    def __init__(self, monkeypatch, failures=10**6):
        self.failures, self.real = failures, mailing.EmailMessage.send
        monkeypatch.setattr(mailing.EmailMessage, "send", lambda message: self.send(message))

    def send(self, message):
        if self.failures:
            self.failures -= 1
            raise ConnectionRefusedError
        return self.real(message)


def test_those_with_the_right_are_told_once(cast):
    assert write(cast) == 2
    assert write(cast) == 0
    assert mailing.send_due() == 2
    assert mailing.send_due() == 0
    assert {message.to[0] for message in mail.outbox} == {cast.owner.email, cast.manager.email}
    assert states() == [State.SENT, State.SENT]


def test_what_it_tells_of_was_rolled_back(cast):
    with transaction.atomic():
        write(cast)
        transaction.set_rollback(True)
    assert not Letter.objects.exists()


def test_the_subject_is_one_line_whatever_a_name_holds(cast):
    write(cast, name="Ayam\nBcc: all@example.com <b>&")
    mailing.send_due()
    message = mail.outbox[0]
    assert message.subject == "Harga: Ayam"
    assert message.message()["Bcc"] is None
    assert "<b>&" in message.body


def test_a_letter_names_the_public_address(cast, settings):
    write(cast, name="Ayam")
    mailing.send_due()
    assert f"{settings.PUBLIC_BASE_URL}/m/1/" in mail.outbox[0].body


@pytest.mark.django_db(transaction=True)
def test_two_that_write_the_same_at_once(cast):
    at_once(lambda _: write(cast))
    assert Letter.objects.count() == 2


@pytest.mark.django_db(transaction=True)
def test_two_workers_send_each_letter_once(cast):
    for key in range(6):
        write(cast, key=f"k-{key}")
    at_once(lambda _: mailing.send_due())
    assert len(mail.outbox) == 12
    assert len({message.message()["Message-ID"] for message in mail.outbox}) == 12
    assert set(states()) == {State.SENT}


def test_with_the_server_away_it_waits_longer_each_time_and_is_given_up_at_last(cast, monkeypatch):
    write(cast)
    BrokenServer(monkeypatch)
    now = timezone.now()
    for wait in (*mailing.WAITS, timedelta(hours=12)):
        with time_machine.travel(now, tick=False):
            assert mailing.send_due() == 0
        now += wait + timedelta(seconds=1)
    assert states() == [State.FAILED, State.FAILED]
    assert Letter.objects.first().error == "ConnectionRefusedError"


def test_one_that_failed_is_sent_when_the_server_is_back(cast, monkeypatch):
    write(cast)
    BrokenServer(monkeypatch, failures=2)
    assert mailing.send_due() == 0
    with time_machine.travel(timezone.now() + timedelta(minutes=2)):
        assert mailing.send_due() == 2
    assert states() == [State.SENT, State.SENT]


def test_a_worker_that_died_leaves_it_to_another_and_the_mail_is_the_same_one(cast, monkeypatch):
    write(cast)
    monkeypatch.setattr(mailing, "_end", lambda *_, **__: None)
    mailing.send_due()
    monkeypatch.undo()
    assert states() == [State.SENDING, State.SENDING]
    with time_machine.travel(timezone.now() + mailing.STUCK_AFTER + timedelta(seconds=1)):
        assert mailing.send_due() == 2
    ids = {message.message()["Message-ID"] for message in mail.outbox}
    assert (len(mail.outbox), len(ids)) == (4, 2)


def test_who_has_left_or_lost_the_right_is_told_nothing(cast):
    write(cast)
    Member.objects.filter(user=cast.owner, merchant=cast.merchant).delete()
    Member.objects.filter(user=cast.manager).update(role=Role.CASHIER)
    assert mailing.send_due() == 0
    assert mail.outbox == []
    assert states() == [State.DROPPED, State.DROPPED]


def test_another_merchant_is_told_nothing(cast):
    write(cast)
    mailing.send_due()
    assert cast.stranger.email not in {message.to[0] for message in mail.outbox}


def test_each_reads_it_in_their_language(cast):
    cast.owner.language = "en"
    cast.owner.save(update_fields=["language"])
    cast.manager.language = "id"
    cast.manager.save(update_fields=["language"])
    write(cast, name="Ayam")
    mailing.send_due()
    subjects = {message.to[0]: message.subject for message in mail.outbox}
    assert subjects == {cast.owner.email: "Price: Ayam", cast.manager.email: "Harga: Ayam"}


def test_old_letters_are_forgotten(cast):
    write(cast)
    with time_machine.travel(timezone.now() + mailing.KEPT_FOR + timedelta(days=1)):
        write(cast, key="later")
        assert mailing.forget_old() == 2
    assert Letter.objects.count() == 2
