"""E-mails to a merchant's members: stored in the transaction that they tell of, sent by a worker.

A letter is a template `templates/mail/<name>.txt`, whose first line is the subject, and facts, which are
JSON. It is written in its reader's language when it is sent. With the mail server away it waits.
"""

import logging
from datetime import timedelta
from typing import Any, cast

from celery import Task, current_app
from django.conf import settings
from django.core.mail import EmailMessage
from django.db import transaction
from django.template import Context
from django.template.loader import get_template
from django.utils import timezone, translation

from gobiz_admin.merchants.announcing import wake
from gobiz_admin.merchants.models import Letter, Member, Merchant
from gobiz_admin.merchants.roles import Action, may

log = logging.getLogger(__name__)
State = Letter.State
# Before the second, third, … attempt; after the last one it is given up.
WAITS = (
    timedelta(minutes=1),
    timedelta(minutes=5),
    timedelta(minutes=30),
    timedelta(hours=2),
    timedelta(hours=6),
)
# A mail server is waited for EMAIL_TIMEOUT at most; a worker that is silent for longer has died.
STUCK_AFTER = timedelta(minutes=5)
KEPT_FOR = timedelta(days=90)
AT_A_TIME = 50


def write(merchant: Merchant, right: Action, template: str, key: str, facts: dict[str, Any]) -> int:
    """How many members with the right will get it; who was told of `key` before gets nothing again.

    Facts become names in the template: a `path` there is an address of ours, shown with its host as
    `link`. Sent after commit, or by the sweep.
    """
    readers = [member for member in merchant.members.all() if may(member.role, right)]
    told = set(
        Letter.objects.filter(
            merchant=merchant, key=key, user__in=[row.user_id for row in readers]
        ).values_list("user_id", flat=True)
    )
    letters = [
        Letter(merchant=merchant, user_id=row.user_id, right=right, key=key, template=template, facts=facts)
        for row in readers
        if row.user_id not in told
    ]
    # Two that write the same at once: the constraint lets one through.
    Letter.objects.bulk_create(letters, ignore_conflicts=True)
    if letters:
        wake(cast(Task, current_app.signature("merchants.tasks.send_letters")))
    return len(letters)


def send_due() -> int:
    """How many letters were sent. Each is claimed, committed, then sent; one that fails waits."""
    sent = 0
    for _ in range(AT_A_TIME):
        letter = _claim()
        if letter is None:
            break
        sent += _send(letter)
    return sent


def _claim() -> Letter | None:
    now = timezone.now()
    due = Letter.objects.filter(state__in=[State.WAITING, State.SENDING], next_attempt_at__lte=now)
    with transaction.atomic():
        letter = due.select_for_update(skip_locked=True).order_by("next_attempt_at", "pk").first()
        if letter is None:
            return None
        letter.state, letter.next_attempt_at = State.SENDING, now + STUCK_AFTER
        letter.attempts += 1
        letter.save(update_fields=["state", "attempts", "next_attempt_at"])
    return letter


def _send(letter: Letter) -> bool:
    member = Member.objects.select_related("user", "merchant").filter(
        merchant=letter.merchant_id, user=letter.user_id, user__is_active=True
    )
    reader = member.first()
    if reader is None or not may(reader.role, Action(letter.right)):
        _end(letter, state=State.DROPPED, next_attempt_at=None)
        return False
    try:
        message_to(reader, letter).send()
    except Exception as error:  # noqa: BLE001 - mail servers fail in many ways, templates in others
        log.warning("letter %s not sent: %s", letter.pk, type(error).__name__)
        _wait(letter, type(error).__name__)
        return False
    _end(letter, state=State.SENT, sent_at=timezone.now(), next_attempt_at=None, error="")
    return True


def message_to(reader: Member, letter: Letter) -> EmailMessage:
    """The letter in the reader's language. Sent twice, by a worker that died in between, it is one mail."""
    path = str(letter.facts.get("path", ""))
    context = Context(
        {**letter.facts, "merchant": reader.merchant, "link": settings.PUBLIC_BASE_URL + path},
        autoescape=False,
    )
    with translation.override(reader.user.language or settings.LANGUAGE_CODE):
        template: Any = get_template(f"mail/{letter.template}.txt")
        subject, _, body = template.template.render(context).strip().partition("\n")
    headers = {
        "Message-ID": f"<letter-{letter.pk}-{letter.stored_at:%Y%m%d%H%M%S}@gobiz-merchant-admin>",
        "Auto-Submitted": "auto-generated",
    }
    return EmailMessage(
        " ".join(subject.split()), body.strip() + "\n", to=[reader.user.email], headers=headers
    )


def _wait(letter: Letter, error: str) -> None:
    if letter.attempts > len(WAITS):
        _end(letter, state=State.FAILED, next_attempt_at=None, error=error)
    else:
        wait = WAITS[letter.attempts - 1]
        _end(letter, state=State.WAITING, next_attempt_at=timezone.now() + wait, error=error)


def _end(letter: Letter, **facts: Any) -> None:
    """Only the attempt that holds the claim says how it ended."""
    mine = Letter.objects.filter(pk=letter.pk, state=State.SENDING, attempts=letter.attempts)
    mine.update(**facts)


def forget_old() -> int:
    """How many letters were too old to be kept."""
    return Letter.objects.filter(stored_at__lt=timezone.now() - KEPT_FOR).delete()[0]
