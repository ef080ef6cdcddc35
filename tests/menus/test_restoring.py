"""Taking one item or one menu of an older version back into the catalog."""

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from menus import editing
from menus.id_changes import change_id
from menus.ids import accept_proposals
from menus.importing import read_live_menu
from menus.ingredients import remove_ingredient
from menus.models import (
    Catalog,
    CatalogEdit,
    CatalogVersion,
    ExternalId,
    Ingredient,
    IngredientLink,
    MenuItem,
    OutletCatalog,
    OutletOverride,
    Picture,
    Variant,
    VariantCategory,
)
from menus.ordering import place
from menus.overrides import set_override
from menus.payload import build_payload
from menus.publishing import request_publish
from menus.restoring.comparing import restore_plan
from menus.restoring.writing import RestoreRefused, restore
from menus.undoing import last_edit, undo
from tests.factories import OutletFactory, UserFactory
from tests.menus.factories import live_menu
from tests.menus.test_adopting import tree
from tests.threads import at_once

pytestmark = pytest.mark.django_db


@pytest.fixture
def outlet(fake_gobiz):
    outlet = OutletFactory(name="Warung Bu Sri")
    fake_gobiz.live[outlet.outlet_id] = live_menu()
    read_live_menu(outlet)
    accept_proposals(Catalog.objects.get(), None)
    return outlet


@pytest.fixture
def user():
    return UserFactory()


@pytest.fixture
def version(outlet):
    """What is sold before anything is edited."""
    return request_publish(outlet, None).version


@pytest.fixture
def branch(outlet):
    """A second outlet of the same catalog."""
    other = OutletFactory(merchant=outlet.merchant, gobiz_app=outlet.gobiz_app, name="Cabang")
    catalog = Catalog.objects.get()
    OutletCatalog.objects.create(outlet=other, catalog=catalog, imported_at=timezone.now())
    return other


def items_in(payload):
    return [item for menu in payload["menus"] for item in menu["menu_items"]]


def index_of(version, name, kind="item"):
    rows = items_in(version.payload) if kind == "item" else version.payload["menus"]
    return next(index for index, row in enumerate(rows) if row["name"] == name)


def row_of(payload, name):
    return next(row for row in items_in(payload) if row["name"] == name)


def take_back(version, name, kind="item", user=None, everywhere=False):
    index = index_of(version, name, kind)
    found = restore_plan(version, kind, index)
    return restore(version, kind, index, found.digest, user, everywhere)


def refusal(version, name, **how):
    before = tree()
    with pytest.raises(RestoreRefused) as info:
        take_back(version, name, **how)
    assert tree() == before
    return info.value


def item(name):
    return MenuItem.objects.get(name=name)


# --- what is refused --------------------------------------------------------------------------


def test_a_menu_that_changed_since_it_was_shown(version):
    index = index_of(version, "Es Teh")
    editing.save_item(item("Es Teh"), {"price": 7000}, None)
    shown = restore_plan(version, "item", index).digest
    editing.save_item(item("Es Teh"), {"description": "Manis"}, None)
    before = tree()
    with pytest.raises(RestoreRefused) as info:
        restore(version, "item", index, shown, None)
    assert info.value.code == "changed"
    assert tree() == before


def test_an_id_that_belongs_to_something_else_by_now(version, outlet):
    tea = item("Es Teh")
    old = tea.external_id
    # As a binding of ids leaves it: the id is that of another item now, which has one of its own.
    ExternalId.objects.filter(kind="item", external_id=old).update(thing=item("Ayam Bakar").pk)
    editing.remove(tea, None)
    found = refusal(version, "Es Teh")
    assert (found.code, found.names) == ("id_taken", ["Ayam Bakar"])


def test_an_id_that_another_row_bears(version):
    tea, chicken = item("Es Teh"), item("Ayam Bakar")
    old = tea.external_id
    editing.remove(tea, None)
    MenuItem.objects.filter(pk=chicken.pk).update(external_id=old)
    assert refusal(version, "Es Teh").code == "id_taken"


