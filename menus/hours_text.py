"""Hours as people write them: `Mon-Fri 08:00-14:00; Sat,Sun 08:00-12:00+17:00-21:00`, `all day`, `closed`."""

import re
from collections.abc import Iterable

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from menus.hours import Hours, Span, all_day, read_time

WEEK = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
DAY_WORDS = {
    "monday": gettext_lazy("Mon"),
    "tuesday": gettext_lazy("Tue"),
    "wednesday": gettext_lazy("Wed"),
    "thursday": gettext_lazy("Thu"),
    "friday": gettext_lazy("Fri"),
    "saturday": gettext_lazy("Sat"),
    "sunday": gettext_lazy("Sun"),
}
# Both languages, whichever the page is in: a file travels between people.
NAMES = {
    "monday": "mon senin sen",
    "tuesday": "tue tues selasa sel",
    "wednesday": "wed rabu rab",
    "thursday": "thu thur thurs kamis kam",
    "friday": "fri jumat jum",
    "saturday": "sat sabtu sab",
    "sunday": "sun minggu min mgg ahad",
}
DAY_OF = {word: day for day, words in NAMES.items() for word in [day, *words.split()]}
EVERY_DAY = {"", "every day", "everyday", "daily", "setiap hari", "tiap hari"}
ALL_DAY = {"all day", "sepanjang hari", "seharian", "24 jam", "24 hours", "24h", "setiap saat"}
CLOSED = {"closed", "not sold", "tutup", "libur", "tidak dijual"}
DASH = r"\s*(?:-|–|—|−|~|\bs/d\b|\bsampai\b|\bto\b)\s*"
AND = r"\s*(?:,|\+|&|\bdan\b|\band\b)\s*"
# Where one group of days ends and the next begins; a comma does, between a time and a word.
GROUPS = re.compile(r"[;\n]|(?<=\d)\s*,\s*(?=[^\W\d])")
GROUP = re.compile(rf"(?P<days>.*?)[\s:]*(?P<spans>{'|'.join(sorted(ALL_DAY | CLOSED))}|\d.*)", re.DOTALL)
CLOCK = r"\d{1,2}(?:[:.]\d{2})?"
SPAN = re.compile(rf"({CLOCK}){DASH}({CLOCK})")


class HoursUnreadable(Exception):
    """The part of the text that says no hours."""


def full_week(hours: Hours | None) -> Hours:
    """All seven days; none given is all day, and a day that is missing is one on which it is not sold."""
    return all_day() if hours is None else {day: list(hours.get(day) or []) for day in WEEK}


def hours_text(hours: Hours | None) -> str:
    """The hours on one line, in the reader's language; `read_hours_text` reads it again."""
    week = full_week(hours)
    if week == full_week(None):
        return _("all day")
    days_of: dict[str, list[str]] = {}
    for day in WEEK:
        if week[day]:
            spans = "+".join(f"{span['start']}-{span['end']}" for span in week[day])
            days_of.setdefault(spans, []).append(day)
    return "; ".join(f"{_days(days)} {spans}" for spans, days in days_of.items()) or _("closed")


def _days(days: Iterable[str]) -> str:
    """`Mon-Fri`, `Sat,Sun`: three or more in a row are a range."""
    runs: list[list[str]] = []
    for day in days:
        if runs and WEEK.index(runs[-1][-1]) + 1 == WEEK.index(day):
            runs[-1].append(day)
        else:
            runs.append([day])
    words = []
    for run in runs:
        shown = [str(DAY_WORDS[day]) for day in run]
        words.append(f"{shown[0]}-{shown[-1]}" if len(run) > 2 else ",".join(shown))
    return ",".join(words)


def read_hours_text(text: str) -> Hours:
    """All seven days of what the text says; HoursUnreadable with the part that says nothing."""
    folded = " ".join(re.sub("['’`]", "", text.casefold()).replace("\n", ";").split())
    if folded in ALL_DAY:
        return full_week(None)
    if folded in CLOSED:
        return full_week({})
    week = full_week({})
    groups = [group.strip() for group in GROUPS.split(folded) if group.strip()]
    for group in groups:
        match = GROUP.fullmatch(group)
        if match is None:
            raise HoursUnreadable(group)
        for day in _read_days(match["days"]):
            week[day] += _read_spans(match["spans"])
    if not groups:
        raise HoursUnreadable(text)
    return week


def _read_days(text: str) -> list[str]:
    if text in EVERY_DAY:
        return list(WEEK)
    days: list[str] = []
    for part in re.split(AND, text):
        ends = [DAY_OF.get(word.strip(". ")) for word in re.split(DASH, part)]
        first, last = ends[0], ends[-1]
        if first is None or last is None or len(ends) > 2:
            raise HoursUnreadable(text)
        length = (WEEK.index(last) - WEEK.index(first)) % 7
        days += [WEEK[(WEEK.index(first) + step) % 7] for step in range(length + 1)]
    return list(dict.fromkeys(days))


def _read_spans(text: str) -> list[Span]:
    if text in CLOSED:
        return []
    if text in ALL_DAY:
        return list(all_day()["monday"])
    spans = []
    for part in re.split(AND, text):
        match = SPAN.fullmatch(part)
        start, end = (_clock(match[1]), _clock(match[2])) if match else (None, None)
        if start is None or end is None:
            raise HoursUnreadable(text)
        spans.append({"start": start, "end": end})
    return spans


def _clock(text: str) -> str | None:
    hour, _dot, minute = text.replace(".", ":").partition(":")
    return read_time(f"{hour}:{minute or '00'}")
