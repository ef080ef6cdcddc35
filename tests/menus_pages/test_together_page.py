"""Publishing to several outlets from one page."""

from datetime import datetime, timedelta

import pytest
from django.utils import timezone

from gobiz_admin.merchants.models import Outlet
from menus.models import (
    CatalogVersion,
    LiveReading,
    MenuItem,
    OutletCatalog,
    OutletOverride,
    Rollout,
    Sync,
    Variant,
)
from menus.payload import build_payload, checksum
from menus.readings import keep
from menus.rollouts.advancing import advance
from tests.factories import OutletFactory
from tests.menus.factories import live_from
from tests.menus_pages.conftest import Shop

pytestmark = pytest.mark.django_db


@pytest.fixture
def chain(shop: Shop) -> list[int]:
    """The pks of three outlets that sell one catalog."""
    shop.outlet.name = "Kemang"
    shop.outlet.save()
    more = [
        OutletFactory(merchant=shop.merchant, gobiz_app=shop.outlet.gobiz_app, name=name)
        for name in ("Menteng", "Tebet")
    ]
    for outlet in more:
        OutletCatalog.objects.create(outlet=outlet, catalog=shop.catalog, imported_at=timezone.now())
    return [shop.outlet.pk, *(outlet.pk for outlet in more)]


def post(shop: Shop, **data: object) -> object:
    return shop.client().post(shop.url("publish_together"), data)


def test_those_that_change_alike_are_one_line(shop: Shop, chain: list[int]) -> None:
    OutletOverride.objects.create(outlet_id=chain[1], item=shop.item, price=18000)
    body = shop.client().get(shop.url("publish_together")).content.decode()
    assert body.count("together-line") == 1
    for pk in chain:
        assert f'value="{pk}"' in body
    shop.sync(Sync.State.CONFIRMED)
    body = shop.client().get(shop.url("publish_together")).content.decode()
    assert body.count("together-line") == 2
    assert "Nothing changes" not in body


def test_one_with_problems_is_reviewed_by_itself(shop: Shop, chain: list[int]) -> None:
    variant = Variant.objects.filter(catalog=shop.catalog).first()
    OutletOverride.objects.create(outlet_id=chain[2], variant=variant, price=-90000)
    body = shop.client().get(shop.url("publish_together")).content.decode()
    assert "Has problems" in body
    assert shop.url("publish_review", chain[2]) in body
    answer = post(shop, outlets=chain)
    assert "there are problems at: Tebet" in answer.content.decode()  # type: ignore[attr-defined]
    assert not Rollout.objects.exists()


@pytest.mark.parametrize(
    ("data", "words"),
    [
        ({}, "Choose at least one outlet"),
        ({"outlets": ["x", "999999999"]}, "Choose at least one outlet"),
        ({"when": "later", "at": ""}, "cannot be read"),
        ({"when": "later", "at": "2020-01-01T03:00"}, "it is over"),
        ({"when": "later", "at": "2099-13-45T99:00"}, "cannot be read"),
        ({"when": "later", "at": "2099-01-01T03:00+07:00"}, "cannot be read"),
    ],
)
def test_what_cannot_be_done_says_why(shop: Shop, chain: list[int], data: dict[str, str], words: str) -> None:
    if "when" in data:
        data = {"outlets": chain, **data}  # type: ignore[dict-item]
    answer = post(shop, **data)
    assert words in answer.content.decode()  # type: ignore[attr-defined]
    assert not Rollout.objects.exists()


def test_a_trial_at_an_outlet_that_was_not_chosen_is_no_publish_everywhere(
    shop: Shop, chain: list[int]
) -> None:
    answer = post(shop, outlets=chain[1:], pilot=chain[0])
    assert "is not among the chosen ones" in answer.content.decode()  # type: ignore[attr-defined]
    assert not Rollout.objects.exists()


def show(shop: Shop, outlet: Outlet, **item: object) -> None:
    live = live_from(build_payload(outlet))
    live["menus"][0]["menu_items"][0] |= item
    assert keep(outlet, live, timezone.now())