def test_a_picture_or_category_row_that_slips_in_is_refused_in_words(version, monkeypatch):
    """What only the database notices: an external_id that was given out between look and write."""
    tea = item("Es Teh")
    editing.remove(tea, None)
    monkeypatch.setattr("menus.restoring.comparing._as_named_today", lambda *_: ({}, {}))
    item_row = item("Ayam Bakar")

    def give_away(self):
        MenuItem.objects.filter(pk=item_row.pk).update(external_id=tea.external_id)
        original(self)

    from menus.restoring.writing import _Restoration

    original = _Restoration.write
    monkeypatch.setattr(_Restoration, "write", give_away)
    assert refusal(version, "Es Teh").code == "id_taken"


@pytest.mark.parametrize(("kind", "index"), [("item", 99), ("menu", 99), ("item", -1), ("variant", 0)])
def test_what_the_version_does_not_have(version, kind, index):
    with pytest.raises(LookupError):
        restore_plan(version, kind, index)


def test_an_outlet_that_sells_nothing_here(version, outlet):
    OutletCatalog.objects.all().delete()
    with pytest.raises(LookupError):
        restore_plan(version, "item", 0)


@pytest.mark.django_db(transaction=True)
def test_two_at_once_take_it_back_once(version):
    editing.remove(item("Es Teh"), None)
    index = index_of(version, "Es Teh")
    shown = restore_plan(version, "item", index).digest

    def take(_):
        try:
            return restore(version, "item", index, shown, None)
        except RestoreRefused as refused:
            return refused.code

    assert sorted(map(str, at_once(take))) == ["1", "changed"]
    assert MenuItem.objects.filter(name="Es Teh").count() == 1


# --- one item ---------------------------------------------------------------------------------


def test_every_value_comes_back_but_stock(version, outlet):
    before = row_of(version.payload, "Ayam Geprek")
    other = Catalog.objects.get().menus.get(name="Minum")
    editing.save_item(
        item("Ayam Geprek"),
        {
            "name": "Geprek",
            "internal_name": "G",
            "description": "Pedas",
            "price": 1000,
            "image_url": "https://pictures.example.com/other.png",
            "operational_hours": None,
            "menu": other,
            "categories": [],
            "in_stock": False,
        },
        None,
    )
    edits = CatalogEdit.objects.count()
    take_back(version, "Ayam Geprek")
    assert row_of(build_payload(outlet), "Ayam Geprek") == {**before, "in_stock": False}
    assert item("Ayam Geprek").menu.name == "Ayam"
    assert CatalogEdit.objects.count() == edits + 1


def test_what_was_removed_comes_back_with_its_pk_and_id(version, outlet):
    was, pk = item("Ayam Geprek"), item("Ayam Geprek").pk
    category = VariantCategory.objects.get(name="Potongan")
    variants = list(category.variants.order_by("pk").values_list("pk", "external_id", "price"))
    editing.remove(category, None)
    editing.remove(was, None)
    take_back(version, "Ayam Geprek")
    assert build_payload(outlet)["menus"][0] == {
        **version.payload["menus"][0],
        # The other item lost its choice with the category, and was not asked for.
        "menu_items": [
            version.payload["menus"][0]["menu_items"][0],
            {**version.payload["menus"][0]["menu_items"][1], "variant_category_external_ids": []},
        ],
    }
    back = item("Ayam Geprek")
    assert (back.pk, back.external_id) == (pk, was.external_id)
    now = Variant.objects.filter(category__name="Potongan").order_by("pk")
    assert list(now.values_list("pk", "external_id", "price")) == variants
    assert ExternalId.objects.get(kind="item", external_id=was.external_id).thing == pk


def test_an_item_whose_id_was_changed_keeps_the_new_one(version, outlet):
    tea = item("Es Teh")
    change_id(Catalog.objects.get(), ("item", tea.pk), "teh-baru", tea.external_id, None)
    editing.save_item(tea, {"price": 9000, "name": "Teh"}, None)
    take_back(version, "Es Teh")
    tea.refresh_from_db()
    assert (tea.name, tea.price, tea.external_id) == ("Es Teh", 5000, "teh-baru")


