"""The dry run, row by row; without a database."""

import pytest
from django.utils import translation
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from menus.models import Catalog, Menu, MenuItem, Variant, VariantCategory
from menus.sheets.planning import make_plan
from menus.sheets.plans import State
from menus.sheets.reading import read_upload
from menus.tree import CategoryNode, ItemNode, MenuNode, Tree, VariantNode
from tests.menus.sheets.trees import ODD, csv_file, library_in_memory, plan_of, trees

ITEM_HEAD = "external_id|menu|name|price|in stock|description|variant categories|hours|picture|internal name"
VARIANT_HEAD = "category external_id|category|choose at least|choose at most|external_id|name|price"


@pytest.fixture(autouse=True)
def _english():
    with translation.override("en"):
        yield


@pytest.fixture
def tree():
    """Ayam: Geprek (g, with Level), Bakar (no id); Minum: Es Teh (t). Level: Pedas (p), Sedang (no id)."""
    level = VariantCategory(pk=1, external_id="level", name="Level", min_quantity=1, max_quantity=1)
    sauce = VariantCategory(pk=2, external_id="saus", name="Saus", min_quantity=0, max_quantity=2)
    hot = Variant(pk=11, category_id=1, external_id="p", name="Pedas", price=0)
    mild = Variant(pk=12, category_id=1, name="Sedang", price=1000)
    levels = CategoryNode(level, [VariantNode(hot), VariantNode(mild)])
    chicken, drinks = Menu(pk=21, name="Ayam"), Menu(pk=22, name="Minum")
    geprek = MenuItem(pk=31, menu_id=21, external_id="g", name="Geprek", price=15000, description="Enak")
    grilled = MenuItem(pk=32, menu_id=21, name="Bakar", price=18000)
    tea = MenuItem(pk=33, menu_id=22, external_id="t", name="Es Teh", price=5000)
    return Tree(
        Catalog(pk=1, merchant_id=1),
        None,
        [
            MenuNode(chicken, [ItemNode(geprek, [levels]), ItemNode(grilled)]),
            MenuNode(drinks, [ItemNode(tea)]),
        ],
        [levels, CategoryNode(sauce)],
    )


def items(tree, *rows, head=ITEM_HEAD):
    return plan_of(tree, csv_file(head, *rows)).rows


def one(tree, row, head=ITEM_HEAD):
    return items(tree, row, head=head)[0]


def variants(tree, *rows, head=VARIANT_HEAD):
    return plan_of(tree, csv_file(head, *rows, name="varian.csv"))


def codes(row):
    return [(reason.field, reason.code) for reason in row.reasons]


def shown(row):
    return {change.field: (change.old, change.new) for change in row.changes}


@pytest.mark.parametrize(
    ("row", "code"),
    [
        ("|Ayam||15000", ("name", "no_identity")),
        ("|Ayam|Kremes|", ("price", "required")),
        ("||Kremes|15000", ("menu", "required")),
        ("new|Ayam||15000", ("name", "required")),
        ("not an id|Ayam|Kremes|15000", ("external_id", "id_format")),
        ("old|Ayam|Kremes|15000", ("external_id", "id_taken")),
        ("g|Ayam|Geprek|1.5e4", ("price", "short")),
        ("g|Ayam|Geprek|-1", ("price", "negative")),
        ("g|Ayam|Geprek|gratis", ("price", "unreadable")),
        ("g|Ayam|Geprek|9999999999", ("price", "too_high")),
        ("g|Ayam|Geprek|15000|mungkin", ("in_stock", "stock")),
        (f"g|Ayam|{'x' * 151}|15000", ("name", "too_long")),
        (f"g|Ayam|Geprek|15000|yes|{'x' * 10_000}", ("description", "too_long")),
        ("g|Ayam|Geprek|15000|yes||Toping", ("categories", "unknown_category")),
        ("g|Ayam|Geprek|15000|yes|||pagi", ("hours", "hours")),
        ("g|Ayam|Geprek|15000|yes||||javascript:alert(1)", ("picture", "address")),
        ("g|Ayam|Geprek|15000|yes||||not a url", ("picture", "address")),
    ],
)
def test_refused_with_what_to_type(tree, row, code):
    library = library_in_memory(tree)
    library.used["item"].add("old")
    (plan,) = make_plan(library, read_upload([csv_file(ITEM_HEAD, row)])).rows
    assert codes(plan) == [code]
    assert plan.state == State.REFUSED
    assert not plan.values
    assert str(plan.reasons[0].words).endswith((".", "https://"))


