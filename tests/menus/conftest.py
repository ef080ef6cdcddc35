"""GoBiz, as these tests play it: a live menu per outlet, and what it does with a PUT."""

from collections.abc import Callable, Sequence
from typing import Any

import pytest

from gobiz_admin.gobiz.errors import RequestRefused
from gobiz_admin.merchants import announcing, gobiz
from tests.menus.factories import live_from


class FakeGobiz:
    """Answers GET and PUT catalog. `reads` and `writes` hold errors to raise, the next one first."""

    def __init__(self) -> None:
        self.live: dict[str, dict[str, Any]] = {}
        self.reads: list[Exception] = []
        self.writes: list[Exception] = []
        self.puts: list[tuple[str, dict[str, Any], str]] = []
        # Called in the middle of a PUT, after GoBiz has taken it, before it answers.
        self.during_put: Callable[[], None] | None = None
        self.takes_it = True
        # Stock switches as they came: (outlet_id, kind, changes); errors to raise, the next one first.
        self.patches: list[tuple[str, str, list[dict[str, Any]]]] = []
        self.refusals: list[Exception] = []
        self.during_patch: Callable[[], None] | None = None

    def __call__(self, *_: Any) -> "FakeGobiz":
        return self

    def get_catalog(self, outlet_id: str) -> dict[str, Any]:
        if self.reads:
            raise self.reads.pop(0)
        return self.live[outlet_id]

    def put_catalog(self, outlet_id: str, payload: dict[str, Any], request_id: str) -> dict[str, Any]:
        if not any(menu["menu_items"] for menu in payload["menus"]):
            raise RequestRefused("The menu has no items.", code="empty_menu")
        self.puts.append((outlet_id, payload, request_id))
        if self.takes_it:
            self.live[outlet_id] = live_from(payload)
        if self.during_put:
            self.during_put()
        if self.writes:
            raise self.writes.pop(0)
        return {"request_id": request_id}

    def patch_item_stocks(self, outlet_id: str, changes: Sequence[dict[str, Any]]) -> dict[str, Any]:
        return self._patch(outlet_id, "item", changes)

    def patch_variant_stocks(self, outlet_id: str, changes: Sequence[dict[str, Any]]) -> dict[str, Any]:
        return self._patch(outlet_id, "variant", changes)

    def _patch(self, outlet_id: str, kind: str, changes: Sequence[dict[str, Any]]) -> dict[str, Any]:
        self.patches.append((outlet_id, kind, list(changes)))
        if self.during_patch:
            self.during_patch()
        if self.refusals:
            raise self.refusals.pop(0)
        return {}


@pytest.fixture
def fake_gobiz(monkeypatch: pytest.MonkeyPatch) -> FakeGobiz:
    fake = FakeGobiz()
    monkeypatch.setattr(gobiz, "client_for", fake)
    return fake


@pytest.fixture(autouse=True)
def woken(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """What would have gone to Redis after commit; no test here needs a broker."""
    calls: list[Any] = []
    monkeypatch.setattr(announcing, "_try", calls.append)
    return calls
