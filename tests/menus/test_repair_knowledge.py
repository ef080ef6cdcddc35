"""What is known of a missing name, and what is proposed."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from menus.editing import add_variant, save_variant
from menus.ids import accept_proposals, without_external_id
from menus.models import MenuItem, OutletCatalog, OutletOverride, Variant
from menus.repairing.cards import cards_of, open_alerts
from menus.repairing.choices import ADOPT, LEAVE, RESEND, SHOW, as_row
from tests.menus.factories import MenuFactory, MenuItemFactory, live_category, live_item, selling_outlet
from tests.menus.repairs import card_of, known, opened, published, read_live

pytestmark = pytest.mark.django_db


@pytest.fixture
def outlet(fake_gobiz):
    return selling_outlet()


def live(*items, categories=()):
    return {"menus": [{"name": "Ayam", "menu_items": list(items)}], "variant_categories": list(categories)}


def test_never_confirmed_gets_the_id_that_is_proposed(outlet):
    Variant.objects.update(external_id=None)
    found = known(outlet, "variant", " PAHA  atas")
    assert (found.code, found.choices, found.is_certain) == ("never_confirmed", (RESEND,), True)
    catalog = outlet.selling.catalog
    assert found.own[0].proposal in {row.proposal for row in without_external_id(catalog)}
    accept_proposals(catalog, None)
    assert Variant.objects.get(name="Paha atas").external_id == found.own[0].proposal


def test_confirmed_once_it_is_lost(outlet):
    published(outlet)
    assert known(outlet, "variant", "Paha atas").code == "lost"
    save_variant(Variant.objects.get(name="Paha bawah"), {"name": "Sayap"}, None)
    assert known(outlet, "variant", "Sayap").code == "never_confirmed"


def test_what_another_outlet_of_the_catalog_has_is_not_lost_here(outlet):
    other = selling_outlet()
    OutletCatalog.objects.filter(outlet=other).update(catalog=outlet.selling.catalog)
    published(outlet)
    assert known(outlet, "item", "Ayam Geprek").code == "lost"
    assert known(other, "item", "Ayam Geprek").code == "never_confirmed"


def test_an_internal_name_is_a_name_of_an_item(outlet):
    MenuItem.objects.update(internal_name="AG  Pedas")
    assert known(outlet, "item", "ag pedas").code == "never_confirmed"
    assert known(outlet, "variant", "ag pedas").code == "unknown"


def test_hidden_at_this_outlet(outlet):
    item = MenuItem.objects.get()
    OutletOverride.objects.create(outlet=outlet, item=item, hidden=True)
    found = known(outlet, "item", "Ayam Geprek")
    assert (found.code, found.proposed) == ("hidden", SHOW)


def test_only_on_gofood_by_the_newest_reading(outlet):
    read_live(outlet, live(live_item("Es  Teh", external_id="GF-7")))
    found = known(outlet, "item", "es teh")
    assert (found.code, found.proposed, found.live[0].external_id) == ("only_on_gofood", ADOPT, "GF-7")
    assert not found.is_certain
    read_live(outlet, live())
    assert (known(outlet, "item", "es teh").code, known(outlet, "item", "es teh").proposed) == (
        "unknown",
        LEAVE,
    )


def test_a_reading_from_before_the_last_confirmation_tells_nothing(outlet):
    read_live(outlet, live(live_item("Es Teh")))
    published(outlet)
    assert known(outlet, "item", "Es Teh").code == "unknown"


def test_renamed_in_the_gobiz_app_it_is_ours_by_its_id(outlet):
    item = MenuItem.objects.get()
    read_live(outlet, live(live_item("Ayam Jumbo", external_id=item.external_id)))
    found = known(outlet, "item", "Ayam Jumbo")
    assert (found.code, found.proposed) == ("only_on_gofood", as_row(item.pk))


def test_ours_takes_gofoods_id_where_it_has_none(outlet):
    MenuItem.objects.update(external_id=None)
    read_live(outlet, live(live_item("AYAM geprek", external_id="GF-1")))
    found = known(outlet, "item", "Ayam Geprek")
    assert (found.code, found.proposed) == ("never_confirmed", as_row(MenuItem.objects.get().pk))
    assert not found.is_certain


def test_several_of_the_name_are_ambiguous(outlet):
    first = MenuItem.objects.get()
    second = MenuItemFactory(menu=MenuFactory(catalog=first.catalog), name="ayam  geprek")
    found = known(outlet, "item", "Ayam Geprek")
    # Nothing of that name has another id on GoFood: each is sent with its own, and nobody has to choose.
    assert (found.code, found.choices) == ("ambiguous", (RESEND,))
    read_live(outlet, live(live_item("Ayam Geprek", external_id="GF-1")))
    assert known(outlet, "item", "Ayam Geprek").choices == (RESEND, as_row(first.pk), as_row(second.pk))


def test_several_on_gofood_are_ambiguous(outlet):
    two = [live_category("Nasi", "Dada", external_id="x"), live_category("Mi", "Dada")]
    read_live(outlet, live(categories=two))
    found = known(outlet, "variant", "Dada")
    assert (found.code, found.proposed, len(found.live)) == ("ambiguous", ADOPT, 2)
    category = Variant.objects.first().category
    add_variant(category, {"name": "Dada", "price": 0}, None)
    assert known(outlet, "variant", "Dada").choices == (RESEND, ADOPT)


@pytest.mark.parametrize("rows", [None, "x", [None, 7, {"menu_items": [None, {}]}]])
def test_an_odd_reading_is_read_as_far_as_it_can_be(outlet, rows):
    read_live(outlet, {"menus": rows, "variant_categories": rows})
    assert known(outlet, "item", "Es Teh").code == "unknown"


def test_without_an_imported_menu(outlet):
    OutletCatalog.objects.update(imported_at=None)
    assert known(outlet, "item", "Ayam Geprek").code == "no_menu"


def test_the_same_names_at_many_outlets_are_one_card(outlet):
    same = selling_outlet()
    OutletCatalog.objects.filter(outlet=same).update(catalog=outlet.selling.catalog)
    third = selling_outlet()
    for number, one in enumerate([outlet, same, third]):
        opened(one, [], [" paha ATAS"] if number else ["Paha atas"], number=f"F-{number}")
    opened(outlet, [], ["Paha atas", "Dada"], number="F-9")
    cards = cards_of(open_alerts([outlet, same, third]))
    assert [len(card.alerts) for card in cards] == [1, 3]
    # The third has another catalog; what is known, and what is chosen, is the same but for the ids.
    assert [len(part.outlets) for part in cards[1].parts] in ([2, 1], [1, 2])
    ids = dict(Variant.objects.filter(catalog=outlet.selling.catalog).values_list("name", "external_id"))
    for variant in Variant.objects.filter(catalog=third.selling.catalog):
        variant.external_id = ids[variant.name]
        variant.save()
    assert [len(part.outlets) for part in cards_of(open_alerts([outlet, same, third]))[1].parts] == [3]


def test_alerts_without_names_are_one_card(outlet):
    opened(outlet, number="F-1")
    opened(outlet, number="")
    card = card_of(outlet)
    assert (len(card.alerts), card.parts[0].names) == (2, [])


def test_the_number_of_queries_is_the_same_for_many_cards_and_outlets(outlet):
    def queries(outlets):
        with CaptureQueriesContext(connection) as captured:
            assert cards_of(open_alerts(outlets))
        return len(captured)

    outlets = [outlet, selling_outlet()]
    for number, one in enumerate(outlets):
        opened(one, [f"Es {number}"], ["Paha atas"])
        read_live(one, live(live_item("Es 1")))
    few = queries(outlets)
    for number in range(40):
        one = selling_outlet()
        outlets.append(one)
        opened(one, [f"Es {number}"], ["Paha atas"])
        read_live(one, live(live_item("Es 1")))
    assert queries(outlets) == few
