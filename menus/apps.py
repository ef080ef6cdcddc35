from django.apps import AppConfig


class MenusConfig(AppConfig):
    name = "menus"

    def ready(self) -> None:
        """Fill in the tables: what this app does with notifications, what it says on every page."""
        from menus import banners, handlers  # noqa: F401
        from menus.drift import chips  # noqa: F401
