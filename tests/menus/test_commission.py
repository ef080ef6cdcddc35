"""What is left after commission, and setting it."""

from decimal import Decimal

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, connection, transaction
from django.template import Context, Template
from django.test.utils import CaptureQueriesContext
from hypothesis import given
from hypothesis import strategies as st

from gobiz_admin.merchants.models import AuditEntry
from menus.commission import net, set_commission
from menus.forms.commission import PercentField, percent_words
from tests.factories import GobizAppFactory, MerchantFactory, OutletFactory

percents = st.decimals(0, 60, places=2)
prices = st.integers(0, 2**63 - 1)


@pytest.mark.parametrize(
    ("price", "percent", "left"),
    [
        (15_000, "20", 12_000),
        (15_000, "0", 15_000),
        (15_000, "20.50", 11_925),
        (1, "50", 1),  # half a rupiah, rounded up
        (1, "50.01", 0),
        (3, "50", 2),
        (0, "20", 0),
        (-1_000, "20", -800),
        (-1, "50", -1),
        (999_999_999, "12.34", 876_599_999),
    ],
)
def test_net(price, percent, left):
    assert net(price, Decimal(percent)) == left


@given(prices, percents)
def test_net_is_between_nothing_and_the_price(price, percent):
    assert 0 <= net(price, percent) <= price


@given(prices, prices, percents)
def test_a_higher_price_never_leaves_less(one, other, percent):
    low, high = sorted((one, other))
    assert net(low, percent) <= net(high, percent)


@given(prices, percents, percents)
def test_a_higher_commission_never_leaves_more(price, one, other):
    low, high = sorted((one, other))
    assert net(price, high) <= net(price, low)


@given(prices, percents)
def test_net_is_exact_to_half_a_rupiah(price, percent):
    hundredths = price * (10_000 - int(percent * 100))
    assert -5_000 < net(price, percent) * 10_000 - hundredths <= 5_000


@pytest.mark.parametrize(
    ("typed", "percent"),
    [
        ("20", "20"),
        ("20%", "20"),
        ("20 %", "20"),
        ("20,5", "20.5"),
        ("20.50", "20.5"),
        (" 20,50 persen ", "20.5"),
        ("+7", "7"),
        ("0", "0"),
        ("60", "60"),
        ("20,", "20"),
        ("20,5000", "20.5"),
        ("", None),
        ("  ", None),
        (None, None),
    ],
)
def test_percent_that_is_understood(typed, percent):
    assert PercentField(required=False).clean(typed) == (None if percent is None else Decimal(percent))


@pytest.mark.parametrize(
    ("typed", "code"),
    [
        ("abc", "unreadable"),
        ("-1", "negative"),
        ("−0,5", "negative"),
        ("60,01", "too_high"),
        ("200", "too_high"),
        ("999999999", "too_high"),
        ("20,555", "too_exact"),
        ("20,5" + "0" * 9_000 + "1", "too_exact"),
        ("1e1", "unreadable"),
        ("NaN", "unreadable"),
        ("Infinity", "unreadable"),
        ("20 20", "unreadable"),
        ("20%%", "unreadable"),
        (",5", "unreadable"),
        ("٢٠", "unreadable"),
        ("🍗", "unreadable"),
        ("9" * 10_000, "unreadable"),
    ],
)
def test_percent_that_is_refused(typed, code):
    with pytest.raises(ValidationError) as refused:
        PercentField(required=False).clean(typed)
    assert refused.value.code == code
    assert len(refused.value.messages[0]) < 200


@given(percents)
def test_percent_is_read_back_as_it_is_written(percent):
    assert PercentField(required=False).clean(percent_words(percent)) == percent


def test_the_filter():
    template = Template("{% load commission %}{{ price|net_of:percent }}")
    assert template.render(Context({"price": 15_000, "percent": Decimal(20)})) == "12000"
    for context in (
        {"price": 15_000, "percent": ""},
        {"price": 1, "percent": None},
        {"percent": Decimal(20)},
    ):
        assert template.render(Context(context)) == "None"


@pytest.fixture
def two(db):
    app = GobizAppFactory(merchant=MerchantFactory())
    return [OutletFactory(gobiz_app=app), OutletFactory(gobiz_app=app)]


def known(outlet):
    outlet.refresh_from_db()
    return outlet.commission_percent


def test_two_outlets_may_differ(two):
    one, other = two
    assert set_commission(one.merchant, [one], Decimal("20"), None) == [one]
    assert set_commission(one.merchant, [other], Decimal("25.5"), None) == [other]
    assert (known(one), known(other)) == (Decimal(20), Decimal("25.5"))
    facts = AuditEntry.objects.filter(action="menu.commission").order_by("pk").values_list("facts", flat=True)
    assert list(facts) == [
        {"percent": "20", "outlets": {one.outlet_id: None}},
        {"percent": "25.5", "outlets": {other.outlet_id: None}},
    ]


def test_the_same_again_changes_nothing(two):
    one, other = two
    set_commission(one.merchant, two, Decimal(20), None)
    assert set_commission(one.merchant, two, Decimal("20.00"), None) == []
    assert AuditEntry.objects.count() == 1
    assert set_commission(one.merchant, two, None, None) == two
    assert (known(one), known(other)) == (None, None)


def test_anothers_outlet_is_left_alone(two):
    stranger = OutletFactory()
    assert set_commission(two[0].merchant, [stranger, two[0]], Decimal(20), None) == [two[0]]
    assert known(stranger) is None


@pytest.mark.parametrize("percent", ["-0.01", "60.01"])
def test_the_database_refuses_what_is_no_commission(two, percent):
    with pytest.raises(IntegrityError), transaction.atomic():
        type(two[0]).objects.filter(pk=two[0].pk).update(commission_percent=percent)


def test_many_outlets_cost_as_much_as_two(two):
    merchant = two[0].merchant
    with CaptureQueriesContext(connection) as few:
        set_commission(merchant, two, Decimal(20), None)
    many = two + [OutletFactory(gobiz_app=two[0].gobiz_app) for _ in range(20)]
    with CaptureQueriesContext(connection) as more:
        set_commission(merchant, many, Decimal(30), None)
    assert len(more) == len(few)
