"""Until when "today" is: the next opening of the outlet, nights and days off included."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from menus.hours import DAYS, all_day
from menus.stock_times import next_opening_day

ZONE = ZoneInfo("Asia/Jakarta")
DAY = {day: [{"start": "08:00", "end": "14:00"}, {"start": "17:00", "end": "21:00"}] for day in DAYS}
NIGHT = {day: [{"start": "00:00", "end": "02:00"}, {"start": "18:00", "end": "23:59"}] for day in DAYS}
WEEKDAYS = {**DAY, "saturday": [], "sunday": []}


def at(clock: str, day: int = 23) -> datetime:
    """In November 2026, of which the 23rd is a Monday."""
    hour, minute = clock.split(":")
    return datetime(2026, 11, day, int(hour), int(minute), tzinfo=ZONE)


@pytest.mark.parametrize(
    ("hours", "now", "opening"),
    [
        (DAY, at("09:00"), at("08:00", 24)),
        (DAY, at("07:00"), at("08:00", 24)),
        (DAY, at("23:00"), at("08:00", 24)),
        # The night that began yesterday is still yesterday: it opens again this evening.
        (NIGHT, at("01:00"), at("18:00")),
        (NIGHT, at("20:00"), at("18:00", 24)),
        (NIGHT, at("03:00"), at("18:00", 24)),
        (WEEKDAYS, at("12:00", 27), at("08:00", 30)),
        (all_day(), at("12:00"), at("00:00", 24)),
        ({}, at("12:00"), at("00:00", 24)),
    ],
)
def test_next_opening_day(hours, now, opening):
    assert next_opening_day(hours, now) == opening


CLOCK = st.builds(lambda hour, minute: f"{hour:02}:{minute:02}", st.integers(0, 23), st.integers(0, 59))
SPAN = st.builds(lambda start, end: {"start": min(start, end), "end": max(start, end)}, CLOCK, CLOCK)


@given(
    st.fixed_dictionaries({day: st.lists(SPAN, max_size=3) for day in DAYS}),
    st.datetimes(datetime(2026, 1, 1), datetime(2027, 1, 1), timezones=st.just(UTC)),
)
def test_it_is_always_later_and_within_nine_days(hours, moment):
    now = moment.astimezone(ZONE)
    assert timedelta() < next_opening_day(hours, now) - now <= timedelta(days=9)
