"""Who may do what: one table, asked by every page (role × action)."""

from django.db.models import TextChoices

from gobiz_admin.merchants.models import Role


class Action(TextChoices):
    """What a page or a form does, as a right."""

    SEE_HOME = "home.see"
    SEE_ORDERS = "orders.see"
    ACT_ON_ORDERS = "orders.act"
    SEE_MENU = "menu.see"
    EDIT_MENU = "menu.edit"
    SWITCH_STOCK = "menu.stock"
    PUBLISH_MENU = "menu.publish"
    SEE_ALERTS = "alerts.see"
    SEE_OUTLETS = "outlets.see"
    # Close an outlet on GoFood, and open it again.
    CLOSE_OUTLET = "outlets.close"
    CONNECT_OUTLET = "outlets.connect"
    SEE_WEBHOOKS = "webhooks.see"
    # Replay, subscriptions, the address and the Relay Secret.
    MANAGE_WEBHOOKS = "webhooks.manage"


_CASHIER = {
    Action.SEE_ORDERS,
    Action.ACT_ON_ORDERS,
    Action.SEE_MENU,
    Action.SWITCH_STOCK,
    Action.SEE_ALERTS,
    # Whoever is alone at the counter when the gas runs out must be able to stop the orders.
    Action.CLOSE_OUTLET,
}
_MANAGER = _CASHIER | {
    Action.SEE_HOME,
    Action.EDIT_MENU,
    Action.PUBLISH_MENU,
    Action.SEE_OUTLETS,
}

ALLOWED: dict[str, set[Action]] = {
    Role.OWNER: set(Action),
    Role.MANAGER: _MANAGER,
    Role.CASHIER: _CASHIER,
}


def may(role: str, action: Action) -> bool:
    """Whether a member with `role` has the right to `action`."""
    return action in ALLOWED.get(role, set())
