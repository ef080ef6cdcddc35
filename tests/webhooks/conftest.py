"""GoBiz posting to our receiver."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any
from wsgiref.util import setup_testing_defaults

import pytest

from gobiz_admin.gobiz.signatures import sign
from gobiz_admin.wsgi import application
from tests.gobiz_answers import gobiz
from webhooks import receiving

__all__ = ["gobiz"]

Post = Callable[..., SimpleNamespace]


@pytest.fixture(autouse=True)
def _forget_all():
    receiving.forget_all()


def receiver(method: str, path: str, raw: bytes = b"", **environ: Any) -> SimpleNamespace:
    """The answer of the WSGI application that granian runs, to a request as granian makes it."""
    answer = SimpleNamespace(status_code=0, headers={})

    def start_response(status: str, headers: list[tuple[str, str]], exc_info: Any = None) -> None:
        answer.status_code, answer.headers = int(status.split()[0]), dict(headers)

    given = {
        "REQUEST_METHOD": method,
        "PATH_INFO": path,
        "CONTENT_TYPE": "application/json",
        "CONTENT_LENGTH": str(len(raw)),
        "REMOTE_ADDR": "127.0.0.1",
        "wsgi.input": io.BytesIO(raw),
        **environ,
    }
    setup_testing_defaults(given)
    answer.body = b"".join(
        application({name: value for name, value in given.items() if value is not None}, start_response)
    )
    return answer


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
        environ = {f"HTTP_{name.upper().replace('-', '_')}": value for name, value in headers.items()}
        return receiver("POST", path or f"/webhooks/gobiz/{app.webhook_token}/", raw, **environ)

    return send
