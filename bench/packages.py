"""`.venv-bench`: the packages that only the comparison needs, away from those of the product."""

from __future__ import annotations

import sys
from pathlib import Path

from gobiz_admin.stack.bootstrap import PIP, ROOT, SetupError, fingerprint, is_current, run_quietly

LISTS = ("constraints.txt", "requirements-bench.txt")
FOLDER = ".venv-bench"


def ensure(root: Path = ROOT) -> Path:
    """Its Python, once the packages are there; raises SetupError when they cannot be had."""
    folder = root / FOLDER
    python, stamp, value = folder / "bin" / "python", folder / "gobiz-bench.stamp", fingerprint(root, LISTS)
    if python.exists() and is_current(stamp, value):
        return python
    print(f"Installing dj-stripe into {FOLDER} (about a minute) …", file=sys.stderr, flush=True)
    make = [sys.executable, "-m", "venv", "--clear", str(folder)]
    run_quietly(make, root, f"{FOLDER} could not be made.")
    install = [str(python), *PIP, "--requirement", LISTS[1], "--constraint", LISTS[0]]
    run_quietly(install, root, f"The packages of {LISTS[1]} could not be installed.")
    stamp.write_text(value + "\n")
    return python


__all__ = ["SetupError", "ensure"]
