"""Importing again: what differs is shown, what is chosen is taken over, and one undo takes it back."""

import copy
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gobiz_admin.merchants.models import AuditEntry
from menus import editing
from menus.adopting.choosing import AdoptRefused, answer, plan_of
from menus.ids import accept_proposals
from menus.importing import expire_imports, read_live_menu, request_import, run_import
from menus.models import (
    Catalog,
    CatalogEdit,
    ExternalId,
    ItemVariantCategory,
    Menu,
    MenuImport,
    MenuItem,
    OutletOverride,
    Variant,
    VariantCategory,
)
from menus.overrides import save_overrides
from menus.payload import build_payload
from menus.undoing import last_edit, undo
from tests.factories import OutletFactory, UserFactory
from tests.menus.factories import live_category, live_item, live_menu

pytestmark = pytest.mark.django_db
TREE = [Menu, MenuItem, VariantCategory, Variant, ItemVariantCategory, OutletOverride]


def tree():
    """Every row of the menu; links have new pks where they were written again."""
    found = {}
    for model in TREE:
        rows = list(model.objects.order_by("pk").values())
        if model in (ItemVariantCategory, OutletOverride):
            rows = sorted(({**row, "id": 0} for row in rows), key=str)
        found[model.__name__] = rows
    return found


@pytest.fixture
def live(fake_gobiz, outlet):
    return fake_gobiz.live[outlet.outlet_id]


@pytest.fixture
def outlet(fake_gobiz):
    outlet = OutletFactory(name="Warung Bu Sri")
    fake_gobiz.live[outlet.outlet_id] = live_menu()
    read_live_menu(outlet)
    return outlet


@pytest.fixture
def user():
    return UserFactory()


def read(outlet):
    menu_import = request_import(outlet, None)
    run_import(menu_import.pk)
    menu_import.refresh_from_db()
    return menu_import


def adopt(outlet, user=None, *keys, everything=False):
    menu_import = read(outlet)
    plan = plan_of(menu_import)
    chosen = [one.key for one in plan.differences] if everything else keys
    return answer(menu_import, plan.digest, chosen, user)


def shown(outlet):
    plan = plan_of(read(outlet))
    return [(one.kind, one.field, one.name, one.old, one.new) for one in plan.differences]


def items_of(live):
    return [item for menu in live["menus"] for item in menu["menu_items"]]


# --- the job ----------------------------------------------------------------------------------


def test_where_nothing_differs_there_is_nothing_to_choose(outlet):
    menu_import = read(outlet)
    assert (menu_import.state, menu_import.counts) == ("done", {"differences": {"all": 0}})
    assert menu_import.live == live_menu()


def test_a_later_import_waits_for_a_choice_and_changes_nothing(outlet, live):
    before = tree()
    items_of(live)[0]["price"] = 99000
    menu_import = read(outlet)
    assert (menu_import.state, menu_import.ended_at) == ("read", None)
    assert tree() == before
    assert not CatalogEdit.objects.exists()


def test_only_the_newest_reading_keeps_what_it_read(outlet, live):
    items_of(live)[0]["price"] = 99000
    first = read(outlet)
    second = read(outlet)
    first.refresh_from_db()
    assert (first.state, first.live) == ("expired", None)
    assert (second.state, items_of(second.live)[0]["price"]) == ("read", 99000)


def test_nobody_answered_for_a_day(outlet, live):
    items_of(live)[0]["price"] = 99000
    menu_import = read(outlet)
    assert expire_imports() == 0
    MenuImport.objects.update(read_at=timezone.now() - timedelta(hours=25))
    assert expire_imports() == 1
    with pytest.raises(AdoptRefused) as refused:
        answer(menu_import, plan_of(menu_import).digest, [], None)
    assert refused.value.code == "answered"
    menu_import.refresh_from_db()
    assert (menu_import.state, menu_import.live is None) == ("expired", False)


def test_a_choice_counts_once(outlet, live, user):
    items_of(live)[0]["price"] = 99000
    menu_import = read(outlet)
    plan = plan_of(menu_import)
    assert answer(menu_import, plan.digest, ["item-0-price"], user) == 1
    with pytest.raises(AdoptRefused) as refused:
        answer(menu_import, plan.digest, ["item-0-price"], user)
    assert refused.value.code == "answered"
    assert CatalogEdit.objects.count() == 1


def test_a_catalog_that_changed_meanwhile_is_shown_anew(outlet, live, user):
    items_of(live)[0]["price"] = 99000
    menu_import = read(outlet)
    digest = plan_of(menu_import).digest
    editing.save_item(MenuItem.objects.get(name="Ayam Geprek"), {"price": 13000}, user)
    before = tree()
    with pytest.raises(AdoptRefused) as refused:
        answer(menu_import, digest, ["item-0-price"], user)
    assert refused.value.code == "changed"
    menu_import.refresh_from_db()
    assert (menu_import.state, tree()) == ("read", before)
    assert answer(menu_import, plan_of(menu_import).digest, ["item-0-price"], user) == 1


