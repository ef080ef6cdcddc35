"""The outside of a notification: its event, its id, its order. Source: gobiz-api.md, "Receiving notifications"."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils import timezone
from django.utils.dateparse import parse_datetime

LONGEST_NAME = 200


@dataclass(frozen=True)
class Envelope:
    """What header and body say, every part of it possibly missing."""

    event_id: str
    event_name: str
    order_number: str
    outlet_id: str
    at: datetime | None
    body: dict[str, Any]


def read_envelope(raw: bytes) -> Envelope | None:
    """The envelope of a notification; None when the bytes are no JSON object. Never raises."""
    message = _parse(raw)
    if not isinstance(message, dict):
        return None
    header, body = _dict(message.get("header")), _dict(message.get("body"))
    order, outlet = _dict(body.get("order")), _dict(body.get("outlet"))
    return Envelope(
        event_id=_event_id(header.get("event_id")) or digest(raw),
        # The seed's sample names the event in `event_type`, and the order in `number`.
        event_name=(text(header.get("event_name")) or text(header.get("event_type")))[:LONGEST_NAME],
        order_number=(text(order.get("order_number")) or text(order.get("number")))[:LONGEST_NAME],
        outlet_id=text(outlet.get("id")),
        at=moment(header.get("timestamp")),
        body=body,
    )


def _event_id(value: Any) -> str:
    """The id, if it is one; "" when it is too long, or could not be told from another once stored."""
    usable = isinstance(value, str) and len(value) <= LONGEST_NAME and value == text(value)
    # What bytes that are no UTF-8 were read as.
    usable = usable and "\ufffd" not in value
    return value if usable else ""


def digest(raw: bytes) -> str:
    """The key of a delivery without a usable event id: the same bytes, the same key."""
    return f"sha256:{hashlib.sha256(raw).hexdigest()}"


def text(value: Any) -> str:
    """The value as text that PostgreSQL takes; "" for what is neither text nor a number."""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return ""
    # PostgreSQL knows no NUL, UTF-8 no lone surrogate.
    return str(value).replace("\x00", "").encode("utf-8", "replace").decode().strip()


def moment(value: Any) -> datetime | None:
    """The time of an ISO 8601 text, aware; None when it is none."""
    if not isinstance(value, str) or len(value) > 64:
        return None
    try:
        at = parse_datetime(value.strip())
        if at is None:
            return None
        if timezone.is_naive(at):
            at = timezone.make_aware(at)
        # Astronomic years would overflow where the time is converted or shown.
        return at if 2000 <= at.year <= 2200 else None
    except (ValueError, OverflowError):
        return None


def _parse(raw: bytes) -> Any:
    try:
        return json.loads(
            # A broken character, as in a note that was cut, costs that character and not the order.
            raw.decode("utf-8-sig", "replace"),
            # A number of thousands of digits is no reason to lose the order that it stands in: as
            # text it is kept, or marked as unread, by whoever expects something else.
            parse_int=lambda digits: int(digits) if len(digits) <= 30 else digits,
            parse_constant=str,
        )
    except (ValueError, RecursionError):
        return None


def _dict(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}
