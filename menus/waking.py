"""Waking the tasks of this app by name, so that no function has to import the tasks that call it."""

from typing import Any

from gobiz_admin.merchants.announcing import wake_named

# Redis gives out a task again that waits longer than its visibility timeout, and a countdown holds a
# worker's slot in memory: longer waits stand in the database only, where the sweep finds them.
LONGEST_COUNTDOWN = 60.0


def wake_task(name: str, *args: Any, countdown: float = 0) -> None:
    """Enqueue `menus.tasks.<name>` after commit, unless the sweep is soon enough."""
    if countdown <= LONGEST_COUNTDOWN:
        wake_named(f"menus.tasks.{name}", *args, countdown=countdown)
