"""A picture that is sent, with the square that was chosen in the browser, if any."""

from typing import Any

from django import forms
from django.core.files.uploadedfile import UploadedFile

from menus.picture_files import Box


class UploadForm(forms.Form):
    """`picture` chosen, or `photo` taken; `upload` and `box` only after is_valid()."""

    picture = forms.FileField(required=False, allow_empty_file=True)
    photo = forms.FileField(required=False, allow_empty_file=True)
    # Of the upright picture's width, height and shorter side; menus/picture_files.py judges them.
    crop_x = forms.FloatField(required=False)
    crop_y = forms.FloatField(required=False)
    crop_side = forms.FloatField(required=False)
    small_ok = forms.BooleanField(required=False)

    def clean(self) -> dict[str, Any]:
        values = super().clean() or {}
        given = [values.get(name) is not None for name in ("crop_x", "crop_y", "crop_side")]
        if any(given) and not all(given):
            raise forms.ValidationError("half a square")
        return values

    @property
    def upload(self) -> UploadedFile | None:
        return self.cleaned_data["picture"] or self.cleaned_data["photo"]

    @property
    def box(self) -> Box | None:
        values = self.cleaned_data
        if values["crop_side"] is None:
            return None
        return Box(values["crop_x"], values["crop_y"], values["crop_side"])
