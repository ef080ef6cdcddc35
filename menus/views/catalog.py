"""The menu of an outlet, edited in place, with what is wrong in it and what is not published."""

from typing import Any

from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.views.decorators.gzip import gzip_page

from gobiz_admin.merchants.models import Outlet
from gobiz_admin.merchants.roles import Action
from gobiz_admin.merchants.tenancy import MemberRequest, member_view
from menus.models import OutletCatalog
from menus.reviewing import Review, draft_review
from menus.stock_lists import Mark
from menus.undoing import last_edit
from menus.views import reach
from menus.views.edit_words import edit_sentence
from menus.views.in_pieces import in_pieces, streamed, whole
from menus.views.rows import marks_at, of_category, of_item

# Of so few, the whole list is made sooner than its beginning has come to the browser.
FEW_ITEMS = 100


@member_view(Action.SEE_MENU)
@gzip_page  # of hundreds of items it is a megabyte; compressed, a twentieth
def menu(request: MemberRequest) -> HttpResponseBase:
    outlet = request.place.outlet
    if outlet is None:
        return render(request, "menus/choose.html", {"rows": choices(request)})
    found = draft_review(outlet, reach.selling_at(outlet))
    menus = _menus(found)
    values = {**foot(request, outlet, found), "menus": menus}
    if found.tree is None:
        return render(request, "menus/menu.html", values)
    pieces = in_pieces(request, "menus/menu.html", values, "menus/_menu_section.html", menus)
    return whole(pieces) if len(found.tree.items) <= FEW_ITEMS else streamed(request, pieces)


@member_view(Action.SEE_MENU)
def menu_foot(request: MemberRequest) -> HttpResponse:
    """What is not published, what is wrong, and what can be taken back; for the outlet that is looked at."""
    outlet = request.place.outlet
    if outlet is None:
        return HttpResponse(status=204)
    found = draft_review(outlet, reach.selling_at(outlet))
    return render(request, "menus/_foot.html", foot(request, outlet, found))


@member_view(Action.SEE_MENU)
@gzip_page
def library(request: MemberRequest, catalog_pk: int) -> HttpResponse:
    """The catalog's variant categories, each with its variants and how many items it changes."""
    catalog = reach.catalog_of(request, catalog_pk)
    outlet = reach.outlet_selling(request, catalog)
    found = draft_review(outlet, reach.selling_at(outlet)) if outlet else None
    problems = found.problems_of() if found else {}
    nodes = found.tree.categories if found and found.tree else []
    mark_of = marks_at(found) if found else (lambda *_: Mark())
    entries = [of_category(node, problems, mark_of) for node in nodes]
    context = {"catalog": catalog, "categories": entries}
    return render(request, "menus/library.html", {**foot(request, outlet, found), **context})


def foot(request: MemberRequest, outlet: Outlet | None, found: Review | None) -> dict[str, Any]:
    """What the foot of every page of the menu needs."""
    catalog = found.tree.catalog if found and found.tree else None
    edit = last_edit(catalog, request.user) if catalog else None
    return {
        "outlet": outlet,
        "review": found,
        "catalog": catalog,
        "edit": edit,
        "edit_words": edit_sentence(edit) if edit else "",
    }


def choices(request: MemberRequest) -> list[dict[str, Any]]:
    """Each outlet with the catalog that it sells, if its menu was imported."""
    sellings = OutletCatalog.objects.filter(
        outlet__merchant=request.merchant, imported_at__isnull=False
    ).select_related("catalog")
    by_outlet = {selling.outlet_id: selling for selling in sellings}
    return [{"outlet": outlet, "selling": by_outlet.get(outlet.pk)} for outlet in request.place.outlets]


def _menus(found: Review) -> list[dict[str, Any]]:
    problems, mark_of = found.problems_of(), marks_at(found)
    menus = []
    for node in found.tree.menus if found.tree else []:
        items = [of_item(item, problems, mark_of) for item in node.items]
        own = problems.get(("menu", node.menu.pk), [])
        marked = [*own, *(row["problems"] for row in items if row["problems"])]
        menus.append({"menu": node.menu, "problems": own, "items": items, "marked": len(marked)})
    return menus