def test_all_that_is_wrong_with_a_row_is_said(tree):
    assert [field for field, _code in codes(one(tree, "g|Ayam|Geprek|x|yy|z|q|w"))] == [
        "price",
        "in_stock",
        "hours",
        "categories",
    ]


@pytest.mark.parametrize("price", ["16.000", "16,000", "Rp 16.000", "16000", "Rp. 16.000,-"])
def test_prices_as_people_type_them(tree, price):
    row = one(tree, ["g", "Ayam", "Geprek", price, "", "Enak", "Level"])
    assert shown(row) == {"price": (15000, 16000)}
    assert row.values == {"price": 16000}


def test_changed_by_id(tree):
    row = one(tree, "g|Minum|Geprek Baru|15.000|no||Saus; Level|Mon 08:00-09:00|https://x.example/a.png|GB")
    assert row.state == State.CHANGED
    assert row.pk == 31
    assert {name: new for name, (_old, new) in shown(row).items() if name != "hours"} == {
        "name": "Geprek Baru",
        "internal_name": "GB",
        "description": "",
        "in_stock": False,
        "picture": "https://x.example/a.png",
        "menu": "Minum",
        "categories": "Saus; Level",
    }
    assert row.values["menu_id"] == 22
    assert row.values["categories"] == [2, 1]
    assert row.values["operational_hours"]["tuesday"] == []


def test_what_has_no_column_or_an_empty_cell_stays(tree):
    assert one(tree, "g|Geprek", head="external_id|name").state == State.UNCHANGED
    assert one(tree, "g||||||Level").values == {"description": ""}
    assert one(tree, "g||||||").values == {"description": "", "categories": []}


def test_by_name_within_its_menu_however_it_is_spelled(tree):
    row = one(tree, "| ayam |  BAKAR|19000")
    assert (row.pk, row.values) == (32, {"name": "BAKAR", "price": 19000})
    assert one(tree, "|Minum|Bakar|19000").new
    assert one(tree, "Bakar|19000", head="name|price").pk == 32


def test_an_id_for_what_has_none(tree):
    row = one(tree, "bakar-1|Ayam|Bakar|18000")
    assert (row.pk, row.new, row.values) == (32, False, {"external_id": "bakar-1"})


def test_a_new_row(tree):
    plan = plan_of(tree, csv_file(ITEM_HEAD, "kremes|Ayam|Kremes|16000", "|Camilan|Tahu|5000|tidak"))
    first, second = plan.rows
    assert first.new
    assert first.values["external_id"] == "kremes"
    assert first.values["menu_id"] == 21
    assert second.values["menu_id"] < 0
    assert second.values["in_stock"] is False
    assert plan.menus == {second.values["menu_id"]: "Camilan"}


def test_a_menu_that_only_a_refused_row_names_is_not_made(tree):
    assert not plan_of(tree, csv_file(ITEM_HEAD, "|Camilan|Tahu|mahal")).menus


def test_twice(tree):
    rows = items(tree, "g|Ayam|Geprek|1000", "g|Ayam|Geprek|2000", "|Ayam|Geprek|2000")
    assert [row.state for row in rows] == ["changed", "refused", "refused"]
    rows = items(tree, "|Ayam|Tahu|1000", "|ayam|TAHU|2000", "z|Ayam|Tempe|1000", "z|Ayam|Oncom|1000")
    assert [codes(row) for row in rows] == [[], [("name", "twice")], [], [("external_id", "id_twice")]]


def test_two_of_one_name_are_told_apart_by_what_they_are_or_by_id(tree):
    tree.menus[0].items.append(ItemNode(MenuItem(pk=34, menu_id=21, name="Bakar", price=20000)))
    assert one(tree, "|Ayam|Bakar|20000").pk == 34
    assert codes(one(tree, "|Ayam|Bakar|21000")) == [("external_id", "ambiguous")]


def test_a_price_that_lost_its_zeros_is_doubted(tree):
    row = one(tree, "g|Ayam|Geprek|15")
    assert (row.state, row.doubts) == (State.CHANGED, ["low_price"])


def test_a_second_one_of_a_name_is_doubted(tree):
    row = one(tree, "g2|Ayam|Geprek|15000")
    assert (row.new, row.doubts) == (True, ["same_name"])


