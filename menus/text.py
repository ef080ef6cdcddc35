"""Text and numbers from outside, made fit for PostgreSQL, or known to be unreadable."""

import re
from typing import Any

LARGEST = 2**63 - 1
# In rupiah; nobody sells a dish for more.
HIGHEST_PRICE = 999_999_999
WHOLE_NUMBER = re.compile(r"[+-]?\d{1,19}(\.0{1,2})?")


def clean(value: Any) -> str:
    """The value as text that PostgreSQL takes, stripped; "" for what is neither text nor a number."""
    if isinstance(value, str):
        return _fit(value).strip()
    if isinstance(value, bool) or not isinstance(value, int | float):
        return ""
    return str(value)


def _fit(text: str) -> str:
    """PostgreSQL knows no NUL, UTF-8 no lone surrogate."""
    text = text.replace("\x00", "")
    # Nearly all is ASCII, and a menu is read some ten thousand texts at a time.
    return text if text.isascii() else text.encode("utf-8", "replace").decode()


def whole_number(value: Any) -> int | None:
    """The whole number that the value is or spells (`12000`, `"12000"`, `12000.0`); None for any other."""
    if isinstance(value, bool):
        return None
    if isinstance(value, float):
        value = int(value) if value.is_integer() else None
    if isinstance(value, str):
        spelled = value.strip()
        value = int(spelled.split(".")[0]) if WHOLE_NUMBER.fullmatch(spelled) and spelled.isascii() else None
    return value if isinstance(value, int) and abs(value) <= LARGEST else None


def number_of(text: str | None) -> int:
    """The number of a row or a version that an address or a form spells; 0, which none has, for other text."""
    return int(text) if text and text.isascii() and text.isdigit() and len(text) < 19 else 0


def storable(value: Any) -> Any:
    """The JSON value without what PostgreSQL's jsonb refuses."""
    if isinstance(value, str):
        return _fit(value)
    if isinstance(value, dict):
        return {storable(key): storable(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [storable(inner) for inner in value]
    return value


def folded(name: str) -> str:
    """The name as GoBiz's mapping errors are matched: without case and repeated spaces."""
    return " ".join(name.split()).casefold()
