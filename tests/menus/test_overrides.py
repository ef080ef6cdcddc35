"""What differs at single outlets: refused, set, planned for many, cleared, taken back, published."""

from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from menus import editing
from menus.editing import EditConflict, EditRefused
from menus.matrix import load_matrix
from menus.models import CatalogEdit, OutletCatalog, OutletOverride, Variant
from menus.override_plans import PlanChanged, Verb, apply_many, plan_many
from menus.overrides import clear_overrides, outlets_selling, save_overrides, set_override
from menus.payload import build_payload
from menus.undoing import last_edit, undo
from tests.factories import OutletFactory, UserFactory
from tests.menus.factories import MenuFactory, MenuItemFactory, selling_outlet
from tests.threads import at_once

pytestmark = pytest.mark.django_db


@pytest.fixture
def first(db):
    return selling_outlet()


@pytest.fixture
def catalog(first):
    return first.selling.catalog


@pytest.fixture
def second(first, catalog):
    return another(first, catalog)


@pytest.fixture
def item(catalog):
    return catalog.menu_items.get()


@pytest.fixture
def user(db):
    return UserFactory()


def another(outlet, catalog):
    """One more outlet of the same merchant that sells the catalog."""
    more = OutletFactory(gobiz_app=outlet.gobiz_app)
    OutletCatalog.objects.create(outlet=more, catalog=catalog, imported_at=outlet.selling.imported_at)
    return more


def sent_price(outlet):
    return build_payload(outlet)["menus"][0]["menu_items"][0]["price"]


def rows():
    fields = ("outlet_id", "item_id", "variant_id", "price", "in_stock", "hidden")
    return sorted(OutletOverride.objects.values_list(*fields), key=str)


def test_an_outlet_that_sells_another_catalog_is_refused(catalog, item, first, user):
    elsewhere = selling_outlet()
    for outlets in ([elsewhere], [first, elsewhere]):
        with pytest.raises(EditRefused) as refused:
            set_override(catalog, "item", item.pk, outlets, user, price=1)
        assert refused.value.errors == {"outlets": "foreign"}
    assert not OutletOverride.objects.exists()
    assert not CatalogEdit.objects.exists()


def test_a_thing_of_another_catalog_is_refused(catalog, item, first, user):
    foreign = selling_outlet().selling.catalog.menu_items.get()
    wanted = {("item", pk): {first.pk: {"hidden": True}} for pk in (item.pk, foreign.pk)}
    with pytest.raises(EditRefused) as refused:
        save_overrides(catalog, wanted, user)
    assert refused.value.errors == {"things": "foreign"}
    with pytest.raises(EditRefused):
        save_overrides(catalog, {("menu", item.menu_id): {first.pk: {"hidden": True}}}, user)
    assert not OutletOverride.objects.exists()


@pytest.mark.parametrize("price", ["15000", 1.5, True, 2**63])
def test_a_price_that_is_no_whole_number_is_refused(catalog, item, first, user, price):
    with pytest.raises(EditRefused) as refused:
        set_override(catalog, "item", item.pk, [first], user, price=price)
    assert "price" in refused.value.errors
    assert not OutletOverride.objects.exists()


def test_what_is_no_override_cannot_be_set(catalog, item, first, user):
    with pytest.raises(ValueError, match="name"):
        set_override(catalog, "item", item.pk, [first], user, name="Ayam")


def test_a_price_that_another_set_meanwhile_is_told(catalog, item, first, user):
    set_override(catalog, "item", item.pk, [first], UserFactory(), price=16000)
    with pytest.raises(EditConflict) as conflict:
        set_override(catalog, "item", item.pk, [first], user, seen={"price": 15000}, price=17000)
    assert conflict.value.fields == {"price": 16000}
    assert sent_price(first) == 16000
    # The same as the other set is no conflict, and what was seen is none.
    assert set_override(catalog, "item", item.pk, [first], user, seen={"price": 15000}, price=16000) == 0
    assert set_override(catalog, "item", item.pk, [first], user, seen={"price": 16000}, price=17000) == 1


def test_all_that_another_set_meanwhile_is_told_and_none_is_as_in_the_catalog(catalog, item, first, user):
    set_override(catalog, "item", item.pk, [first], UserFactory(), price=16000, in_stock=False)
    seen = {"price": None, "in_stock": None, "hidden": False}
    with pytest.raises(EditConflict) as conflict:
        set_override(
            catalog, "item", item.pk, [first], user, seen=seen, price=17000, in_stock=None, hidden=True
        )
    assert conflict.value.fields == {"price": 16000, "in_stock": False}
    assert rows() == [(first.pk, item.pk, None, 16000, False, False)]
    set_override(catalog, "item", item.pk, [first], user, price=None, in_stock=None)
    assert set_override(catalog, "item", item.pk, [first], user, seen=seen, price=17000) == 1


