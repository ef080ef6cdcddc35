"""`make clean`: the data folder and the caches go, .venv and node_modules stay. As a file, stdlib only."""

from __future__ import annotations

import fcntl
import os
import shutil
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
CACHES = (
    ".pytest_cache",
    ".mypy_cache",
    ".ruff_cache",
    ".import_linter_cache",
    ".hypothesis",
    "staticfiles",
    "test-results",
)
KEPT = {".venv", ".git", "node_modules"}


def is_running(data: Path) -> bool:
    """Whether a run of this checkout holds its lock."""
    try:
        with (data / "lock").open("r+") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except FileNotFoundError:
        return False
    except OSError:
        return True
    return False


def clean(root: Path, data: Path) -> None:
    shutil.rmtree(data, ignore_errors=True)
    for name in CACHES:
        shutil.rmtree(root / name, ignore_errors=True)
    for folder, names, _ in os.walk(root):
        names[:] = [name for name in names if name not in KEPT]
        if "__pycache__" in names:
            names.remove("__pycache__")
            shutil.rmtree(Path(folder) / "__pycache__", ignore_errors=True)


def main() -> int:
    data = Path(os.environ.get("GOBIZ_DATA_DIR") or ROOT / ".local").expanduser().resolve()
    if is_running(data):
        print("It is running in this checkout: stop it first (Ctrl-C), then make clean.", file=sys.stderr)
        return 1
    clean(ROOT, data)
    return 0


if __name__ == "__main__":
    sys.exit(main())
