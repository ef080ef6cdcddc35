"""Operational hours: as read from GoFood, as stored, as sent. A source: gobiz-api.md, "Catalog"."""

import re
from functools import lru_cache
from typing import Any

DAYS = ("sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday")
TIME = re.compile(r"([01]?\d|2[0-4]):([0-5]\d)(:[0-5]\d)?")
LAST_MINUTE = "23:59"
# With spaces around it. What is longer is no time.
LONGEST_TIME = 50

Span = dict[str, str]
Hours = dict[str, list[Span]]


def all_day() -> Hours:
    """Sold on every day, at every time."""
    return {day: [{"start": "00:00", "end": LAST_MINUTE}] for day in DAYS}


def read_hours(value: Any) -> Hours | None:
    """All seven days; a day that is missing is a day on which it is not sold.

    None, which means all day, when there are none or when they cannot be read in whole.
    """
    if not isinstance(value, dict) or not value:
        return None
    given = {str(day).strip().lower(): spans for day, spans in value.items()}
    hours: Hours = {}
    for day in DAYS:
        spans = _read_spans(given.get(day))
        if spans is None:
            return None
        hours[day] = spans
    return hours


def _read_spans(spans: Any) -> list[Span] | None:
    if spans is None:
        return []
    if not isinstance(spans, list):
        return None
    read = []
    for span in spans:
        start, end = (span.get("start"), span.get("end")) if isinstance(span, dict) else (None, None)
        start, end = read_time(start), read_time(end)
        if start is None or end is None:
            return None
        read.append({"start": start, "end": end})
    return read


def read_time(value: Any) -> str | None:
    """`HH:MM`; None for what is no time. 24:00, the end of a day, is its last minute."""
    return _read_time(value) if isinstance(value, str) and len(value) <= LONGEST_TIME else None


# A menu of 500 items holds 7,000 times, and few that differ.
@lru_cache(maxsize=2_000)
def _read_time(text: str) -> str | None:
    match = TIME.fullmatch(text.strip())
    if match is None:
        return None
    time = f"{int(match[1]):02}:{match[2]}"
    if time.startswith("24"):
        return LAST_MINUTE if time == "24:00" else None
    return time


def sendable(hours: Hours | None) -> Hours:
    """All seven days, spans over midnight split in two, in order and without overlaps."""
    if hours is None:
        return all_day()
    spans: dict[str, list[tuple[str, str]]] = {day: [] for day in DAYS}
    for index, day in enumerate(DAYS):
        for span in hours.get(day) or []:
            start, end = span["start"], span["end"]
            if start < end:
                spans[day].append((start, end))
            else:
                # Over midnight; from a time to the same time is a whole day.
                spans[day].append((start, LAST_MINUTE))
                spans[DAYS[(index + 1) % 7]].append(("00:00", end))
    return {day: _merged(spans[day]) for day in DAYS}


def never_opens(hours: Hours | None) -> bool:
    """Whether there is no minute of the week at which it is sold; without hours it is sold all day."""
    spans = [span for day in (hours or {}).values() for span in day]
    # Sooner than making them sendable, for nearly all.
    return not any(span["start"] < span["end"] for span in spans) and not any(sendable(hours).values())


def _merged(spans: list[tuple[str, str]]) -> list[Span]:
    merged: list[Span] = []
    for start, end in sorted(spans):
        if start >= end:
            continue
        if merged and start < merged[-1]["end"]:
            merged[-1]["end"] = max(end, merged[-1]["end"])
        else:
            merged.append({"start": start, "end": end})
    return merged
