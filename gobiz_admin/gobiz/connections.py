"""Connections to GoBiz whose total time is bounded, one session per thread."""

import os
import socket
import threading
from contextlib import suppress
from http.cookiejar import DefaultCookiePolicy
from typing import Any, Self

import requests
from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool

_local = threading.local()


class Clock:
    """One call's time: when its total time is up, the socket is shut under whoever reads it.

    A read timeout alone starts anew with every byte, in the status line and the headers too.
    """

    def __init__(self, connect: float, read: float, total: float) -> None:
        self.connect, self.read = connect, read
        self.dialled = False
        self.connected = False
        self.expired = False
        self._over = False
        self._lock = threading.Lock()
        self._socket: socket.socket | None = None
        self._timer = threading.Timer(total, self._expire)
        self._timer.daemon = True

    def __enter__(self) -> Self:
        _local.clock = self
        self._timer.start()
        return self

    def __exit__(self, *exc: object) -> None:
        with self._lock:
            self._over = True
            self._socket = None
        self._timer.cancel()
        _local.clock = None

    def watch(self, sock: socket.socket) -> None:
        self.connected = True
        with self._lock:
            self._socket = sock
            expired = self.expired
        if expired:
            _shut(sock)

    def _expire(self) -> None:
        with self._lock:
            if self._over:
                return
            self.expired = True
            if self._socket is not None:
                _shut(self._socket)


def _shut(sock: socket.socket) -> None:
    with suppress(OSError):
        # Not SSLSocket.shutdown: it drops the TLS state under the thread that is reading.
        socket.socket.shutdown(sock, socket.SHUT_RDWR)


class _Watched:
    """Tells the running call which socket it uses, be it new or kept from an earlier call."""

    sock: Any

    def connect(self) -> None:
        clock: Clock | None = getattr(_local, "clock", None)
        if clock is not None:
            clock.dialled = True
        super().connect()  # type: ignore[misc]
        if clock is not None:
            # urllib3 would write the body under the connect timeout: too short for a catalog.
            self.sock.settimeout(clock.read)
            clock.watch(self.sock)

    def request(self, *args: Any, **kwargs: Any) -> None:
        clock: Clock | None = getattr(_local, "clock", None)
        if clock is not None and self.sock is not None:
            clock.watch(self.sock)
        super().request(*args, **kwargs)  # type: ignore[misc]


class _WatchedHTTP(_Watched, HTTPConnection):
    pass


class _WatchedHTTPS(_Watched, HTTPSConnection):
    pass


class _HTTPPool(HTTPConnectionPool):
    ConnectionCls = _WatchedHTTP


class _HTTPSPool(HTTPSConnectionPool):
    ConnectionCls = _WatchedHTTPS


class WatchedAdapter(HTTPAdapter):
    """Its connections tell the running call's Clock which socket they use."""

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, **kwargs)
        self.poolmanager.pool_classes_by_scheme = {"http": _HTTPPool, "https": _HTTPSPool}


def session_of_thread() -> requests.Session:
    """This thread's session; a forked child makes its own, for two must not share a socket."""
    pid, session = getattr(_local, "session", (0, None))
    if session is None or pid != os.getpid():
        session = _new_session()
        _local.session = (os.getpid(), session)
    return session


def _new_session() -> requests.Session:
    session = requests.Session()
    session.trust_env = False
    session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
    session.headers["User-Agent"] = "gobiz-merchant-admin"
    session.mount("https://", WatchedAdapter())
    session.mount("http://", WatchedAdapter())
    return session
