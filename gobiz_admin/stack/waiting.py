"""Whether a server answers, and the exception that ends every wait when a stop was asked for."""

from __future__ import annotations

import http.client


class Stopped(Exception):
    """Somebody asked this run to stop."""


def answers(host: str, port: int, path: str = "/") -> bool:
    """Whether the server there serves pages: a redirect or a refusal is an answer, a 5xx is none."""
    connection = http.client.HTTPConnection(host, port, timeout=5)
    try:
        connection.request("GET", path)
        return connection.getresponse().status < 500
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()
