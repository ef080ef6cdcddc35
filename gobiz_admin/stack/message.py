"""What a start tells the person who made it."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TextIO

from gobiz_admin.stack.config import Config

DEMO_MEMBERS = (
    ("owner", "owner@demo.example"),
    ("manager", "manager@demo.example"),
    ("cashier", "kasir@demo.example"),
)


def say(text: str, stream: TextIO | None = None) -> None:
    """Print it, even when the terminal is gone: the stopping must go on."""
    with contextlib.suppress(OSError):
        print(text, file=stream or sys.stdout, flush=True)


def shown_folder(config: Config) -> str:
    return os.path.relpath(config.data) if config.data.is_relative_to(Path.cwd()) else str(config.data)


def ready_message(config: Config, environment: Mapping[str, str], seconds: float) -> str:
    """Where everything is, and how to sign in."""
    lines = [
        "",
        f"GoBiz Merchant Admin is ready (after {seconds:.1f} s).",
        "",
        f"  Web address      {environment['PUBLIC_BASE_URL']}",
        f"  Order simulator  {environment['SANDBOX_PUBLIC_URL']}  (GoBiz, played on this machine)",
    ]
    password = environment.get("DEMO_PASSWORD", "")
    if config.demo and password:
        lines += ["", f"  Demo login       password {password}"]
        lines += [f"                   {email}  ({role})" for role, email in DEMO_MEMBERS]
    lines += [
        "",
        f"  Logs             {shown_folder(config)}/logs (make logs follows them)",
        "",
        "Ctrl-C stops everything.",
    ]
    return "\n".join(lines)
