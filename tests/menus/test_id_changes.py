"""Changing an external_id: refused first, then remembered."""

import pytest
from django.utils import timezone

from gobiz_admin.merchants.models import AuditEntry
from menus import editing
from menus.confirming import mapping_updated
from menus.copying import copy_catalog
from menus.id_changes import change_id, id_states
from menus.ids import IdsRefused, fix_ids
from menus.mapping import known_external_ids
from menus.models import ExternalId, MenuItem, Sync
from menus.publishing import request_publish
from menus.tree import load_tree
from tests.factories import UserFactory
from tests.menus.factories import MenuItemFactory, selling_outlet
from tests.threads import at_once

pytestmark = pytest.mark.django_db


@pytest.fixture
def outlet():
    return selling_outlet(external_id=None)


@pytest.fixture
def item(outlet):
    item = MenuItem.objects.get()
    fix_ids(item.catalog, {("item", item.pk): "ayam"}, None)
    item.refresh_from_db()
    return item


@pytest.fixture
def confirmed(item):
    ExternalId.objects.filter(kind="item").update(confirmed_at=timezone.now())
    return item


def change(item, value, typed=""):
    return change_id(item.catalog, ("item", item.pk), value, typed, None)


def refusal(item, value, typed=""):
    before = list(ExternalId.objects.order_by("pk").values())
    audited = AuditEntry.objects.filter(action="menu.external_id_changed")
    entries = audited.count()
    with pytest.raises(IdsRefused) as refused:
        change(item, value, typed)
    assert list(ExternalId.objects.order_by("pk").values()) == before
    assert MenuItem.objects.get(pk=item.pk).external_id == item.external_id
    assert audited.count() == entries
    return refused.value.errors["item", item.pk]


@pytest.mark.parametrize("value", ["", "a b", "é", "a" * 201, "a\n", "<b>"])
def test_a_badly_formed_id_is_refused(item, value):
    assert refusal(item, value) == "format"


def test_an_id_of_another_is_refused_used_or_gone(item):
    other = MenuItemFactory(menu=item.menu, external_id=None)
    fix_ids(item.catalog, {("item", other.pk): "bebek"}, None)
    assert refusal(item, "bebek") == "taken"
    other.refresh_from_db()
    editing.remove(other, None)
    assert refusal(item, "bebek") == "taken"


@pytest.mark.parametrize("typed", ["", "AYAM", "ayam ", "geprek"])
def test_a_confirmed_one_needs_the_old_one_typed(confirmed, typed):
    assert refusal(confirmed, "geprek", typed) == "not_typed"


def test_a_foreign_row_is_unknown(item):
    stranger = MenuItemFactory()
    with pytest.raises(IdsRefused) as refused:
        change_id(item.catalog, ("item", stranger.pk), "mine", "", None)
    assert refused.value.errors == {("item", stranger.pk): "unknown"}


def test_what_has_none_is_not_changed_but_fixed(item):
    other = MenuItemFactory(menu=item.menu, external_id=None)
    with pytest.raises(IdsRefused) as refused:
        change(other, "new")
    assert refused.value.errors == {("item", other.pk): "unknown"}


def test_the_same_one_is_no_change(confirmed):
    assert change(confirmed, "ayam") is False
    assert not AuditEntry.objects.filter(action="menu.external_id_changed").exists()


def test_one_that_was_never_confirmed_is_simply_changed(item):
    user = UserFactory()
    assert change_id(item.catalog, ("item", item.pk), "geprek", "", user)
    item.refresh_from_db()
    assert item.external_id == "geprek"
    entry = AuditEntry.objects.get(action="menu.external_id_changed")
    assert (entry.user, entry.facts["old"], entry.facts["new"]) == (user, "ayam", "geprek")
    assert entry.facts["confirmed"] is False


def test_an_order_that_is_under_way_names_the_old_one(confirmed, outlet):
    change(confirmed, "geprek", "ayam")
    assert {"ayam", "geprek"} <= known_external_ids(outlet)["item"]
    assert AuditEntry.objects.get(action="menu.external_id_changed").facts["confirmed"] is True


def test_what_is_gone_is_not_recognised_by_an_old_id(item, outlet):
    change(item, "geprek")
    item.refresh_from_db()
    editing.remove(item, None)
    assert known_external_ids(outlet)["item"] == set()


def test_its_own_old_one_it_may_have_back(confirmed):
    change(confirmed, "geprek", "ayam")
    confirmed.refresh_from_db()
    assert change(confirmed, "ayam")
    assert refusal(MenuItemFactory(menu=confirmed.menu, external_id="x"), "geprek") == "taken"


def test_a_copy_recognises_the_old_ones_too(confirmed):
    change(confirmed, "geprek", "ayam")
    copied = copy_catalog(confirmed.catalog, "Copy", None)
    owner = MenuItem.objects.get(catalog=copied).pk
    rows = ExternalId.objects.filter(catalog=copied, kind="item")
    assert {row.external_id: row.thing for row in rows} == {"ayam": owner, "geprek": owner}


@pytest.mark.django_db(transaction=True)
def test_two_at_once_that_want_the_same_one(outlet, item):
    other = MenuItemFactory(menu=item.menu, external_id="other")

    def wanting(number):
        try:
            return change([item, other][number], "same")
        except IdsRefused as refused:
            return next(iter(refused.errors.values()))

    assert sorted(at_once(wanting), key=str) == [True, "taken"]
    assert MenuItem.objects.filter(external_id="same").count() == 1


@pytest.mark.parametrize("state", ["accepted", "superseded"])
def test_a_confirmation_tells_which_ids_gofood_has(outlet, item, state, fake_gobiz):
    MenuItem.objects.update(image_url="https://pictures.example.com/x.png")
    for category in outlet.selling.catalog.variant_categories.all():
        fix_ids(outlet.selling.catalog, {}, None)
        assert category.external_id
    sync = request_publish(outlet, None)
    Sync.objects.update(state=state, attempts=1)
    MenuItemFactory(menu=item.menu, external_id="later")
    ExternalId.objects.create(catalog=item.catalog, kind="item", external_id="later")
    mapping_updated(outlet, sync.request_id, [], None)
    since = dict(ExternalId.objects.filter(kind="item").values_list("external_id", "confirmed_at"))
    assert since["ayam"] is not None
    assert since["later"] is None
    states = {row.external_id: row.confirmed_at for row in id_states(load_tree(item.catalog))}
    assert (states["ayam"], states["later"]) == (since["ayam"], None)
