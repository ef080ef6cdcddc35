"""Hours as people type them, a line a day."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from menus.forms.hours import TEMPLATES, HoursForm, line_of
from menus.hours import DAYS, read_hours, read_time, sendable
from menus.hours_text import full_week

CLOCK = st.builds("{:02}:{:02}".format, st.integers(0, 23), st.integers(0, 59))
SPANS = st.lists(st.tuples(CLOCK, CLOCK).filter(lambda ends: ends[0] != ends[1]), max_size=3)


def typed(**days):
    return HoursForm({day: days.get(day, "") for day in DAYS}, hours=None)


@pytest.mark.parametrize("text", ["pagi", "25:00-26:00", "8", "08:00", "08:00-14:00 x", "-", "💥", "8-14-20"])
def test_what_is_no_time_says_what_to_type(text):
    form = typed(monday=text)
    assert not form.is_valid()
    assert list(form.errors) == ["monday"]
    assert "08:00–14:00" in str(form.errors["monday"])


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("8-14", "08:00–14:00"),
        ("8.30 - 14.00 , 17 - 21", "08:30–14:00, 17:00–21:00"),
        ("08:00–14:00, 17:00–21:00", "08:00–14:00, 17:00–21:00"),
        ("8 sampai 12 dan 13 s/d 20", "08:00–12:00, 13:00–20:00"),
        ("22:00-02:00", "22:00–02:00"),
        ("18-24", "18:00–23:59"),
        ("sepanjang hari", "00:00–23:59"),
        ("tutup", ""),
        (" \x00 ", ""),
    ],
)
def test_what_people_type_is_read_as_they_mean_it(text, line):
    form = typed(monday=text)
    assert form.is_valid(), form.errors
    assert line_of(form.hours["monday"]) == line


@given(st.fixed_dictionaries({day: SPANS for day in DAYS}))
def test_what_the_form_takes_gofood_takes(week):
    form = typed(**{day: ", ".join(f"{a}-{b}" for a, b in spans) for day, spans in week.items()})
    assert form.is_valid(), form.errors
    sent = sendable(form.hours)
    assert set(sent) == set(DAYS)
    for spans in sent.values():
        for span in spans:
            assert read_time(span["start"]) == span["start"]
            assert span["start"] < span["end"]
        assert all(one["end"] <= two["start"] for one, two in pairwise(spans))
    assert sendable(read_hours(sent)) == sent


@given(st.fixed_dictionaries({day: SPANS for day in DAYS}))
def test_saving_what_is_shown_changes_nothing(week):
    hours = {day: [{"start": a, "end": b} for a, b in spans] for day, spans in week.items()}
    shown = HoursForm(None, hours=hours)
    again = HoursForm({field.name: field.value() for field in shown.days}, hours=hours)
    assert again.is_valid()
    assert full_week(again.hours) == full_week(hours)


@pytest.mark.parametrize("name", TEMPLATES)
def test_a_template_fills_the_week(name):
    form = HoursForm({"monday": "8-9", "friday": "10-11", "template": name}, hours=None)
    assert form.is_valid()
    assert set(form.hours) == set(DAYS)
    if name == "closed_monday":
        assert (form.hours["monday"], line_of(form.hours["friday"])) == ([], "10:00–11:00")
    if name == "like_monday":
        assert {line_of(spans) for spans in form.hours.values()} == {"08:00–09:00"}
