"""What GoBiz says that it tried to deliver: each notification judged by its own signature.

Foreign input in every part: nothing here raises, and what is kept is capped.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from gobiz_admin.gobiz.errors import clean_detail
from gobiz_admin.gobiz.signatures import matches
from webhooks.envelope import Envelope, digest, moment, read_envelope, text
from webhooks.receiving import LARGEST

# Of one order: eight events, each for a few subscriptions, are fewer.
MOST_NOTIFICATIONS = 100
MOST_ATTEMPTS = 12
KEPT_HEADERS = ("X-Go-Signature", "X-Go-Idempotency-Key")
LONGEST_HEADER = 300
# Kept with the notification's headers; the receiver keeps no header of this name.
HOW_IT_CAME = "Taken in by"
LOOKED_UP = "look-up"
TOKEN_IN_ADDRESS = re.compile(r"/webhooks/gobiz/[\w-]+", re.ASCII)


@dataclass(frozen=True)
class Verified:
    """A notification that a Relay Secret of the app signed: its bytes, and the headers that are kept of it."""

    raw: bytes
    headers: dict[str, str]


def judged(
    told: Iterable[dict[str, Any]], order_number: str, relay_secrets: Iterable[str]
) -> list[tuple[dict[str, Any], Verified | None]]:
    """For each what is shown of it, and its bytes if it may be taken in."""
    secrets = list(relay_secrets)
    return [_judged(entry, order_number, secrets) for entry in told]


def _judged(
    entry: dict[str, Any], order_number: str, secrets: list[str]
) -> tuple[dict[str, Any], Verified | None]:
    raw, headers = _bytes_of(entry.get("payload")), _headers_of(entry.get("headers"))
    envelope = read_envelope(raw) if raw is not None else None
    shown = {
        **_shown(entry),
        "event_id": "",
        "verdict": _verdict(raw, envelope, headers, order_number, secrets),
    }
    if raw is not None and envelope is not None:
        shown["event_id"] = envelope.event_id
        shown["event"] = envelope.event_name or shown["event"]
    elif raw is not None:
        shown["event_id"] = digest(raw)
    if raw is None or shown["verdict"] != "verified":
        return shown, None
    return shown, Verified(raw, {**headers, HOW_IT_CAME: LOOKED_UP})


def _verdict(
    raw: bytes | None,
    envelope: Envelope | None,
    headers: dict[str, str],
    order_number: str,
    secrets: list[str],
) -> str:
    """`verified`, or why it is not taken in: `unreadable`, `unverified`, `other_order`."""
    if raw is None or envelope is None:
        return "unreadable"
    if not matches(secrets, raw, headers.get("X-Go-Signature")):
        return "unverified"
    return "verified" if envelope.order_number == order_number else "other_order"


def _bytes_of(payload: Any) -> bytes | None:
    """The signed bytes: the string's own UTF-8; None for what is no text, or cannot have been sent."""
    if not isinstance(payload, str):
        return None
    try:
        raw = payload.encode()
    except UnicodeEncodeError:
        return None
    return raw if 0 < len(raw) <= LARGEST else None


def _headers_of(headers: Any) -> dict[str, str]:
    """The headers that are kept, whatever the case of their names."""
    if not isinstance(headers, dict):
        return {}
    by_name = {str(name).lower(): value for name, value in headers.items()}
    found = {name: text(by_name.get(name.lower()))[:LONGEST_HEADER] for name in KEPT_HEADERS}
    return {name: value for name, value in found.items() if value}


def _shown(entry: dict[str, Any]) -> dict[str, Any]:
    history = entry.get("history")
    attempts = [row for row in history if isinstance(row, dict)] if isinstance(history, list) else []
    return {
        "event": text(entry.get("event_type"))[:200],
        "created_at": _time(entry.get("created_at")),
        "status": text(entry.get("delivery_status"))[:40],
        "attempts": [_attempt(row) for row in attempts[-MOST_ATTEMPTS:]],
        "attempts_found": len(attempts),
        "taken_in": False,
    }


def _attempt(row: dict[str, Any]) -> dict[str, Any]:
    return {
        "time": _time(row.get("time")),
        "delivered": row.get("delivered") is True,
        # It may hold our address with its token, which is as good as a secret.
        "message": clean_detail(_without_addresses(text(row.get("exception_message")))),
    }


def _without_addresses(message: str) -> str:
    return TOKEN_IN_ADDRESS.sub("/webhooks/gobiz/…", message)


def _time(value: Any) -> str:
    at = moment(value)
    return at.isoformat() if at else ""
