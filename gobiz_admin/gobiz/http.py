"""The one outbound door to GoBiz: every call of this package leaves through `send`.

It is strict about time and size (a server that drips bytes must not hold a worker), follows no
redirect (the token would go along), reads no proxy or netrc settings, keeps no cookies (threads
serve many merchants), and translates every exception of requests and urllib3 into ours.
"""

import json as jsonlib
import logging
import math
import re
import time
from base64 import b64encode
from collections.abc import Mapping
from dataclasses import dataclass, field
from email.utils import parsedate_to_datetime
from http.client import HTTPException
from typing import Any
from urllib.parse import urlsplit

import requests
import urllib3.exceptions

from gobiz_admin.gobiz.connections import Clock, session_of_thread
from gobiz_admin.gobiz.errors import GobizError, GobizUnavailable, UnreadableAnswer

CONNECT_SECONDS = 5.0
DEFAULT_TIMEOUT = (CONNECT_SECONDS, 15.0)
# GoBiz fetches the images while a catalog PUT runs (gobiz-api.md: "time out no sooner than 90 s").
CATALOG_TIMEOUT = (CONNECT_SECONDS, 100.0)
# What a call may take beyond its connect and read timeouts, to read the body.
BODY_SECONDS = 10.0
MAX_BODY = 20 * 1024 * 1024
MAX_ERROR_BODY = 64 * 1024
CHUNK = 64 * 1024
MAX_RETRY_AFTER = 24 * 3600.0
REQUEST_ID_LENGTH = 128
NOT_IN_HEADERS = re.compile(r"[^\x21-\x7e]+")

FAILURES = (requests.RequestException, urllib3.exceptions.HTTPError, HTTPException, OSError, ValueError)

log = logging.getLogger("gobiz")


@dataclass(frozen=True)
class Answer:
    """GoBiz's answer as it came: status, headers (names in lower case), decoded body."""

    status: int
    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(repr=False)
    request_id: str = ""
    # What must not show in an error even if GoBiz quotes it.
    secrets: tuple[str, ...] = field(default=(), repr=False)

    @property
    def ok(self) -> bool:
        return 200 <= self.status < 300

    @property
    def retry_after(self) -> float | None:
        """Seconds to wait, from `Retry-After` as a number or a date; None when there is none."""
        return _seconds_until(self.headers.get("retry-after", ""))

    def json(self) -> Any:
        """The body as JSON (a byte order mark is read over); raises UnreadableAnswer."""
        try:
            return _storable(jsonlib.loads(self.body.decode("utf-8-sig"), parse_constant=lambda _: None))
        except (ValueError, RecursionError):
            pass
        raise UnreadableAnswer("The answer is not JSON.", status=self.status, request_id=self.request_id)


def header_safe(text: str, length: int = REQUEST_ID_LENGTH) -> str:
    """The text without anything that a header cannot hold."""
    return NOT_IN_HEADERS.sub("", text)[:length]


def send(
    method: str,
    url: str,
    *,
    headers: Mapping[str, str],
    json: Any = None,
    data: Mapping[str, str] | None = None,
    auth: tuple[str, str] | None = None,
    params: Mapping[str, str] | None = None,
    timeout: tuple[float, ...] = DEFAULT_TIMEOUT,
    request_id: str,
    max_body: int = MAX_BODY,
) -> Answer:
    """GoBiz's answer, whatever its status below 300 or from 400; a redirect is an UnreadableAnswer.

    `timeout` is (connect, read) or (connect, read, total), in seconds. Raises GobizUnavailable
    when there is no whole answer in time and UnreadableAnswer when a 2xx was cut short or is
    larger than `max_body` bytes. No error holds what requests said: that may quote our headers.
    """
    clock = Clock(*_limits(timeout))
    body = _encoded(json) if json is not None else data
    started = time.monotonic()
    outcome: Answer | GobizError
    try:
        with clock:
            response = session_of_thread().request(
                method,
                url,
                headers={**headers, **_basic(auth), "X-Request-ID": header_safe(request_id)},
                data=body,
                params=params,
                timeout=(clock.connect, clock.read),
                allow_redirects=False,
                stream=True,
            )
            outcome = _read(response, clock, request_id, max_body)
    except FAILURES as failure:
        outcome = _translated(failure, clock, request_id)
    _log(method, url, outcome, started, request_id)
    # Raised here, not in the handler: the exception of requests must not hang on ours as context.
    if isinstance(outcome, GobizError):
        raise outcome
    return outcome


def _limits(timeout: tuple[float, ...]) -> tuple[float, float, float]:
    connect, read, *total = timeout
    return connect, read, total[0] if total else connect + read + BODY_SECONDS