def test_variant_prices_and_rules_of_its_categories_come_back(version, outlet):
    category = VariantCategory.objects.get(name="Potongan")
    editing.save_variant_category(category, {"name": "Pilih", "max_quantity": 5}, None)
    editing.save_variant(Variant.objects.get(name="Paha atas"), {"price": 5000}, None)
    editing.remove(Variant.objects.get(name="Paha bawah"), None)
    other = Variant.objects.get(name="Keju")
    editing.save_variant(other, {"price": 4000}, None)
    take_back(version, "Ayam Geprek")
    now = {row["external_id"]: row for row in build_payload(outlet)["variant_categories"]}
    was = {row["external_id"]: row for row in version.payload["variant_categories"]}
    # GoFood shows the name where there is no internal one.
    was[category.external_id].pop("internal_name")
    assert now[category.external_id] == was[category.external_id]
    other.refresh_from_db()
    assert other.price == 4000


def test_its_place_comes_back_and_nothing_else_moves(version, outlet):
    last = item("Ayam Bakar")
    new = editing.add_item(last.menu, {"name": "Baru", "price": 10000}, None)
    place(last, item("Ayam Geprek"), None)
    take_back(version, "Ayam Bakar")
    names = [row["name"] for row in build_payload(outlet)["menus"][0]["menu_items"]]
    assert names == ["Ayam Geprek", "Ayam Bakar", "Baru"]
    assert new.pk


def test_a_picture_of_ours_comes_back(version, outlet):
    merchant = outlet.merchant
    old, new = (
        Picture.objects.create(merchant=merchant, sha256=letter * 64, file="x", side=500, size=1)
        for letter in "ab"
    )
    editing.save_item(item("Es Teh"), {"picture": old, "image_url": ""}, None)
    first = request_publish(outlet, None).version
    editing.save_item(item("Es Teh"), {"picture": new}, None)
    take_back(first, "Es Teh")
    assert item("Es Teh").picture == old
    new.delete()
    Picture.objects.filter(pk=old.pk).delete()
    take_back(version, "Es Teh")
    assert item("Es Teh").image_url == row_of(version.payload, "Es Teh")["image"]


def test_one_undo_takes_it_back_again(version, outlet, user):
    editing.save_item(item("Ayam Geprek"), {"name": "Geprek", "price": 1}, None)
    editing.remove(Variant.objects.get(name="Paha bawah"), None)
    before = tree()
    take_back(version, "Ayam Geprek", user=user)
    undo(last_edit(Catalog.objects.get(), user), user)
    assert tree() == before


def test_nothing_differs(version, user):
    assert take_back(version, "Es Teh", user=user) == 0
    assert last_edit(Catalog.objects.get(), user) is None


def test_from_the_menu_as_it_was_found(outlet):
    found = CatalogVersion.objects.get(number=0)
    editing.save_item(item("Es Teh"), {"price": 9000, "description": "x"}, None)
    names = [row["name"] for row in items_in(found.payload)]
    index = names.index("Es Teh")
    shown = restore_plan(found, "item", index)
    assert restore(found, "item", index, shown.digest, None)
    tea = item("Es Teh")
    assert (tea.price, tea.description, bool(tea.external_id)) == (5000, "", True)


# --- a menu -----------------------------------------------------------------------------------


def test_a_menu_that_was_removed(version, outlet):
    editing.remove(Catalog.objects.get().menus.get(name="Ayam"), None)
    take_back(version, "Ayam", "menu")
    now = build_payload(outlet)
    assert now["menus"] == version.payload["menus"]


def test_a_menu_with_its_name_and_order_and_what_was_added_since(version, outlet):
    menu = Catalog.objects.get().menus.get(name="Ayam")
    place(item("Ayam Bakar"), item("Ayam Geprek"), None)
    editing.add_item(menu, {"name": "Baru", "price": 10000}, None)
    editing.save_menu(menu, {"name": "Serba Ayam"}, None)
    take_back(version, "Ayam", "menu")
    now = build_payload(outlet)["menus"][0]
    assert now["name"] == "Ayam"
    assert [row["name"] for row in now["menu_items"]] == ["Ayam Geprek", "Ayam Bakar", "Baru"]


# --- one outlet or all ------------------------------------------------------------------------


