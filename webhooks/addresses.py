"""Which addresses are ours, which of them GoBiz can reach, and how an address is shown.

An address holds a token: whoever knows it can send us notifications, though none that verifies. It
stands in full only where the owner asks for it.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterable
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.db.models import Q

from gobiz_admin.gobiz.errors import clean_detail
from gobiz_admin.merchants.models import GobizApp

_ADDRESS = re.compile(r"(?i)\b(?P<scheme>https?)://[^\s\"'<>]+")
_TOKEN = re.compile(r"/webhooks/gobiz/(?P<token>[\w-]{1,64})/?\Z")
# Names that no public resolver knows.
_PRIVATE_ENDINGS = ("localhost", "local", "internal", "lan", "home", "test", "invalid", "example")


def why_not_public(app: GobizApp) -> str:
    """Why GoBiz cannot post to our address: "not_https" or "private"; "" when nothing speaks against it.

    A `local` app is called by the sandbox on this machine, which reaches any address.
    """
    if app.environment == GobizApp.Environment.LOCAL:
        return ""
    parts = urlsplit(settings.PUBLIC_BASE_URL)
    if _is_private(parts.hostname or ""):
        return "private"
    return "" if parts.scheme == "https" else "not_https"


def _is_private(host: str) -> bool:
    try:
        return not ipaddress.ip_address(host).is_global
    except ValueError:
        name = host.rstrip(".").lower()
        return "." not in name or name.rpartition(".")[2] in _PRIVATE_ENDINGS


def masked(app: GobizApp) -> str:
    """The app's address with all but the beginning of its token left out."""
    return f"{settings.PUBLIC_BASE_URL}/webhooks/gobiz/{app.webhook_token[:4]}…"


def host_of(url: Any) -> str:
    """The host of an address, without user and password; "?" when there is none."""
    try:
        return urlsplit(str(url)).netloc.rpartition("@")[2][:100] or "?"
    except ValueError:
        return "?"


def without_addresses(text: str, app: GobizApp) -> str:
    """GoBiz's words with every address cut to its host, and without our tokens and secrets."""
    shown = _ADDRESS.sub(lambda found: f"{found['scheme']}://{host_of(found[0])}/…", text)
    return clean_detail(shown, [*app.webhook_tokens, *app.relay_secrets, app.app_secret])


class Recognised:
    """Which subscriptions in a list are this app's, at whatever address they stand."""

    def __init__(self, app: GobizApp, subscriptions: Iterable[dict[str, Any]]) -> None:
        self.app = app
        found = {_token_of(subscription.get("url")) for subscription in subscriptions} - {""}
        self._others = _tokens_in_use(found - set(app.webhook_tokens))

    def is_ours(self, subscription: dict[str, Any]) -> bool:
        """Whether it names a token of this app on any host, or on our own host one that nobody has any more.

        Source: gobiz-api.md, "How we read": Subscriptions.
        """
        token = _token_of(subscription.get("url"))
        if not token or not subscription.get("id"):
            return False
        if token in self.app.webhook_tokens:
            return True
        here = host_of(subscription["url"]).lower() == host_of(settings.PUBLIC_BASE_URL).lower()
        return here and token not in self._others

    def is_right(self, subscription: dict[str, Any]) -> bool:
        """Whether it is as we need it."""
        return subscription.get("url") == self.app.webhook_url and subscription.get("active") is True


def _token_of(url: Any) -> str:
    try:
        found = _TOKEN.search(urlsplit(str(url)).path)
    except ValueError:
        return ""
    return found["token"] if found else ""


def _tokens_in_use(tokens: set[str]) -> set[str]:
    """Those among them that name an app here."""
    if not tokens:
        return set()
    rows = GobizApp.objects.filter(Q(webhook_token__in=tokens) | Q(previous_webhook_token__in=tokens))
    pairs = rows.values_list("webhook_token", "previous_webhook_token")
    return {token for pair in pairs for token in pair if token}
