"""GoBiz's words about a refused menu lead to the row and the field, or stay as they are."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gobiz_admin.gobiz.errors import RequestRefused
from menus.models import CatalogVersion, MenuItem, Sync, Variant
from menus.publishing import request_publish
from menus.refusals import refused
from tests.menus.factories import selling_outlet
from tests.menus.test_publishing import sent

pytestmark = pytest.mark.django_db


@pytest.fixture
def outlet(fake_gobiz):
    return selling_outlet()


def failed(fake_gobiz, outlet, words):
    fake_gobiz.writes = [RequestRefused(words, status=400)]
    fake_gobiz.takes_it = False
    sync = sent(request_publish(outlet, None))
    assert sync.state == Sync.State.FAILED
    return refused(sync)


def test_a_path_leads_to_the_item_and_its_field(fake_gobiz, outlet):
    item = MenuItem.objects.get()
    found = failed(fake_gobiz, outlet, "menus[0].menu_items[0].price: must be an integer in rupiah")
    assert [(row.kind, row.pk, row.name, row.field) for row in found] == [
        ("item", item.pk, item.name, "price")
    ]


def test_a_path_to_a_variant(fake_gobiz, outlet):
    found = failed(fake_gobiz, outlet, "variant_categories[0].variants[0].name: is required")
    assert (found[0].kind, found[0].field) == ("variant", "name")
    assert Variant.objects.filter(pk=found[0].pk, name=found[0].name).exists()


def test_several_complaints_are_each_named_once(fake_gobiz, outlet):
    words = (
        "menus[0].menu_items[0].image: too large; menus[0].name: is required; menus[0].menu_items[0].image: x"
    )
    found = failed(fake_gobiz, outlet, words)
    assert [(row.kind, row.field) for row in found] == [("item", "picture"), ("menu", "name")]


def test_an_external_id_as_a_word(fake_gobiz, outlet):
    item = MenuItem.objects.get()
    found = failed(fake_gobiz, outlet, f"image of {item.external_id} cannot be fetched")
    assert [(row.pk, row.field) for row in found] == [(item.pk, "picture")]


def test_a_name_in_quotes(fake_gobiz, outlet):
    item = MenuItem.objects.get()
    found = failed(fake_gobiz, outlet, f'Price of "{item.name.upper()}" is too high')
    assert (item.pk, "price") in [(row.pk, row.field) for row in found]


@pytest.mark.parametrize(
    "words",
    [
        "",
        "Bad request",
        "menus[99].menu_items[0].price: no",
        "variant_categories[0].menu_items[0].x",
        "menus[0",
    ],
)
def test_words_that_name_nothing_lead_nowhere(fake_gobiz, outlet, words):
    assert failed(fake_gobiz, outlet, words) == []


def test_an_item_that_is_gone_since_is_named_without_a_link(fake_gobiz, outlet):
    fake_gobiz.writes = [RequestRefused("menus[0].menu_items[0].price: no", status=400)]
    sync = sent(request_publish(outlet, None))
    MenuItem.objects.all().delete()
    assert [row.pk for row in refused(sync)] == [None]


@given(words=st.text(st.sampled_from("menus[0].variant_categories[1]menu_items[2].price'\"“”"), max_size=300))
def test_no_words_break_it(words):
    payload = {
        "menus": [{"name": "M", "menu_items": [{"external_id": "I-1", "name": "Ayam"}]}],
        "variant_categories": [{"external_id": "VC-1", "name": "Pilih", "variants": []}],
    }
    version = CatalogVersion(payload=payload)
    assert all(row.name for row in refused(Sync(version=version, error=words)))
