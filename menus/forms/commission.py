"""The commission, as people type a share of a hundred."""

import re
from decimal import Decimal
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from gobiz_admin.merchants.models import HIGHEST_COMMISSION, Outlet
from menus.forms.fields import MINUS
from menus.text import clean

# `20`, `20,5`, `20.50 %`; "−" is a minus that a phone's keyboard makes.
PERCENT = re.compile(r"([+-]?)([0-9]{1,9})(?:[.,]([0-9]*))?\s*(?:%|persen|percent)?", re.IGNORECASE)
ALL = "all"


def read_percent(text: str) -> Decimal | None:
    """The number that `20`, `20%`, `20,5` or `20.50 %` means, below zero with a minus; else None."""
    match = PERCENT.fullmatch(text.translate(MINUS).strip())
    return Decimal(f"{match[1]}{match[2]}.{match[3] or 0}") if match else None


class PercentField(forms.Field):
    """A share from 0 to 60 percent, with at most two decimals; None when nothing is typed."""

    widget = forms.TextInput(attrs={"inputmode": "decimal", "autocomplete": "off"})
    unreadable = _("“%(typed)s” is not a percentage we can read. Type a number, for example 20 or 20,5.")
    negative = _("A commission cannot be below zero. Type a number, for example 20 or 20,5.")
    too_high = _("This is more than %(highest)d percent. Type the share of the price that GoFood takes.")
    too_exact = _("Type at most two digits behind the comma, for example 20,25.")

    def to_python(self, value: Any) -> Decimal | None:
        typed = clean(value)
        if not typed:
            return None
        percent = read_percent(typed)
        if percent is None:
            shown = typed if len(typed) <= 30 else typed[:30] + "…"
            raise ValidationError(self.unreadable, code="unreadable", params={"typed": shown})
        return percent

    def validate(self, value: Decimal | None) -> None:
        super().validate(value)
        if value is None:
            return
        if value < 0:
            raise ValidationError(self.negative, code="negative")
        if value > HIGHEST_COMMISSION:
            raise ValidationError(self.too_high, code="too_high", params={"highest": HIGHEST_COMMISSION})
        if value != value.quantize(Decimal("0.01")):
            raise ValidationError(self.too_exact, code="too_exact")


class CommissionForm(forms.Form):
    percent = PercentField(
        label=_("Commission in percent"),
        required=False,
        help_text=_("For example 20 or 20,5. Empty: not known, and nothing is shown next to the prices."),
    )
    # "all" has to be said: a form that lost this field must not change every outlet.
    where = forms.ChoiceField(
        label=_("Outlet"),
        error_messages={
            "required": _("Choose the outlet."),
            "invalid_choice": _("This outlet is not there any more. Choose another one."),
        },
    )

    def __init__(self, data: Any, *, outlets: list[Outlet], chosen: Outlet | None) -> None:
        self.outlets = outlets
        known = chosen.commission_percent if chosen else None
        initial = {"where": chosen.pk if chosen else ALL, "percent": percent_words(known)}
        super().__init__(data, initial=initial)
        rows = [(str(outlet.pk), str(outlet)) for outlet in outlets]
        everywhere = [(ALL, _("All outlets"))] if len(outlets) > 1 else []
        self.fields["where"].choices = [*everywhere, *rows]  # type: ignore[attr-defined]

    @property
    def chosen(self) -> list[Outlet]:
        """The outlets that it is for; only after is_valid()."""
        where = self.cleaned_data["where"]
        return [outlet for outlet in self.outlets if where in (ALL, str(outlet.pk))]


def percent_words(percent: Decimal | None) -> str:
    """`20` or `20,5`: as it is typed here; "" when it is not known."""
    if percent is None:
        return ""
    text = f"{percent:f}"
    return (text.rstrip("0").rstrip(".") if "." in text else text).replace(".", ",")
