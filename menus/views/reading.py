"""Asking for the live menu as it is now, and what a page says while and after it is read."""

from collections.abc import Sequence
from typing import Any

from django.http import HttpResponse

from gobiz_admin.merchants.roles import Action
from gobiz_admin.merchants.tenancy import MemberRequest, member_view
from menus.models import LiveReading
from menus.readings import request_readings, wants_reading
from menus.reviewing import Review
from menus.sentences import reading_sentence
from menus.views import reach


@member_view(Action.PUBLISH_MENU, "POST")
def read_outlet(request: MemberRequest, outlet_pk: int) -> HttpResponse:
    """Asked by the review of one outlet, by itself or with its button."""
    outlet = reach.outlet_of(request, outlet_pk)
    request_readings([outlet])
    return reach.go(request, "publish_review", outlet.pk)


@member_view(Action.PUBLISH_MENU, "POST")
def read_together(request: MemberRequest) -> HttpResponse:
    """Asked by the page that publishes to several outlets: those whose menu here was imported."""
    outlets = request.merchant.outlets.filter(
        pk__in=[outlet.pk for outlet in request.place.chosen_outlets], selling__imported_at__isnull=False
    )
    request_readings(list(outlets))
    return reach.go(request, "publish_together")


def readings_state(readings: dict[int, LiveReading], found: Sequence[Review]) -> dict[str, Any]:
    """How the readings of the reviewed outlets stand, together."""
    read = [review for review in found if review.selling]
    known = {review.outlet.pk for review in read if review.on_gofood.known}
    rows = [readings.get(review.outlet.pk) for review in read]
    return {
        "ask": any(wants_reading(row) for row in rows),
        "open": sum(row is not None and row.is_open for row in rows),
        "known": len(known),
        "of": len(read),
        "failed": [
            (review.outlet.name, reading_sentence(row))
            for review, row in zip(read, rows, strict=True)
            if row is not None and row.state == LiveReading.State.FAILED
        ],
        "unknown": [review.outlet.name for review in read if review.outlet.pk not in known],
    }


def reading_state(reading: LiveReading | None, known: bool) -> dict[str, Any]:
    """How the reading stands; `known`: whether the page compares with what was read."""
    failed = reading is not None and reading.state == LiveReading.State.FAILED
    return {
        "ask": wants_reading(reading),
        "open": reading is not None and reading.is_open,
        "known": known,
        "read_at": reading.read_at if reading else None,
        "failure": reading_sentence(reading) if reading and failed else "",
        "gobiz_says": reading.error if reading and failed else "",
    }
