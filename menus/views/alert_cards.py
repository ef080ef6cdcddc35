"""A card of alerts as its template shows it: names with what can be done, and how far the repair has come."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from django.utils.translation import gettext as _

from gobiz_admin.merchants.models import Outlet
from gobiz_admin.merchants.tenancy import MemberRequest
from menus.checks import NEVER_IMPORTED_CHECK, RULES, Check
from menus.models import ExternalId, Repair, Sync, Variant
from menus.repairing.cards import Card, Name, Part
from menus.repairing.choices import LEAVE, RESEND, as_row
from menus.repairing.knowing import Knowledge
from menus.sentences import BIND, UNEXPECTED
from menus.text import clean
from menus.views.jumping import Jumps
from menus.views.repair_words import OTHER, auto_words, known_words, options_of
from menus.views.syncs import steps_of_waiting, way_of

Given = Mapping[str, Any]
_RULES = {rule.code: rule for rule in RULES}


@dataclass(frozen=True)
class Chosen:
    """What a form says of one name; `error`: what is wrong with what was typed."""

    value: str
    error: str = ""


def field_of(name: Name) -> str:
    return f"name-{name.row.pk}"


def chosen(given: Given, name: Name, knowledge: Knowledge, outlet_pk: int) -> Chosen:
    """The choice, as far as it is one that there is; without any what needs no choice is sent."""
    value = given.get(field_of(name), "")
    if value == OTHER:
        return _typed(clean(given.get(f"{field_of(name)}-other", "")), name, knowledge, outlet_pk)
    if value in name.known.choices:
        return Chosen(value)
    return Chosen(name.known.proposed if RESEND in name.known.choices else LEAVE)


def _typed(typed: str, name: Name, knowledge: Knowledge, outlet_pk: int) -> Chosen:
    """The one row of ours that has this id, or else this name."""
    found = knowledge.here(outlet_pk, name.row.kind, typed)
    if len(found) == 1:
        return Chosen(as_row(found[0].pk))
    return Chosen(LEAVE, str(BIND["several" if found else "unknown"]))


def card_view(card: Card, problems: "Problems", given: Given, errors: dict[int, str]) -> dict[str, Any]:
    """What the card's template needs; no queries."""
    places = [_place(card, outlet, problems) for outlet in card.outlets]
    free = [place for place in places if place["imported"] and not place["under_way"]]
    names = [name for part in card.parts for name in part.names]
    parts = [_part(part, card, given, errors) for part in card.parts]
    return {
        "alert": card.alerts[0],
        "alerts": card.alerts,
        "many": len(places) > 1,
        "reading": _reading(card),
        "auto": auto_words(card.alerts),
        "outlets": len(places),
        "all_names": ", ".join(dict.fromkeys(name.row.name for name in names)),
        "missing": ", ".join(dict.fromkeys(name.row.name for name in names if not name.covered)),
        "parts": parts,
        "choosing": any(not (name["covered"] or name["only"]) for part in parts for name in part["names"]),
        "places": places,
        "moving": [place for place in places if place["way"] or place["refused"]],
        "free": len(free),
        "under_way": any(place["under_way"] for place in places),
        "not_imported": [place["outlet"] for place in places if not place["imported"]],
        "edited": [place["outlet"] for place in places if place["edited"]],
    }


def _reading(card: Card) -> dict[str, Any] | None:
    """How old what we know of GoFood's menu is, where that tells what can be done."""
    asks = {"unknown", "only_on_gofood", "ambiguous"}
    if not any(name.known.code in asks for part in card.parts for name in part.names):
        return None
    seen = [card.knowledge.readings.get(outlet.pk) for outlet in card.outlets]
    times = [one.read_at for one in seen if one is not None and one.read_at is not None]
    return {
        "is_open": any(one is not None and one.is_open for one in seen),
        "oldest": min(times) if len(times) == len(seen) else None,
        "outlet": card.outlets[0],
    }


def _part(part: Part, card: Card, given: Given, errors: dict[int, str]) -> dict[str, Any]:
    return {
        "outlets": part.outlets,
        "names": [_name(name, card, part.outlets[0], given, errors) for name in part.names],
    }