def test_set_at_many_outlets_is_one_change_and_twice_is_once(catalog, item, first, second, user):
    assert set_override(catalog, "item", item.pk, [first, second], user, price=16000) == 2
    catalog.refresh_from_db()
    revision = catalog.revision
    assert set_override(catalog, "item", item.pk, [first, second], user, price=16000) == 0
    catalog.refresh_from_db()
    assert catalog.revision == revision
    edit = CatalogEdit.objects.get()
    assert (edit.facts["count"], edit.facts["fields"]) == (1, ["price"])
    assert len(edit.facts["outlets"]) == 2
    assert (sent_price(first), sent_price(second)) == (16000, 16000)


def test_what_equals_the_catalog_is_no_difference(catalog, item, first, user):
    set_override(catalog, "item", item.pk, [first], user, price=16000, in_stock=False)
    set_override(catalog, "item", item.pk, [first], user, price=15000)
    assert rows() == [(first.pk, item.pk, None, None, False, False)]
    set_override(catalog, "item", item.pk, [first], user, in_stock=True)
    assert rows() == []


def test_a_catalog_that_comes_to_equal_it_leaves_it(catalog, item, first, user):
    set_override(catalog, "item", item.pk, [first], user, price=16000)
    editing.save_item(item, {"price": 16000}, user)
    set_override(catalog, "item", item.pk, [first], user, hidden=True)
    editing.save_item(item, {"price": 18000}, user)
    assert rows() == [(first.pk, item.pk, None, 16000, None, True)]


def test_two_outlets_in_a_row_are_two_changes(catalog, item, first, second, user):
    set_override(catalog, "item", item.pk, [first], user, price=16000)
    set_override(catalog, "item", item.pk, [second], user, price=16000)
    undo(last_edit(catalog, user), user)
    assert (sent_price(first), sent_price(second)) == (16000, 15000)
    undo(last_edit(catalog, user), user)
    assert rows() == []


def test_clear_all_and_take_that_back(catalog, item, first, second, user):
    variant = Variant.objects.filter(catalog=catalog).first()
    set_override(catalog, "item", item.pk, [first, second], user, price=16000)
    set_override(catalog, "variant", variant.pk, [first], user, price=-500, hidden=True)
    before = rows()
    assert clear_overrides(catalog, None, [first], user) == 2
    assert [row[0] for row in rows()] == [second.pk]
    assert clear_overrides(catalog, None, [first], user) == 0
    undo(last_edit(catalog, user), user)
    assert rows() == before
    assert clear_overrides(catalog, [("item", item.pk)], [first, second], user) == 2
    assert rows() == [(first.pk, None, variant.pk, -500, None, True)]


def test_publishing_sends_what_differs(catalog, item, first, second, user):
    hidden = MenuItemFactory(menu=item.menu, name="Es Teh")
    variant = Variant.objects.filter(catalog=catalog).first()
    set_override(catalog, "item", item.pk, [second], user, price=17000, in_stock=False)
    set_override(catalog, "item", hidden.pk, [second], user, hidden=True)
    set_override(catalog, "variant", variant.pk, [second], user, price=1500)
    here, there = build_payload(first), build_payload(second)
    assert [row["name"] for row in here["menus"][0]["menu_items"]] == ["Ayam Geprek", "Es Teh"]
    (sent,) = there["menus"][0]["menu_items"]
    assert (sent["price"], sent["in_stock"], sent["external_id"]) == (17000, False, item.external_id)
    assert there["variant_categories"][0]["variants"][0]["price"] == 1500
    assert here["menus"][0]["menu_items"][0]["price"] == 15000


@pytest.mark.parametrize(
    ("verb", "expected"),
    [
        (Verb("price", Decimal(20000)), (20000, True, False)),
        (Verb("percent", Decimal("7.5")), (16100, True, False)),
        (Verb("percent", Decimal(-100)), (0, True, False)),
        (Verb("percent", Decimal(10**12)), (999_999_900, True, False)),
        (Verb("stock", Decimal(0)), (15000, False, False)),
        (Verb("hidden", Decimal(1)), (15000, True, True)),
    ],
)
def test_a_plan_says_what_it_then_does(catalog, item, first, second, user, verb, expected):
    plan = plan_many(catalog, "item", [item.pk], [first, second], verb)
    assert [(line.price, line.in_stock, line.hidden) for line in plan.lines] == [expected] * 2
    assert (plan.things, plan.outlets, plan.unchanged) == (1, 2, 0)
    assert apply_many(catalog, "item", [item.pk], [first, second], verb, plan.digest, user) == 2
    (group,) = load_matrix(catalog, [first, second], "item")
    found = [(place.price, place.in_stock, place.hidden) for place in group.rows[0].places]
    assert found == [expected] * 2
    undo(last_edit(catalog, user), user)
    assert rows() == []


