"""Which outlets are closed, why, and until when."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from gobiz_admin.gobiz.scopes import OUTLET_WRITE
from gobiz_admin.merchants.closing import Wish
from gobiz_admin.merchants.closings import OutletClosing
from gobiz_admin.merchants.models import Outlet
from gobiz_admin.merchants.moments import when
from menus.forms.stock import LONGEST
from orders.closing_times import HALF_HOUR, HOUR, OPENING, SAY, UNTIL, openings, reopen_times

# An outlet, and which wish of it the person saw.
CHOSEN = re.compile(r"([0-9]{1,18}):([0-9]{1,9})")


def closing_of(outlet: Outlet) -> OutletClosing | None:
    """The outlet's row; None: it was never closed from here."""
    return getattr(outlet, "closing", None)


def can_close(outlet: Outlet) -> bool:
    """Whether GoBiz lets the outlet's app close it, as far as is known."""
    return OUTLET_WRITE not in outlet.gobiz_app.scopes_missing


def choice_of(outlet: Outlet) -> str:
    """The value of the outlet's checkbox."""
    row = closing_of(outlet)
    return f"{outlet.pk}:{row.wish if row else 0}"


class ClosingForm(forms.Form):
    """`outlets` are those that may be chosen; a time is by the clock of each of them."""

    reason = forms.ChoiceField(
        choices=OutletClosing.Reason.choices,
        error_messages={"required": gettext_lazy("Choose why it is closed.")},
    )
    words = forms.CharField(
        label=gettext_lazy("In your own words"), required=False, max_length=120, strip=True
    )
    how_long = forms.ChoiceField(
        choices=[], error_messages={"required": gettext_lazy("Choose until when it is closed.")}
    )
    at = forms.DateTimeField(
        label=gettext_lazy("Until"),
        required=False,
        input_formats=["%Y-%m-%dT%H:%M"],
        widget=forms.DateTimeInput(attrs={"type": "datetime-local", "class": "form-control"}),
    )

    def __init__(self, *args: Any, outlets: Sequence[Outlet], **rest: Any) -> None:
        super().__init__(*args, **rest)
        self.outlets = [outlet for outlet in outlets if can_close(outlet)]
        self.fields["how_long"].choices = self._how_long()  # type: ignore[attr-defined]

    def _how_long(self) -> list[tuple[str, str]]:
        if len(self.outlets) == 1:
            opening = when(openings(self.outlets)[self.outlets[0].pk], self.outlets[0].zone)
            next_opening = _("Until it opens next: %(when)s") % {"when": opening}
        else:
            next_opening = _("Until each outlet opens next, by the hours of its menu")
        return [
            (HALF_HOUR, _("30 minutes")),
            (HOUR, _("One hour")),
            (OPENING, next_opening),
            (UNTIL, _("Until a time")),
            (SAY, _("Until I open it")),
        ]

    @property
    def seen(self) -> dict[int, int]:
        """By chosen outlet the wish that the person saw."""
        typed = self.data.getlist("outlets") if hasattr(self.data, "getlist") else []
        found = {int(m[1]): int(m[2]) for m in map(CHOSEN.fullmatch, typed) if m}
        return {outlet.pk: found[outlet.pk] for outlet in self.outlets if outlet.pk in found}

    def clean(self) -> dict[str, Any]:
        data: dict[str, Any] = super().clean() or {}
        if not self.seen:
            raise ValidationError(_("Choose at least one outlet. Nothing was closed."))
        if data.get("reason") == OutletClosing.Reason.OTHER and not data.get("words"):
            self.add_error("words", _("Say in a few words why it is closed."))
        if data.get("how_long") == UNTIL and "at" not in self.errors:
            self._check_time(data)
        return data

    def _check_time(self, data: dict[str, Any]) -> None:
        if data.get("at") is None:
            self.add_error("at", _("Choose a date and a time."))
            return
        times = self._times(data).values()
        if any(time is not None and time <= timezone.now() for time in times):
            self.add_error("at", _("This time has passed. Choose a later one."))
        elif any(time is not None and time > timezone.now() + LONGEST for time in times):
            self.add_error("at", _("Choose a time within 60 days, or “until I open it”."))

    def _times(self, data: dict[str, Any]) -> dict[int, Any]:
        seen = self.seen
        chosen = [outlet for outlet in self.outlets if outlet.pk in seen]
        return reopen_times(data["how_long"], chosen, data.get("at"))

    @property
    def wish(self) -> Wish:
        """What the valid form asks for."""
        data = self.cleaned_data
        return Wish(data["reason"], data["words"], self._times(data))
