"""Fix and resync: applied once, published once, closed by its proof, or told why not."""

from datetime import timedelta

import pytest
from django.utils import timezone

from gobiz_admin.gobiz.errors import GobizUnavailable
from gobiz_admin.merchants.models import AuditEntry
from menus import sending
from menus.alerts import remaining
from menus.ids import without_external_id
from menus.models import (
    CatalogEdit,
    CatalogVersion,
    MappingAlertName,
    MenuItem,
    OutletCatalog,
    OutletOverride,
    Repair,
    Sync,
    Variant,
)
from menus.repairing import fixing
from menus.repairing.choices import ADOPT, GONE, as_row
from menus.repairing.fixing import request_repairs, run_repairs
from menus.undoing import undo
from tests.factories import OutletFactory
from tests.menus.factories import MenuItemFactory, live_category, live_item, selling_outlet
from tests.menus.repairs import again, card_of, confirm, fix, opened, proposed, published, read_live

pytestmark = pytest.mark.django_db


@pytest.fixture
def outlet(fake_gobiz):
    return selling_outlet()


def live(*items, categories=()):
    return {"menus": [{"name": "Ayam", "menu_items": list(items)}], "variant_categories": list(categories)}


def sharing(outlet, count):
    """Outlets that sell the same catalog."""
    others = OutletFactory.create_batch(count, gobiz_app=outlet.gobiz_app)
    OutletCatalog.objects.bulk_create(
        OutletCatalog(outlet=one, catalog=outlet.selling.catalog, imported_at=timezone.now())
        for one in others
    )
    return [outlet, *others]


def test_blocked_by_an_error_nothing_is_changed_or_sent_and_the_error_is_kept(outlet):
    Variant.objects.update(external_id=None)
    item = MenuItem.objects.get()
    MenuItem.objects.update(price=-1)
    opened(outlet, [], ["Paha atas"])
    (repair,) = fix(outlet)
    assert (repair.state, repair.code) == ("refused", "checks")
    assert {(row["kind"], row["pk"], row["field"]) for row in repair.checks} == {("item", item.pk, "price")}
    assert len(without_external_id(outlet.selling.catalog)) == 2
    assert not Sync.objects.exists()
    MenuItem.objects.update(price=1000)
    assert fix(outlet)[0].state == "sent"


def test_a_menu_that_was_never_read_in_whole_is_never_sent(outlet):
    opened(outlet, [], ["Paha atas"])
    OutletCatalog.objects.update(imported_at=None)
    bare = OutletFactory()
    request_repairs({outlet: {}, bare: {}}, None)
    run_repairs()
    assert {row["code"] for repair in Repair.objects.all() for row in repair.checks} == {"never_imported"}
    assert set(Repair.objects.values_list("state", flat=True)) == {"refused"}
    assert not Sync.objects.exists()


def test_much_of_the_menu_gone_is_asked_for_at_the_review(outlet):
    for number in range(4):
        MenuItemFactory(menu=MenuItem.objects.first().menu, name=f"Es {number}")
    published(outlet)
    MenuItem.objects.filter(name__startswith="Es").delete()
    opened(outlet, [], ["Paha atas"])
    (repair,) = fix(outlet)
    assert (repair.state, repair.code, repair.checks) == ("refused", "removal", [{"count": 4, "of": 5}])
    assert Sync.objects.count() == 1


def test_ids_are_given_the_menu_is_sent_and_the_proof_closes_the_alert(outlet):
    Variant.objects.update(external_id=None)
    alert = opened(outlet, [], ["Paha atas", "Paha bawah"])
    ids = {name.known.own[0].proposal for name in card_of(outlet).parts[0].names}
    (repair,) = fix(outlet)
    assert set(Variant.objects.values_list("external_id", flat=True)) == ids
    assert again(alert).state == "open"
    sync = confirm(repair.sync)
    assert (again(alert).state, again(alert).closed_by_sync) == ("closed", sync)
    assert AuditEntry.objects.filter(action="alert.repair_asked").count() == 1


def test_pressed_twice_it_is_one_repair_and_one_sync(outlet):
    opened(outlet, [], ["Paha atas"])
    wanted = proposed(card_of(outlet))
    assert [request_repairs(wanted, None), request_repairs(wanted, None)] == [1, 0]
    run_repairs()
    run_repairs()
    # Pressed again while it is on its way, and by somebody who pressed before it was proven.
    (sync,) = Sync.objects.all()
    assert fix(outlet)[0].sync == sync
    request_repairs(wanted, None)
    confirm(sync)
    run_repairs()
    assert Repair.objects.latest("pk").sync == sync
    assert Sync.objects.count() == CatalogVersion.objects.count() == 1