def test_unknown_keys_are_no_choice(outlet, live, user):
    items_of(live)[0]["price"] = 99000
    before = tree()
    assert adopt(outlet, user, "item-9-price", "item-0-name", "nonsense", "") == 0
    assert tree() == before


# --- what is shown ----------------------------------------------------------------------------


def test_every_field_is_a_choice_of_its_own(outlet, live):
    geprek = items_of(live)[0]
    geprek.update(
        name="Ayam Geprek Sambal",
        price=99000,
        description="Pedas",
        in_stock=False,
        image="https://gofood.example.com/new.png",
        operational_hours={"monday": [{"start": "08:00", "end": "10:00"}]},
        variant_category_ids=["gobiz-Tidak dipakai"],
    )
    live["variant_categories"][0]["rules"]["selection"]["max_quantity"] = 2
    live["variant_categories"][0]["variants"][1]["price"] = 2000
    fields = [(kind, field) for kind, field, *_ in shown(outlet)]
    assert fields == [
        ("item", "name"),
        ("item", "description"),
        ("item", "price"),
        ("item", "in_stock"),
        ("item", "operational_hours"),
        ("item", "image_url"),
        ("item", "categories"),
        ("variant_category", "quantities"),
        ("variant", "price"),
    ]


def test_what_we_changed_and_did_not_publish_is_told_apart(outlet, live, user):
    bakar, teh = MenuItem.objects.get(name="Ayam Bakar"), MenuItem.objects.get(name="Es Teh")
    editing.save_item(bakar, {"price": 20000}, user)
    editing.remove(teh, user)
    items_of(live)[0]["price"] = 99000
    plan = plan_of(read(outlet))
    assert [(one.name, one.field, one.by_us) for one in plan.differences] == [
        ("Ayam Geprek", "price", False),
        ("Ayam Bakar", "price", True),
        ("Es Teh", "new", True),
    ]


def test_only_here_says_whether_gofood_had_it(outlet, live, user):
    live["menus"][1]["menu_items"] = []
    editing.add_item(Menu.objects.get(name="Ayam"), {"name": "Ayam Baru", "price": 1}, user)
    plan = plan_of(read(outlet))
    assert plan.differences == []
    assert [(one.name, one.was_there) for one in plan.only_here] == [("Ayam Baru", False), ("Es Teh", True)]


def test_names_that_gofood_fills_in_itself_are_no_difference(outlet, live):
    VariantCategory.objects.update(internal_name="")
    assert shown(outlet) == []


def test_a_picture_of_ours_stays(fake_gobiz, outlet, live):
    MenuItem.objects.filter(name="Ayam Geprek").update(image_url="")
    items_of(live)[0]["image"] = "https://gofood.example.com/new.png"
    assert [row[1] for row in shown(outlet)] == ["image_url"]


def test_a_renamed_menu_is_the_same_menu(outlet, live):
    live["menus"][0]["name"] = "Ayam & Bebek"
    assert shown(outlet) == [("menu", "name", "Ayam & Bebek", "Ayam", "Ayam & Bebek")]
    adopt(outlet, everything=True)
    assert list(Menu.objects.values_list("name", flat=True)) == ["Ayam & Bebek", "Minum"]


def test_another_order_is_one_choice(outlet, live):
    live["menus"][0]["menu_items"].reverse()
    assert shown(outlet) == [
        ("menu", "order", "Ayam", ["Ayam Geprek", "Ayam Bakar"], ["Ayam Bakar", "Ayam Geprek"])
    ]
    adopt(outlet, everything=True)
    assert shown(outlet) == []


# --- what is taken over -----------------------------------------------------------------------


def test_a_new_item_comes_with_its_menu_and_choices(outlet, live, user):
    live["variant_categories"].append(live_category("Level", "Pedas", "Gila"))
    live["menus"].insert(
        1, {"name": "Baru", "menu_items": [live_item("Rica", variant_category_ids=["gobiz-Level"])]}
    )
    assert adopt(outlet, user, "item-2-new") == 3
    item = MenuItem.objects.get(name="Rica")
    assert (item.menu.name, item.menu.position, item.gobiz_id) == ("Baru", 1, "gobiz-Rica")
    assert list(item.variant_categories.get().variants.values_list("name", flat=True)) == ["Pedas", "Gila"]
    assert shown(outlet) == []


