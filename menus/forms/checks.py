"""What is typed on the checks page, and what is typed into a field that is checked meanwhile."""

import json
from collections.abc import Mapping
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from menus.checks.typing import TYPED
from menus.forms.fields import RupiahField
from menus.text import clean, whole_number

NO_NUMBER = _("Type a whole number, for example 1.")


class MostChangedForm(forms.Form):
    percent = forms.IntegerField(
        label=_("Ask when more of the prices change at once than, in percent"),
        min_value=1,
        max_value=100,
        widget=forms.NumberInput({"class": "form-control", "inputmode": "numeric"}),
    )


def read_typed(kind: str, post: Mapping[str, str]) -> dict[str, Any]:
    """The values of the row's fields that were sent, as they would be saved; ValidationError for no value."""
    return {name: _read(kind, name, post[name]) for name in sorted(TYPED[kind]) if name in post}


def _read(kind: str, name: str, typed: str) -> Any:
    if name == "price":
        return RupiahField(below_zero=kind == "variant").clean(typed)
    if name in ("min_quantity", "max_quantity"):
        number = whole_number(typed)
        if number is None:
            raise ValidationError(NO_NUMBER)
        return number
    if name == "in_stock":
        return typed in ("1", "on", "true")
    if name == "operational_hours":
        return _hours(typed)
    # As the editor keeps it: without the spaces around it.
    return clean(typed.replace("\r\n", "\n"))


def _hours(typed: str) -> Any:
    try:
        return json.loads(typed) if typed.strip() else None
    except (ValueError, RecursionError):
        # No JSON is what `hours_unreadable` finds.
        return typed
