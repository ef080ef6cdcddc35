"""Every letter there is, in both languages: nothing is missing in it, and no word stays untranslated."""

from copy import deepcopy
from pathlib import Path

import pytest
from django.conf import settings
from django.utils import timezone

from gobiz_admin.merchants import mailing
from gobiz_admin.merchants.models import Letter
from gobiz_admin.merchants.roles import Action

pytestmark = pytest.mark.django_db
MISSING = "MISSING-IN-LETTER"
ORDERS = [{"number": "F-1", "outlet": "Sate Tebet"}, {"number": "", "outlet": "Sate Depok"}]
ALERT = {"count": 2, "orders": ORDERS, "more": 3, "names": ["Es Teh", "Paha atas"], "closed": False}
OFF = {"name": "Sate Tebet", "count": 3, "names": ["Es Teh", "Nasi"], "more": 1}
STUCK = {"name": "Es Teh", "outlet": "Sate Tebet", "price": 5000}
# As their writers make them; each way that a template can go at least once.
FACTS = {
    "mapping_alert": [ALERT, {**ALERT, "count": 1, "more": 0, "names": [], "closed": True}],
    "mapping_alert_again": [ALERT],
    "drift": [
        {"count": 1, "outlets": "Sate Tebet", "more": 0},
        {"count": 4, "outlets": "Sate Tebet, Sate Depok", "more": 2},
    ],
    "still_off": [{"count": 1, "outlets": [{**OFF, "more": 0}]}, {"count": 6, "outlets": [OFF, OFF]}],
    "outlet_still_closed": [{"outlet": "Sate Tebet"}],
    "timed_stuck": [
        {"count": 1, "rows": [STUCK], "more": 0},
        {"count": 4, "rows": [STUCK, STUCK], "more": 2},
    ],
}


def letters_in(language, cast, template):
    cast.owner.language = language
    cast.owner.save(update_fields=["language"])
    reader = cast.merchant.members.get(user=cast.owner)
    for facts in FACTS[template]:
        letter = Letter(template=template, facts={**facts, "path": "/m/1/alerts/"}, right=Action.SEE_OUTLETS)
        letter.pk, letter.stored_at = 1, timezone.now()
        yield mailing.message_to(reader, letter)


def test_there_is_no_other_letter():
    found = Path(settings.BASE_DIR, "templates", "mail").glob("*.txt")
    assert {path.stem for path in found if not path.stem.startswith("_")} == set(FACTS)


@pytest.mark.parametrize("template", sorted(FACTS))
def test_each_is_written_in_both_languages(cast, settings, template):
    engine = deepcopy(settings.TEMPLATES[0])
    engine["OPTIONS"]["string_if_invalid"] = MISSING
    settings.TEMPLATES = [engine]
    english, indonesian = (list(letters_in(language, cast, template)) for language in ("en", "id"))
    for one, other in zip(english, indonesian, strict=True):
        for letter in (one, other):
            assert MISSING not in letter.subject + letter.body
            assert 0 < len(letter.subject) < 150
            assert f"{settings.PUBLIC_BASE_URL}/m/1/alerts/" in letter.body
        same = {line for line in one.body.splitlines() if " " in line} & set(other.body.splitlines())
        assert [line for line in same if line[:2] != "- " and line[-1] != ":"] == []
        assert one.subject != other.subject
