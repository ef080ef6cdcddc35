"""Run several Django commands in one process: `python -m gobiz_admin.stack.prepare migrate seed_demo`.

Loading Django costs about a second; a start should pay it once per settings module.
"""

from __future__ import annotations

import sys

OPTIONS: dict[str, dict[str, object]] = {"migrate": {"interactive": False, "verbosity": 1}}


def main(names: list[str]) -> int:
    import django
    from django.core.management import CommandError, call_command

    django.setup()
    for name in names:
        try:
            call_command(name, **OPTIONS.get(name, {}))
        except CommandError as error:
            print(f"{name}: {error}", file=sys.stderr)
            return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
