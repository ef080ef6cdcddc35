"""Whether something is sold at a moment, and when next: its hours, by the outlet's clock."""

from dataclasses import dataclass
from datetime import datetime

from menus.hours import DAYS, LAST_MINUTE, Hours


@dataclass(frozen=True)
class Opening:
    """When it is sold next: in how many days, on which of `DAYS`, from which `HH:MM`."""

    days: int
    day: str
    time: str


def is_open(hours: Hours, moment: datetime) -> bool:
    """Whether it is sold at the moment; an end at 23:59 is the end of the day, so that nights have no gap."""
    time = _time(moment)
    spans = hours.get(_day(moment, 0)) or []
    return any(span["start"] <= time and (time < span["end"] or span["end"] == LAST_MINUTE) for span in spans)


def next_opening(hours: Hours, moment: datetime) -> Opening | None:
    """The next start of a span after the moment, at most a week away; None: it is never sold."""
    for days in range(8):
        day = _day(moment, days)
        starts = sorted(span["start"] for span in hours.get(day) or [])
        for start in starts:
            if days > 0 or start > _time(moment):
                return Opening(days, day, start)
    return None


def _day(moment: datetime, days: int) -> str:
    # DAYS begins with Sunday, whose ISO number is 7. No date is reckoned with: there are last ones.
    return DAYS[(moment.isoweekday() + days) % 7]


def _time(moment: datetime) -> str:
    return f"{moment.hour:02}:{moment.minute:02}"