def test_a_new_one_stands_behind_the_one_that_it_follows(outlet, live, user):
    live["menus"][0]["menu_items"][1:1] = [live_item("Rica")]
    adopt(outlet, user, "item-1-new")
    names = MenuItem.objects.filter(menu__name="Ayam").order_by("position").values_list("name", flat=True)
    assert list(names) == ["Ayam Geprek", "Rica", "Ayam Bakar"]


def test_an_outlet_of_its_own_price_keeps_the_catalogs(outlet, live, user):
    item = MenuItem.objects.get(name="Ayam Geprek")
    save_overrides(item.catalog, {("item", item.pk): {outlet.pk: {"price": 15000}}}, user)
    items_of(live)[0]["price"] = 15000
    assert shown(outlet) == []
    items_of(live)[0]["price"] = 16000
    assert adopt(outlet, user, "item-0-price") == 1
    item.refresh_from_db()
    assert (item.price, OutletOverride.objects.get().price) == (12000, 16000)


def test_what_is_hidden_here_and_still_there(outlet, live, user):
    item = MenuItem.objects.get(name="Ayam Geprek")
    save_overrides(item.catalog, {("item", item.pk): {outlet.pk: {"hidden": True}}}, user)
    assert shown(outlet) == [("item", "hidden", "Ayam Geprek", True, False)]
    adopt(outlet, user, "item-0-hidden")
    assert not OutletOverride.objects.exists()
    undo(last_edit(item.catalog, user), user)
    assert OutletOverride.objects.get().hidden


def test_an_id_of_gofood_is_taken_and_the_old_one_remembered(outlet, live, user):
    catalog = Catalog.objects.get()
    accept_proposals(catalog, None)
    bakar = MenuItem.objects.get(name="Ayam Bakar")
    items_of(live)[1]["external_id"] = "odd id!"
    adopt(outlet, user, "item-1-external_id")
    bakar.refresh_from_db()
    assert bakar.external_id == "odd id!"
    ledger = ExternalId.objects.filter(thing=bakar.pk, kind="item").order_by("pk")
    assert [(row.external_id, row.live) for row in ledger] == [("ayam-bakar", False), ("odd id!", True)]
    assert ledger[1].confirmed_at is not None


def test_it_is_one_change_in_the_trail(outlet, live, user):
    items_of(live)[0]["price"] = 99000
    items_of(live)[1]["name"] = "Ayam Bakar Madu"
    revision = Catalog.objects.get().revision
    adopt(outlet, user, everything=True)
    assert Catalog.objects.get().revision == revision + 1
    assert AuditEntry.objects.get(action="menu.live_adopted").facts["count"] == 2
    assert CatalogEdit.objects.count() == 1


# --- whatever both sides did ------------------------------------------------------------------

NAMES = st.sampled_from(["Ayam Geprek", "Ayam Bakar", "Es Teh", "Rica", "Keju", "Potongan", "Minum"])
LIVE_VARIANT = st.tuples(NAMES, st.sampled_from([None, "v-1", "v-2"]), st.integers(0, 3000))
LIVE_CATEGORY = st.tuples(NAMES, st.sampled_from([None, "c-1"]), st.lists(LIVE_VARIANT, max_size=3))
LIVE_ITEM = st.tuples(
    NAMES, st.sampled_from([None, "I-1", "I-2", "ayam-bakar"]), st.integers(1, 3), st.sets(st.integers(0, 2))
)
LIVE_MENU = st.tuples(NAMES, st.lists(LIVE_ITEM, max_size=4))
EDITS = st.lists(st.tuples(st.integers(0, 5), st.integers(0, 20), NAMES, st.integers(1, 3)), max_size=5)


def built(menus, categories):
    """GET catalog's data: whatever GoFood may have by now, of two equal ids the first."""
    number, given = iter(range(1000)), set()

    def once(external_id):
        first = external_id if external_id not in given else None
        given.add(external_id)
        return first

    def variant(name, external_id, price):
        row = {"id": f"g{next(number)}", "name": name, "price": price, "in_stock": True}
        return row | {"external_id": once(external_id)}

    rows = []
    for name, external_id, variants in categories:
        row = live_category(name, id=f"c{next(number)}", variants=[variant(*one) for one in variants])
        rows.append(row | {"external_id": once(external_id)})
    return {
        "variant_categories": rows,
        "menus": [
            {
                "name": name,
                "menu_items": [
                    live_item(
                        item,
                        id=f"i{next(number)}",
                        external_id=once(external_id),
                        price=price * 1000,
                        variant_category_ids=[rows[one]["id"] for one in sorted(links) if one < len(rows)],
                    )
                    for item, external_id, price, links in items
                ],
            }
            for name, items in menus
        ],
    }


