"""A menu, the heading below which items are listed, as it is edited on a page."""

from django import forms
from django.utils.translation import gettext_lazy as _

from menus.forms.fields import ChangedTextMixin, TextField


class HeadingForm(ChangedTextMixin, forms.Form):
    name = TextField(
        label=_("Name"),
        longest=150,
        what=_("This name"),
        help_text=_("The heading that customers read above its items, for example “Ayam”."),
    )

    def clean(self) -> dict[str, str]:
        values = super().clean() or {}
        self.check_lengths()
        return values