def _name(name: Name, card: Card, outlet: Outlet, given: Given, errors: dict[int, str]) -> dict[str, Any]:
    options = [] if name.covered else options_of(name.known)
    other = name.known.code in ("unknown", "only_on_gofood")
    field = field_of(name)
    values = [option.value for option in options] + ([OTHER] if other else [])
    value = given.get(field)
    return {
        "row": name.row,
        "kind": ExternalId.Kind(name.row.kind).label,
        "covered": name.covered,
        "words": known_words(name.known),
        "field": field,
        "options": options,
        "only": options[0] if len(options) == 1 and not other else None,
        "chosen": value if value in values else name.known.proposed,
        "other": card.knowledge.names_here(outlet.pk, name.row.kind) if other else None,
        "typed": given.get(f"{field}-other", ""),
        "error": errors.get(name.row.pk, ""),
    }


def _place(card: Card, outlet: Outlet, problems: "Problems") -> dict[str, Any]:
    """One outlet of a card: how far its repair has come, and what remains after it."""
    repair, sync = card.repairs.get(outlet.pk), card.syncs.get(outlet.pk)
    waits = repair is not None and repair.state == Repair.State.QUEUED
    refused = _is_refused(repair, sync)
    way = None
    if waits:
        way = {"steps": steps_of_waiting(repair.requested_at if repair else None), "final": False}
    elif sync is not None and not refused:
        way = way_of(sync)
    selling = card.knowledge.selling(outlet.pk)
    return {
        "outlet": outlet,
        "repair": repair,
        "sync": None if waits else sync,
        "way": way,
        "under_way": way is not None and not way["final"],
        "remains": way is not None and not waits and sync is not None and sync.state == Sync.State.CONFIRMED,
        "refused": problems.of(repair) if refused and repair is not None else None,
        "imported": selling is not None,
        "edited": selling is not None and selling.published_revision != selling.catalog.revision,
    }


def _is_refused(repair: Repair | None, sync: Sync | None) -> bool:
    if repair is None or repair.state != Repair.State.REFUSED:
        return False
    return sync is None or sync.queued_at < repair.requested_at


class Problems:
    """Why repairs were refused, with links to where it is put right; one query for all cards."""

    def __init__(self, request: MemberRequest, cards: list[Card]) -> None:
        self.request = request
        self.sellings = {selling.outlet_id: selling for card in cards for selling in card.sellings}
        repairs = [repair for card in cards for repair in card.repairs.values()]
        variants = {row["pk"] for one in repairs for row in one.checks if row.get("kind") == "variant"}
        rows = Variant.objects.filter(pk__in=variants) if variants else Variant.objects.none()
        self.category_of = dict(rows.values_list("pk", "category_id"))
        self.outlets = {outlet.pk: outlet for card in cards for outlet in card.outlets}

    def of(self, repair: Repair) -> dict[str, Any]:
        outlet = self.outlets[repair.outlet_id]
        if repair.code == "checks":
            checks = [_check(row) for row in repair.checks]
            jumps = Jumps(
                self.request, outlet, self.sellings.get(outlet.pk), checks, category_of=self.category_of
            )
            return {"groups": jumps.grouped(checks)}
        if repair.code == "removal":
            facts = repair.checks[0] if repair.checks else {}
            words = _(
                "Nothing was published: the menu here would take %(count)s of %(of)s items off GoFood. Look at it, "
                "and type the number there if it is right."
            )
            return {
                "words": words % {"count": facts.get("count", "?"), "of": facts.get("of", "?")},
                "review": True,
            }
        return {"words": str(UNEXPECTED)}


def _check(row: dict[str, Any]) -> Check:
    """The error, with its sentence of today."""
    code, kind, name = row["code"], row["kind"], row["name"]
    if code == NEVER_IMPORTED_CHECK.code:
        return NEVER_IMPORTED_CHECK
    rule = _RULES.get(code)
    if rule is None:
        return Check(code, "error", UNEXPECTED, kind, row["pk"], name, row["field"])
    check = Check(code, rule.severity, rule.sentence, kind, row["pk"], name, row["field"])
    return replace(check, confirm=rule.confirm)
