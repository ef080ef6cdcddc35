"""What is typed or chosen for single outlets: one place, or many at once."""

from collections.abc import Callable, Mapping
from decimal import Decimal, InvalidOperation
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from gobiz_admin.merchants.templatetags.wording import rupiah
from menus.forms.fields import RupiahField, read_rupiah
from menus.matrix import Place
from menus.models import Catalog
from menus.override_plans import Verb
from menus.overrides import NONE, Values
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


STOCK = {"1": True, "0": False}


class Sent:
    """The form of a thing at an outlet as it was sent: `typed`, and `shown`, what it says that it showed before.

    A page may be open for an hour before it is saved. Saved is what was typed over what was shown, and nothing
    else: stock that somebody switched off meanwhile stays off when a price is saved.
    """

    def __init__(self, data: Mapping[str, Any], kind: str) -> None:
        self.kind, self.clears = kind, "clear" in data
        self.typed = {
            "price": data.get("price", ""),
            "in_stock": data.get("in_stock", ""),
            "hidden": "1" if "hidden" in data else "",
        }
        self.shown = {field: data[f"shown-{field}"] for field in NONE if f"shown-{field}" in data}

    def changes(self) -> Values:
        """What is to be set; ValidationError when the price cannot be read."""
        if self.clears:
            return NONE
        typed, seen = self._typed(), self.seen()
        return {field: value for field, value in typed.items() if field not in seen or seen[field] != value}

    def seen(self) -> Values:
        """What was shown of the outlet's own values; nothing of a field that the form says nothing of."""
        read: dict[str, Callable[[str], Any]] = {"price": read_rupiah, "in_stock": STOCK.get, "hidden": bool}
        return {field: read[field](value) for field, value in self.shown.items()}

    def _typed(self) -> Values:
        return {
            "price": price_field(self.kind).clean(self.typed["price"]),
            "in_stock": STOCK.get(self.typed["in_stock"]),
            "hidden": bool(self.typed["hidden"]),
        }

    def touched(self) -> list[str]:
        """The fields that somebody typed in or chose; a price that cannot be read is one."""
        if self.clears:
            return []
        try:
            return list(self.changes())
        except ValidationError:
            others = (field for field in ("in_stock", "hidden") if self.typed[field] != self.shown.get(field))
            return ["price", *others]


class PlaceForm:
    """What an outlet has of its own of a thing, as the form has it: "" is as in the catalog."""

    def __init__(self, at: Place, saved: bool = False) -> None:
        self.at, self.saved, self.error, self.wrong = at, saved, "", list[str]()
        own = {field: getattr(at.override, field) if at.override else none for field, none in NONE.items()}
        stock = {True: "1", False: "0"}.get(own["in_stock"], "")
        hidden = "1" if own["hidden"] else ""
        self.values = {"price": rupiah(at.price) if at.own_price else "", "in_stock": stock, "hidden": hidden}
        self.shown = {**self.values, "price": str(at.price) if at.own_price else ""}

    def refuse(self, sent: Sent, error: str, wrong: list[str], told: bool = False) -> None:
        """What was typed stays, with what is wrong. `told`: of what stands there now; the next Save means it."""
        self.error, self.wrong = error, wrong
        for field in sent.touched():
            self.values[field] = sent.typed[field]
            if field in sent.shown and not told:
                self.shown[field] = sent.shown[field]


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
