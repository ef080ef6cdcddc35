"""One attempt to deliver, and what its answer means for the next (page: "Receiving notifications")."""

import logging
from dataclasses import dataclass
from datetime import timedelta
from time import monotonic
from typing import Any
from urllib.parse import urljoin

import requests
from django.utils import timezone

from gobiz_admin.sandbox.models import Delivery, Settings
from gobiz_admin.sandbox.notifications import stamp

log = logging.getLogger(__name__)

# Seconds before each retry, and how many of them an answer earns.
WAITS = [120, 600, 1800, 5400, 12600]
RETRIES = {500: 1, 503: 4, 400: 2, 404: 2, 301: 0, 302: 0, 303: 0}
REDIRECTS_FOLLOWED = (307, 308)
MOST_REDIRECTS = 5


@dataclass(frozen=True)
class Outcome:
    """What came of one attempt: a status, or the reason why there is none."""

    url: str
    status: int | None
    error: str
    answer: str
    milliseconds: int

    @property
    def delivered(self) -> bool:
        return self.status is not None and 200 <= self.status < 300

    @property
    def retries(self) -> int:
        if self.delivered:
            return 0
        return RETRIES.get(self.status, len(WAITS)) if self.status is not None else len(WAITS)


def deliver(delivery: Delivery) -> Outcome:
    """Makes one attempt and records it. A reset meanwhile has removed the row: then nothing is kept."""
    outcome = post(delivery.url, bytes(delivery.payload), delivery.headers, Settings.load().delivery_timeout)
    delivery.attempts = [*delivery.attempts, _record(outcome)]
    _decide(delivery, outcome)
    Delivery.objects.filter(pk=delivery.pk).update(
        attempts=delivery.attempts, state=delivery.state, due_at=delivery.due_at
    )
    log.info(
        "%s %s -> %s %s", delivery.event, delivery.entity_id, outcome.status or outcome.error, outcome.url
    )
    return outcome


def _decide(delivery: Delivery, outcome: Outcome) -> None:
    retries_made = len(delivery.attempts) - 1
    if outcome.delivered:
        delivery.state = Delivery.State.DELIVERED
    elif retries_made >= outcome.retries:
        delivery.state = Delivery.State.DEAD
    else:
        delivery.due_at = timezone.now() + Settings.load().in_retry_time(WAITS[retries_made])


def post(url: str, payload: bytes, headers: dict[str, str], timeout: float) -> Outcome:
    """POSTs the bytes as they are; 307 and 308 are followed, other redirects are answers."""
    started = monotonic()
    status, error, answer = None, "", ""
    try:
        with requests.Session() as session:
            session.trust_env = False
            response = _post_following(session, url, payload, headers, timeout)
            status, answer, url = response.status_code, response.text[:500], response.url
    except requests.RequestException as problem:
        error = f"{type(problem).__name__}: {problem}"[:500]
    return Outcome(url, status, error, answer, round((monotonic() - started) * 1000))


def _post_following(
    session: requests.Session, url: str, payload: bytes, headers: dict[str, str], timeout: float
) -> requests.Response:
    for _ in range(MOST_REDIRECTS):
        response = session.post(url, data=payload, headers=headers, timeout=timeout, allow_redirects=False)
        if response.status_code not in REDIRECTS_FOLLOWED or "Location" not in response.headers:
            return response
        url = urljoin(url, response.headers["Location"])
    raise requests.TooManyRedirects(f"more than {MOST_REDIRECTS} redirects")


def _record(outcome: Outcome) -> dict[str, Any]:
    return {
        "time": stamp(timezone.now() - timedelta(milliseconds=outcome.milliseconds)),
        "url": outcome.url,
        "status": outcome.status,
        "error": outcome.error,
        "answer": outcome.answer,
        "milliseconds": outcome.milliseconds,
        "delivered": outcome.delivered,
    }
