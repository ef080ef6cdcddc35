"""What differs at single outlets: a place of the matrix, a thing at each outlet, all of an outlet."""

import json
from typing import Any

from django.core.exceptions import ValidationError
from django.http import Http404, HttpResponse, HttpResponseBadRequest
from django.shortcuts import render
from django.utils.translation import gettext as _

from gobiz_admin.merchants.models import Outlet
from gobiz_admin.merchants.roles import Action
from gobiz_admin.merchants.templatetags.wording import rupiah
from gobiz_admin.merchants.tenancy import MemberRequest, member_view
from menus.editing import EditConflict, EditRefused
from menus.forms.fields import read_rupiah
from menus.forms.overrides import PlaceForm, Sent, price_field
from menus.matrix import Row, load_matrix
from menus.models import Catalog, OutletCatalog
from menus.overrides import NONE, Key, clear_overrides, outlets_selling, set_override, stored
from menus.text import number_of
from menus.views import reach
from menus.views.matrix import undo_of
from menus.views.override_words import done_words

KINDS = ("item", "variant")


# --- a place of the matrix --------------------------------------------------------------------


@member_view(Action.EDIT_MENU, "POST")
def place_values(request: MemberRequest, kind: str, pk: int, outlet_pk: int) -> HttpResponse:
    """The cell as it stands after `field`: price (`value` as typed, `seen` as it was shown), hidden, clear."""
    thing, outlet = _place(request, kind, pk, outlet_pk)
    field = request.POST.get("field", "")
    typed = request.POST.get("value", "")
    if field == "price":
        try:
            price = price_field(kind).clean(typed)
            _set(request, thing, kind, outlet, _seen(request), price=price)
        except ValidationError as error:
            return _cell(request, kind, thing, outlet, typed=typed, error=" ".join(error.messages))
        except EditConflict as conflict:
            return _cell(request, kind, thing, outlet, typed=typed, error=_conflict(conflict))
    elif field == "hidden":
        _set(request, thing, kind, outlet, hidden=typed == "1")
    elif field == "clear":
        _set(request, thing, kind, outlet, **NONE)
    else:
        return HttpResponseBadRequest()
    return _cell(request, kind, thing, outlet)


@member_view(Action.SWITCH_STOCK, "POST")
def place_stock(request: MemberRequest, kind: str, pk: int, outlet_pk: int) -> HttpResponse:
    # The wanted state travels with the press: pressed twice, it is switched once.
    thing, outlet = _place(request, kind, pk, outlet_pk)
    _set(request, thing, kind, outlet, in_stock=request.POST.get("in_stock") == "1")
    return _cell(request, kind, thing, outlet)


def _place(request: MemberRequest, kind: str, pk: int, outlet_pk: int) -> tuple[Any, Outlet]:
    """The thing and an outlet that sells its catalog; else a 404."""
    if kind not in KINDS:
        raise Http404
    thing: Any = reach.thing_of(request, kind, pk)
    outlet = reach.outlet_of(request, outlet_pk)
    if not OutletCatalog.objects.filter(outlet=outlet, catalog=thing.catalog).exists():
        raise Http404
    return thing, outlet


def _set(
    request: MemberRequest,
    thing: Any,
    kind: str,
    outlet: Outlet,
    seen: dict[str, int] | None = None,
    **values: Any,
) -> int:
    try:
        return set_override(thing.catalog, kind, thing.pk, [outlet], request.user, seen, **values)
    except EditRefused:
        # Removed, or sold there no more, since the page was shown.
        raise Http404 from None


def _seen(request: MemberRequest) -> dict[str, int] | None:
    seen = read_rupiah(request.POST.get("seen", ""))
    return None if seen is None else {"price": seen}


def _conflict(conflict: EditConflict) -> str:
    now = rupiah(conflict.fields["price"])
    return _("Somebody else set %(price)s meanwhile. Press Enter again to save yours.") % {"price": now}


def _cell(
    request: MemberRequest, kind: str, thing: Any, outlet: Outlet, typed: str = "", error: str = ""
) -> HttpResponse:
    row = row_of(thing.catalog, kind, thing.pk, [outlet])
    context = {"place": request.place, "row": row, "at": row.places[0], "typed": typed, "error": error}
    told = {"place-saved": {"text": error or _("Saved"), "wrong": bool(error)}, "menu-switched": {}}
    answer = render(request, "menus/_matrix_cell.html", {**context, "kind": kind, "ready": True})
    answer["HX-Trigger"] = json.dumps(told)
    return answer


def row_of(catalog: Catalog, kind: str, pk: int, outlets: list[Outlet]) -> Row:
    groups = load_matrix(catalog, outlets, kind, [pk])
    if not groups:
        raise Http404
    return groups[0].rows[0]


# --- a thing at each outlet -------------------------------------------------------------------


