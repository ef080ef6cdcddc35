"""What is typed or chosen for single outlets: one place, or many at once."""

from decimal import Decimal, InvalidOperation
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from menus.forms.fields import RupiahField
from menus.models import Catalog
from menus.override_plans import Verb
from menus.text import clean

VERBS: list[tuple[str, Any]] = [
    ("price", _("Set the price")),
    ("percent", _("Raise or lower the price by %")),
    ("stock-1", _("In stock")),
    ("stock-0", _("Out of stock")),
    ("hidden-1", _("Hide")),
    ("hidden-0", _("Show again")),
    ("clear", _("As in the catalog again")),
]
LOWEST_PERCENT, HIGHEST_PERCENT = Decimal(-90), Decimal(500)


def price_field(kind: str) -> RupiahField:
    """Empty means: as in the catalog."""
    return RupiahField(required=False, below_zero=kind == "variant")


class PercentField(forms.CharField):
    """`10`, `-7,5`, `12 %`: a percentage, as a decimal."""

    def to_python(self, value: Any) -> Any:
        typed = clean(value)
        bare = typed.rstrip("%").strip().replace(",", ".").replace("−", "-")
        try:
            percent = Decimal(bare) if len(bare) <= 10 else Decimal("NaN")
        except InvalidOperation:
            percent = Decimal("NaN")
        if not percent.is_finite() or not LOWEST_PERCENT <= percent <= HIGHEST_PERCENT or not percent:
            raise ValidationError(
                _("Type a percentage from −90 to 500, for example 10 to raise or -10 to lower."),
                code="percent",
            )
        return percent


class OutletsField(forms.ModelMultipleChoiceField):
    def label_from_instance(self, obj: Any) -> str:
        return str(obj.name)


class ManyForm(forms.Form):
    """One verb for many things at many outlets; `kind` is "item" or "variant"."""

    kind = forms.ChoiceField(choices=[("item", "item"), ("variant", "variant")])
    verb = forms.ChoiceField(label=_("What"), choices=VERBS)
    amount = forms.CharField(label=_("Price or percentage"), required=False)

    def __init__(self, catalog: Catalog, outlets: Any, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        kind = self.data.get("kind")
        things = catalog.variants.all() if kind == "variant" else catalog.menu_items.all()
        choose = {
            "things": _("Choose at least one row of the table."),
            "outlets": _("Choose at least one outlet."),
        }
        gone = _("Something that you chose is not sold here any more. Reload the page.")
        for name, rows in (("outlets", outlets), ("things", things)):
            messages = {"required": choose[name], "invalid_choice": gone, "invalid_pk_value": gone}
            self.fields[name] = OutletsField(rows, error_messages=messages)

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        word, _dash, switch = str(data.get("verb", "")).partition("-")
        amount = Decimal(switch or 0)
        try:
            if word == "price":
                amount = Decimal(self._price(data))
            elif word == "percent":
                amount = PercentField().clean(data.get("amount"))
        except ValidationError as error:
            self.add_error("amount", error)
        data["as_verb"] = Verb(word, amount)
        return data

    def _price(self, data: dict[str, Any]) -> int:
        field = RupiahField(below_zero=data.get("kind") == "variant")
        return int(field.clean(data.get("amount")))
