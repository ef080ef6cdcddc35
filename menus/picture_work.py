"""What workers do about pictures: few at a time, so that a menu of 500 of them never delays a publish."""

import time

from menus import picture_checks, picture_fixes
from menus.models import PictureCheck, PictureFix

# About this many workers look or fix at once; the others of their queue send menus.
AT_ONCE = 2
# One task ends after this time; the next wake-up, or the sweep, goes on.
SECONDS_A_TASK = 20.0


def work_off() -> int:
    """How many pictures were fixed or looked at: fixes first, for somebody waits for them."""
    done, deadline = 0, time.monotonic() + SECONDS_A_TASK
    while busy() < AT_ONCE and time.monotonic() < deadline:
        if not (picture_fixes.fix_next() or picture_checks.check_next()):
            break
        done += 1
    return done


def busy() -> int:
    """How many pictures are worked on by anybody now."""
    checking = PictureCheck.objects.filter(state=PictureCheck.State.CHECKING).count()
    return checking + PictureFix.objects.filter(state=PictureFix.State.RUNNING).count()


def sweep() -> int:
    """Free what dead workers left, take in new addresses, forget old ones; how many workers have something to do."""
    picture_checks.free_stuck_checks()
    picture_fixes.free_stuck_fixes()
    picture_fixes.forget_old_fixes()
    picture_checks.forget_unused()
    picture_checks.queue_new_addresses()
    waiting = PictureFix.objects.filter(state=PictureFix.State.QUEUED).count()
    waiting += picture_checks.due_checks()[:AT_ONCE].count()
    return max(0, min(waiting, AT_ONCE - busy()))
