"""A price for a while: which, from when until when, and where."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from gobiz_admin.merchants.models import Outlet
from menus.forms.bulk import amount_of
from menus.text import clean

# A longer one is a new price.
LONGEST = timedelta(days=92)
CLOCK = ["%Y-%m-%dT%H:%M", "%Y-%m-%d %H:%M"]


def _moment(label: Any) -> forms.DateTimeField:
    return forms.DateTimeField(
        label=label,
        input_formats=CLOCK,
        widget=forms.DateTimeInput(
            format="%Y-%m-%dT%H:%M", attrs={"type": "datetime-local", "class": "form-control num"}
        ),
        error_messages={
            "required": _("Choose a date and a time."),
            "invalid": _("This time cannot be read. Choose a date and a time."),
        },
    )


class TimedForm(forms.Form):
    """Times are by the clock of each outlet; `starts` and `ends` come out without a zone."""

    label = forms.CharField(
        label=_("What it is called here"),
        max_length=60,
        widget=forms.TextInput({"class": "form-control", "autocomplete": "off"}),
        error_messages={"required": _("Give it a name, for example “Promo Jumat”.")},
    )
    how = forms.ChoiceField(
        label=_("How"),
        choices=[
            ("set", _("Set to")),
            ("lower_percent", _("Lower by %")),
            ("lower_rupiah", _("Lower by rupiah")),
            ("raise_percent", _("Raise by %")),
            ("raise_rupiah", _("Raise by rupiah")),
        ],
        widget=forms.Select({"class": "form-select"}),
    )
    amount = forms.CharField(
        label=_("Amount"),
        max_length=40,
        widget=forms.TextInput({"class": "form-control num", "inputmode": "decimal", "autocomplete": "off"}),
        error_messages={"required": _("Type an amount.")},
    )
    round_to = forms.TypedChoiceField(
        label=_("Round to"),
        choices=[(100, "100"), (500, "500"), (1000, "1.000"), (1, _("do not round"))],
        coerce=int,
        required=False,
        empty_value=None,
        widget=forms.Select({"class": "form-select"}),
    )
    starts = _moment(_("From"))
    ends = _moment(_("Until"))
    outlets = forms.ModelMultipleChoiceField(
        label=_("At these outlets"),
        queryset=Outlet.objects.none(),
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": _("Choose at least one outlet.")},
    )

    def __init__(self, *args: Any, outlets: Sequence[Outlet], **rest: Any) -> None:
        super().__init__(*args, **rest)
        self.all_outlets = list(outlets)
        field = self.fields["outlets"]
        field.queryset = Outlet.objects.filter(pk__in=[outlet.pk for outlet in outlets])  # type: ignore[attr-defined]
        field.initial = [outlet.pk for outlet in outlets]
        if len(outlets) == 1:
            # There is nothing to choose.
            field.required = False

    def clean_label(self) -> str:
        label = clean(self.cleaned_data["label"])
        if not label:
            raise ValidationError(self.fields["label"].error_messages["required"])
        return label

    def clean(self) -> dict[str, Any]:
        values = super().clean() or {}
        if values.get("how") and values.get("amount"):
            try:
                values["amount"] = amount_of(values["how"], clean(values["amount"]))
            except ValidationError as error:
                self.add_error("amount", error)
        for name in ("starts", "ends"):
            if values.get(name) is not None:
                values[name] = timezone.make_naive(values[name])
        if values.get("starts") and values.get("ends"):
            self._check_times(values["starts"], values["ends"])
        return values

    def _check_times(self, starts: datetime, ends: datetime) -> None:
        if ends <= starts:
            self.add_error("ends", _("It has to end later than it starts."))
        elif ends - starts > LONGEST:
            self.add_error(
                "ends", _("Choose an end within 92 days. What holds longer is the item's own price.")
            )
        elif any(ends.replace(tzinfo=outlet.zone) <= timezone.now() for outlet in self.all_outlets):
            self.add_error("ends", _("This time has passed. Choose a later one."))

    @property
    def chosen(self) -> list[Outlet]:
        """The outlets that were chosen, by name; only after is_valid()."""
        if len(self.all_outlets) == 1:
            return self.all_outlets
        pks = {outlet.pk for outlet in self.cleaned_data["outlets"]}
        return [outlet for outlet in self.all_outlets if outlet.pk in pks]

    @property
    def rule(self) -> tuple[str, Decimal, int]:
        """`how`, `amount` and `round_to` as `menus.bulk.new_price` takes them."""
        typed = self.cleaned_data
        return typed["how"].rpartition("_")[2] or "set", Decimal(typed["amount"]), typed["round_to"] or 100
