"""What the owner enters or chooses about how GoBiz reaches us."""

from __future__ import annotations

from typing import Any

from django import forms
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from gobiz_admin.merchants.forms import no_control_characters
from gobiz_admin.merchants.models import GobizApp, Outlet
from webhooks.models import AppCheck


class CheckForm(forms.Form):
    """Which check is asked for."""

    kind = forms.ChoiceField(choices=AppCheck.Kind.choices)


class OutletForm(forms.Form):
    """Which of these outlets a notification is about."""

    outlet = forms.ModelChoiceField(Outlet.objects.none())

    def __init__(self, data: Any, outlets: QuerySet[Outlet]) -> None:
        super().__init__(data)
        field = self.fields["outlet"]
        assert isinstance(field, forms.ModelChoiceField)
        field.queryset = outlets


class _AppForm(forms.Form):
    def __init__(self, *args: Any, app: GobizApp, **kwargs: Any) -> None:
        # Several of them stand on one page.
        kwargs["auto_id"] = f"id_{app.pk}_%s"
        super().__init__(*args, **kwargs)
        self.app = app


class SubscribedPerForm(_AppForm):
    subscribed_per = forms.ChoiceField(
        label=_("Subscribe"),
        choices=GobizApp.SubscribedPer.choices,
        help_text=_(
            "For all outlets at once is right for most: outlets that you connect later are in it. By itself "
            "means that only the outlets connected here send their orders to us, for a trial with one of them. "
            "When you change it, the old subscriptions go only after the new ones stand."
        ),
    )


class SignatureModeForm(_AppForm):
    signature_mode = forms.ChoiceField(
        label=_("Signatures"),
        choices=GobizApp.SignatureMode.choices,
        help_text=_(
            "Enforce refuses what GoBiz did not sign with the Relay Secret. Record only takes it in, marked as "
            "not verified: for trying things out where the signatures of GoBiz's sandbox do not fit. Anybody who "
            "knows the address can then send orders. Production always enforces."
        ),
    )


class RelaySecretForm(_AppForm):
    """A new Relay Secret. It is never sent back to the browser."""

    relay_secret = forms.CharField(
        label=_("New Relay Secret"),
        max_length=200,
        validators=[no_control_characters],
        widget=forms.PasswordInput(attrs={"autocomplete": "off"}),
        help_text=_(
            "Portal: your app, Notifications, “Relay secret” or “Notification secret key”. "
            "It signs what GoBiz sends us."
        ),
    )

    def clean_relay_secret(self) -> str:
        secret = str(self.cleaned_data["relay_secret"])
        if secret in (self.app.app_id, self.app.partner_id, self.app.app_secret):
            raise forms.ValidationError(
                _("This is another value of your app. The Relay Secret stands under Notifications.")
            )
        return secret
