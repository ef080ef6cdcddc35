"""GoBiz posting to our receiver."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from django.http import HttpResponse
from django.test import Client

from gobiz_admin.gobiz.signatures import sign
from tests.gobiz_answers import gobiz
from webhooks import receiving

__all__ = ["gobiz"]

Post = Callable[..., HttpResponse]


@pytest.fixture(autouse=True)
def _forget_forged():
    receiving._forged.clear()


@pytest.fixture
def post(cast) -> Post:
    """Posts a body, signed with the app's Relay Secret unless told otherwise."""

    def send(body: Any, *, app=None, path: str = "", signature: str | None = "right", **headers: str) -> Any:
        app = app or cast.app
        raw = body if isinstance(body, bytes) else json.dumps(body).encode()
        if signature == "right":
            signature = sign(app.relay_secret, raw)
        if signature is not None:
            headers["X-Go-Signature"] = signature
        return Client(raise_request_exception=False).post(
            path or f"/webhooks/gobiz/{app.webhook_token}/", raw, "application/json", headers=headers
        )

    return send