def test_pressed_after_the_proof_it_is_sent_again(outlet):
    alert = opened(outlet, [], ["Paha atas", "Dada"])
    confirm(fix(outlet)[0].sync)
    assert remaining(again(alert)) == ["Dada"]
    second = fix(outlet)[0].sync
    assert (second.state, Sync.objects.count()) == ("queued", 2)


def test_what_is_only_on_gofood_is_taken_over_with_its_id_as_one_change(outlet, cast):
    alert = opened(outlet, ["Es Teh", "es jeruk"])
    read_live(
        outlet,
        live(live_item("Es Teh", external_id="GF-7"), live_item("Es  Jeruk", external_id=None)),
    )
    (repair,) = fix(outlet, user=cast.owner)
    assert MenuItem.objects.get(name="Es Teh").external_id == "GF-7"
    assert MenuItem.objects.get(name="Es  Jeruk").external_id == "es-jeruk"
    confirm(repair.sync)
    assert again(alert).state == "closed"
    (edit,) = CatalogEdit.objects.all()
    assert (edit.action, edit.user) == ("mapping_repaired", cast.owner)
    undo(edit, cast.owner)
    assert [item.name for item in MenuItem.objects.all()] == ["Ayam Geprek"]


def test_ours_takes_the_id_that_gofood_has(outlet):
    MenuItem.objects.update(external_id=None)
    opened(outlet, ["Ayam Geprek"])
    read_live(outlet, live(live_item("AYAM geprek", external_id="GF-1")))
    fix(outlet)
    item = MenuItem.objects.get()
    assert (item.name, item.external_id) == ("Ayam Geprek", "GF-1")


def test_of_several_the_chosen_one_takes_the_id(outlet):
    first = MenuItem.objects.get()
    second = MenuItemFactory(menu=first.menu, name="ayam geprek", external_id=None)
    opened(outlet, ["Ayam Geprek"])
    read_live(outlet, live(live_item("Ayam Geprek (besar)", external_id=first.external_id)))
    read_live(outlet, live(live_item("AYAM GEPREK", external_id="GF-1")))
    fix(outlet, **{"item:ayam geprek": as_row(second.pk)})
    second.refresh_from_db()
    assert second.external_id == "GF-1"
    assert MenuItem.objects.get(pk=first.pk).external_id == first.external_id


def test_all_of_a_name_that_gofood_has_twice_are_taken_over(outlet):
    Variant.objects.filter(name="Paha bawah").delete()
    alert = opened(outlet, [], ["Dada"])
    two = [live_category("Nasi", "Dada"), live_category("Mi", "Dada")]
    items = [live_item("Nasi", variant_category_ids=["gobiz-Nasi"])]
    read_live(outlet, live(*items, categories=two))
    (repair,) = fix(outlet)
    assert Variant.objects.filter(name="Dada").count() == 2
    assert repair.state == "sent", repair.checks
    confirm(repair.sync)
    assert again(alert).state == "closed"


def test_another_name_of_one_of_ours_is_covered_by_its_id(outlet):
    item = MenuItem.objects.get()
    alert = opened(outlet, ["Ayam Gprk"])
    (repair,) = fix(outlet, **{"item:ayam gprk": as_row(item.pk)})
    assert MappingAlertName.objects.get().stands_for == item.external_id
    confirm(repair.sync)
    assert again(alert).state == "closed"


def test_a_row_of_another_merchant_is_no_answer(outlet):
    foreign = MenuItemFactory()
    alert = opened(outlet, ["Ayam Gprk"])
    confirm(fix(outlet, **{"item:ayam gprk": as_row(foreign.pk)})[0].sync)
    assert (again(alert).state, remaining(again(alert))) == ("open", ["Ayam Gprk"])


def test_what_is_not_sold_any_more_is_covered_by_going(outlet):
    alert = opened(outlet, ["Es Teh"])
    (repair,) = fix(outlet, **{"item:es teh": GONE})
    assert again(alert).state == "open"
    confirm(repair.sync)
    assert again(alert).state == "closed"


def test_reported_again_what_was_said_of_it_is_forgotten(outlet):
    alert = opened(outlet, ["Es Teh", "Dada"])
    confirm(fix(outlet, **{"item:es teh": GONE})[0].sync)
    opened(outlet, ["Es Teh"], at=timezone.now())
    assert remaining(again(alert)) == ["Es Teh", "Dada"]
    assert not MappingAlertName.objects.filter(gone=True).exists()


