"""Amounts as people type them."""

import pytest
from django.core.exceptions import ValidationError
from hypothesis import given
from hypothesis import strategies as st

from gobiz_admin.merchants.templatetags.wording import rupiah
from menus.forms.fields import RupiahField, read_rupiah


@pytest.mark.parametrize(
    ("typed", "amount"),
    [
        ("15000", 15000),
        ("15.000", 15000),
        ("15,000", 15000),
        ("Rp 15.000", 15000),
        ("rp15.000", 15000),
        ("Rp. 15.000,-", 15000),
        ("Rp\u00a015.000", 15000),
        ("IDR 1.250.000", 1250000),
        ("15.000,00", 15000),
        ("15,000.00", 15000),
        ("0", 0),
        (" 500 ", 500),
        ("1.5e4", None),
        ("15.5", None),
        ("1.50", None),
        ("15.0000", None),
        ("1.000,000", None),
        ("lima belas ribu", None),
        ("15rb", None),
        ("٣٠٠٠", None),
        ("--5", None),
        ("9" * 5000, None),
        ("1" + ".000" * 2000, None),
        ("", None),
    ],
)
def test_amounts(typed: str, amount: int | None) -> None:
    assert read_rupiah(typed) == amount


@given(st.integers(min_value=-(10**12), max_value=10**12))
def test_what_is_shown_is_read_again(amount: int) -> None:
    assert read_rupiah(rupiah(amount)) == amount


@given(st.text(max_size=40))
def test_any_text_is_an_amount_or_none(text: str) -> None:
    assert read_rupiah(text) is None or isinstance(read_rupiah(text), int)


@pytest.mark.parametrize(
    ("typed", "code"),
    [("-1", "negative"), ("9999999999", "too_high"), ("abc", "unreadable"), ("", "required")],
)
def test_refusals_say_what_to_type(typed: str, code: str) -> None:
    with pytest.raises(ValidationError) as refused:
        RupiahField().clean(typed)
    assert refused.value.error_list[0].code == code


@pytest.mark.parametrize(
    ("typed", "digits"),
    [
        ("1.5e4", "15000"),
        ("1,5E+04", "15000"),
        ("15rb", "15000"),
        ("Rp 1,5 juta", "1500000"),
        ("15 K", "15000"),
    ],
)
def test_what_is_written_short_is_asked_about(typed: str, digits: str) -> None:
    assert read_rupiah(typed) is None
    with pytest.raises(ValidationError) as refused:
        RupiahField().clean(typed)
    assert refused.value.error_list[0].code == "short"
    assert f" {digits}." in refused.value.messages[0]


@pytest.mark.parametrize("typed", ["1e99", "1.00005e4", "e4", "0.5e0", "rb"])
def test_what_may_mean_anything_gets_an_example(typed: str) -> None:
    with pytest.raises(ValidationError) as refused:
        RupiahField().clean(typed)
    assert refused.value.error_list[0].code == "unreadable"
    assert "15.000" in refused.value.messages[0]


def test_a_variant_may_be_a_reduction() -> None:
    assert RupiahField(below_zero=True).clean("−Rp 1.000") == -1000
