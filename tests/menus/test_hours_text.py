"""Hours as people type them."""

import pytest

from menus.hours_text import HoursUnreadable, full_week, hours_text, read_hours_text

LUNCH = {"start": "08:00", "end": "14:00"}
DINNER = {"start": "17:00", "end": "21:00"}


def on(spans, *days):
    return full_week({day: spans for day in days})


WORKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday")


@pytest.mark.parametrize(
    ("text", "week"),
    [
        ("all day", full_week(None)),
        ("Sepanjang hari", full_week(None)),
        ("24 jam", full_week(None)),
        ("tutup", full_week({})),
        ("Mon-Fri 08:00-14:00", on([LUNCH], *WORKDAYS)),
        ("senin s/d jumat: 08.00 – 14.00", on([LUNCH], *WORKDAYS)),
        ("Jum'at 8-14", on([LUNCH], "friday")),
        ("Sabtu dan Minggu 08:00-14:00 + 17:00-21:00", on([LUNCH, DINNER], "saturday", "sunday")),
        ("Sat,Sun 8:00-14:00,17:00-21:00", on([LUNCH, DINNER], "saturday", "sunday")),
        ("Sat-Mon 08:00-14:00", on([LUNCH], "saturday", "sunday", "monday")),
        ("setiap hari 08:00-14:00", full_week(on([LUNCH], *WORKDAYS, "saturday", "sunday"))),
        ("08:00-14:00", full_week(on([LUNCH], *WORKDAYS, "saturday", "sunday"))),
        ("Mon 08:00-14:00, Tue 17:00-21:00", {**on([LUNCH], "monday"), "tuesday": [DINNER]}),
        ("Mon 08:00-14:00\nMon 17:00-21:00; Tue closed", on([LUNCH, DINNER], "monday")),
        ("Fri 22:00-02:00", on([{"start": "22:00", "end": "02:00"}], "friday")),
        ("Fri 17:00-24:00", on([{"start": "17:00", "end": "23:59"}], "friday")),
    ],
)
def test_read(text, week):
    assert read_hours_text(text) == week


@pytest.mark.parametrize(
    "text",
    ["", ";", "pagi", "Mon", "Mon 8", "Mon 25:00-26:00", "Xyz 08:00-14:00", "Mon-Tue-Wed 8-9", "Mon 8-9-10"],
)
def test_refused(text):
    with pytest.raises(HoursUnreadable):
        read_hours_text(text)


def test_written():
    week = {**on([LUNCH], *WORKDAYS), "saturday": [LUNCH, DINNER], "sunday": [LUNCH, DINNER]}
    assert hours_text(None) == hours_text(full_week(None))
    assert hours_text(week) == "Sen-Jum 08:00-14:00; Sab,Min 08:00-14:00+17:00-21:00"
