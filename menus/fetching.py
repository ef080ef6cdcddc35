"""The guarded door: what stands at an address that a merchant gave, fetched by a worker, never by a request.

No private address is connected to (requests-hardened resolves the name and connects to what it has
looked at, on every hop), few redirects, a total time, and no more bytes than asked for.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPException
from typing import Any
from urllib.parse import urljoin, urlsplit

import requests
import urllib3.exceptions
from django.conf import settings
from requests_hardened.ip_filter import InvalidIPAddress
from requests_hardened.ip_filter_adapter import IPFilterAdapter

from gobiz_admin.gobiz.connections import Clock, WatchedAdapter
from menus.text import clean

CONNECT_SECONDS, READ_SECONDS, TOTAL_SECONDS = 5.0, 10.0, 30.0
MOST_REDIRECTS = 3
LONGEST_ADDRESS = 2000
CHUNK = 64 * 1024
REDIRECTS = {301, 302, 303, 307, 308}
FAILURES = (requests.RequestException, urllib3.exceptions.HTTPError, HTTPException, OSError, ValueError)


class FetchFailed(Exception):
    """`code`: private, unreachable, too_large. `transient`: another time it may be there."""

    def __init__(self, code: str, transient: bool = False, **facts: Any) -> None:
        super().__init__(code)
        self.code, self.transient, self.facts = code, transient, facts


@dataclass(frozen=True)
class Fetched:
    """A whole answer of 200."""

    content: bytes
    content_type: str
    status: int


class _Adapter(IPFilterAdapter, WatchedAdapter):
    """Filters where it connects to, and lets the call's clock shut the connection."""

    def __init__(self, is_https_proto: bool, allow_loopback: bool) -> None:
        super().__init__(is_https_proto=is_https_proto, allow_loopback=allow_loopback)  # type: ignore[call-arg]


def is_web_address(text: str) -> bool:
    """Whether it can be fetched at all: http or https, a host, no password, no control characters."""
    try:
        parts = urlsplit(text)
        _ = parts.port
    except ValueError:
        return False
    return (
        parts.scheme in ("http", "https")
        and bool(parts.hostname)
        and "@" not in parts.netloc
        and len(text.encode("utf-8", "replace")) <= LONGEST_ADDRESS
        and text.isprintable()
    )


def fetch(url: str, most_bytes: int) -> Fetched:
    """What stands at the address, after a few redirects; raises FetchFailed."""
    with Clock(CONNECT_SECONDS, READ_SECONDS, TOTAL_SECONDS) as clock:
        for _ in range(MOST_REDIRECTS + 1):
            if not is_web_address(url):
                raise FetchFailed("unreachable")
            with _answer(url, clock) as response:
                if response.status_code not in REDIRECTS:
                    return _whole(response, clock, most_bytes)
                url = urljoin(url, response.headers.get("Location", ""))
    raise FetchFailed("unreachable", redirects=MOST_REDIRECTS)


@contextmanager
def _answer(url: str, clock: Clock) -> Iterator[requests.Response]:
    """The answer's headers, its body still unread; what fails within is told in our words."""
    try:
        with _session(url) as session:
            response = session.get(
                url, timeout=(clock.connect, clock.read), allow_redirects=False, stream=True
            )
            with response:
                yield response
    except InvalidIPAddress:
        raise FetchFailed("private") from None
    except FAILURES as failure:
        raise FetchFailed("unreachable", transient=True, why=type(failure).__name__) from None


def _session(url: str) -> requests.Session:
    session = requests.Session()
    session.trust_env = False
    # Compressed bytes could be a bomb, and a PNG is compressed already.
    session.headers.update({"User-Agent": "gobiz-merchant-admin", "Accept-Encoding": "identity"})
    local = urlsplit(url).netloc in settings.PICTURE_LOCAL_HOSTS
    for scheme in ("http", "https"):
        session.mount(f"{scheme}://", _Adapter(is_https_proto=scheme == "https", allow_loopback=local))
    return session


def _whole(response: requests.Response, clock: Clock, most_bytes: int) -> Fetched:
    status = response.status_code
    content_type = clean(response.headers.get("Content-Type", "")).partition(";")[0].strip().lower()[:100]
    if status != 200:
        raise FetchFailed("unreachable", transient=status >= 500 or status == 429, status=status)
    announced = response.headers.get("Content-Length", "")
    size = int(announced) if announced.isascii() and announced.isdigit() and len(announced) < 16 else None
    facts: dict[str, Any] = {"status": status, "content_type": content_type}
    body = bytearray()
    if size is None or size <= most_bytes:
        for chunk in response.raw.stream(CHUNK, decode_content=False):
            body += chunk
            if len(body) > most_bytes:
                break
    if clock.expired:
        raise TimeoutError
    if len(body) > most_bytes or (size or 0) > most_bytes:
        raise FetchFailed("too_large", bytes=max(len(body), size or 0), **facts)
    if size is not None and len(body) != size:
        raise FetchFailed("unreachable", transient=True, **facts)
    return Fetched(bytes(body), content_type, status)
