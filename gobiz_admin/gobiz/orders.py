"""What a merchant does with an order, and with an outlet. Source: gobiz-api.md, "Orders"."""

from typing import Any

from gobiz_admin.gobiz import scopes
from gobiz_admin.gobiz.answers import Call, data_of, object_in, objects_in
from gobiz_admin.gobiz.calls import Caller, path_of

ORDER = "/integrations/gofood/outlets/{outlet_id}/v1/orders/{order_type}/{order_number}/{verb}"
PROPERTIES = "/integrations/gofood/outlets/{outlet_id}/v1/properties"
OUTLET = "/integrations/partner/outlets/{outlet_id}/v1"
LINKED_OUTLETS = "/integrations/partner/v1/linked-outlets"
NOTIFICATIONS = "/integrations/partner/notifications"
COUNTRY = "ID"


class OrderCalls(Caller):
    """Accepts, rejects and readies orders. All raise OrderMovedOn when the order's state forbids it.

    `order_type` is "delivery" (service type `gofood`) or "pickup" (`gofood_pickup`).
    """

    def accept_order(self, outlet_id: str, order_type: str, order_number: str) -> dict[str, Any]:
        """GoBiz's `data` (usually {}), once the order is accepted."""
        return self._change_order(outlet_id, order_type, order_number, "accepted", None)

    def cancel_order(
        self, outlet_id: str, order_type: str, order_number: str, reason_code: str, reason_description: str
    ) -> dict[str, Any]:
        """GoBiz's `data` (usually {}), once the order is cancelled.

        The code is HIGH_DEMAND, RESTAURANT_CLOSED, ITEMS_OUT_OF_STOCK or OTHERS; the description has
        at least 3 characters.
        """
        reason = {"cancel_reason_code": reason_code, "cancel_reason_description": reason_description}
        return self._change_order(outlet_id, order_type, order_number, "cancelled", reason)

    def mark_food_prepared(self, outlet_id: str, order_type: str, order_number: str) -> dict[str, Any]:
        """GoBiz's `data` (usually {}), once GoBiz knows that the food is ready."""
        body = {"country_code": COUNTRY}
        return self._change_order(outlet_id, order_type, order_number, "food-prepared", body)

    def find_notifications(self, order_number: str) -> list[dict[str, Any]]:
        """What GoBiz tried to deliver about one order: objects with `event_type`, `delivery_status`,
        `headers`, `payload` (the notification as a JSON string: the signed text) and `history`.

        Source: gobiz-api.md, "Asking GoBiz what it tried to deliver".
        """
        answer = self.call(Call("GET", NOTIFICATIONS), params={"entity_id": order_number})
        return objects_in(data_of(answer), "notifications", answer)

    def _change_order(
        self, outlet_id: str, order_type: str, order_number: str, verb: str, body: dict[str, str] | None
    ) -> dict[str, Any]:
        path = path_of(
            ORDER, outlet_id=outlet_id, order_type=order_type, order_number=order_number, verb=verb
        )
        return data_of(self.call(Call("PUT", path, scopes.ORDER_WRITE, "order"), body=body))


class OutletCalls(Caller):
    """Closes and opens an outlet, and reads what GoBiz knows of it."""

    def set_force_close(self, outlet_id: str, closed: bool) -> dict[str, Any]:
        """GoBiz's `data`, once the outlet is closed (or open again) within its hours."""
        call = Call("PATCH", path_of(PROPERTIES, outlet_id=outlet_id), scopes.OUTLET_WRITE, "outlet")
        return data_of(self.call(call, body={"force_close": closed}))

    def get_outlet(self, outlet_id: str) -> dict[str, Any]:
        """The outlet: `id`, `name`, `merchant_name`, `status` and more, any of which may be missing."""
        call = Call("GET", path_of(OUTLET, outlet_id=outlet_id), scopes.PARTNER_OUTLET_READ, "outlet")
        answer = self.call(call)
        return object_in(data_of(answer), "outlet", answer)

    def linked_outlets(self, per: int = 50, page: int = 1) -> list[dict[str, Any]]:
        """One page (from 1) of the outlets linked to the app: `id`, `external_outlet_id`, times as text."""
        call = Call("GET", LINKED_OUTLETS, scopes.PARTNER_OUTLET_READ)
        answer = self.call(call, params={"per": str(per), "page": str(page)})
        return objects_in(data_of(answer), "outlets", answer)