def test_a_plan_of_what_changed_meanwhile_is_shown_again(catalog, item, first, user):
    verb = Verb("percent", Decimal(10))
    plan = plan_many(catalog, "item", [item.pk], [first], verb)
    apply_many(catalog, "item", [item.pk], [first], verb, plan.digest, user)
    # Pressed twice: the second would raise the raised price.
    with pytest.raises(PlanChanged) as changed:
        apply_many(catalog, "item", [item.pk], [first], verb, plan.digest, user)
    assert changed.value.plan.lines[0].price == 18200
    assert sent_price(first) == 16500


def test_a_plan_to_clear_counts_what_differs(catalog, item, first, second, user):
    set_override(catalog, "item", item.pk, [first], user, price=16000)
    plan = plan_many(catalog, "item", [item.pk], [first, second], Verb("clear"))
    assert (len(plan.lines), plan.unchanged) == (1, 1)
    assert apply_many(catalog, "item", [item.pk], [first, second], Verb("clear"), plan.digest, user) == 1
    assert rows() == []


def test_a_plan_leaves_other_catalogs_alone(catalog, first):
    foreign = selling_outlet().selling.catalog.menu_items.get()
    assert plan_many(catalog, "item", [foreign.pk], [first], Verb("hidden", Decimal(1))).lines == []


@pytest.mark.parametrize("work", ["matrix", "plan", "apply", "clear"])
def test_the_cost_does_not_grow(catalog, first, user, work):
    def cost(size, outlets):
        menu = MenuFactory(catalog=catalog)
        items = [MenuItemFactory(menu=menu) for _ in range(size)]
        chosen = outlets_selling(catalog)[:outlets]
        pks, verb = [item.pk for item in items], Verb("price", Decimal(20000))
        plan = plan_many(catalog, "item", pks, chosen, verb)
        if work == "clear":
            apply_many(catalog, "item", pks, chosen, verb, plan.digest, user)
        with CaptureQueriesContext(connection) as queries:
            if work == "matrix":
                load_matrix(catalog, chosen, "item")
            elif work == "plan":
                plan_many(catalog, "item", pks, chosen, verb)
            elif work == "apply":
                apply_many(catalog, "item", pks, chosen, verb, plan.digest, user)
            else:
                clear_overrides(catalog, None, chosen, user)
        return len(queries)

    for _ in range(19):
        another(first, catalog)
    few, many = cost(10, 2), cost(300, 20)
    assert few == many
    assert many < 25


cells = st.tuples(
    st.integers(0, 2),
    st.integers(0, 1),
    st.fixed_dictionaries(
        {},
        optional={
            "price": st.none() | st.sampled_from([0, 1, 15000, 16000]),
            "in_stock": st.none() | st.booleans(),
            "hidden": st.booleans(),
        },
    ),
)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=st.lists(cells, max_size=8))
def test_set_and_clear_leave_nothing(catalog, item, first, second, user, steps):
    things = [("item", item.pk), *(("variant", pk) for pk in variants_of(catalog))]
    outlets = [first, second]
    before = [build_payload(outlet) for outlet in outlets]
    for thing, outlet, values in steps:
        kind, pk = things[thing]
        set_override(catalog, kind, pk, [outlets[outlet]], user, **values)
        assert not OutletOverride.objects.filter(price=None, in_stock=None, hidden=False).exists()
    clear_overrides(catalog, things, outlets, user)
    assert rows() == []
    assert [build_payload(outlet) for outlet in outlets] == before


def variants_of(catalog):
    return Variant.objects.filter(catalog=catalog).order_by("pk").values_list("pk", flat=True)


@pytest.mark.django_db(transaction=True)
def test_two_people_at_once_lose_nothing(catalog, item, first, second, user):
    outlets = [first, second]
    at_once(lambda n: set_override(catalog, "item", item.pk, [outlets[n]], user, price=16000 + n))
    assert [row[3] for row in rows()] == [16000, 16001]
    at_once(lambda n: set_override(catalog, "item", item.pk, outlets, user, in_stock=False))
    assert [row[3:5] for row in rows()] == [(16000, False), (16001, False)]
