"""A field of the list or of the panel that saves itself, and says so beside it."""

from typing import Any

from django.core.exceptions import ValidationError
from django.http import HttpResponse, HttpResponseBadRequest
from django.shortcuts import render

from gobiz_admin.merchants.gone import read_again
from gobiz_admin.merchants.roles import Action
from gobiz_admin.merchants.tenancy import MemberRequest, member_view
from menus import editing
from menus.checks import check_catalog
from menus.forms.single import FIELDS, read_field
from menus.seen import digest, seen, value_of
from menus.sentences import EDIT, UNEXPECTED
from menus.views import reach
from menus.views.wording import shown_value

SAVE: dict[str, Any] = {
    "menu": editing.save_menu,
    "item": editing.save_item,
    "variant_category": editing.save_variant_category,
    "variant": editing.save_variant,
}


@member_view(Action.EDIT_MENU, "POST")
def save_field(request: MemberRequest, kind: str, pk: int) -> HttpResponse:
    """The words beside the field: saved, refused and why, or changed by somebody else meanwhile."""
    thing = reach.thing_of(request, kind, pk)
    name = request.POST.get("field", "")
    if name not in FIELDS[kind]:
        return HttpResponseBadRequest()
    try:
        value = read_field(thing.catalog, kind, name, request.POST, value_of(thing, name))
        shown = {name: request.POST["shown"]} if request.POST.get("shown") else {}
        changed = SAVE[kind](thing, {name: value}, request.user, shown)
    except ValidationError as error:
        return _state(request, thing, name, error=" ".join(error.messages))
    except editing.EditRefused as refused:
        return _state(request, thing, name, error=EDIT.get(refused.errors.get(name, ""), UNEXPECTED))
    except editing.EditConflict as conflict:
        return _state(request, thing, name, conflict=_conflict(conflict, name))
    read_again(thing)
    return _state(
        request, thing, name, saved=True, changed=changed, findings=_findings(request, kind, thing, name)
    )


def _state(request: MemberRequest, thing: Any, name: str, **facts: Any) -> HttpResponse:
    """`shown` stays what the person saw, unless it is saved: then it is what stands there now."""
    shown = seen(thing, name) if facts.get("saved") else request.POST.get("shown", "")
    context = {"place": request.place, "field": name, "shown": shown, "used_by": _used_by(thing), **facts}
    return render(request, "menus/_field_state.html", context)


def _conflict(conflict: editing.EditConflict, name: str) -> dict[str, Any]:
    theirs = conflict.fields[name]
    edit = conflict.edit
    return {
        "words": shown_value(name, theirs),
        "take": _as_typed(name, theirs),
        "shown": digest(theirs),
        "by": edit.user if edit else None,
        "at": edit.at if edit else None,
    }


def _as_typed(name: str, value: Any) -> str:
    """The value as the field holds it: of a choice the pk, of several their pks."""
    if isinstance(value, list):
        return " ".join(str(pk) for pk in value)
    return shown_value(name, value) if name == "price" else str(value)


def _used_by(thing: Any) -> int:
    """How many items a change of a shared variant category touches."""
    category = getattr(thing, "category", thing)
    return category.item_links.count() if hasattr(category, "item_links") else 0


def _findings(request: MemberRequest, kind: str, thing: Any, name: str) -> list[Any]:
    outlet = reach.outlet_selling(request, thing.catalog)
    found = check_catalog(thing.catalog, outlet) if outlet else []
    return [check for check in found if (check.kind, check.pk, check.field) == (kind, thing.pk, name)]
