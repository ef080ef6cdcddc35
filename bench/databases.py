"""Django's view of a database address; for the sites that are measured beside the product."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit


def django_database(url: str) -> dict[str, Any]:
    """The entry for DATABASES: connections stay open, and are not asked for their health at each request."""
    parts = urlsplit(url)
    hosts = parse_qs(parts.query).get("host", [parts.hostname or ""])
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": unquote(parts.path.lstrip("/")),
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": hosts[0],
        "PORT": str(parts.port or ""),
        "CONN_MAX_AGE": 600,
    }
