"""For how long something is off."""

from datetime import datetime, timedelta
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from menus.stock_times import FOR_NOW, HOUR, TODAY, UNTIL, back_at

# Who means longer than this means "until I say".
LONGEST = timedelta(days=60)


class OffForm(forms.Form):
    """`now` and `opening` are by the outlet's clock; so is the time that is typed."""

    how_long = forms.ChoiceField(
        choices=[(HOUR, ""), (TODAY, ""), (UNTIL, ""), (FOR_NOW, "")], widget=forms.RadioSelect
    )
    at = forms.DateTimeField(
        label=_("Until"),
        required=False,
        input_formats=["%Y-%m-%dT%H:%M"],
        widget=forms.DateTimeInput(attrs={"type": "datetime-local", "class": "form-control"}),
    )

    def __init__(self, *args: Any, now: datetime, opening: datetime, **rest: Any) -> None:
        super().__init__(*args, **rest)
        self.now, self.opening = now, opening

    def clean(self) -> dict[str, Any]:
        data: dict[str, Any] = super().clean() or {}
        if data.get("how_long") == UNTIL and "at" not in self.errors:
            data["at"] = self._checked(data.get("at"))
        return data

    def _checked(self, at: datetime | None) -> datetime:
        if at is None:
            raise ValidationError({"at": _("Choose a date and a time.")})
        if at <= timezone.now():
            raise ValidationError({"at": _("This time has passed. Choose a later one.")})
        if at > timezone.now() + LONGEST:
            raise ValidationError({"at": _("Choose a time within 60 days, or “until I say”.")})
        return at

    @property
    def back_at(self) -> datetime | None:
        """When it comes back; None: when somebody says so."""
        data = self.cleaned_data
        return back_at(data["how_long"], self.now, self.opening, data.get("at"))
