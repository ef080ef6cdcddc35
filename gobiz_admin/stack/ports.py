"""Which TCP ports are free, and who holds one that is not."""

from __future__ import annotations

import socket
import time
from collections.abc import Iterable

import psutil


def is_free(host: str, port: int) -> bool:
    """Whether a server could listen there now (a port in TIME_WAIT is free)."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return False
    return True


def first_free(host: str, start: int, taken: Iterable[int] = ()) -> int:
    """The first free port from `start` on that is not among `taken`."""
    avoided = set(taken)
    for port in range(start, 65536):
        if port not in avoided and is_free(host, port):
            return port
    raise LookupError(f"no free port from {start} on")


def any_free(host: str = "127.0.0.1") -> int:
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.bind((host, 0))
        return int(probe.getsockname()[1])


def becomes_free(host: str, port: int, seconds: float) -> bool:
    deadline = time.monotonic() + seconds
    while not is_free(host, port):
        if time.monotonic() > deadline:
            return False
        time.sleep(0.1)
    return True


def holder(port: int) -> str:
    """Who listens there, such as ` by "nginx" (process 812)`; empty when the system does not tell."""
    try:
        connections = psutil.net_connections(kind="tcp")
        for connection in connections:
            if connection.status == psutil.CONN_LISTEN and connection.laddr.port == port and connection.pid:
                return f' by "{psutil.Process(connection.pid).name()}" (process {connection.pid})'
    except psutil.Error:
        pass
    return ""
