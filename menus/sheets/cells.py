"""One cell: a value of ours as a spreadsheet holds it, and what somebody typed as a value of ours."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from menus.forms.fields import RupiahField, TextField, Words
from menus.hours_text import HoursUnreadable, hours_text, read_hours_text
from menus.ingredients import IngredientRefused, names_in
from menus.sentences import INGREDIENT
from menus.text import clean, folded, whole_number

# Excel takes 32,767 UTF-16 units, and of an emoji two.
LONGEST = 16_000
LARGEST_QUANTITY = 2**31 - 1
# What XML cannot hold.
CONTROLS = re.compile("[\x01-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")
# What a spreadsheet runs when a cell begins with it, in full width too.
FORMULA = re.compile("'*[=+\\-@\uff1d\uff0b\uff0d\uff20]")
QUOTED = re.compile("'+[=+\\-@\uff1d\uff0b\uff0d\uff20]")
YES = {"yes", "y", "ya", "true", "benar", "1", "ada", "in stock", "tersedia", "x", "✓"}
NO = {"no", "n", "tidak", "tdk", "false", "salah", "0", "habis", "kosong", "out of stock", "sold out"}


class CellRefused(Exception):
    """What was typed cannot be taken; `words` say what to type instead, `code` names it."""

    def __init__(self, code: str, words: Words) -> None:
        super().__init__(code)
        self.code, self.words = code, words


@dataclass(frozen=True)
class Field:
    """What of a row stands in a column. `empties`: an empty cell empties it; else it leaves it alone."""

    name: str
    written: Callable[[Any], str]
    read: Callable[[str], Any]
    empties: bool = False
    # What a new row gets where nothing is given; a required one has none.
    otherwise: Any = None
    required: bool = False


def as_cell(text: str) -> str:
    """The text as every spreadsheet keeps it: what was written and comes back is the same by this."""
    text = clean(text).replace("\r\n", "\n").replace("\r", "\n")
    return CONTROLS.sub("\N{REPLACEMENT CHARACTER}", text).strip()[:LONGEST].strip()


def quoted(text: str) -> str:
    """The text, with an apostrophe before what a spreadsheet would run."""
    return f"'{text}" if FORMULA.match(text) else text


def unquoted(text: str) -> str:
    """The text without the apostrophe of `quoted`."""
    return text[1:] if QUOTED.match(text) else text


def _read_text(longest: int, what: Words) -> Callable[[str], str]:
    field = TextField(longest=longest, what=what, required=False)

    def read(cell: str) -> str:
        text = field.to_python(CONTROLS.sub("", cell))
        _ask(lambda: field.refuse_if_too_long(text))
        return text

    return read


def _ask(question: Callable[[], Any]) -> Any:
    try:
        return question()
    except ValidationError as error:
        first = error.error_list[0]
        raise CellRefused(str(first.code), first.messages[0]) from None


def _read_price(*, below_zero: bool) -> Callable[[str], int]:
    field: forms.Field = RupiahField(below_zero=below_zero)
    return lambda cell: _ask(lambda: field.clean(cell))


def read_stock(cell: str) -> bool:
    word = " ".join(cell.casefold().split())
    if word in YES:
        return True
    if word in NO:
        return False
    raise CellRefused(
        "stock", _("“%(typed)s” says neither yes nor no. Type yes or no.") % {"typed": short(cell)}
    )


def written_stock(in_stock: bool) -> str:
    return _("yes") if in_stock else _("no")


def read_quantity(cell: str) -> int:
    number = whole_number(cell)
    if number is None or not 0 <= number <= LARGEST_QUANTITY:
        words = _("“%(typed)s” is not a number of choices. Type a whole number, for example 1.")
        raise CellRefused("quantity", words % {"typed": short(cell)})
    return number


def read_hours_cell(cell: str) -> Any:
    try:
        return read_hours_text(cell)
    except HoursUnreadable as error:
        words = _(
            "“%(typed)s” are no hours that we can read. Type for example: Mon-Fri 08:00-14:00; "
            "Sat,Sun 08:00-12:00+17:00-21:00. Or: all day."
        )
        raise CellRefused("hours", words % {"typed": short(str(error))}) from None


def read_address(cell: str) -> str:
    text = clean(CONTROLS.sub("", cell))
    try:
        parts = urlsplit(text)
        good = parts.scheme in ("http", "https") and bool(parts.hostname) and not re.search(r"\s", text)
    except ValueError:
        good = False
    if not good or len(text) > 2000:
        words = _("“%(typed)s” is not the address of a picture. It begins with https://")
        raise CellRefused("address", words % {"typed": short(cell)})
    return text


def short(text: str, most: int = 40) -> str:
    """Text of any length, fit for a sentence."""
    text = " ".join(text.split())
    return text if len(text) <= most else text[: most - 1] + "…"


def _same(text: str) -> str:
    return text


def _name(longest: int = 150) -> Field:
    return Field("name", _same, _read_text(longest, gettext_lazy("This name")), required=True)


def _internal_name(name: str) -> Field:
    read = _read_text(200, gettext_lazy("This internal name"))
    return Field(name, _same, read, empties=True, otherwise="")


def written_names(names: list[str]) -> str:
    return "; ".join(names)


def read_names(cell: str) -> list[str]:
    try:
        return sorted(names_in(cell), key=folded)
    except IngredientRefused as refused:
        raise CellRefused("ingredients", str(INGREDIENT[refused.code])) from None


INGREDIENTS = Field("ingredients", written_names, read_names, empties=True, otherwise=None)
IN_STOCK = Field("in_stock", written_stock, read_stock, otherwise=True)
# By kind, the fields of a row whose cells need nothing but themselves to be read.
FIELDS: dict[str, tuple[Field, ...]] = {
    "item": (
        _name(),
        _internal_name("internal_name"),
        Field(
            "description",
            _same,
            _read_text(200, gettext_lazy("This description")),
            empties=True,
            otherwise="",
        ),
        Field("price", str, _read_price(below_zero=False), required=True),
        IN_STOCK,
        Field("picture", _same, read_address, otherwise=""),
        Field("hours", hours_text, read_hours_cell),
        INGREDIENTS,
    ),
    "variant_category": (
        _name(),
        _internal_name("internal_name"),
        Field("min_quantity", str, read_quantity, otherwise=0),
        Field("max_quantity", str, read_quantity, otherwise=1),
    ),
    "variant": (
        _name(),
        Field("price", str, _read_price(below_zero=True), otherwise=0),
        IN_STOCK,
        INGREDIENTS,
    ),
}
