"""The weekly hours of an item: a line of times for each day, as people write them."""

from collections.abc import Callable
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from menus.hours import Hours, Span, all_day
from menus.hours_text import WEEK, HoursUnreadable, full_week, read_hours_text
from menus.text import clean

DAYS = {
    "monday": _("Monday"),
    "tuesday": _("Tuesday"),
    "wednesday": _("Wednesday"),
    "thursday": _("Thursday"),
    "friday": _("Friday"),
    "saturday": _("Saturday"),
    "sunday": _("Sunday"),
}


def _every_day(*spans: tuple[str, str]) -> Hours:
    return {day: [{"start": start, "end": end} for start, end in spans] for day in WEEK}


def _like_monday(typed: Hours) -> Hours:
    return {day: list(typed["monday"]) for day in WEEK}


# What a button fills the week with, from what is typed there.
TEMPLATES: dict[str, tuple[Any, Callable[[Hours], Hours]]] = {
    "all_day": (_("All day"), lambda typed: all_day()),
    "breakfast": (_("Breakfast 06:00–11:00"), lambda typed: _every_day(("06:00", "11:00"))),
    "lunch": (_("Lunch 11:00–15:00"), lambda typed: _every_day(("11:00", "15:00"))),
    "evening": (_("Evening 17:00–22:00"), lambda typed: _every_day(("17:00", "22:00"))),
    "closed_monday": (_("Not on Mondays"), lambda typed: {**typed, "monday": []}),
    "closed_sunday": (_("Not on Sundays"), lambda typed: {**typed, "sunday": []}),
    "like_monday": (_("Every day as on Monday"), _like_monday),
}


def line_of(spans: list[Span]) -> str:
    """`08:00–14:00, 17:00–21:00`; "" where it is not sold."""
    return ", ".join(f"{span['start']}–{span['end']}" for span in spans)


class DayField(forms.CharField):
    """The spans of one day; nothing typed is a day on which it is not sold."""

    unreadable = _("“%(typed)s” are no times we can read. Type for example 08:00–14:00, 17:00–21:00.")

    def to_python(self, value: Any) -> list[Span]:  # type: ignore[override]
        typed = clean(value)
        if not typed:
            return []
        try:
            # Without the name of a day it means every day.
            return read_hours_text(typed)["monday"]
        except HoursUnreadable as error:
            raise ValidationError(self.unreadable, params={"typed": str(error)[:40]}) from None

    def validate(self, value: Any) -> None:
        """An empty day is a closed one."""

    def run_validators(self, value: Any) -> None:
        """Spans are not text."""


class HoursForm(forms.Form):
    template = forms.ChoiceField(
        choices=[(name, label) for name, (label, _) in TEMPLATES.items()], required=False
    )

    def __init__(self, data: Any, *, hours: Hours | None) -> None:
        week = full_week(hours)
        super().__init__(data, initial={day: line_of(week[day]) for day in WEEK})
        for day in WEEK:
            self.fields[day] = DayField(
                label=DAYS[day],
                required=False,
                widget=forms.TextInput({"autocomplete": "off", "placeholder": _("not sold")}),
            )

    @property
    def days(self) -> list[forms.BoundField]:
        return [self[day] for day in WEEK]

    @property
    def hours(self) -> Hours:
        """All seven days; only after is_valid()."""
        typed = {day: self.cleaned_data[day] for day in WEEK}
        name = self.cleaned_data.get("template")
        return TEMPLATES[name][1](typed) if name else typed

    @property
    def templates(self) -> list[tuple[str, Any]]:
        return [(name, label) for name, (label, _) in TEMPLATES.items()]