def prices(name, *outlets):
    return [row_of(build_payload(outlet), name)["price"] for outlet in outlets]


def test_the_price_of_one_outlet_stays_there(version, outlet, branch):
    editing.save_item(item("Es Teh"), {"price": 9000}, None)
    take_back(version, "Es Teh")
    assert prices("Es Teh", outlet, branch) == [5000, 9000]
    assert OutletOverride.objects.get().outlet == outlet


def test_the_price_of_all(version, outlet, branch):
    editing.save_item(item("Es Teh"), {"price": 9000}, None)
    set_override(Catalog.objects.get(), "item", item("Es Teh").pk, [outlet], None, price=11000)
    take_back(version, "Es Teh", everywhere=True)
    assert prices("Es Teh", outlet, branch) == [5000, 5000]
    assert not OutletOverride.objects.exists()


def test_what_comes_back_to_one_outlet_is_hidden_at_the_others(version, outlet, branch):
    editing.remove(item("Es Teh"), None)
    take_back(version, "Es Teh")
    assert [row["name"] for row in items_in(build_payload(branch))] == ["Ayam Geprek", "Ayam Bakar"]
    assert row_of(build_payload(outlet), "Es Teh") == row_of(version.payload, "Es Teh")


def test_a_variant_that_comes_back_to_one_outlet_is_not_offered_at_the_others(version, outlet, branch):
    editing.remove(Variant.objects.get(name="Paha bawah"), None)
    gone = build_payload(branch)["variant_categories"]
    take_back(version, "Ayam Geprek")
    assert build_payload(branch)["variant_categories"] == gone
    assert build_payload(outlet)["variant_categories"] == version.payload["variant_categories"]


def test_what_comes_back_to_all(version, outlet, branch):
    editing.remove(item("Es Teh"), None)
    take_back(version, "Es Teh", everywhere=True)
    assert prices("Es Teh", outlet, branch) == [5000, 5000]


def test_what_is_hidden_at_the_outlet_is_shown_there_again(version, outlet, branch):
    set_override(Catalog.objects.get(), "item", item("Es Teh").pk, [outlet, branch], None, hidden=True)
    take_back(version, "Es Teh")
    assert row_of(build_payload(outlet), "Es Teh")
    assert "Es Teh" not in [row["name"] for row in items_in(build_payload(branch))]


def test_the_catalog_of_another_outlet_knows_it_by_its_id(version, outlet):
    """The outlet sells another catalog by now, in which the same id is the same thing."""
    from menus.copying import copy_catalog

    other = copy_catalog(Catalog.objects.get(), "Salinan", None)
    OutletCatalog.objects.update(catalog=other)
    editing.remove(other.menu_items.get(name="Es Teh"), None)
    take_back(version, "Es Teh")
    assert other.menu_items.get(name="Es Teh").external_id == row_of(version.payload, "Es Teh")["external_id"]
    assert row_of(build_payload(outlet), "Es Teh") == row_of(version.payload, "Es Teh")


# --- ingredients ------------------------------------------------------------------------------


def made_of(thing):
    return sorted(thing.ingredient_links.values_list("ingredient__name", flat=True))


def give(thing, *names):
    save = editing.save_item if isinstance(thing, MenuItem) else editing.save_variant
    save(thing, {"ingredients": list(names)}, None)


def test_an_item_that_is_still_here_keeps_its_ingredients(version):
    give(item("Es Teh"), "Teh", "Gula")
    editing.save_item(item("Es Teh"), {"name": "Teh", "price": 1}, None)
    take_back(version, "Es Teh")
    assert made_of(item("Es Teh")) == ["Gula", "Teh"]


