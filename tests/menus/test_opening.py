"""Hours at a moment: edges, midnight, the week's turn, other zones."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from menus.hours import DAYS, LAST_MINUTE, sendable
from menus.opening import Opening, is_open, next_opening
from menus.previewing import moment_of

JAKARTA, JAYAPURA = ZoneInfo("Asia/Jakarta"), ZoneInfo("Asia/Jayapura")
# 2026-11-23 is a Monday.
MONDAY = datetime(2026, 11, 23, tzinfo=JAKARTA)


def at(day: str, time: str) -> datetime:
    """That time of the week that begins on MONDAY."""
    hours, minutes = time.split(":")
    return MONDAY + timedelta(days=(DAYS.index(day) - 1) % 7, hours=int(hours), minutes=int(minutes))


def hours(**days: list[tuple[str, str]]) -> dict[str, list[dict[str, str]]]:
    """Those days' spans, as they would be sent."""
    given = {day: [{"start": start, "end": end} for start, end in spans] for day, spans in days.items()}
    return sendable({day: given.get(day, []) for day in DAYS})


LUNCH = hours(monday=[("11:00", "14:00")])


@pytest.mark.parametrize(
    ("time", "expected"), [("10:59", False), ("11:00", True), ("13:59", True), ("14:00", False)]
)
def test_a_span_holds_from_its_start_until_its_end(time, expected):
    assert is_open(LUNCH, at("monday", time)) is expected
    assert not is_open(LUNCH, at("tuesday", time))


def test_all_day_has_no_gap_in_its_last_minute():
    assert is_open(sendable(None), at("sunday", "23:59") + timedelta(seconds=59))
    assert is_open(sendable(None), at("monday", "00:00"))


def test_a_span_over_midnight_that_was_split_has_no_gap():
    night = hours(friday=[("18:00", "02:00")])
    assert night["friday"] == [{"start": "18:00", "end": "23:59"}]
    open_at = [("friday", "18:00"), ("friday", "23:59"), ("saturday", "00:00"), ("saturday", "01:59")]
    for day, time in open_at:
        assert is_open(night, at(day, time)), (day, time)
    for day, time in (("friday", "17:59"), ("saturday", "02:00"), ("thursday", "23:59"), ("friday", "00:30")):
        assert not is_open(night, at(day, time)), (day, time)
    # From Saturday over the week's turn into Sunday, the first of GoBiz's days.
    assert is_open(hours(saturday=[("22:00", "01:00")]), at("sunday", "00:30"))


def test_two_spans_that_touch_have_no_gap():
    assert is_open(hours(monday=[("08:00", "12:00"), ("12:00", "20:00")]), at("monday", "12:00"))


@pytest.mark.parametrize(
    ("day", "time", "expected"),
    [
        ("monday", "09:30", Opening(0, "monday", "11:00")),
        ("monday", "14:00", Opening(2, "wednesday", "08:00")),
        ("sunday", "23:59", Opening(1, "monday", "11:00")),
        ("wednesday", "12:00", Opening(0, "wednesday", "17:00")),
        ("wednesday", "22:00", Opening(5, "monday", "11:00")),
    ],
)
def test_the_next_opening(day, time, expected):
    week = hours(monday=[("11:00", "14:00")], wednesday=[("17:00", "21:00"), ("08:00", "11:00")])
    assert next_opening(week, at(day, time)) == expected


def test_the_next_opening_of_a_single_span_is_a_week_away_once_it_is_over():
    assert next_opening(LUNCH, at("monday", "14:00")) == Opening(7, "monday", "11:00")
    assert next_opening(LUNCH, at("monday", "11:00")) == Opening(7, "monday", "11:00")


def test_what_has_no_hours_is_never_sold():
    never = hours()
    assert not is_open(never, at("monday", "12:00"))
    assert next_opening(never, at("monday", "12:00")) is None


