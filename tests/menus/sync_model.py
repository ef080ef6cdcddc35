"""The machine that drives publishing at random against GoBiz's sandbox, and what must hold after each step."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from django.utils import timezone
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from gobiz_admin.gobiz.client import GobizClient
from gobiz_admin.merchants.gobiz import token_store
from gobiz_admin.merchants.models import GobizApp, Outlet
from menus import stock, stock_sending
from menus.checks import check_catalog, errors_in
from menus.confirming import mapping_updated
from menus.editing import add_item, remove, save_item
from menus.ids import accept_proposals
from menus.importing import read_live_menu, run_import
from menus.models import Catalog, CatalogVersion, MenuImport, MenuItem, Rollout, StockSwitch, Sync, Variant
from menus.payload import build_payload
from menus.publishing import AlreadyPublished, bring_back, request_publish
from menus.removals import RemovalUnconfirmed
from menus.rollouts.starting import Plan, RolloutRefused, start
from menus.rollouts.stopping import bring_all_back, stop
from menus.sending import STUCK_AFTER, free_stuck_syncs
from menus.sharing import SHARE, start_outlet_from
from menus.versions import NotSendable
from tests.factories import GobizAppFactory, OutletFactory
from tests.menus.days import Day, shown
from tests.sandbox_process import SandboxProcess

HTML = "<html>Bad gateway</html>"
FAULTS = {
    "503": {"status": 503},
    "lost": {"status": 502, "body": HTML, "apply": True},
    "html": {"status": 200, "body": HTML, "apply": True},
    "cut": {"close": True, "apply": True},
    "closed": {"close": True},
    "slow down": {"status": 429, "headers": {"Retry-After": "20"}},
}
CALLS = ("PUT catalog", "GET catalog", "PATCH", "POST oauth2", "/")
# What happens to a worker while it has a sync in its hands.
MISHAPS = (
    "dies before",
    "dies after",
    "sleeps",
    "sleeps, and another works",
    "published meanwhile",
    "told early",
)


class WorkerDied(Exception):
    """Nothing catches it: what stands in the database is what a SIGKILL would leave."""


class World:
    """A merchant with two outlets that sell one catalog, here and at the sandbox; GoBiz calls pass through it."""

    def __init__(self, sandbox: SandboxProcess, day: Day, number: int) -> None:
        self.sandbox, self.day = sandbox, day
        self.mishap = ""
        # By outlet pk the request_ids of which the live menu was seen, and how often each was sent before that.
        self.has_been_live: dict[int, list[str]] = defaultdict(list)
        self.doubled: list[str] = []
        self.edits, self.prices = 0, dict[int, int]()
        ids = [f"G9{number:04}{place}" for place in range(2)]
        known = sandbox.control("POST", "apps", {
            "slug": f"model-{number}",
            "outlets": [{"outlet_id": one, "name": one, "menu": "small"} for one in ids],
        })  # fmt: skip
        names = ("app_id", "app_secret", "partner_id", "relay_secret")
        self.app: GobizApp = GobizAppFactory(**{name: known[name] for name in names})
        self.outlets: list[Outlet] = [OutletFactory(gobiz_app=self.app, outlet_id=one) for one in ids]

    def import_menus(self) -> None:
        first, second = self.outlets
        read_live_menu(first)
        self.catalog = first.selling.catalog
        accept_proposals(self.catalog, None)
        Catalog.objects.update(most_changed_percent=100)
        start_outlet_from(second, first, SHARE, None)
        run_import(MenuImport.objects.get(outlet=second).pk)
        assert not errors_in(check_catalog(self.catalog, second))
        self.calls_before = self.calls()["last"]

    def calls(self, match: str = "", since: int = 0) -> Any:
        return self.sandbox.control("GET", "calls", match=match, since=since)

    def live(self, outlet: Outlet) -> Any:
        return self.sandbox.control("GET", f"outlets/{outlet.outlet_id}")["catalog"]

    # --- what a worker meets ----------------------------------------------------------------------

    def client_for(self, app: GobizApp) -> Client:
        if self.mishap.startswith("sleeps") and Sync.objects.filter(state="sending").exists():
            mishap, self.mishap = self.mishap, ""
            self.day.passes(STUCK_AFTER.total_seconds() + 1)
            free_stuck_syncs()
            if mishap.endswith("another works"):
                self.day.sweep()
        client = Client(app.credentials(), token_store())
        client.world = self
        return client

    def before_put(self, outlet_id: str, request_id: str) -> None:
        outlet = self.outlet(outlet_id)
        if request_id in self.has_been_live[outlet.pk]:
            self.doubled.append(request_id)
        if self.mishap == "dies before":
            self.mishap = ""
            raise WorkerDied
        if self.mishap == "published meanwhile":
            self.mishap = ""
            self.edit_price(0)
            self.publish(outlet)
            self.day.sweep()

    def after_put(self, outlet_id: str, payload: Any, request_id: str) -> None:
        outlet, mishap = self.outlet(outlet_id), self.mishap
        if shown(self.live(outlet)) == shown(payload):
            self.has_been_live[outlet.pk].append(request_id)
            if mishap == "told early":
                self.mishap = ""
                mapping_updated(outlet, request_id, [], timezone.now())
        if mishap == "dies after":
            self.mishap = ""
            raise WorkerDied

    def outlet(self, outlet_id: str) -> Outlet:
        return next(outlet for outlet in self.outlets if outlet.outlet_id == outlet_id)

    # --- what people do ---------------------------------------------------------------------------

    def items(self) -> list[MenuItem]:
        return list(MenuItem.objects.filter(catalog=self.catalog).order_by("pk"))

    def edit_price(self, which: int, step: int | None = None) -> None:
        """To so much more than at first: never so far that it looks like a slip. None: another each time."""
        items = self.items()
        item = items[which % len(items)]
        first = self.prices.setdefault(item.pk, item.price)
        self.edits += 1
        step = self.edits % 11 - 5 if step is None else step
        save_item(item, {"price": first + 100 * step}, None)

    def publish(self, outlet: Outlet) -> None:
        self.pressed(lambda **typed: request_publish(outlet, None, **typed))

    def pressed(self, press: Callable[..., Any]) -> None:
        """With the number of items typed, where it is asked for."""
        try:
            press()
        except RemovalUnconfirmed as asked:
            with suppress(AlreadyPublished):
                press(removing=asked.removal.count)
        except (AlreadyPublished, NotSendable):
            pass


class Client(GobizClient):
    world: World

    def put_catalog(self, outlet_id: str, payload: Any, request_id: str) -> dict[str, Any]:
        self.world.before_put(outlet_id, request_id)
        try:
            return super().put_catalog(outlet_id, payload, request_id)
        finally:
            self.world.after_put(outlet_id, payload, request_id)


WHICH = st.integers(0, 9)
OUTLET = st.integers(0, 1)


class Publishing(RuleBasedStateMachine):
    """`make_world`, set by the test, gives a new World."""

    make_world: Callable[[], World]

    def __init__(self) -> None:
        super().__init__()
        self.world = type(self).make_world()
        self.world.import_menus()
        self.started = Rollout.objects.order_by("-pk").values_list("pk", flat=True).first() or 0

    # --- people -----------------------------------------------------------------------------------

    @rule(which=WHICH, step=st.integers(-5, 5))
    def edits(self, which: int, step: int) -> None:
        self.world.edit_price(which, step)

    @rule(which=WHICH)
    def adds_or_removes(self, which: int) -> None:
        items = self.world.items()
        if which % 2 and len(items) > 4:
            remove(items[which % len(items)], None)
        else:
            values = {"name": f"Baru {which}", "price": 9000, "image_url": items[0].image_url}
            add_item(items[0].menu, values, None)

    @rule(outlet=OUTLET, which=WHICH, in_stock=st.booleans(), alone=st.booleans())
    def switches(self, outlet: int, which: int, in_stock: bool, alone: bool) -> None:
        things: list[Any] = [*self.world.items()[:6]]
        things += Variant.objects.filter(catalog=self.world.catalog).order_by("pk")[:4]
        thing = things[which % len(things)]
        kind = "item" if isinstance(thing, MenuItem) else "variant"
        stock.switch(kind, thing, in_stock, None, self.world.outlets[outlet] if alone else None)

    @rule(outlet=OUTLET)
    def publishes(self, outlet: int) -> None:
        self.world.publish(self.world.outlets[outlet])

    @rule(outlet=OUTLET)
    def edits_and_publishes(self, outlet: int) -> None:
        self.world.edit_price(0)
        self.world.publish(self.world.outlets[outlet])

    @rule(outlet=OUTLET, back=st.integers(0, 3))
    def brings_back(self, outlet: int, back: int) -> None:
        versions = CatalogVersion.objects.filter(outlet=self.world.outlets[outlet]).order_by("-number")
        version = versions[min(back, versions.count() - 1)]
        self.world.pressed(lambda **typed: bring_back(version, None, **typed))

    @rule(pilot=OUTLET, staged=st.booleans())
    def publishes_together(self, pilot: int, staged: bool) -> None:
        first, second = self.world.outlets[pilot], self.world.outlets[1 - pilot]
        stages = [[first], [second]] if staged else [[first, second]]
        # What takes much away is not published to several at once.
        with suppress(RolloutRefused):
            start(first.merchant, Plan(stages), None)

    @precondition(lambda self: self.rollouts())
    @rule(back=st.booleans())
    def stops(self, back: bool) -> None:
        newest = self.rollouts()[-1]
        if back:
            bring_all_back(newest, None)
        else:
            stop(newest, None)

    def rollouts(self) -> list[Rollout]:
        return list(Rollout.objects.filter(pk__gt=self.started).order_by("pk"))

    # --- GoBiz, workers and time ------------------------------------------------------------------

    @rule(
        kind=st.sampled_from(sorted(FAULTS)), call=st.sampled_from(CALLS), times=st.sampled_from([1, 2, None])
    )
    def goes_wrong(self, kind: str, call: str, times: int | None) -> None:
        self.world.sandbox.fault(call, times=times, **FAULTS[kind])

    @rule()
    def is_well_again(self) -> None:
        self.world.sandbox.control("DELETE", "faults")

    @rule(outlet=OUTLET, late=st.integers(0, 3))
    def gobiz_confirms(self, outlet: int, late: int) -> None:
        """The last one, or one of before, perhaps for the second time; those that are never told are lost."""
        place = self.world.outlets[outlet]
        taken = self.world.has_been_live[place.pk]
        if taken:
            mapping_updated(place, taken[-1 - min(late, len(taken) - 1)], [], timezone.now())

    @rule(mishap=st.sampled_from(("", *MISHAPS)), seconds=st.sampled_from([0, 3, 11, 70]))
    def a_worker_comes(self, mishap: str, seconds: int) -> None:
        self.world.day.passes(seconds)
        self.world.mishap = mishap
        with suppress(WorkerDied):
            self.world.day.sweep()
        self.world.mishap = ""

    @rule(seconds=st.sampled_from([3, 65, 200, 700, 4000, -100]))
    def time_passes(self, seconds: int) -> None:
        self.world.day.passes(seconds)

    # --- what holds after each step ---------------------------------------------------------------

    @invariant()
    def gofood_has_a_menu_that_was_published(self) -> None:
        for outlet in self.world.outlets:
            live = shown(self.world.live(outlet), stock=False)
            assert live["items"], "the menu is empty"
            tried = CatalogVersion.objects.filter(outlet=outlet, syncs__attempts__gt=0)
            found = CatalogVersion.objects.filter(outlet=outlet, number=0)
            payloads = [version.payload for version in (*tried.order_by("-number"), *found)]
            assert any(shown(payload, stock=False) == live for payload in payloads), "nobody published this"

    @invariant()
    def puts_only_rise_and_none_is_doubled(self) -> None:
        assert self.world.doubled == [], "sent again though it was live"
        number = dict(Sync.objects.values_list("request_id", "version__number"))
        seen: dict[str, list[int]] = defaultdict(list)
        for call in self.world.calls("PUT catalog", self.world.calls_before)["calls"]:
            seen[call["path"]].append(number[call["body"]["request_id"]])
            assert any(menu["menu_items"] for menu in call["body"]["menus"])
        assert all(numbers == sorted(numbers) for numbers in seen.values()), f"reordered: {dict(seen)}"

    @invariant()
    def what_is_called_published_has_been_live(self) -> None:
        said = Sync.objects.filter(outlet__in=self.world.outlets, state__in=["accepted", "confirmed"])
        for outlet_pk, request_id in said.values_list("outlet_id", "request_id"):
            assert request_id in self.world.has_been_live[outlet_pk], "called published, and never was live"

    # --- at quiet ---------------------------------------------------------------------------------

    @rule()
    def quiet(self) -> None:
        """GoBiz is well, and all due work is done: GoFood has the newest, and nothing is stuck."""
        self.world.sandbox.control("DELETE", "faults")
        self.world.mishap = ""
        for _ in range(3):
            assert self.world.day.goes_on(), "work is left over"
            if not self.asked_for_help():
                break
        for outlet in self.world.outlets:
            self.check_quiet(outlet)
        assert not Rollout.objects.filter(pk__gt=self.started, state="running").exists()

    def asked_for_help(self) -> bool:
        """What was given up is pressed again, as the page asks for; whether there was any."""
        helped = False
        for switch in StockSwitch.objects.filter(outlet__in=self.world.outlets, state="failed"):
            stock_sending.try_again(switch)
            helped = True
        for outlet in self.world.outlets:
            newest = Sync.objects.filter(outlet=outlet).order_by("-pk").first()
            if newest is not None and newest.state == "failed":
                self.world.publish(outlet)
                helped = True
        return helped

    def check_quiet(self, outlet: Outlet) -> None:
        syncs = Sync.objects.filter(outlet=outlet)
        assert not syncs.filter(state__in=["queued", "sending", "accepted"]).exists(), "stuck"
        assert not StockSwitch.objects.filter(outlet=outlet).exclude(state="done").exists(), "stock is stuck"
        newest = syncs.order_by("-pk").first()
        if newest is None:
            return
        live = self.world.live(outlet)
        assert newest.state == "confirmed", newest.state
        assert shown(live, stock=False) == shown(newest.version.payload, stock=False), "not the newest"
        self.check_stock(outlet, live)

    def check_stock(self, outlet: Outlet, live: Any) -> None:
        """As the catalog says, of all that both have."""
        wanted, found = (_stock(payload) for payload in (build_payload(outlet), live))
        both = wanted.keys() & found.keys()
        assert {key: found[key] for key in both} == {key: wanted[key] for key in both}

    def teardown(self) -> None:
        self.quiet()


def _stock(menu: Any) -> dict[Any, bool]:
    items = [(item["external_id"], item["in_stock"]) for one in menu["menus"] for item in one["menu_items"]]
    variants = [
        (row["external_id"], row["in_stock"]) for one in menu["variant_categories"] for row in one["variants"]
    ]
    return {("item", key): value for key, value in items} | {
        ("variant", key): value for key, value in variants
    }
