from collections.abc import Iterator
from typing import Any

import pytest
import requests

from tests.sandbox.receiver import Receiver
from tests.sandbox_process import SandboxProcess, sandbox, sandbox_process

__all__ = ["sandbox", "sandbox_process"]

SEEDED_SCOPES = (
    "gofood:catalog:write gofood:catalog:read gofood:order:write gofood:order:read gofood:outlet:write "
    "promo:food_promo:read promo:food_promo:write partner:outlet:read partner:outlet:write"
)


class Client:
    """GoBiz's API as an integration calls it, without any of the product's code."""

    def __init__(self, sandbox: SandboxProcess, slug: str = "warung") -> None:
        self.sandbox, self.credentials = sandbox, sandbox.app(slug)
        self.token = ""

    def ask_token(self, scope: str = SEEDED_SCOPES, secret: str = "") -> requests.Response:
        return requests.post(
            f"{self.sandbox.url}/oauth2/token",
            auth=(self.credentials["app_id"], secret or self.credentials["app_secret"]),
            data={"grant_type": "client_credentials", "scope": scope},
            timeout=10,
        )

    def call(self, method: str, path: str, body: Any = None, **headers: str) -> requests.Response:
        self.token = self.token or self.ask_token().json()["access_token"]
        headers = {"Authorization": f"Bearer {self.token}", **headers}
        url = f"{self.sandbox.url}/integrations/{path}"
        return requests.request(method, url, json=body, headers=headers, timeout=30)

    def gofood(
        self, method: str, path: str, body: Any = None, outlet: str = "G12345678"
    ) -> requests.Response:
        return self.call(method, f"gofood/outlets/{outlet}/{path}", body)

    def catalog(self, outlet: str = "G12345678") -> Any:
        return self.gofood("GET", "v2/catalog", outlet=outlet).json()["data"]

    def subscribe(self, event: str, url: str, outlet: str = "") -> requests.Response:
        place = f"partner/outlets/{outlet}/v1" if outlet else "partner/v1"
        return self.call(
            "POST", f"{place}/notification-subscriptions", {"event": event, "url": url, "active": True}
        )


@pytest.fixture
def client(sandbox: SandboxProcess) -> Client:
    return Client(sandbox)


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    receiver = Receiver()
    yield receiver
    receiver.close()
