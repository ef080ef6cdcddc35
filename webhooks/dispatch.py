"""Which function handles which event: a table that each app fills in for itself."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from gobiz_admin.merchants.models import Outlet
from webhooks.models import Notification


@dataclass(frozen=True)
class Delivery:
    """A notification, bound to its outlet, as a handler gets it."""

    notification: Notification
    outlet: Outlet
    event_name: str
    event_id: str
    order_number: str
    body: dict[str, Any]
    at: datetime | None

    @property
    def received_at(self) -> datetime:
        return self.notification.received_at


Handler = Callable[[Delivery], None]
HANDLERS: dict[str, Handler] = {}
# What others do once the event's own handler has done its work, in the same transaction.
FOLLOWERS: dict[str, list[Handler]] = {}


def handles(*event_names: str) -> Callable[[Handler], Handler]:
    """Register a handler. It runs in one transaction, may run twice, and never calls GoBiz."""

    def register(handler: Handler) -> Handler:
        for name in event_names:
            if name in HANDLERS and HANDLERS[name] is not handler:
                raise ValueError(f"two handlers for {name}")
            HANDLERS[name] = handler
        return handler

    return register


def follows(event_name: str) -> Callable[[Handler], Handler]:
    """Register what runs after the event's handler, under the same rules."""

    def register(handler: Handler) -> Handler:
        followers = FOLLOWERS.setdefault(event_name, [])
        if handler not in followers:
            followers.append(handler)
        return handler

    return register
