"""What the stack knows: asked of its database directly, and of its pages as a member sees them."""

from __future__ import annotations

import html
import re
import time
from contextlib import suppress
from typing import Any

import psycopg
import requests

from gobiz_admin.stack import envfile
from tests.chaos.cast import Sender
from tests.chaos.lives import OrderFacts
from tests.stack_process import Stack

ORDERS = """
    SELECT o.order_number, outlet.outlet_id, o.status, o.driver_name,
        (SELECT count(*) FROM orders_orderline line WHERE line.order_id = o.id),
        ARRAY(SELECT event_id FROM orders_timelineentry entry WHERE entry.order_id = o.id ORDER BY event_id)
    FROM orders_order o JOIN merchants_outlet outlet ON outlet.id = o.outlet_id
"""
# What SELECT … FOR UPDATE, and nothing else that the product does to this table, takes.
CLAIMS = """
    SELECT 1 FROM pg_locks
    WHERE relation = 'webhooks_notification'::regclass AND mode = 'RowShareLock' AND granted
"""
TILE = re.compile(r'<article class="tile tile-([a-z_]+)".*?<h3 class="tile-number"[^>]*>([^<]*)</h3>', re.S)


class Facts:
    def __init__(self, stack: Stack) -> None:
        self._stack = stack
        self._url = envfile.read(stack.data / "stack.env")["DATABASE_URL"]

    def ask(self, query: str) -> list[tuple[Any, ...]]:
        """The rows, over a connection of its own: the last one may have ended with its server."""
        with psycopg.connect(self._url, connect_timeout=2) as connection:
            return connection.execute(query).fetchall()

    def wait_for_claim(self, seconds: float) -> None:
        """Until some worker holds a notification, or the time is over, or the database is away."""
        deadline = time.monotonic() + seconds
        with suppress(psycopg.Error), psycopg.connect(self._url, autocommit=True) as connection:
            while not connection.execute(CLAIMS).fetchone() and time.monotonic() < deadline:
                time.sleep(0.001)

    def unfinished(self) -> list[tuple[Any, ...]]:
        return self.ask(
            "SELECT event_id, state, attempts, note FROM webhooks_notification"
            " WHERE state IN ('pending', 'failed')"
        )

    def orders(self) -> list[tuple[str, OrderFacts]]:
        return [
            (number, OrderFacts(outlet_id, status, driver, lines, tuple(event_ids)))
            for number, outlet_id, status, driver, lines, event_ids in self.ask(ORDERS)
        ]

    def inbox(self, sender: Sender, outlet_id: str) -> list[tuple[str, str]]:
        """Number and status of every tile on the owner's inbox page of that outlet."""
        answer = requests.get(
            f"{self._stack.url}/m/{sender.merchant_id}/inbox/",
            params={"outlet": outlet_id},
            cookies={"sessionid": sender.session},
            allow_redirects=False,
            timeout=30,
        )
        assert answer.status_code == 200, (answer.status_code, answer.headers.get("Location"))
        return [(html.unescape(number), status.upper()) for status, number in TILE.findall(answer.text)]
