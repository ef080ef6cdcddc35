"""Who is told of an undelivered order by e-mail, when, and when again."""

from datetime import timedelta

import pytest
from django.core import mail
from django.utils import timezone

from gobiz_admin.merchants.mailing import send_due
from gobiz_admin.merchants.models import Letter
from menus.models import MappingAlert
from menus.repairing.letters import mark_seen, tell
from tests.factories import OutletFactory
from tests.menus.repairs import opened

pytestmark = pytest.mark.django_db


@pytest.fixture
def told(cast):
    """One alert, of which owner and manager were told 11 minutes ago."""
    alert = opened(cast.outlet, ["Ayam & <b>"], ["Paha atas"], number="F-7")
    tell()
    pass_by(11)
    return alert


def pass_by(minutes: int) -> None:
    for row in MappingAlert.objects.all():
        row.opened_at -= timedelta(minutes=minutes)
        row.told_at = row.told_at and row.told_at - timedelta(minutes=minutes)
        row.save(update_fields=["opened_at", "told_at"])


def templates():
    return sorted(Letter.objects.values_list("template", "user__email"))


def test_owner_and_manager_are_told_at_once_and_once(cast):
    opened(cast.outlet, ["Ayam & <b>"], ["Paha atas"], number="F-7")
    tell()
    tell()
    assert templates() == sorted(("mapping_alert", user.email) for user in (cast.owner, cast.manager))
    send_due()
    letter = next(one for one in mail.outbox if one.to == [cast.owner.email])
    assert "Warung Satu" in letter.subject
    for words in ("F-7", cast.outlet.name, "Ayam & <b>, Paha atas", f"/m/{cast.merchant.pk}/alerts/"):
        assert words in letter.body


def test_in_the_readers_language_and_without_number_or_names(cast):
    cast.owner.language = "en"
    cast.owner.save()
    opened(cast.outlet, number="")
    tell()
    send_due()
    letter = next(one for one in mail.outbox if one.to == [cast.owner.email])
    assert letter.subject == "Warung Satu: GoFood could not deliver an order"
    assert "- ? (" in letter.body


def test_when_nobody_looks_they_are_told_once_more(told):
    tell()
    tell()
    pass_by(30)
    tell()
    assert [template for template, _ in templates()] == ["mapping_alert"] * 2 + ["mapping_alert_again"] * 2
    send_due()
    assert len(mail.outbox) == 4


def test_who_has_looked_is_not_told_again(told, cast):
    assert mark_seen([cast.other_outlet], cast.stranger) == 0
    assert mark_seen([cast.outlet], cast.manager) == 1
    tell()
    assert len(templates()) == 2


def test_what_is_closed_is_not_told_again_but_once(told, cast):
    MappingAlert.objects.update(state="closed")
    tell()
    assert len(templates()) == 2
    opened(cast.outlet, ["Es Teh"], number="F-8")
    MappingAlert.objects.update(state="closed")
    tell()
    assert Letter.objects.latest("pk").facts["closed"] is True


def test_a_chains_alerts_of_one_minute_are_one_letter(cast):
    outlets = OutletFactory.create_batch(40, merchant=cast.merchant, gobiz_app=cast.app)
    opened(cast.outlet, ["Es Teh"], number="F-0")
    tell()
    for number, outlet in enumerate(outlets, 1):
        opened(outlet, ["Es Teh"], number=f"F-{number}")
    tell()
    assert len(templates()) == 2
    pass_by(2)
    tell()
    assert len(templates()) == 4
    facts = Letter.objects.latest("pk").facts
    assert (facts["count"], len(facts["orders"]), facts["more"], facts["names"]) == (40, 20, 20, ["Es Teh"])


def test_what_is_long_over_is_not_told(cast):
    opened(cast.outlet, ["Es Teh"])
    MappingAlert.objects.update(opened_at=timezone.now() - timedelta(days=1))
    tell()
    assert templates() == []
