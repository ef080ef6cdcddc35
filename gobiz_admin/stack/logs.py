"""The log files of the parts: each part writes its own, and none grows without end."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import BinaryIO

LARGEST = 10 * 1024 * 1024


def open_log(folder: Path, name: str) -> BinaryIO:
    """The part's log, to append to; its readers are this user and root."""
    folder.mkdir(parents=True, exist_ok=True)
    handle = os.open(folder / f"{name}.log", os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    return os.fdopen(handle, "ab")


def rotate(folder: Path, largest: int = LARGEST) -> list[str]:
    """Move what is too large to NAME.log.1. The part goes on writing to the emptied file.

    A line written between the copy and the emptying is lost: the price of parts that never wait for
    us and need no signal to open their log again.
    """
    rotated = []
    for path in folder.glob("*.log"):
        if path.stat().st_size > largest:
            shutil.copyfile(path, path.with_suffix(".log.1"))
            path.with_suffix(".log.1").chmod(0o600)
            os.truncate(path, 0)
            rotated.append(path.name)
    return rotated


def tail(path: Path, lines: int = 30) -> str:
    """The last lines of a log, for a message about what went wrong."""
    try:
        with path.open("rb") as stream:
            stream.seek(max(0, path.stat().st_size - 64 * 1024))
            text = stream.read().decode(errors="replace")
    except OSError:
        return ""
    return "\n".join(text.splitlines()[-lines:])
