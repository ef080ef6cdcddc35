"""What to do with the chosen items."""

from decimal import Decimal, InvalidOperation
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from menus.forms.fields import read_rupiah
from menus.forms.ingredients import NamesField
from menus.models import Catalog, Menu, MenuItem, VariantCategory
from menus.text import HIGHEST_PRICE, clean

MOST_PERCENT = 1000


class BulkForm(forms.Form):
    operation = forms.ChoiceField(
        label=_("What to change"),
        choices=[
            ("price", _("Price")),
            ("stock", _("Stock")),
            ("hours", _("Hours")),
            ("attach", _("Add a variant category")),
            ("detach", _("Take a variant category away")),
            ("give", _("Add ingredients")),
            ("take", _("Take ingredients away")),
            ("move", _("Move to a menu")),
            ("delete", _("Take out of the menu")),
        ],
        error_messages={"required": _("Choose what to change.")},
    )
    how = forms.ChoiceField(
        label=_("How"),
        choices=[
            ("raise_percent", _("Raise by %")),
            ("lower_percent", _("Lower by %")),
            ("raise_rupiah", _("Raise by rupiah")),
            ("lower_rupiah", _("Lower by rupiah")),
            ("set", _("Set to")),
        ],
        required=False,
    )
    amount = forms.CharField(
        label=_("Amount"),
        required=False,
        max_length=40,
        widget=forms.TextInput({"inputmode": "decimal", "autocomplete": "off"}),
    )
    round_to = forms.TypedChoiceField(
        label=_("Round to"),
        choices=[(100, "100"), (500, "500"), (1000, "1.000"), (1, _("do not round"))],
        coerce=int,
        required=False,
        empty_value=None,
    )
    in_stock = forms.ChoiceField(
        label=_("Stock"), choices=[("1", _("In stock")), ("0", _("Out of stock"))], required=False
    )
    like = forms.ModelChoiceField(
        label=_("The hours of"),
        queryset=MenuItem.objects.none(),
        empty_label=_("All day, every day"),
        required=False,
        error_messages={"invalid_choice": _("This item is not there any more. Choose again.")},
    )
    category = forms.ModelChoiceField(
        label=_("Variant category"),
        queryset=VariantCategory.objects.none(),
        required=False,
        error_messages={
            "invalid_choice": _("A chosen variant category is not there any more. Choose again.")
        },
    )
    names = NamesField(
        label=_("Ingredients"), help_text=_("With commas between them, for example Ayam, Telur.")
    )
    menu = forms.ModelChoiceField(
        label=_("Menu"),
        queryset=Menu.objects.none(),
        required=False,
        error_messages={"invalid_choice": _("This menu is not there any more. Choose another one.")},
    )

    def __init__(self, data: Any, *, catalog: Catalog, initial: dict[str, Any] | None = None) -> None:
        super().__init__(data, initial=initial)
        for name, rows in (
            ("like", catalog.menu_items.filter(operational_hours__isnull=False)),
            ("category", catalog.variant_categories.all()),
            ("menu", catalog.menus.all()),
        ):
            self.fields[name].queryset = rows  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        values = super().clean() or {}
        operation = values.get("operation")
        if operation == "price" and "how" in values:
            try:
                values["amount"] = amount_of(values["how"] or "set", clean(values.get("amount")))
            except ValidationError as error:
                self.add_error("amount", error)
        for wanted, name in (("attach", "category"), ("detach", "category"), ("move", "menu")):
            if operation == wanted and not values.get(name) and name not in self.errors:
                self.add_error(name, _("Choose one."))
        if operation in ("give", "take") and not values.get("names") and "names" not in self.errors:
            self.add_error("names", _("Type at least one."))
        return values

    @property
    def values(self) -> dict[str, Any]:
        """What `menus.bulk` takes for the chosen operation; only after is_valid()."""
        typed = self.cleaned_data
        return {
            "price": lambda: {
                "how": typed["how"].rpartition("_")[2] or "set",
                "amount": typed["amount"],
                "round_to": typed["round_to"] or 100,
            },
            "stock": lambda: {"in_stock": typed["in_stock"] != "0"},
            "hours": lambda: {"hours": typed["like"].operational_hours if typed["like"] else None},
            "attach": lambda: {"category": typed["category"]},
            "detach": lambda: {"category": typed["category"]},
            "give": lambda: {"names": typed["names"]},
            "take": lambda: {"names": typed["names"]},
            "move": lambda: {"menu": typed["menu"]},
            "delete": dict,
        }[typed["operation"]]()


def amount_of(how: str, typed: str) -> Decimal:
    """Percent or rupiah, below zero when it lowers."""
    sign = -1 if how.startswith("lower") else 1
    if not how.endswith("percent"):
        rupiah = read_rupiah(typed)
        if rupiah is None or not 0 <= rupiah <= HIGHEST_PRICE:
            raise ValidationError(_("Type whole rupiah, for example 1.000."))
        return Decimal(sign * rupiah)
    try:
        percent = Decimal(typed.removesuffix("%").strip().replace(",", "."))
    except InvalidOperation:
        percent = Decimal(-1)
    if not percent.is_finite() or not 0 <= percent <= MOST_PERCENT or (sign < 0 and percent > 100):
        raise ValidationError(_("Type a percentage, for example 10 or 7,5."))
    return sign * percent