def test_what_is_hidden_is_shown_again_and_sent(outlet):
    MenuItemFactory(menu=MenuItem.objects.get().menu, name="Es Teh")
    item = MenuItem.objects.get(name="Ayam Geprek")
    OutletOverride.objects.create(outlet=outlet, item=item, hidden=True)
    alert = opened(outlet, ["Ayam Geprek"])
    confirm(fix(outlet)[0].sync)
    assert again(alert).state == "closed"
    assert CatalogEdit.objects.get().action == "mapping_repaired"


def test_nothing_is_read_nothing_is_taken_over(outlet):
    opened(outlet, ["Es Teh"])
    (repair,) = fix(outlet, **{"item:es teh": ADOPT})
    assert repair.state == "sent"
    assert MenuItem.objects.count() == 1


def test_outlets_that_share_a_catalog_get_one_change_and_a_sync_each(outlet):
    outlets = sharing(outlet, 4)
    elsewhere = selling_outlet()
    for number, one in enumerate([*outlets, elsewhere]):
        opened(one, ["Es Teh"], number=f"F-{number}")
        read_live(one, live(live_item("Es Teh", external_id=f"GF-{number // 3}")))
    repairs = fix(*outlets, elsewhere)
    assert {repair.state for repair in repairs} == {"sent"}
    assert len({repair.sync_id for repair in repairs}) == 6
    assert CatalogEdit.objects.filter(catalog=outlet.selling.catalog).count() == 1
    assert CatalogEdit.objects.filter(catalog=elsewhere.selling.catalog).count() == 1
    assert MenuItem.objects.filter(catalog=outlet.selling.catalog, name="Es Teh").count() == 1


def test_one_outlet_that_is_blocked_does_not_hold_up_the_others(outlet):
    first, second = sharing(outlet, 1)
    Variant.objects.update(external_id=None)
    OutletOverride.objects.create(outlet=second, item=MenuItem.objects.get(), price=-5)
    for one in (first, second):
        opened(one, [], ["Paha atas"])
    sent, refused = fix(first, second)
    assert (sent.state, refused.state, refused.code) == ("sent", "refused", "checks")
    assert Sync.objects.get().outlet == first


def test_with_gobiz_away_it_waits_and_closes_when_it_is_back(outlet, fake_gobiz):
    alert = opened(outlet, [], ["Paha atas"])
    fake_gobiz.writes = [GobizUnavailable()]
    fake_gobiz.takes_it = False
    fake_gobiz.live[outlet.outlet_id] = live()
    (repair,) = fix(outlet)
    sending.send(repair.sync_id)
    sync = Sync.objects.get()
    assert (sync.state, again(alert).state) == ("queued", "open")
    fake_gobiz.takes_it = True
    Sync.objects.update(next_attempt_at=timezone.now())
    confirm(sync)
    assert (again(alert).state, Sync.objects.count()) == ("closed", 1)


def test_a_worker_killed_between_change_and_publish_leaves_what_the_next_one_does(outlet, monkeypatch):
    opened(outlet, ["Es Teh"])
    read_live(outlet, live(live_item("Es Teh", external_id="GF-7")))

    def die(*_):
        raise SystemExit

    request_repairs(proposed(card_of(outlet)), None)
    with monkeypatch.context() as patch:
        patch.setattr(fixing, "_publish", die)
        with pytest.raises(SystemExit):
            run_repairs()
    assert (MenuItem.objects.count(), Sync.objects.count()) == (2, 0)
    run_repairs()
    assert (MenuItem.objects.count(), Sync.objects.count(), Repair.objects.get().state) == (2, 1, "sent")


def test_what_fails_here_is_given_up_and_holds_up_no_other(outlet, monkeypatch):
    other = selling_outlet()
    for one in (outlet, other):
        opened(one, [], ["Paha atas"])
    request_repairs({outlet: {}, other: {}}, None)
    change = fixing.change_catalog

    def fail(catalog_pk, repairs):
        if catalog_pk == outlet.selling.catalog_id:
            raise RuntimeError
        change(catalog_pk, repairs)

    monkeypatch.setattr(fixing, "change_catalog", fail)
    run_repairs()
    assert Repair.objects.get(outlet=other).state == "sent"
    assert Repair.objects.get(outlet=outlet).state == "queued"
    Repair.objects.update(requested_at=timezone.now() - timedelta(hours=1))
    run_repairs()
    repair = Repair.objects.get(outlet=outlet)
    assert (repair.state, repair.code) == ("refused", "internal")
