"""SKU promos of an outlet. Source: gobiz-api.md, "SKU promo"."""

import hashlib
from collections.abc import Mapping
from typing import Any, TypedDict

from gobiz_admin.gobiz import http, scopes
from gobiz_admin.gobiz.answers import Call, confirmed, data_of, objects_in, unreadable
from gobiz_admin.gobiz.calls import Caller, path_of

PROMOS = "/integrations/promo/outlets/{outlet_id}/v1/food-promos"
PROMO = PROMOS + "/{promo_id}"
DEACTIVATE = PROMO + "/deactivate"
KEY_LENGTH = 32


class PromoResult(TypedDict):
    """A 200 may hold failures: rows with `id`, `external_menu_id` and `errors` (text, or null)."""

    success: list[dict[str, Any]]
    failure: list[dict[str, Any]]


class PromoPage(TypedDict):
    """One page of promos; the counts are None when GoBiz leaves them out."""

    promotions: list[dict[str, Any]]
    total_count: int | None
    limit: int | None
    page: int | None


class PromoCalls(Caller):
    """Makes, lists, stops and deletes promos."""

    def create_promo(self, outlet_id: str, promo: Mapping[str, Any], idempotency_key: str) -> PromoResult:
        """What became of each item's promo; `promo` is the whole body (`promo_type`, `promo_detail`).

        A key over GoBiz's 32 characters is replaced by a digest of it, so it stays the same on a retry.
        """
        path = path_of(PROMOS, outlet_id=outlet_id)
        headers = {"X-Idempotency-Key": _idempotency_key(idempotency_key)}
        answer = self.call(
            Call("POST", path, scopes.PROMO_WRITE, "outlet"), body=dict(promo), headers=headers
        )
        data = data_of(answer)
        if "success" not in data and "failure" not in data:
            raise unreadable(answer, "The answer does not say what became of the promo.")
        both = {"success": [], "failure": [], **data}
        return {
            "success": objects_in(both, "success", answer),
            "failure": objects_in(both, "failure", answer),
        }

    def list_promos(self, outlet_id: str, page: int | None = None, limit: int | None = None) -> PromoPage:
        """One page of the outlet's promos."""
        params = {name: str(value) for name, value in (("page", page), ("limit", limit)) if value is not None}
        call = Call("GET", path_of(PROMOS, outlet_id=outlet_id), scopes.PROMO_READ, "outlet")
        answer = self.call(call, params=params)
        data = _data_or_body(answer, "promotions")
        return {
            "promotions": objects_in(data, "promotions", answer),
            "total_count": _count(data.get("total_count")),
            "limit": _count(data.get("limit")),
            "page": _count(data.get("page")),
        }

    def get_promo(self, outlet_id: str, promo_id: str) -> dict[str, Any]:
        """One promo as GoBiz has it."""
        path = path_of(PROMO, outlet_id=outlet_id, promo_id=promo_id)
        answer = self.call(Call("GET", path, scopes.PROMO_READ))
        data = _data_or_body(answer, "id")
        inner = data.get("promotion")
        promo = inner if isinstance(inner, dict) else data
        if not promo:
            raise unreadable(answer, "The answer has no promo.")
        return promo

    def deactivate_promo(self, outlet_id: str, promo_id: str) -> None:
        """Nothing, once the promo is stopped."""
        path = path_of(DEACTIVATE, outlet_id=outlet_id, promo_id=promo_id)
        data_of(self.call(Call("PUT", path, scopes.PROMO_WRITE)))

    def delete_promo(self, outlet_id: str, promo_id: str) -> None:
        """Nothing, once the promo is gone."""
        path = path_of(PROMO, outlet_id=outlet_id, promo_id=promo_id)
        confirmed(self.call(Call("DELETE", path, scopes.PROMO_WRITE)))


def _data_or_body(answer: http.Answer, key: str) -> dict[str, Any]:
    """The `data` of the answer; its top level where GoBiz puts `key` there."""
    data = data_of(answer)
    body = answer.json() if answer.body else None
    return body if not data and isinstance(body, dict) and key in body else data


def _count(value: Any) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def _idempotency_key(key: str) -> str:
    if len(key) <= KEY_LENGTH and key == http.header_safe(key):
        return key
    return hashlib.sha256(key.encode("utf-8", "replace")).hexdigest()[:KEY_LENGTH]
