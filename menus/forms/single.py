"""One field at a time, as it saves itself: read by the same fields as the whole forms."""

from collections.abc import Callable, Mapping
from typing import Any

from django import forms
from django.http import QueryDict

from menus.forms.categories import CategoryForm, VariantForm
from menus.forms.fields import RupiahField, TextField
from menus.forms.headings import HeadingForm
from menus.forms.items import ItemForm
from menus.models import Catalog

FIELDS: Mapping[str, dict[str, forms.Field]] = {
    "menu": {"name": HeadingForm.base_fields["name"]},
    "item": {
        name: ItemForm.base_fields[name]
        for name in ("name", "internal_name", "description", "price", "menu", "categories", "ingredients")
    },
    "variant_category": dict(CategoryForm.base_fields),
    "variant": {name: VariantForm.base_fields[name] for name in ("name", "price")},
}
# What a choice may choose from.
CHOICES: dict[str, Callable[[Catalog], Any]] = {
    "menu": lambda catalog: catalog.menus.all(),
    "categories": lambda catalog: catalog.variant_categories.all(),
}


def read_field(catalog: Catalog, kind: str, name: str, data: QueryDict, before: Any) -> Any:
    """What was typed or chosen, as `editing` takes it.

    KeyError for a field that is not there; ValidationError that says what to type instead.
    `before` is the text that stands there now: one that GoFood gave us too long may stay.
    """
    field: Any = FIELDS[kind][name]
    if name in CHOICES:
        field = type(field)(
            CHOICES[name](catalog), required=field.required, error_messages=field.error_messages
        )
    typed = data.getlist("value") if name in ("categories", "ingredients") else data.get("value", "")
    value = field.clean(typed)
    if isinstance(field, TextField) and value != before:
        field.refuse_if_too_long(value)
    if isinstance(field, RupiahField) and value is None:
        return 0
    if name == "categories":
        order = {pk: place for place, pk in enumerate(before)}
        return sorted(value, key=lambda category: order.get(category.pk, len(order)))
    return value
