from django.apps import AppConfig


class OrdersConfig(AppConfig):
    name = "orders"

    def ready(self) -> None:
        """Fill in the table of what this app does with each notification."""
        from orders import handlers  # noqa: F401