def test_what_was_removed_has_the_ingredients_that_it_had_last(version, user):
    give(item("Ayam Geprek"), "Tahu")
    give(item("Ayam Geprek"), "Ayam", "Cabai")
    category = VariantCategory.objects.get(name="Potongan")
    give(category.variants.get(name="Paha atas"), "Ayam")
    editing.remove(category, None)
    editing.remove(item("Ayam Geprek"), None)
    before = tree()
    found = restore_plan(version, "item", index_of(version, "Ayam Geprek"))
    told = [(one.name, one.new) for one in found.differences if one.field == "ingredients"]
    assert sorted(told) == [("Ayam Geprek", ["Ayam", "Cabai"]), ("Paha atas", ["Ayam"])]
    assert (found.made_of.unknown, found.made_of.lost) == ([], False)
    take_back(version, "Ayam Geprek", user=user)
    assert made_of(item("Ayam Geprek")) == ["Ayam", "Cabai"]
    assert made_of(Variant.objects.get(name="Paha atas")) == ["Ayam"]
    assert made_of(Variant.objects.get(name="Paha bawah")) == []
    undo(last_edit(Catalog.objects.get(), user), user)
    assert tree() == before
    assert not IngredientLink.objects.exists()


def test_with_a_menu_all_its_items_have_their_ingredients_again(version):
    give(item("Ayam Bakar"), "Ayam")
    editing.remove(Catalog.objects.get().menus.get(name="Ayam"), None)
    take_back(version, "Ayam", "menu")
    assert made_of(item("Ayam Bakar")) == ["Ayam"]


def test_an_ingredient_that_was_removed_since_stays_away_and_is_told_of(version, page):
    give(item("Es Teh"), "Teh", "Gula")
    editing.remove(item("Es Teh"), None)
    remove_ingredient(Ingredient.objects.get(name="Gula"), None)
    assert "Bahan yang sudah dihapus" in page.get(address(version, "Es Teh")).content.decode()
    take_back(version, "Es Teh")
    assert made_of(item("Es Teh")) == ["Teh"]


def test_what_nothing_is_known_of_any_more_is_named_before(version, page):
    """Changes are kept for 30 days only."""
    give(item("Es Teh"), "Teh")
    editing.remove(item("Es Teh"), None)
    CatalogEdit.objects.all().delete()
    told = page.get(address(version, "Es Teh")).content.decode()
    assert "Tidak diketahui lagi bahan apa" in told
    assert restore_plan(version, "item", index_of(version, "Es Teh")).made_of.unknown == ["Es Teh"]
    take_back(version, "Es Teh")
    assert made_of(item("Es Teh")) == []


def test_where_nobody_uses_ingredients_none_are_missed(version):
    editing.remove(item("Es Teh"), None)
    CatalogEdit.objects.all().delete()
    assert restore_plan(version, "item", index_of(version, "Es Teh")).made_of.unknown == []


# --- any edits at all -------------------------------------------------------------------------

EDIT = st.tuples(
    st.sampled_from(
        ["price", "name", "remove", "remove_category", "remove_variant", "hide", "move", "links"]
    ),
    st.integers(0, 5),
    st.integers(1, 50_000),
)


def apply(catalog, outlet, edit):
    what, number, value = edit
    items, variants = list(catalog.menu_items.order_by("pk")), list(catalog.variants.order_by("pk"))
    categories = list(catalog.variant_categories.order_by("pk"))
    chosen = items[number % len(items)] if items else None
    if what == "remove_variant" and variants:
        editing.remove(variants[number % len(variants)], None)
    elif what == "remove_category" and categories:
        editing.remove(categories[number % len(categories)], None)
    elif chosen is None:
        return
    elif what in ("price", "name"):
        editing.save_item(chosen, {what: value if what == "price" else f"Nama {value}"}, None)
    elif what == "hide":
        set_override(catalog, "item", chosen.pk, [outlet], None, hidden=True, price=value)
    elif what == "remove":
        editing.remove(chosen, None)
    elif what == "move":
        menus = list(catalog.menus.order_by("pk"))
        editing.save_item(chosen, {"menu": menus[value % len(menus)]}, None)
    elif what == "links":
        editing.save_item(chosen, {"categories": categories[: value % 3]}, None)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(edits=st.lists(EDIT, max_size=8), number=st.integers(0, 2), everywhere=st.booleans())
def test_whatever_was_edited_the_item_comes_back_as_it_was(version, outlet, edits, number, everywhere):
    from django.db import transaction

    catalog = Catalog.objects.get()
    point = transaction.savepoint()
    for edit in edits:
        apply(catalog, outlet, edit)
    found = restore_plan(version, "item", number)
    restore(version, "item", number, found.digest, None, everywhere)
    was = items_in(version.payload)[number]
    now = [row for row in items_in(build_payload(outlet)) if row["external_id"] == was["external_id"]]
    assert now == [was]
    assert restore_plan(version, "item", number).differences == []
    transaction.savepoint_rollback(point)


