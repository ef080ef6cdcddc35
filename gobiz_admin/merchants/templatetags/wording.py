"""How values are written for people."""

from typing import Any

from django import template

register = template.Library()


@register.filter
def rupiah(value: Any) -> str:
    """`Rp 15.000`, or a dash where the amount is not known."""
    if value is None or value == "":
        return "–"
    sign = "−" if int(value) < 0 else ""
    return f"{sign}Rp\N{NO-BREAK SPACE}{abs(int(value)):,}".replace(",", ".")