def _encoded(body: Any) -> bytes:
    """The JSON that is sent; UTF-8, without the NaN that JSON does not know."""
    return jsonlib.dumps(body, ensure_ascii=True, allow_nan=False).encode("ascii")


def _basic(auth: tuple[str, str] | None) -> dict[str, str]:
    if auth is None:
        return {}
    # Made here: requests would encode as Latin-1, and fail on what people paste.
    pair = ":".join(auth).encode("utf-8", "replace")
    return {"Authorization": "Basic " + b64encode(pair).decode("ascii")}


def _read(response: requests.Response, clock: Clock, request_id: str, max_body: int) -> Answer | GobizError:
    """The whole answer, or the error that it amounts to."""
    status = response.status_code
    headers = {name.lower(): value for name, value in response.headers.items()}
    if status < 200 or 300 <= status < 400:
        response.close()
        return UnreadableAnswer(
            "The answer is a redirect or no final one.", status=status, request_id=request_id
        )
    # Of an error the status counts: its body is read as far as it goes, and never too far.
    limit = max_body if status < 400 else min(max_body, MAX_ERROR_BODY)
    body = bytearray()
    problem = ""
    try:
        for chunk in response.iter_content(CHUNK):
            body += chunk
            if len(body) > limit:
                problem = "The answer is too large."
                break
    except FAILURES as failure:
        if status < 400 and _is_timeout(failure):
            raise
        problem = "The answer was cut short."
    finally:
        response.close()
    if status < 400 and clock.expired:
        return _timed_out(request_id)
    if status < 400 and problem:
        return UnreadableAnswer(problem, status=status, request_id=request_id)
    return Answer(status, headers, bytes(body[:limit]), request_id)


def _translated(failure: BaseException, clock: Clock, request_id: str) -> GobizError:
    """Our error for one of FAILURES, with whether GoBiz can have seen the request."""
    if _never_sent(failure, clock):
        return GobizUnavailable.never_sent("GoBiz could not be reached.", request_id=request_id)
    if clock.expired or _is_timeout(failure):
        return _timed_out(request_id)
    return GobizUnavailable("The connection broke.", code="connection_broken", request_id=request_id)


def _timed_out(request_id: str) -> GobizUnavailable:
    return GobizUnavailable("GoBiz took too long to answer.", code="timeout", request_id=request_id)


def _never_sent(failure: BaseException, clock: Clock) -> bool:
    if clock.dialled or clock.connected:
        return not clock.connected
    # No connection was tried: a bad address, an unwritable header, or a test that plays the network.
    if isinstance(failure, requests.ConnectTimeout | requests.exceptions.SSLError):
        return True
    reason = getattr(failure.args[0], "reason", None) if failure.args else None
    if isinstance(reason, urllib3.exceptions.NewConnectionError):
        return True
    return isinstance(failure, ValueError)


def _is_timeout(failure: BaseException) -> bool:
    kinds = (requests.Timeout, urllib3.exceptions.ReadTimeoutError, TimeoutError)
    seen = 0
    cause: BaseException | None = failure
    while cause is not None and seen < 8:
        if isinstance(cause, kinds):
            return True
        inner = cause.args[0] if cause.args and isinstance(cause.args[0], BaseException) else None
        cause, seen = inner or cause.__context__, seen + 1
    return False


def _log(method: str, url: str, outcome: Answer | GobizError, started: float, request_id: str) -> None:
    # The path only: a query may hold an order number, headers and bodies hold secrets.
    milliseconds = round((time.monotonic() - started) * 1000)
    result = outcome.status if isinstance(outcome, Answer) else outcome.code
    level = logging.INFO if isinstance(outcome, Answer) and outcome.ok else logging.WARNING
    path = header_safe(_path(url), 500)
    log.log(
        level, "%s %s %s %d ms request_id=%s", method, path, result, milliseconds, header_safe(request_id)
    )


def _path(url: str) -> str:
    try:
        return urlsplit(url).path
    except ValueError:
        return "?"


def _seconds_until(text: str) -> float | None:
    try:
        seconds = float(text)
    except ValueError:
        seconds = _seconds_until_date(text)
    if math.isnan(seconds):
        return None
    return min(max(seconds, 0.0), MAX_RETRY_AFTER)


def _seconds_until_date(text: str) -> float:
    try:
        return parsedate_to_datetime(text).timestamp() - time.time()
    except (ValueError, TypeError, OverflowError, IndexError):
        return math.nan


def _storable(value: Any) -> Any:
    """The JSON value without what PostgreSQL and UTF-8 cannot hold: NUL, and halves of surrogate pairs."""
    if isinstance(value, str):
        if value.isascii() and "\x00" not in value:
            return value
        return value.replace("\x00", "").encode("utf-8", "replace").decode("utf-8")
    if isinstance(value, dict):
        return {_storable(key): _storable(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_storable(inner) for inner in value]
    return value