# --- cost and pages ---------------------------------------------------------------------------


def cost_of(fake_gobiz, size):
    outlet = OutletFactory()
    fake_gobiz.live[outlet.outlet_id] = live_menu(size)
    read_live_menu(outlet)
    catalog = Catalog.objects.get(sellings__outlet=outlet)
    accept_proposals(catalog, None)
    found = CatalogVersion.objects.get(outlet=outlet, number=0)
    editing.remove(catalog.menus.get(), None)
    with CaptureQueriesContext(connection) as look:
        shown = restore_plan(found, "menu", 0)
    with CaptureQueriesContext(connection) as write:
        restore(found, "menu", 0, shown.digest, None)
    assert catalog.menu_items.count() == size
    return len(look), len(write)


def test_queries_do_not_grow_with_the_menu(fake_gobiz):
    assert cost_of(fake_gobiz, 5) == cost_of(fake_gobiz, 40)


@pytest.fixture
def page(version, outlet, user):
    from tests.factories import MemberFactory

    client = Client()
    client.force_login(
        MemberFactory(merchant=outlet.merchant, user=user).user, "django.contrib.auth.backends.ModelBackend"
    )
    return client


def address(version, name, kind="item", merchant=None):
    pk = (merchant or version.outlet.merchant).pk
    return reverse("version_restore", args=[pk, version.pk, kind, index_of(version, name, kind)])


def test_the_page_shows_every_change_and_leads_to_the_review(page, version):
    editing.save_item(item("Es Teh"), {"price": 9000}, None)
    answer = page.get(address(version, "Es Teh"))
    assert b"9.000" in answer.content
    assert b"5.000" in answer.content
    found = restore_plan(version, "item", index_of(version, "Es Teh"))
    answer = page.post(address(version, "Es Teh"), {"plan": found.digest})
    assert answer.status_code == 302
    assert answer["Location"] == reverse(
        "publish_review", args=[version.outlet.merchant_id, version.outlet_id]
    )
    assert item("Es Teh").price == 5000


def test_the_page_says_what_is_in_the_way(page, version):
    editing.save_item(item("Es Teh"), {"price": 9000}, None)
    answer = page.post(address(version, "Es Teh"), {"plan": "old"})
    assert answer.status_code == 422
    assert item("Es Teh").price == 9000
    ExternalId.objects.filter(kind="item", external_id=item("Es Teh").external_id).update(
        thing=item("Ayam Bakar").pk
    )
    answer = page.get(address(version, "Es Teh"))
    assert "Ayam Bakar" not in answer.content.decode() or b"alert" in answer.content
    assert b'name="plan"' not in answer.content


def test_with_several_outlets_the_page_asks_where(page, version, branch):
    editing.save_item(item("Es Teh"), {"price": 9000}, None)
    assert b'name="where"' in page.get(address(version, "Es Teh")).content
    found = restore_plan(version, "item", index_of(version, "Es Teh"))
    answer = page.post(address(version, "Es Teh"), {"plan": found.digest, "where": "all"})
    assert answer["Location"] == reverse("publish_together", args=[version.outlet.merchant_id])
    assert item("Es Teh").price == 5000


def test_a_stranger_finds_nothing(page, version):
    other = OutletFactory()
    assert page.get(address(version, "Es Teh", merchant=other.merchant)).status_code == 404
    mine = reverse("version_restore", args=[version.outlet.merchant_id, 10**9, "item", 0])
    assert page.get(mine).status_code == 404
    odd = reverse("version_restore", args=[version.outlet.merchant_id, version.pk, "item", 99])
    assert page.get(odd).status_code == 404


def test_the_version_page_lists_what_can_be_taken_back(page, version):
    answer = page.get(reverse("version", args=[version.outlet.merchant_id, version.pk]))
    assert address(version, "Es Teh").encode() in answer.content
    assert address(version, "Ayam", "menu").encode() in answer.content
