"""A menu, the heading below which items are listed, as it is edited on a page."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from menus.forms.fields import ChangedTextMixin, TextField
from menus.forms.seen import SeenMixin
from menus.models import Menu


class HeadingForm(SeenMixin, ChangedTextMixin, forms.Form):
    name = TextField(
        label=_("Name"),
        longest=150,
        what=_("This name"),
        help_text=_("The heading that customers read above its items, for example “Ayam”."),
    )

    def __init__(self, data: Any, *, menu: Menu | None = None) -> None:
        super().__init__(data, initial={"name": menu.name if menu else ""})
        self.remember(menu, "name")
        self.show_counters()

    def clean(self) -> dict[str, str]:
        values = super().clean() or {}
        self.check_lengths()
        return values