@member_view(Action.EDIT_MENU, "GET", "HEAD", "POST")
def outlet_values(request: MemberRequest, kind: str, pk: int) -> HttpResponse:
    """What the item or variant costs at each outlet, whether it has it, whether it shows it."""
    if kind not in KINDS:
        raise Http404
    thing: Any = reach.thing_of(request, kind, pk)
    outlets = outlets_selling(thing.catalog)
    if request.method != "POST":
        return _show(request, kind, thing, _forms(kind, thing, outlets))
    if "at" not in request.POST:
        return HttpResponseBadRequest()
    outlet = next((row for row in outlets if str(row.pk) == request.POST["at"]), None)
    if outlet is None:
        raise Http404
    sent = Sent(request.POST, kind)
    try:
        values = sent.changes()
        seen = {field: value for field, value in sent.seen().items() if field in values}
        count = _set(request, thing, kind, outlet, seen, **values)
    except ValidationError as error:
        refusal: dict[str, Any] = {"error": " ".join(error.messages), "wrong": ["price"]}
    except EditConflict as conflict:
        refusal = {"error": _overtaken(conflict, sent), "wrong": [*conflict.fields], "told": True}
    else:
        if not request.htmx:
            return done_words(request, "matrix", count, query=f"catalog={thing.catalog_id}")
        return _show(request, kind, thing, _forms(kind, thing, [outlet], saved=True))
    # The others hold what somebody may have typed in them: only the form that was sent is shown anew.
    forms = _forms(kind, thing, [outlet] if request.htmx else outlets)
    next(form for form in forms if form.at.outlet == outlet).refuse(sent, **refusal)
    return _show(request, kind, thing, forms, status=422)


def _forms(kind: str, thing: Any, outlets: list[Outlet], saved: bool = False) -> list[PlaceForm]:
    """What the outlets have of their own, as it stands now."""
    return [PlaceForm(at, saved) for at in row_of(thing.catalog, kind, thing.pk, outlets).places]


def _show(
    request: MemberRequest, kind: str, thing: Any, forms: list[PlaceForm], status: int = 200
) -> HttpResponse:
    """The page with all the forms; to htmx the one that was sent."""
    context: dict[str, Any] = {"kind": kind, "thing": thing}
    if request.method == "POST" and request.htmx:
        context.update(form=forms[0], at=forms[0].at)
        answer = render(request, "menus/_override.html", context, status=status)
        if forms[0].saved:
            answer["HX-Trigger"] = json.dumps({"menu-switched": {}})
        return answer
    context.update(forms=forms, catalog=thing.catalog)
    return render(request, "menus/overrides.html", context, status=status)


def _overtaken(conflict: EditConflict, sent: Sent) -> str:
    """What stands there now, and how what was typed takes its place."""
    now = ", ".join(_now(field, value) for field, value in conflict.fields.items())
    if sent.clears:
        words = _("Somebody else changed this meanwhile, so nothing was saved. Now: %(now)s.")
    else:
        words = _(
            "Somebody else changed this meanwhile, so nothing was saved. Now: %(now)s. Save again to put yours in "
            "its place."
        )
    return words % {"now": now}


def _now(field: str, value: Any) -> str:
    if field == "price":
        return rupiah(value)
    if field == "in_stock":
        return _("In stock") if value else _("Out of stock")
    return _("Hidden here") if value else _("Not hidden here")


# --- all of an outlet -------------------------------------------------------------------------


@member_view(Action.SEE_MENU)
def outlet_differences(request: MemberRequest) -> HttpResponse:
    """What differs from the catalog at the chosen outlet, each with its "clear"."""
    outlet = request.place.outlet
    rows = OutletCatalog.objects.filter(outlet=outlet).select_related("catalog") if outlet else []
    selling = next(iter(rows), None)
    catalog = selling.catalog if selling else None
    context = {
        "outlet": outlet,
        "catalog": catalog,
        "lists": _lists(catalog, outlet) if catalog and outlet else [],
        **undo_of(request, catalog),
    }
    return render(request, "menus/outlet_differences.html", context)


def _lists(catalog: Catalog, outlet: Outlet) -> list[dict[str, Any]]:
    """Per kind the rows that differ, in the order of the menu."""
    keys = [key for key, _row in stored(catalog, [outlet.pk])]
    found = []
    for kind in KINDS:
        pks = [pk for of, pk in keys if of == kind]
        groups = load_matrix(catalog, [outlet], kind, pks) if pks else []
        rows = [(group.owner, row, row.places[0]) for group in groups for row in group.rows]
        if rows:
            found.append({"kind": kind, "rows": rows})
    return found


@member_view(Action.EDIT_MENU, "POST")
def overrides_clear(request: MemberRequest, outlet_pk: int) -> HttpResponse:
    """The catalog's own values hold again for each `thing` (item-3, …) at this outlet, or for all of them."""
    outlet = reach.outlet_of(request, outlet_pk)
    selling = OutletCatalog.objects.filter(outlet=outlet).select_related("catalog").first()
    if selling is None:
        raise Http404
    things = None if "all" in request.POST else _named(request)
    try:
        count = clear_overrides(selling.catalog, things, [outlet], request.user)
    except EditRefused:
        raise Http404 from None
    return done_words(request, "outlet_differences", count, query=f"outlet={outlet.outlet_id}")


def _named(request: MemberRequest) -> list[Key]:
    """The things that the form names."""
    keys = []
    for named in request.POST.getlist("thing"):
        kind, _dash, pk = named.partition("-")
        if kind not in KINDS:
            raise Http404
        keys.append((kind, number_of(pk)))
    return keys
