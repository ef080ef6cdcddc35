"""The address that GoBiz posts to: a WSGI application of its own, in front of Django's.

Nothing of what pages need stands in its way: no session, no login, no CSRF, no language, no
request log. What it does with a delivery stands in webhooks/receiving.py.
"""

from __future__ import annotations

import ipaddress
import logging
import re
from collections.abc import Callable, Iterable
from http import HTTPStatus
from typing import Any

from django.conf import settings

from webhooks.receiving import LARGEST, Delivered, is_known, receive

log = logging.getLogger(__name__)
Environ = dict[str, Any]
StartResponse = Callable[..., Any]
Application = Callable[[Environ, StartResponse], Iterable[bytes]]

# With and without the last slash, without a redirect (gobiz-api.md, "How we read": Limits).
ADDRESS = re.compile(r"/webhooks/gobiz/([\w-]{1,64})/?", re.ASCII)
KEPT_HEADERS = ("Content-Type", "User-Agent", "X-Go-Idempotency-Key", "X-Go-Signature", "X-Request-ID")
LONGEST_HEADER = 300
# GoBiz comes back by its own plan, whatever this says; a proxy or a person may heed it.
HEADERS_OF = {405: [("Allow", "POST")], 503: [("Retry-After", "30")]}


class BrokenOff(Exception):
    """The sender went away before the whole body had come."""


def in_front_of(pages: Application) -> Application:
    """An application that receives notifications itself and leaves every other address to `pages`."""

    def application(environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        address = ADDRESS.fullmatch(environ.get("PATH_INFO", ""))
        if address is None:
            return pages(environ, start_response)
        status = HTTPStatus(answer(address[1], environ))
        headers = [("Content-Length", "0"), *HEADERS_OF.get(status, [])]
        start_response(f"{status.value} {status.phrase}", headers)
        return [b""]

    return application


def answer(token: str, environ: Environ) -> int:
    """The status that the sender gets; 503 and never 500 for whatever goes wrong here.

    After a 503 GoBiz tries four times, after a 500 once (gobiz-api.md, "Receiving notifications").
    """
    if environ["REQUEST_METHOD"] != "POST":
        return 405
    try:
        length = declared_length(environ)
        if length is not None and length > LARGEST:
            return 413
        # Before the body is waited for: whoever knows no address holds up nobody by sending slowly.
        if not is_known(token):
            return 404
        raw = body(environ, length)
        return 413 if len(raw) > LARGEST else receive(token, delivered(raw, environ))
    except BrokenOff:
        return 400
    except Exception:
        log.exception("a notification could not be received")
        return 503


def delivered(raw: bytes, environ: Environ) -> Delivered:
    headers = {name: header(environ, name) for name in KEPT_HEADERS}
    return Delivered(raw, {name: value for name, value in headers.items() if value}, source(environ))


def header(environ: Environ, name: str) -> str:
    """The header's text as far as it is kept; "" when it is absent."""
    key = name.upper().replace("-", "_")
    value = environ.get(key if key == "CONTENT_TYPE" else f"HTTP_{key}", "")
    # PostgreSQL knows no NUL.
    return str(value).replace("\x00", "")[:LONGEST_HEADER]


def body(environ: Environ, length: int | None) -> bytes:
    """The body as it came, of which no more is read than shows that it is too large."""
    stream = environ["wsgi.input"]
    if length is None:
        # Chunked, or HTTP/2; the server marks the end.
        is_ended = environ.get("wsgi.input_terminated") or "HTTP_TRANSFER_ENCODING" in environ
        return bytes(stream.read(LARGEST + 1)) if is_ended else b""
    raw = bytes(stream.read(length))
    if len(raw) < length:
        raise BrokenOff
    return raw


def declared_length(environ: Environ) -> int | None:
    """The body's length in bytes as the sender says; None when it says none that can be."""
    text = str(environ.get("CONTENT_LENGTH") or "")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 100 else None


def source(environ: Environ) -> str | None:
    """The sender's address, as the proxy before us saw it, if there is one."""
    text = environ.get("REMOTE_ADDR", "")
    if settings.BEHIND_PROXY:
        # The last one is the proxy's own word; those before it are the sender's.
        text = environ.get("HTTP_X_FORWARDED_FOR", "").rpartition(",")[2] or text
    try:
        # The zone of a link-local address (fe80::1%eth0) is nothing that PostgreSQL stores.
        return str(ipaddress.ip_address(text.strip().partition("%")[0]))
    except ValueError:
        return None
