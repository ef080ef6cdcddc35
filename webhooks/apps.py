from django.apps import AppConfig


class WebhooksConfig(AppConfig):
    name = "webhooks"

    def ready(self) -> None:
        """Fill in the table of what this app does with each notification, and say who knows Relay Secrets."""
        from webhooks import handlers, signers  # noqa: F401