def test_a_category_is_named_by_id_or_name_and_may_be_new(tree):
    files = [
        csv_file(ITEM_HEAD, "g|Ayam|Geprek|15000|yes|Enak|saus;LEVEL; Topping ;Level"),
        csv_file(VARIANT_HEAD, "|Topping|0|3||Keju|3000", "|Topping||||Telur|2000", name="varian.csv"),
    ]
    plan = plan_of(tree, *files)
    assert [row.state for row in plan.rows] == ["changed", "new", "new"]
    new = plan.categories[0]
    assert new.values == {"name": "Topping", "min_quantity": 0, "max_quantity": 3}
    assert plan.rows[0].values["categories"] == [2, 1, new.pk]
    assert [row.values["category_id"] for row in plan.rows[1:]] == [new.pk] * 2
    assert [row.new_category for row in plan.rows[1:]] == [True, False]


def test_a_category_that_only_a_refused_row_makes_is_not_there(tree):
    files = [
        csv_file(ITEM_HEAD, "g|Ayam|Geprek|15000|yes|Enak|Topping"),
        csv_file(VARIANT_HEAD, "|Topping|0|3||Keju|mahal", name="varian.csv"),
    ]
    plan = plan_of(tree, *files)
    assert [codes(row)[0][1] for row in plan.rows] == ["unknown_category", "unreadable"]
    assert not plan.categories


def test_what_is_said_of_a_category_once_is_enough(tree):
    plan = variants(tree, "level|Level|1|2|p|Pedas|0", "level|Level|1|1||Sedang|1000")
    assert [row.state for row in plan.rows] == ["changed", "unchanged"]
    assert [(category.pk, category.values) for category in plan.categories] == [(1, {"max_quantity": 2})]


def test_a_category_of_which_two_rows_differ_is_refused(tree):
    plan = variants(tree, "level|Level|1|2|p|Pedas|0", "level|Level|1|3||Sedang|1000")
    assert [codes(row) for row in plan.rows] == [[], [("max_quantity", "category_differs")]]


def test_a_category_is_renamed_by_its_id(tree):
    plan = variants(tree, "level|Tingkat|1|1|p|Pedas|0")
    assert plan.categories[0].values == {"name": "Tingkat"}


@pytest.mark.parametrize(
    ("row", "code"),
    [
        ("|||||Keju|1000", ("category", "no_category")),
        ("saus|Saus|||p|Pedas|0", ("external_id", "elsewhere")),
        ("bad id|X|||||", ("category_external_id", "id_format")),
        ("|Level|satu||p|Pedas|0", ("min_quantity", "quantity")),
        ("|Level|-1||p|Pedas|0", ("min_quantity", "quantity")),
        ("new|||||Keju|1000", ("category", "required")),
        ("|Saus|||x||1000", ("name", "required")),
    ],
)
def test_variants_that_are_refused(tree, row, code):
    assert codes(variants(tree, row).rows[0]) == [code]


def test_a_variant_may_cost_less_and_nothing(tree):
    plan = variants(tree, "|Saus|||a|Tanpa|-1.000", "|Saus|||b|Sambal|")
    assert [row.values["price"] for row in plan.rows] == [-1000, 0]


def test_a_row_of_a_category_alone(tree):
    plan = variants(tree, "saus|Saus|0|5|||", "tanya|Pilihan|1|1|||")
    assert [(row.kind, row.state) for row in plan.rows] == [("variant_category", "changed")] * 2
    assert plan.categories[1].values["external_id"] == "tanya"


def test_the_digest_tells_plans_apart(tree):
    file = csv_file(ITEM_HEAD, "g|Ayam|Geprek|16000")
    before = plan_of(tree, file).digest
    with translation.override("id"):
        assert plan_of(tree, file).digest == before
    tree.menus[0].items[0].item.price = 15500
    assert plan_of(tree, file).digest != before


cells = st.one_of(
    st.sampled_from([*ODD, "", "g", "p", "Ayam", "Geprek", "Level", "level", "15000", "yes", "all day"]),
    st.text(max_size=10),
)


@pytest.mark.parametrize("head", [ITEM_HEAD, VARIANT_HEAD])
@settings(
    deadline=None, max_examples=60, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large]
)
@given(tree=trees(), rows=st.lists(st.lists(cells, min_size=7, max_size=10), min_size=1, max_size=5))
def test_any_text_is_understood_or_refused(head, tree, rows):
    kept = [row for row in rows if any(cell.strip() for cell in row)] or [["x"]]
    plan = plan_of(tree, csv_file(head, *kept, name="varian.csv" if head == VARIANT_HEAD else "menu.csv"))
    for row in plan.rows:
        assert row.state != State.REFUSED or all(str(reason.words) for reason in row.reasons)
        assert len(row.values.get("name", "")) <= 150
        assert "\x00" not in str(row.values)