def test_the_outlets_clock_decides():
    """09:30 in Jakarta is 11:30 in Jayapura."""
    moment = at("monday", "09:30")
    assert not is_open(LUNCH, moment)
    assert is_open(LUNCH, moment.astimezone(JAYAPURA))
    # Late on Sunday evening in Jakarta it is Monday in Jayapura.
    late = MONDAY - timedelta(minutes=30)
    assert is_open(hours(monday=[("00:00", "06:00")]), late.astimezone(JAYAPURA))
    assert not is_open(hours(monday=[("00:00", "06:00")]), late)


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ("2026-11-23T21:22", datetime(2026, 11, 23, 21, 22, tzinfo=JAYAPURA)),
        (" 2026-11-23T21:22:59 ", datetime(2026, 11, 23, 21, 22, 59, tzinfo=JAYAPURA)),
        ("2026-11-23T21:22+07:00", datetime(2026, 11, 23, 23, 22, tzinfo=JAYAPURA)),
        ("0001-01-01T00:00", datetime(1, 1, 1, tzinfo=JAYAPURA)),
        ("", None),
        ("yesterday", None),
        ("2026-02-30T10:00", None),
        ("2026-11-23T25:00", None),
        ("0001-01-01T00:00+14:00", None),
        ("9999-12-31T23:59-14:00", None),
        ("\x00", None),
        ("٢٠٢٦-١١-٢٣T٢١:٢٢", datetime(2026, 11, 23, 21, 22, tzinfo=JAYAPURA)),
    ],
)
def test_the_moment_that_is_typed(typed, expected):
    moment = moment_of(typed, JAYAPURA)
    assert moment == expected
    assert moment is None or moment.tzinfo == JAYAPURA


@pytest.mark.parametrize("moment", [datetime(1, 1, 1, 0, 0), datetime(9999, 12, 31, 23, 59)])
def test_the_first_and_the_last_moment_that_there_are(moment):
    assert next_opening(LUNCH, moment) is not None
    assert isinstance(is_open(LUNCH, moment), bool)


time = st.tuples(st.integers(0, 23), st.integers(0, 59)).map(lambda t: f"{t[0]:02}:{t[1]:02}")
week = st.fixed_dictionaries(
    {day: st.lists(st.fixed_dictionaries({"start": time, "end": time}), max_size=3) for day in DAYS}
)


def sold_as_typed(spans: dict[str, list[dict[str, str]]], moment: datetime) -> bool:
    """By the spans as a merchant typed them, one over midnight in one piece."""
    now = (moment.isoweekday() % 7) * 1440 + moment.hour * 60 + moment.minute
    for index, day in enumerate(DAYS):
        for span in spans[day]:
            start, end = (index * 1440 + int(t[:2]) * 60 + int(t[3:]) for t in (span["start"], span["end"]))
            # 23:59 is the end of a day.
            end += span["end"] == LAST_MINUTE
            if end <= start or span["end"] <= span["start"]:
                end += 1440
            if start <= now < end or start <= now + 7 * 1440 < end:
                return True
    return False


@given(week, st.integers(0, 7 * 1440 - 1))
def test_what_was_split_and_merged_is_sold_when_it_was_typed(spans, minute):
    moment = MONDAY + timedelta(minutes=minute)
    assert is_open(sendable(spans), moment) == sold_as_typed(spans, moment)


@given(week, st.integers(0, 7 * 1440 - 1))
def test_the_next_opening_is_the_first_minute_at_which_it_is_open_again(spans, minute):
    sent, moment = sendable(spans), MONDAY + timedelta(minutes=minute)
    opening = next_opening(sent, moment)
    if is_open(sent, moment):
        return
    if opening is None:
        assert sent == {day: [] for day in DAYS}
        return
    start = moment.replace(hour=int(opening.time[:2]), minute=int(opening.time[3:])) + timedelta(opening.days)
    assert moment < start
    assert is_open(sent, start)
    assert DAYS[start.isoweekday() % 7] == opening.day
    step = moment
    while step < start:
        assert not is_open(sent, step)
        step += timedelta(minutes=7)
