"""Two merchants with apps and outlets, made in the stack's own database.

Run as a module it makes them, with the stack's environment, and prints what the suite has to know.
One process for all: loading Django costs more than the rest.
"""

from __future__ import annotations

import json
import secrets
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from gobiz_admin.stack import envfile
from tests.stack_process import Stack

OUTLETS = (("Warung Ribut", ("G700000001", "G700000002", "G700000003")), ("Kedai Tenang", ("G700000009",)))


@dataclass(frozen=True)
class Sender:
    """One GoBiz app as GoBiz sees it, and the session of its merchant's owner."""

    merchant_id: int
    webhook_path: str
    relay_secret: str
    outlet_ids: tuple[str, ...]
    session: str


def make_cast(stack: Stack) -> list[Sender]:
    known = {**envfile.read(stack.data / "stack.env"), "DJANGO_SETTINGS_MODULE": "gobiz_admin.settings"}
    done = stack.python("-m", "tests.chaos.cast", secrets=known)
    assert done.returncode == 0, done.stderr
    return [Sender(**{**row, "outlet_ids": tuple(row["outlet_ids"])}) for row in json.loads(done.stdout)]


def make_sender(name: str, outlet_ids: tuple[str, ...]) -> dict[str, Any]:
    """What a Sender knows, after its rows were made."""
    from django.test import Client

    from gobiz_admin.merchants.connecting import Connection, merchant_of, save_connection

    slug = name.split()[0].lower()
    merchant, owner = merchant_of(name, f"{slug}@example.com")
    relay_secret = secrets.token_hex(16)
    for outlet_id in outlet_ids:
        connection = Connection(
            "local", slug, "partner", outlet_id, f"{name} {outlet_id}", secrets.token_hex(16), relay_secret
        )
        outlet = save_connection(merchant, connection, owner)
    browser = Client()
    browser.force_login(owner, "django.contrib.auth.backends.ModelBackend")
    return {
        "merchant_id": merchant.pk,
        "webhook_path": urlsplit(outlet.gobiz_app.webhook_url).path,
        "relay_secret": relay_secret,
        "outlet_ids": outlet_ids,
        "session": browser.cookies["sessionid"].value,
    }


def main() -> None:
    import django

    django.setup()
    from django.db import transaction

    with transaction.atomic():
        print(json.dumps([make_sender(name, outlet_ids) for name, outlet_ids in OUTLETS]))


if __name__ == "__main__":
    main()
