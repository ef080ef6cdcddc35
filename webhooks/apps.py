from django.apps import AppConfig


class WebhooksConfig(AppConfig):
    name = "webhooks"

    def ready(self) -> None:
        """Fill in the table of what this app does with each notification."""
        from webhooks import handlers  # noqa: F401
