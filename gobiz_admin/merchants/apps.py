from django.apps import AppConfig


class MerchantsConfig(AppConfig):
    name = "gobiz_admin.merchants"
    label = "merchants"

    def ready(self) -> None:
        """Make ours the Celery app that tasks are sent through, in the web and in commands too."""
        from gobiz_admin import celery  # noqa: F401
        from gobiz_admin.merchants import closing_banners  # noqa: F401