def test_their_live_menus_are_read_and_what_was_changed_there_is_shown(shop: Shop, chain: list[int]) -> None:
    OutletFactory(merchant=shop.merchant, gobiz_app=shop.outlet.gobiz_app, name="Tanpa menu")
    outlets = list(Outlet.objects.filter(pk__in=chain).order_by("pk"))
    for outlet in outlets:
        version = CatalogVersion.objects.create(
            outlet=outlet, number=1, payload=build_payload(outlet), checksum=checksum(build_payload(outlet))
        )
        Sync.objects.create(
            outlet=outlet, version=version, state=Sync.State.CONFIRMED, request_id=f"r-{outlet.pk}"
        )
    url = shop.url("publish_together")
    assert 'hx-trigger="load"' in shop.client().get(url).content.decode()
    assert shop.client().post(shop.url("read_together")).url == url  # type: ignore[attr-defined]
    assert set(LiveReading.objects.values_list("outlet", flat=True)) == set(chain)
    body = shop.client().get(url).content.decode()
    assert "0 of 3 are known" in body
    LiveReading.objects.update(state="read")
    show(shop, outlets[0])
    show(shop, outlets[1], price=16000)
    show(shop, outlets[2], name="Diubah di GoBiz")
    MenuItem.objects.update(price=18000)
    body = shop.client().get(url).content.decode()
    # One of them is the outlet whose menu was never imported.
    assert body.count("together-line") == 4
    assert body.count("1 change made in the GoBiz app will be overwritten.") == 2
    assert "as it was just read at each outlet" in body
    body = post(shop, outlets=chain, **{f"live-{chain[2]}": "another"}).content.decode()  # type: ignore[attr-defined]
    assert "than the one that you were shown at: Tebet" in body
    assert not Rollout.objects.exists()


def test_a_menu_that_changed_meanwhile(shop: Shop, chain: list[int]) -> None:
    answer = post(shop, outlets=chain, **{f"revision-{shop.catalog.pk}": "7"})
    assert "changed while you were looking" in answer.content.decode()  # type: ignore[attr-defined]


def test_pilot_groups_and_time(shop: Shop, chain: list[int]) -> None:
    at = (timezone.now() + timedelta(days=1)).strftime("%Y-%m-%dT03:00")
    answer = post(
        shop, outlets=chain, pilot=chain[1], group="5", when="later", at=at, note="Desember", revision="x"
    )
    rollout = Rollout.objects.get()
    assert answer.url == shop.url("rollout", rollout.pk)  # type: ignore[attr-defined]
    stages = {row.outlet_id: row.stage for row in rollout.rows.all()}
    assert stages == {chain[1]: 0, chain[0]: 1, chain[2]: 1}
    row = rollout.rows.select_related("outlet").first()
    assert row is not None
    assert row.due_at == datetime.fromisoformat(at).replace(tzinfo=row.outlet.zone)
    body = shop.client().get(shop.url("rollout", rollout.pk)).content.decode()
    assert "Waits for its turn" in body
    assert "0 of 3" in body
    assert "under way" in shop.client().get(shop.url("publish")).content.decode()


def test_stopping_and_bringing_back(shop: Shop, chain: list[int]) -> None:
    shop.sync(Sync.State.CONFIRMED)
    MenuItem.objects.update(price=16000)
    post(shop, outlets=chain[:1])
    rollout = Rollout.objects.get()
    advance(rollout.pk)
    # What only waits is withdrawn by the stop, and needs no way back: this one GoFood has.
    Sync.objects.filter(state=Sync.State.QUEUED).update(
        state=Sync.State.ACCEPTED, attempts=1, accepted_at=timezone.now()
    )
    url = shop.url("rollout", rollout.pk)
    assert "Stop: send nothing more" in shop.client().get(url).content.decode()
    shop.client().post(url, {"what": "stop"})
    body = shop.client().get(url).content.decode()
    assert "Somebody stopped it" in body
    shop.client().post(url, {"what": "back"})
    assert Sync.objects.latest("pk").version.restores.number == 1  # type: ignore[union-attr]


def test_anothers_outlet_is_not_published(shop: Shop, chain: list[int]) -> None:
    foreign = OutletFactory()
    post(shop, outlets=[chain[0], foreign.pk])
    assert [row.outlet_id for row in Rollout.objects.get().rows.all()] == [chain[0]]
