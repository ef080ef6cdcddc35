"""Publishing to a chain over HTTP, against GoBiz's sandbox: pilot first, stopped by itself, and taken back."""

from copy import deepcopy

import pytest
from django.utils import timezone

from menus.models import MenuItem, OutletCatalog, Sync, Variant
from menus.readings import read, request_readings
from menus.reviewing import reviews
from menus.rollouts.starting import Plan, RolloutRefused, Seen, start
from menus.rollouts.stopping import bring_all_back
from tests.factories import OutletFactory
from tests.menus.days import shown
from tests.menus.test_bad_days import day, faults, live
from tests.menus.test_with_sandbox import imported, outlet, sandbox, sandbox_process

__all__ = ["day", "outlet", "sandbox", "sandbox_process"]
pytestmark = pytest.mark.django_db
TAKEN = '{"success": true, "data": {}}'


@pytest.fixture
def chain(outlet, sandbox, day):
    """Three outlets that sell one catalog, which GoFood has at each."""
    catalog = imported(outlet)
    # A reduction is asked about where it is new.
    Variant.objects.filter(category__catalog=catalog, price__lt=0).update(price=0)
    ids = ["G111000001", "G111000002"]
    asked = [{"outlet_id": one, "name": one} for one in ids]
    sandbox.control("POST", "apps", {"slug": "warung", "outlets": asked})
    outlets = [
        outlet,
        *(OutletFactory(merchant=outlet.merchant, gobiz_app=outlet.gobiz_app, outlet_id=one) for one in ids),
    ]
    for other in outlets[1:]:
        OutletCatalog.objects.create(outlet=other, catalog=catalog, imported_at=timezone.now())
    start(outlet.merchant, Plan([outlets]), None)
    assert day.goes_on()
    assert all(shown(live(sandbox, one)) == shown(live(sandbox, outlet)) for one in outlets)
    return outlets


def reprice(outlet):
    item = MenuItem.objects.filter(catalog=outlet.selling.catalog).earliest("pk")
    MenuItem.objects.filter(pk=item.pk).update(price=item.price + 1000)


def staged(chain, **options):
    """The rollout of an edited catalog: the first outlet by itself, then the others."""
    return start(chain[0].merchant, Plan([chain[:1], chain[1:]], **options), None)


def calls_of(sandbox, since):
    """PUT or GET, and of which outlet, of each call for a menu."""
    calls = [call for call in sandbox.calls("catalog")[since:] if call["method"] in ("GET", "PUT")]
    return [(call["method"], call["path"].split("/outlets/")[1].split("/")[0]) for call in calls]


def test_the_others_are_sent_when_the_pilot_was_read_back(chain, sandbox, day):
    reprice(chain[0])
    since = len(sandbox.calls("catalog"))
    rollout = staged(chain)
    assert day.goes_on()
    rollout.refresh_from_db()
    assert rollout.state == "done"
    pilot, *others = [one.outlet_id for one in chain]
    calls = calls_of(sandbox, since)
    first_of_others = min(calls.index(("PUT", one)) for one in others)
    assert calls.index(("PUT", pilot)) < calls.index(("GET", pilot)) < first_of_others
    for row in rollout.rows.select_related("outlet", "version"):
        assert shown(live(sandbox, row.outlet)) == shown(row.version.payload)


def test_a_pilot_that_gofood_did_not_take_stops_it_and_the_others_keep_their_menu(chain, sandbox, day):
    before = [live(sandbox, one) for one in chain]
    reprice(chain[0])
    since = len(sandbox.calls("catalog"))
    faults(sandbox, {"match": f"PUT {chain[0].outlet_id}", "status": 200, "body": TAKEN})
    rollout = staged(chain)
    assert day.goes_on()
    rollout.refresh_from_db()
    assert (rollout.state, rollout.stop_code) == ("stopped", "sync_failed")
    assert rollout.rows.get(stage=0).sync.error_code == "not_taken"
    assert {place for method, place in calls_of(sandbox, since) if method == "PUT"} == {chain[0].outlet_id}
    assert [live(sandbox, one) for one in chain] == before
    faults(sandbox)
    assert staged(chain)
    assert day.goes_on()
    assert all(shown(live(sandbox, one)) == shown(live(sandbox, chain[0])) for one in chain)
    assert live(sandbox, chain[0]) != before[0]


def test_all_of_it_is_taken_back_through_a_bad_hour(chain, sandbox, day):
    before = [shown(live(sandbox, one)) for one in chain]
    reprice(chain[0])
    rollout = staged(chain)
    assert day.goes_on()
    assert [shown(live(sandbox, one)) for one in chain] != before
    faults(sandbox, {"status": 503, "times": 4}, {"status": 502, "apply": True, "times": 2})
    assert len(bring_all_back(rollout, None).syncs) == 3
    assert day.goes_on()
    assert [shown(live(sandbox, one)) for one in chain] == before
    newest = Sync.objects.filter(outlet__in=chain).order_by("outlet_id", "-pk").distinct("outlet_id")
    assert {sync.state for sync in newest} == {"confirmed"}


def test_what_was_changed_in_the_app_is_shown_first_and_not_overwritten_unseen(chain, sandbox, day):
    seen = Seen(live={review.outlet.pk: review.on_gofood.seen for review in reviews(chain)})
    place = f"outlets/{chain[1].outlet_id}"
    theirs = deepcopy(sandbox.control("GET", place)["catalog"])
    item = theirs["menus"][0]["menu_items"][0]
    item["price"] += 7000
    sandbox.control("POST", place, {"catalog": theirs})
    day.passes(60)
    request_readings(chain)
    for one in chain:
        read(one.pk)
    found = {review.outlet: review for review in reviews(chain)}
    assert [(change.kind, change.name, change.old) for change in found[chain[1]].overwritten] == [
        ("repriced", item["name"], item["price"])
    ]
    assert found[chain[0]].overwritten == found[chain[2]].overwritten == []
    reprice(chain[0])
    with pytest.raises(RolloutRefused) as refused:
        start(chain[0].merchant, Plan([chain]), None, seen)
    assert (refused.value.code, refused.value.outlets) == ("live_changed", [chain[1]])
    assert live(sandbox, chain[1]) == theirs
