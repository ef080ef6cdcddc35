"""Where GoBiz sends its notifications. Source: gobiz-api.md, "Notification subscriptions"."""

from typing import Any

from gobiz_admin.gobiz.answers import Call, confirmed, data_of, object_in, objects_in
from gobiz_admin.gobiz.calls import Caller, path_of

PARTNER = "/integrations/partner/v1/notification-subscriptions"
OUTLET = "/integrations/partner/outlets/{outlet_id}/v1/notification-subscriptions"

# Which scope these calls need is documented nowhere: none is assumed, so a refusal names none.


class SubscriptionCalls(Caller):
    """Subscriptions of the whole partner, or with `outlet_id` of one outlet.

    A subscription is an object with `id`, `event`, `url`, `active` and `created_at`.
    """

    def list_subscriptions(self, outlet_id: str | None = None) -> list[dict[str, Any]]:
        """All subscriptions, ours and foreign ones."""
        answer = self.call(_call("GET", outlet_id))
        return objects_in(data_of(answer), "subscriptions", answer)

    def create_subscription(self, event: str, url: str, outlet_id: str | None = None) -> dict[str, Any]:
        """The new, active subscription; raises AlreadyExists when the event is subscribed already."""
        body = {"event": event, "url": url, "active": True}
        answer = self.call(_call("POST", outlet_id), body=body)
        return object_in(data_of(answer), "subscription", answer)

    def get_subscription(self, subscription_id: str, outlet_id: str | None = None) -> dict[str, Any]:
        """The subscription."""
        answer = self.call(_call("GET", outlet_id, subscription_id))
        return object_in(data_of(answer), "subscription", answer)

    def update_subscription(
        self, subscription_id: str, event: str, url: str, active: bool, outlet_id: str | None = None
    ) -> dict[str, Any]:
        """The subscription as it is now."""
        body = {"event": event, "url": url, "active": active}
        answer = self.call(_call("PUT", outlet_id, subscription_id), body=body)
        return object_in(data_of(answer), "subscription", answer)

    def delete_subscription(self, subscription_id: str, outlet_id: str | None = None) -> None:
        """Nothing, once the subscription is gone."""
        confirmed(self.call(_call("DELETE", outlet_id, subscription_id)))


def _call(method: str, outlet_id: str | None, subscription_id: str | None = None) -> Call:
    path = PARTNER if outlet_id is None else path_of(OUTLET, outlet_id=outlet_id)
    if subscription_id is not None:
        return Call(method, path + path_of("/{id}", id=subscription_id))
    return Call(method, path, about="outlet" if outlet_id is not None else "")
