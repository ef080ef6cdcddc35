"""Timed prices beside what other hands do meanwhile: repairs, reviews, rollouts, drift."""

import pytest

from menus.editing import save_item
from menus.models import AlertSetting, OutletCatalog, Repair
from menus.repairing.automatic import look
from menus.reviewing import review
from menus.views.together import lines_of
from tests.menus.factories import live_from
from tests.menus.repairs import again, opened, read_live
from tests.menus.test_timed_turns import clock, item, only, outlet, promo, swept
from tests.menus.timed import MINUTE, NOON, prove

__all__ = ["clock", "item", "outlet", "promo"]
pytestmark = pytest.mark.django_db


@pytest.fixture
def live(outlet, promo, clock, fake_gobiz):
    """The timed price has begun, and GoFood shows it."""
    clock.move_to(NOON)
    prove(only(swept()))
    clock.move_to(NOON + 3 * MINUTE)
    return live_from(fake_gobiz.puts[-1][1])


def reviewed(outlet):
    return review(outlet, OutletCatalog.objects.select_related("catalog").get(outlet=outlet))


def test_an_own_price_under_a_timed_one_is_a_change_that_is_shown(outlet, item, live):
    assert reviewed(outlet).unpublished == []
    save_item(item, {"price": 23_000}, None)
    found = reviewed(outlet)
    assert found.changes == []
    assert [(one.name, one.old, one.new) for one in found.later] == [("Ayam Geprek", 20_000, 23_000)]
    (line,) = lines_of([found])
    assert (line.same, [group["count"] for group in line.groups]) == (False, [1])
    assert line.summary


def test_an_own_price_under_a_timed_one_is_not_published_without_asking(outlet, item, live):
    AlertSetting.objects.create(merchant=outlet.merchant, resync_without_asking=True)
    save_item(item, {"price": 23_000}, None)
    live["menus"][0]["menu_items"][0]["external_id"] = None
    alert = opened(outlet, ["Ayam Geprek"])
    read_live(outlet, live)
    look()
    assert again(alert).auto_code == "changes_more"
    assert not Repair.objects.exists()


def test_a_timed_price_that_runs_keeps_no_repair_from_being_done(outlet, item, live):
    AlertSetting.objects.create(merchant=outlet.merchant, resync_without_asking=True)
    live["menus"][0]["menu_items"][0]["external_id"] = None
    alert = opened(outlet, ["Ayam Geprek"])
    read_live(outlet, live)
    look()
    assert again(alert).auto_code == "started"
    assert Repair.objects.get().sync.version.timed[0]["base"] == 20_000
