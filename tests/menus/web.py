"""A web server of this machine, with whatever a merchant's picture host may do."""

import socketserver
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler
from types import SimpleNamespace
from typing import Any

import pytest
from django.conf import LazySettings


class Handler(BaseHTTPRequestHandler):
    """Answers with what `pages` holds for the path: (status, headers, body), or a callable."""

    def do_GET(self) -> None:
        page = self.server.pages.get(self.path, (404, {}, b""))  # type: ignore[attr-defined]
        self.server.seen.append((self.path, dict(self.headers)))  # type: ignore[attr-defined]
        if callable(page):
            page(self)
            return
        status, headers, body = page
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        pass


class Server(socketserver.ThreadingTCPServer):
    daemon_threads = True
    allow_reuse_address = True

    def handle_error(self, *_: Any) -> None:
        """Who hangs up early is what is tested."""


@pytest.fixture
def web(settings: LazySettings) -> Iterator[SimpleNamespace]:
    with Server(("127.0.0.1", 0), Handler) as server:
        server.pages, server.seen = {}, []  # type: ignore[attr-defined]
        threading.Thread(target=server.serve_forever, args=[0.05], daemon=True).start()
        host = f"127.0.0.1:{server.server_address[1]}"
        settings.PICTURE_LOCAL_HOSTS = [host]
        yield SimpleNamespace(
            url=f"http://{host}",
            host=host,
            pages=server.pages,  # type: ignore[attr-defined]
            seen=server.seen,  # type: ignore[attr-defined]
        )
        server.shutdown()
