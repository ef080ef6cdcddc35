"""Keeping what GoBiz has subscribed equal to what we need: all events, our address, active."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from gobiz_admin.gobiz.client import GobizClient
from gobiz_admin.gobiz.errors import AlreadyExists
from gobiz_admin.gobiz.events import EVENTS
from gobiz_admin.merchants.gobiz import client_for
from gobiz_admin.merchants.models import GobizApp


@dataclass
class Subscribed:
    """What was found and done, event by event."""

    kept: list[str] = field(default_factory=list)
    created: list[str] = field(default_factory=list)
    corrected: list[str] = field(default_factory=list)
    # Subscribed at GoBiz, but not in the list that it showed us.
    elsewhere: list[str] = field(default_factory=list)
    # Hosts only: an address may hold a secret of whoever it belongs to.
    foreign_hosts: list[str] = field(default_factory=list)

    @property
    def complete(self) -> bool:
        return not self.elsewhere


def subscribe_all(app: GobizApp) -> Subscribed:
    """Every event subscribed for all outlets of the partner; raises GobizError.

    Running it again changes nothing. A subscription that points to an old address of ours is
    corrected; a foreign one is left alone (gobiz-api.md, "How we read": Subscriptions).
    """
    client, result = client_for(app), Subscribed()
    ours: dict[str, dict[str, Any]] = {}
    for subscription in client.list_subscriptions():
        if not _is_ours(app, subscription):
            _note_foreign(result, subscription)
        elif _is_right(app, subscription) or str(subscription.get("event")) not in ours:
            ours[str(subscription.get("event"))] = subscription
    for event in EVENTS:
        _subscribe(client, app, event, ours.get(event), result)
    return result


def _subscribe(
    client: GobizClient, app: GobizApp, event: str, found: dict[str, Any] | None, result: Subscribed
) -> None:
    if found and _is_right(app, found):
        result.kept.append(event)
    elif found:
        client.update_subscription(str(found["id"]), event, app.webhook_url, True)
        result.corrected.append(event)
    else:
        try:
            client.create_subscription(event, app.webhook_url)
            result.created.append(event)
        except AlreadyExists:
            result.elsewhere.append(event)


def _note_foreign(result: Subscribed, subscription: dict[str, Any]) -> None:
    try:
        host = urlsplit(str(subscription.get("url", ""))).netloc.rpartition("@")[2]
    except ValueError:
        host = "?"
    if host not in result.foreign_hosts:
        result.foreign_hosts.append(host[:100])


def _is_ours(app: GobizApp, subscription: dict[str, Any]) -> bool:
    """Whether it names this app's token, on whatever host we had when it was made."""
    try:
        path = urlsplit(str(subscription.get("url", ""))).path
    except ValueError:
        return False
    return bool(subscription.get("id")) and path.rstrip("/").endswith(f"/{app.webhook_token}")


def _is_right(app: GobizApp, subscription: dict[str, Any]) -> bool:
    return subscription.get("url") == app.webhook_url and subscription.get("active") is True
