"""GoBiz as seen over HTTP, for tests of what calls it: answers in the form of gobiz-api.md.

The sandbox plays all of GoBiz; this plays one answer at a time, wrong ones above all.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
import responses
from django.conf import settings

from gobiz_admin.gobiz.events import EVENTS
from gobiz_admin.gobiz.scopes import ALL_SCOPES

SUBSCRIPTIONS = "/integrations/partner/v1/notification-subscriptions"


class Gobiz:
    """`gobiz.token()` lets the app in; `gobiz.on(method, path, …)` says what a call answers."""

    def __init__(self, mock: responses.RequestsMock) -> None:
        self.mock = mock
        self.url = settings.GOBIZ_LOCAL_API_URL

    def on(self, method: str, path: str, body: Any = None, status: int = 200, **options: Any) -> Any:
        if isinstance(body, Exception | str | bytes):
            return self.mock.add(method, self.url + path, body=body, status=status, **options)
        body = {"success": status < 400, "data": {}} if body is None else body
        return self.mock.add(method, self.url + path, json=body, status=status, **options)

    def token(self, scopes: tuple[str, ...] = ALL_SCOPES) -> Any:
        body = {"access_token": "t-0", "expires_in": 3599, "token_type": "bearer", "scope": " ".join(scopes)}
        return self.on("POST", "/oauth2/token", body)

    def refuses_credentials(self) -> Any:
        return self.on("POST", "/oauth2/token", {"error": "invalid_client"}, 401)

    def catalog(self, outlet_id: str, menus: list[Any] | None = None) -> Any:
        data = {"menus": menus if menus is not None else [MENU], "variant_categories": []}
        return self.on(
            "GET", f"/integrations/gofood/outlets/{outlet_id}/v2/catalog", {"success": True, "data": data}
        )

    def subscriptions(self, *found: dict[str, Any]) -> None:
        """These are subscribed already; more can be."""
        self.on("GET", SUBSCRIPTIONS, {"success": True, "data": {"subscriptions": list(found)}})
        for event in EVENTS:
            new = {"id": event, "event": event, "url": "?", "active": True}
            self.on(
                "POST",
                SUBSCRIPTIONS,
                {"success": True, "data": {"subscription": new}},
                201,
                match=[responses.matchers.json_params_matcher({"event": event}, strict_match=False)],
            )

    def is_well(self, *outlet_ids: str) -> None:
        """All that connecting these outlets takes."""
        self.token()
        for outlet_id in outlet_ids:
            self.catalog(outlet_id)
        self.subscriptions()

    def calls(self, method: str = "", part: str = "") -> list[Any]:
        """The requests that were made, as `responses` keeps them."""
        return [
            call.request
            for call in self.mock.calls
            if (not method or call.request.method == method) and part in str(call.request.url)
        ]

    def bodies(self, method: str = "", part: str = "") -> list[Any]:
        return [json.loads(request.body) for request in self.calls(method, part)]


MENU = {
    "name": "Makanan",
    "menu_items": [
        {"id": "g-1", "external_id": "I-1", "name": "Nasi", "price": 12000, "in_stock": True},
        {"id": "g-2", "external_id": None, "name": "Mie", "price": 12000, "in_stock": True},
    ],
}


@pytest.fixture
def gobiz() -> Iterator[Gobiz]:
    with responses.RequestsMock(assert_all_requests_are_fired=False) as mock:
        yield Gobiz(mock)


def refusal(message: str, code: str = "HTTP_400") -> dict[str, Any]:
    """GoBiz's error envelope."""
    error = {"message_title": "Error", "message": message, "code": code, "message_severity": "error"}
    return {"success": False, "errors": [error]}
