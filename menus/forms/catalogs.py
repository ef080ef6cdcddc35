"""A catalog's own name, by which the team tells it from others."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from menus.copying import LONGEST_NAME
from menus.forms.fields import TextField


class CatalogNameForm(forms.Form):
    name = TextField(label=_("Name of the catalog"), longest=LONGEST_NAME, what=_("This name"))

    def __init__(self, *args: Any, **rest: Any) -> None:
        super().__init__(*args, **rest)
        # Customers never see it: nothing would be missing on GoFood.
        self.fields["name"].error_messages["required"] = _("Enter a name.")

    def clean_name(self) -> str:
        name: str = self.cleaned_data["name"]
        self.fields["name"].refuse_if_too_long(name)  # type: ignore[attr-defined]
        return name
