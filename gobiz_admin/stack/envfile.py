"""Files of `NAME=value` lines that a shell can source too, and the secrets that are made once."""

from __future__ import annotations

import base64
import os
import secrets
import shlex
from collections.abc import Callable, Mapping
from pathlib import Path

# Letters and digits that are not mistaken for each other when read from a screen.
READABLE = "abcdefghjkmnpqrstuvwxyz23456789"


def parse(text: str) -> dict[str, str]:
    """The variables of an env file: comments and shell quoting understood, other lines left out."""
    variables = {}
    for line in text.splitlines():
        try:
            words = shlex.split(line, comments=True)
        except ValueError:
            continue
        if words and words[0] == "export":
            words = words[1:]
        if len(words) == 1 and "=" in words[0]:
            name, _, value = words[0].partition("=")
            variables[name] = value
    return variables


def read(path: Path) -> dict[str, str]:
    """The variables in that file; none when there is no such file."""
    try:
        return parse(path.read_text())
    except FileNotFoundError:
        return {}


def write(path: Path, variables: Mapping[str, str]) -> None:
    """Write the file whole or not at all, readable by its owner only."""
    lines = [f"{name}={shlex.quote(value)}\n" for name, value in variables.items() if "\n" not in value]
    unfinished = path.with_name(path.name + ".new")
    unfinished.unlink(missing_ok=True)
    handle = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "w") as stream:
        stream.write("".join(lines))
        stream.flush()
        os.fsync(stream.fileno())
    unfinished.replace(path)


def readable_password(groups: int = 4, length: int = 4) -> str:
    """A password that can be typed on a phone, such as `kq7m-x2wd-9hna-t4vz` (79 bits)."""
    return "-".join("".join(secrets.choice(READABLE) for _ in range(length)) for _ in range(groups))


def encryption_key() -> str:
    return base64.urlsafe_b64encode(secrets.token_bytes(32)).decode()


MAKERS: dict[str, Callable[[], str]] = {
    "SECRET_KEY": lambda: secrets.token_urlsafe(50),
    "FIELD_ENCRYPTION_KEYS": encryption_key,
    "DEMO_PASSWORD": readable_password,
    "SANDBOX_SECRET_KEY": lambda: secrets.token_urlsafe(50),
    "VALKEY_PASSWORD": lambda: secrets.token_urlsafe(24),
}


def ensure_secrets(path: Path) -> dict[str, str]:
    """This checkout's secrets: made at the first start and kept, because stored data needs them."""
    kept = read(path)
    missing = {name: make() for name, make in MAKERS.items() if not kept.get(name)}
    if missing:
        kept.update(missing)
        write(path, kept)
    path.chmod(0o600)
    return kept
