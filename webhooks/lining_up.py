"""What GoBiz says that it tried to deliver about an order, beside what we have of it: a row per notification."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from gobiz_admin.merchants.models import GobizApp
from gobiz_admin.merchants.wording import words_of
from webhooks import event_words
from webhooks.envelope import moment
from webhooks.lookup_answers import HOW_IT_CAME, LOOKED_UP
from webhooks.models import Notification, NotificationLookup
from webhooks.notes import sentence_of

State = NotificationLookup.State
MOST_OURS = 200
NEWEST = 20
LAST = datetime.max.replace(tzinfo=UTC)
STATUSES: dict[str, str | Promise] = {
    "delivered": gettext_lazy("Delivered, says GoBiz"),
    "dead": gettext_lazy("GoBiz has given up"),
    "retrying": gettext_lazy("GoBiz is still trying"),
}
NOT_TAKEN_IN: dict[str, str | Promise] = {
    "unverified": gettext_lazy(
        "Not taken in: its signature does not fit this app's Relay Secret, so nobody knows whose it is."
    ),
    "unreadable": gettext_lazy("Not taken in: it cannot be read."),
    "other_order": gettext_lazy("Not taken in: it is about another order."),
}
NO_RIGHT = gettext_lazy(
    "GoBiz does not let your app ask what it tried to deliver. Nothing was changed, and orders still come in. "
    "Ask GoBiz to allow it in the GoBiz Developer Portal; until then, compare with the GoBiz app."
)
ERRORS: dict[str, str | Promise] = {
    "scope_missing": NO_RIGHT,
    "token_refused": NO_RIGHT,
    "not_found": gettext_lazy(
        "GoBiz has nothing under this order number, or does not offer the look-up to your app. Compare the number "
        "with the GoBiz app."
    ),
    "worker_lost": gettext_lazy("The look-up was interrupted several times. Ask again."),
}


@dataclass
class Row:
    """One notification: GoBiz's side, ours, or both."""

    event: str
    at: datetime | None
    theirs: dict[str, Any] | None = None
    ours: Notification | None = None

    @property
    def status(self) -> str:
        told = self.theirs["status"] if self.theirs else ""
        return str(STATUSES.get(told.lower(), told)) or _("GoBiz does not say")

    @property
    def attempts(self) -> list[dict[str, Any]]:
        attempts = self.theirs["attempts"] if self.theirs else []
        return [{**attempt, "at": moment(attempt["time"])} for attempt in attempts]

    @property
    def not_taken_in(self) -> str | Promise:
        return NOT_TAKEN_IN.get(self.theirs["verdict"], "") if self.theirs else ""

    @property
    def result(self) -> str:
        return sentence_of(self.ours) if self.ours else ""

    @property
    def was_missed(self) -> bool:
        """Whether we have it by a look-up only."""
        return self.ours is not None and self.ours.headers.get(HOW_IT_CAME) == LOOKED_UP


@dataclass
class Found:
    """All that is known of an order's notifications, per app that was asked."""

    lookups: list[NotificationLookup] = field(default_factory=list)
    rows: list[Row] = field(default_factory=list)

    @property
    def under_way(self) -> bool:
        return any(lookup.state in (State.QUEUED, State.RUNNING) for lookup in self.lookups)

    @property
    def answered(self) -> bool:
        return any(lookup.state == State.DONE for lookup in self.lookups)

    @property
    def told(self) -> int:
        return sum(row.theirs is not None for row in self.rows)

    @property
    def missed(self) -> int:
        return sum(row.was_missed for row in self.rows)

    @property
    def still_missing(self) -> int:
        return sum(row.ours is None for row in self.rows)


def lined_up(apps: list[GobizApp], order_number: str) -> Found:
    """The order's notifications in the order of their times; two queries."""
    lookups = NotificationLookup.objects.filter(gobiz_app__in=apps, order_number=order_number)
    newest = list(lookups.select_related("gobiz_app").order_by("gobiz_app", "-pk").distinct("gobiz_app"))
    ours = Notification.objects.filter(gobiz_app__in=apps, order_number=order_number)
    ours = ours.exclude(verdict=Notification.Verdict.FORGED).defer("raw", "traceback")
    have = {(row.gobiz_app_id, row.event_id): row for row in ours.order_by("-pk")[:MOST_OURS]}
    rows: list[Row] = []
    # GoBiz keeps a notification per subscription, so that one of ours may stand beside several.
    shown: set[tuple[int, str]] = set()
    for lookup in newest:
        for told in lookup.result:
            key = (lookup.gobiz_app_id, told["event_id"])
            mine = have.get(key)
            shown.add(key)
            rows.append(Row(event_words.in_words(told["event"]), moment(told["created_at"]), told, mine))
    rows += [
        Row(event_words.in_words(mine.event_name), mine.sent_at or mine.received_at, None, mine)
        for key, mine in have.items()
        if key not in shown
    ]
    for lookup in newest:
        lookup.error_words = error_words(lookup)  # type: ignore[attr-defined]
    return Found(newest, sorted(rows, key=lambda row: (row.at or LAST, row.event)))


def error_words(lookup: NotificationLookup) -> str:
    """Why GoBiz did not answer, in a person's words; "" when it did."""
    if not lookup.error_code:
        return ""
    return str(ERRORS.get(lookup.error_code) or words_of(lookup.error_code, lookup.error_facts))


def newest_lookups(apps: list[GobizApp]) -> list[NotificationLookup]:
    """The last ones of these apps."""
    found = NotificationLookup.objects.filter(gobiz_app__in=apps).defer("result").order_by("-pk")
    return list(found.select_related("requested_by")[:NEWEST])
