"""What people enter about themselves and their connection."""

from __future__ import annotations

from typing import Any

from django import forms
from django.conf import settings
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from gobiz_admin.merchants.connecting import Connection
from gobiz_admin.merchants.models import GobizApp, Merchant, outlet_id_format


class MerchantForm(forms.ModelForm):
    class Meta:
        model = Merchant
        fields = ["name"]


def no_control_characters(value: str) -> None:
    if not value.isprintable():
        raise ValidationError(_("This contains a character that cannot be seen. Copy it again."))


def _credential(label: Any, help_text: Any, **options: Any) -> forms.CharField:
    return forms.CharField(
        label=label,
        help_text=help_text,
        max_length=200,
        validators=[no_control_characters],
        widget=options.pop(
            "widget",
            forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false", "autocapitalize": "off"}),
        ),
        **options,
    )


def _secret(label: Any, help_text: Any) -> forms.CharField:
    # A secret is never sent back to the browser: after an error it is typed again.
    return _credential(
        label, help_text, required=False, widget=forms.PasswordInput(attrs={"autocomplete": "off"})
    )


class ConnectForm(forms.Form):
    """Step 1 of connecting: what the GoBiz Developer Portal shows, field by field."""

    environment = forms.ChoiceField(
        label=_("Environment"),
        help_text=_(
            "Which of the portal's two worlds these values come from. Their credentials are separate."
        ),
    )
    app_id = _credential(_("App ID"), _("Portal: your app, at the top, “App ID” or “Client ID”."))
    app_secret = _secret(
        _("App Secret"), _("Portal: your app, below the App ID, “App Secret”, button “Show”.")
    )
    partner_id = _credential(_("Partner ID"), _("Portal: your account's page, “Partner ID”."))
    relay_secret = _secret(
        _("Relay Secret"),
        _(
            "Portal: your app, Notifications, “Relay secret” or “Notification secret key”. "
            "It signs what GoBiz sends us."
        ),
    )
    outlet_id = _credential(
        _("Outlet ID"), _("Portal: Outlets, the column that begins with G, for example G123456789.")
    )
    outlet_name = forms.CharField(
        label=_("Outlet name"), max_length=150, help_text=_("As your team calls it, for example “Tebet”.")
    )

    def __init__(self, *args: Any, merchant: Merchant, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.merchant = merchant
        choices = [
            choice
            for choice in GobizApp.Environment.choices
            if choice[0] != GobizApp.Environment.LOCAL or settings.GOBIZ_LOCAL_ALLOWED
        ]
        self.fields["environment"].choices = choices  # type: ignore[attr-defined]
        if not merchant.gobiz_apps.exists():
            self.fields["app_secret"].required = self.fields["relay_secret"].required = True
        self.fields["environment"].initial = choices[-1][0]

    def clean_outlet_id(self) -> str:
        # Typed in lower case it still means the same outlet.
        outlet_id = self.cleaned_data["outlet_id"]
        outlet_id = outlet_id[:1].upper() + outlet_id[1:]
        outlet_id_format(outlet_id)
        return outlet_id

    def clean(self) -> dict[str, Any]:
        values = super().clean() or {}
        if not self._known_app(values):
            for name in ("app_secret", "relay_secret"):
                if not values.get(name) and name not in self.errors:
                    self.add_error(name, _("This is needed the first time that the app is connected."))
        app_id = values.get("app_id", "")
        if app_id and app_id == values.get("outlet_id"):
            self.add_error(
                "app_id", _("This is the Outlet ID. The App ID stands at the top of your app's page.")
            )
        if app_id and app_id == values.get("app_secret"):
            self.add_error("app_secret", _("This is the App ID. The App Secret stands below it."))
        return values

    def _known_app(self, values: dict[str, Any]) -> bool:
        return self.merchant.gobiz_apps.filter(
            environment=values.get("environment"), app_id=values.get("app_id")
        ).exists()

    def connection(self) -> Connection:
        """What was entered; only after is_valid()."""
        return Connection(**self.cleaned_data)
