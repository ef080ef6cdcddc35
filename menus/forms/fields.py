"""Fields that take what people type: money in rupiah, and text without what PostgreSQL refuses."""

import re
from decimal import Decimal
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from gobiz_admin.merchants.templatetags.wording import rupiah
from menus.text import HIGHEST_PRICE, clean

Words = str | Promise

# One kind of separator between groups of three, then perhaps the cents that nobody has: ",00", ",-".
GROUPED = re.compile(r"(?:[0-9]{1,3}(?:\.[0-9]{3})+|[0-9]+)(?:,00|,-)?")
GROUPED_BY_COMMA = re.compile(r"[0-9]{1,3}(?:,[0-9]{3})+(?:\.00)?")
CURRENCY = re.compile(r"(?i:rp\.?|idr)")
MINUS = str.maketrans({"−": "-", "–": "-"})
# What people and spreadsheet programs write short: `1.5e4`, `15rb`, `1,5 juta`.
SHORT = re.compile(r"([0-9]{1,9}(?:[.,][0-9]{1,9})?)(?:e\+?([0-9]{1,2})|(k|rb|ribu|jt|juta))", re.IGNORECASE)
ZEROS_OF = {"k": 3, "rb": 3, "ribu": 3, "jt": 6, "juta": 6}
LONGEST_AMOUNT = 40


def read_rupiah(text: str) -> int | None:
    """The whole rupiah that `15.000`, `15,000`, `Rp 15.000`, `15000` or `-Rp 1.000` mean; else None."""
    bare = CURRENCY.sub("", text, count=1).translate(MINUS)
    bare = re.sub(r"\s", "", bare)
    if len(bare) > LONGEST_AMOUNT:
        # Python refuses to make a number of thousands of digits.
        return None
    sign = -1 if bare.startswith("-") else 1
    bare = bare[1:] if bare[:1] in ("-", "+") else bare
    if GROUPED.fullmatch(bare):
        return sign * int(bare.split(",")[0].replace(".", ""))
    if GROUPED_BY_COMMA.fullmatch(bare):
        return sign * int(bare.split(".")[0].replace(",", ""))
    return None


def written_short(text: str) -> int | None:
    """The whole rupiah that `1.5e4` or `15rb` seem to mean: to be asked about, never taken."""
    bare = re.sub(r"\s", "", CURRENCY.sub("", text, count=1))
    match = SHORT.fullmatch(bare)
    if match is None:
        return None
    zeros = int(match[2]) if match[2] else ZEROS_OF[match[3].lower()]
    amount = Decimal(match[1].replace(",", ".")).scaleb(zeros)
    return int(amount) if amount == int(amount) and amount <= HIGHEST_PRICE else None


class RupiahInput(forms.TextInput):
    """`Rp 15.000` once it has been read, and what was typed as long as it has not."""

    def __init__(self, attrs: dict[str, Any] | None = None) -> None:
        super().__init__({"data-price": "", "inputmode": "decimal", "autocomplete": "off", **(attrs or {})})

    def format_value(self, value: Any) -> str | None:
        return rupiah(value) if isinstance(value, int) else value


class RupiahField(forms.Field):
    """Whole rupiah, as an integer; below zero only where a reduction makes sense."""

    widget = RupiahInput
    unreadable = _("“%(typed)s” is not an amount we can read. Type whole rupiah, for example 15.000.")
    short = _("“%(typed)s” is written short. If you mean %(amount)s, type %(digits)s.")
    negative = _("A price cannot be below zero. Type whole rupiah, for example 15.000.")
    too_high = _("This is more than %(highest)s. Type the price in rupiah, for example 15.000.")

    def __init__(self, *, below_zero: bool = False, **options: Any) -> None:
        required = _("Type the price in whole rupiah, for example 15.000.")
        super().__init__(**{"error_messages": {"required": required}, **options})
        self.below_zero = below_zero

    def to_python(self, value: Any) -> int | None:
        typed = clean(value)
        if not typed:
            return None
        amount = read_rupiah(typed)
        if amount is None:
            raise self._refusal(typed)
        return amount

    def _refusal(self, typed: str) -> ValidationError:
        """What was typed, and what to type instead."""
        meant = written_short(typed)
        if meant is not None:
            facts = {"typed": typed, "amount": rupiah(meant), "digits": str(meant)}
            return ValidationError(self.short, code="short", params=facts)
        shown = typed if len(typed) <= 30 else typed[:30] + "…"
        return ValidationError(self.unreadable, code="unreadable", params={"typed": shown})

    def validate(self, value: int | None) -> None:
        super().validate(value)
        if value is None:
            return
        if value < 0 and not self.below_zero:
            raise ValidationError(self.negative, code="negative")
        if abs(value) > HIGHEST_PRICE:
            raise ValidationError(self.too_high, code="too_high", params={"highest": rupiah(HIGHEST_PRICE)})


class TextField(forms.CharField):
    """Text of at most `longest` characters; one that GoFood gave us stays as it is until it is changed."""

    # A NUL that came with a paste means nothing: it is left out, in to_python, instead of refused.
    default_validators = []

    def __init__(self, *, longest: int, what: Words, lines: int = 1, **options: Any) -> None:
        attrs = {"data-most": longest, "autocomplete": "off"}
        widget = forms.Textarea({**attrs, "rows": lines}) if lines > 1 else forms.TextInput(attrs)
        super().__init__(widget=widget, **options)
        self.validators = []
        self.longest, self.what = longest, what
        if self.required:
            self.error_messages["required"] = _("Type something here: GoFood shows nothing without it.")

    def to_python(self, value: Any) -> str:
        text = super().to_python(value) or ""
        return clean(text.replace("\r\n", "\n"))

    def has_changed(self, initial: Any, data: Any) -> bool:
        return self.to_python(initial or "") != self.to_python(data or "")

    def refuse_if_too_long(self, text: str) -> None:
        """ValidationError that says by how much; the form asks only for what was changed."""
        over = len(text) - self.longest
        if over > 0:
            raise ValidationError(
                ngettext(
                    "%(what)s has %(length)d characters, and GoFood takes %(longest)d. Leave out %(over)d character.",
                    "%(what)s has %(length)d characters, and GoFood takes %(longest)d. Leave out %(over)d characters.",
                    over,
                ),
                code="too_long",
                params={"what": self.what, "length": len(text), "longest": self.longest, "over": over},
            )


class ChangedTextMixin:
    """A form whose texts may not grow past what GoFood takes; what came too long is left in peace."""

    fields: dict[str, forms.Field]
    changed_data: list[str]
    cleaned_data: dict[str, Any]

    def show_counters(self) -> None:
        """Tell each text where its counter stands (static/js/counter.js)."""
        for name, field in self.fields.items():
            if isinstance(field, TextField):
                field.widget.attrs["data-counter"] = f"id_{name}_count"

    def check_lengths(self) -> None:
        for name in self.changed_data:
            field = self.fields[name]
            if isinstance(field, TextField) and name in self.cleaned_data:
                try:
                    field.refuse_if_too_long(self.cleaned_data[name])
                except ValidationError as error:
                    self.add_error(name, error)  # type: ignore[attr-defined]
