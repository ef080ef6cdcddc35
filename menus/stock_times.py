"""Until when something is off: an hour, today, or a time, by the outlet's clock."""

from collections.abc import Collection
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from menus.hours import DAYS, LAST_MINUTE, Hours, all_day
from menus.models import MenuItem

FOR_NOW, HOUR, TODAY, UNTIL = "say", "hour", "today", "until"
MIDNIGHT = "00:00"
BEFORE_OPENING = timedelta(hours=1)
OTHERWISE_OPEN = "08:00"


def hours_of(catalog_pk: int) -> Hours:
    """When anything of the catalog is sold, by the hours that are given; what is sold all day says nothing."""
    return hours_by_catalog([catalog_pk])[catalog_pk]


def hours_by_catalog(catalog_pks: Collection[int]) -> dict[int, Hours]:
    """As `hours_of`, for many catalogs in one query."""
    found: dict[int, Hours] = {pk: {day: [] for day in DAYS} for pk in catalog_pks}
    rows = MenuItem.objects.filter(catalog__in=catalog_pks, operational_hours__isnull=False)
    for pk, own in rows.values_list("catalog_id", "operational_hours").distinct():
        if own and own != all_day():
            hours = found[pk]
            for day in DAYS:
                hours[day] = hours[day] + [span for span in own.get(day) or [] if span not in hours[day]]
    return found


def morning_at(hours: Hours, now: datetime) -> datetime:
    """An hour before the first opening of this day, by the outlet's clock; at 07:00 on a day without hours."""
    starts = sorted(_openings(hours, now.date()))
    opening = _at(now.date(), starts[0] if starts else OTHERWISE_OPEN, now.tzinfo)
    midnight = _at(now.date(), MIDNIGHT, now.tzinfo)
    return max(opening - BEFORE_OPENING, midnight)


def next_opening_day(hours: Hours, now: datetime) -> datetime:
    """When the outlet opens on its next day, later than now; without hours, at the next midnight.

    A night that goes past midnight belongs to the day on which it began, and midnight is no opening in it.
    """
    today = now.date() - timedelta(days=1) if _in_the_night_of_yesterday(hours, now) else now.date()
    for days in range(1, 9):
        day = today + timedelta(days=days)
        for start in sorted(_openings(hours, day)):
            moment = _at(day, start, now.tzinfo)
            if moment > now:
                return moment
    return _at(now.date() + timedelta(days=1), MIDNIGHT, now.tzinfo)


def _openings(hours: Hours, day: date) -> list[str]:
    """The starts of this day that do not go on from the night before."""
    starts = [span["start"] for span in hours.get(_name(day)) or []]
    goes_on = any(span["end"] == LAST_MINUTE for span in hours.get(_name(day - timedelta(days=1))) or [])
    return [start for start in starts if start != MIDNIGHT or not goes_on]


def _in_the_night_of_yesterday(hours: Hours, now: datetime) -> bool:
    clock = f"{now:%H:%M}"
    before = hours.get(_name(now.date() - timedelta(days=1))) or []
    if not any(span["end"] == LAST_MINUTE for span in before):
        return False
    spans = hours.get(_name(now.date())) or []
    return any(span["start"] == MIDNIGHT and clock < span["end"] for span in spans)


def back_at(choice: str, now: datetime, opening: datetime, at: datetime | None) -> datetime | None:
    """The moment of a choice; None: until somebody says. `at` is the time that was typed, for UNTIL."""
    if choice == HOUR:
        return now + timedelta(hours=1)
    if choice == TODAY:
        return opening
    return at if choice == UNTIL else None


def _name(day: date) -> str:
    # DAYS begins with Sunday, whose ISO number is 7.
    return DAYS[day.isoweekday() % 7]


def _at(day: date, clock: str, zone: object) -> datetime:
    hour, minute = clock.split(":")
    return datetime.combine(
        day, time(int(hour), int(minute)), tzinfo=zone if isinstance(zone, ZoneInfo) else None
    )