def edited(edits):
    """Somebody works on the menu here, without publishing."""
    for what, number, name, price in edits:
        model = (MenuItem, Variant, Menu, VariantCategory, MenuItem, MenuItem)[what]
        rows = list(model.objects.order_by("pk"))
        if not rows:
            continue
        row = rows[number % len(rows)]
        if what == 5:
            editing.remove(row, None)
        elif what == 4:
            editing.save_item(row, {"menu": Menu.objects.order_by("-pk").first()}, None)
        elif what in (2, 3):
            (editing.save_menu if what == 2 else editing.save_variant_category)(row, {"name": name}, None)
        else:
            save = editing.save_item if what == 0 else editing.save_variant
            save(row, {"name": name, "price": price * 1000}, None)


def within(live, ours, same):
    """Whether all that is live is ours too, in its order, whatever else stands between."""
    rest = iter(ours)
    return all(any(same(one, other) for other in rest) for one in live)


def same_category(live, ours):
    rules = live["name"] == ours["name"] and live["rules"] == ours["rules"]
    return rules and within(live["variants"], ours["variants"], same_row)


def same_row(live, ours):
    id_kept = not live.get("external_id") or live["external_id"] == ours["external_id"]
    return id_kept and all(live[name] == ours[name] for name in ("name", "price", "in_stock"))


def same_menu(live, payload):
    names = {row["id"]: row["name"] for row in live["variant_categories"]}
    ids = {row["external_id"]: row["name"] for row in payload["variant_categories"]}

    def same_item(one, other):
        links = [names[pk] for pk in one["variant_category_ids"]]
        return same_row(one, other) and links == [ids[pk] for pk in other["variant_category_external_ids"]]

    def same(one, other):
        return one["name"] == other["name"] and within(one["menu_items"], other["menu_items"], same_item)

    return same


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    menus=st.lists(LIVE_MENU, min_size=1, max_size=3),
    categories=st.lists(LIVE_CATEGORY, max_size=3),
    edits=EDITS,
    picks=st.sets(st.integers(0, 200)),
)
def test_whatever_both_sides_did(fake_gobiz, user, menus, categories, edits, picks):
    outlet = OutletFactory()
    Menu.objects.all().delete()
    fake_gobiz.live[outlet.outlet_id] = live_menu()
    read_live_menu(outlet)
    catalog = outlet.selling.catalog
    Catalog.objects.exclude(pk=catalog.pk).delete()
    accept_proposals(catalog, None)
    edited(edits)
    live = built(menus, categories)
    fake_gobiz.live[outlet.outlet_id] = live
    before = tree()

    # Nothing chosen, nothing changed.
    menu_import = read(outlet)
    plan = plan_of(menu_import)
    if menu_import.state == "read":
        assert answer(menu_import, plan.digest, [], user) == 0
    assert tree() == before

    # Some of it: taken back, all is as before.
    menu_import = read(outlet)
    keys = [one.key for number, one in enumerate(plan.differences) if number in picks]
    if menu_import.state == "read" and answer(menu_import, plan.digest, keys, user):
        edit = last_edit(catalog, user)
        assert edit is None or edit.action == "live_adopted"
        if edit:
            undo(edit, user)
        assert tree() == before

    # All of it: what is live is here as it is there, and nothing of ours is gone.
    if read(outlet).state == "read":
        adopt(outlet, user, everything=True)
        assert shown(outlet) == []
        accept_proposals(catalog, None)
        payload = build_payload(outlet)
        assert within(live["menus"], payload["menus"], same_menu(live, payload))
        assert within(live["variant_categories"], payload["variant_categories"], same_category)
        for model in (Menu, MenuItem, VariantCategory, Variant):
            kept = {row["id"] for row in before[model.__name__]}
            assert kept <= set(model.objects.values_list("pk", flat=True))
        if edit := last_edit(catalog, user):
            undo(edit, user)
        assert tree() == before


def test_queries_do_not_grow(fake_gobiz, django_assert_num_queries):
    def build(size):
        outlet = OutletFactory()
        fake_gobiz.live[outlet.outlet_id] = live_menu(size)
        read_live_menu(outlet)
        data = copy.deepcopy(live_menu(size))
        for item in items_of(data):
            item["price"] += 1000
        data["menus"][0]["menu_items"] += [live_item(f"Baru {n}", external_id=f"B-{n}") for n in range(size)]
        fake_gobiz.live[outlet.outlet_id] = data
        menu_import = read(outlet)
        plan = plan_of(menu_import)
        return menu_import, plan.digest, [one.key for one in plan.differences]

    small, large = build(10), build(200)
    with CaptureQueriesContext(connection) as captured:
        answer(*small, None)
    with django_assert_num_queries(len(captured)):
        answer(*large, None)
