"""What items and variants are made of, as it is typed and chosen; and at which outlets one is out."""

from collections.abc import Sequence
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from gobiz_admin.merchants.models import Outlet
from menus.forms.stock import OffForm
from menus.ingredients import LONGEST_NAME, IngredientRefused, names_in
from menus.sentences import INGREDIENT


def refusal(refused: IngredientRefused) -> ValidationError:
    """What is wrong with the ingredients, in the merchant's words."""
    return ValidationError(str(INGREDIENT[refused.code]), code=refused.code)


class NamesField(forms.CharField):
    """Names with commas between them, as a list."""

    def __init__(self, **options: Any) -> None:
        widget = forms.TextInput({"autocomplete": "off", "list": "ingredient-names"})
        super().__init__(**{"required": False, "widget": widget, "max_length": 1000, **options})

    def clean(self, value: Any) -> list[str]:
        try:
            return names_in(super().clean(value))
        except IngredientRefused as refused:
            raise refusal(refused) from None


class ChosenNamesField(forms.MultipleChoiceField):
    """Names as checkboxes, and more of them in a field of text; all of them as a list."""

    widget = forms.CheckboxSelectMultiple

    def __init__(self, **options: Any) -> None:
        super().__init__(**{"required": False, **options})

    def to_python(self, value: Any) -> list[str]:
        try:
            return names_in(";".join(super().to_python(value)))
        except IngredientRefused as refused:
            raise refusal(refused) from None

    def validate(self, value: list[str]) -> None:
        """Any name will do: one that is not known is made."""


class IngredientForm(forms.Form):
    name = forms.CharField(label=_("Ingredient"), max_length=LONGEST_NAME, required=False)


class OutForm(OffForm):
    """As OffForm; `outlets`: where, of those that sell it."""

    outlets = forms.MultipleChoiceField(
        label=_("At which outlets?"),
        widget=forms.CheckboxSelectMultiple,
        error_messages={
            "required": _("Choose at least one outlet."),
            "invalid_choice": _("A chosen outlet does not sell this menu any more. Choose again."),
        },
    )

    def __init__(self, *args: Any, sellers: Sequence[Outlet], **rest: Any) -> None:
        super().__init__(*args, **rest)
        self.sellers = sellers
        self.fields["outlets"].choices = [(str(outlet.pk), outlet.name) for outlet in sellers]  # type: ignore[attr-defined]

    @property
    def chosen(self) -> list[Outlet]:
        """Only after is_valid()."""
        return [outlet for outlet in self.sellers if str(outlet.pk) in self.cleaned_data["outlets"]]
