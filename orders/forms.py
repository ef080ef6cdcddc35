from django import forms
from django.utils.translation import gettext_lazy as _

from orders.models import OrderAction

REASONS = [
    ("ITEMS_OUT_OF_STOCK", _("Items are sold out")),
    ("HIGH_DEMAND", _("Too busy")),
    ("RESTAURANT_CLOSED", _("The restaurant is closed")),
    ("OTHERS", _("Another reason")),
]


class ActionForm(forms.Form):
    """What to do with an order; a rejection says why (gobiz-api.md, "Orders")."""

    kind = forms.ChoiceField(choices=OrderAction.Kind.choices)
    reason_code = forms.ChoiceField(choices=REASONS, required=False)
    reason = forms.CharField(
        required=False,
        min_length=3,
        max_length=200,
        error_messages={"min_length": _("Say in at least 3 characters why the order is rejected.")},
    )

    def clean(self) -> dict[str, str]:
        values = super().clean() or {}
        if values.get("kind") == OrderAction.Kind.CANCEL and not self.errors:
            if not values.get("reason_code"):
                self.add_error("reason_code", _("Choose why the order is rejected."))
            # GoBiz wants a sentence; the reason's own words are one.
            values["reason"] = values.get("reason") or str(
                dict(REASONS).get(values.get("reason_code", ""), "")
            )
        return values
