"""The menu of an outlet, edited in place, with what is wrong in it and what is not published."""

from collections.abc import Iterator
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
from menus.tree import Tree
from menus.undoing import last_edit
from menus.views import reach
from menus.views.edit_words import edit_sentence
from menus.views.in_pieces import in_pieces, streamed, whole
from menus.views.rows import Problems, marks_at, of_category, of_item

# Of so few, the whole list is made sooner than its beginning has come to the browser.
FEW_ITEMS = 100


@member_view(Action.SEE_MENU)
@gzip_page  # of hundreds of items it is a megabyte; compressed, a twentieth
def menu(request: MemberRequest) -> HttpResponseBase:
    outlet = request.place.outlet
    if outlet is None:
        return render(request, "menus/choose.html", {"rows": choices(request)})
    found = draft_review(outlet, reach.selling_at(outlet))
    problems = found.problems_of()
    values = {**foot(request, outlet, found), "menus": _menus(found, problems)}
    if found.tree is None:
        return render(request, "menus/menu.html", values)
    sections = _sections(found, found.tree, values["menus"], problems)
    pieces = in_pieces(request, "menus/menu.html", values, "menus/_menu_section.html", sections)
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


def _menus(found: Review, problems: Problems) -> list[dict[str, Any]]:
    """Each menu with what is wrong with it, how many items it has, and whether something in it needs attention."""
    return [
        {
            "menu": node.menu,
            "problems": (own := problems.get(("menu", node.menu.pk), [])),
            "count": len(node.items),
            "marked": bool(own) or any(("item", item.item.pk) in problems for item in node.items),
        }
        for node in (found.tree.menus if found.tree else [])
    ]


def _sections(
    found: Review, tree: Tree, menus: list[dict[str, Any]], problems: Problems
) -> Iterator[dict[str, Any]]:
    """The same, one after the other, each with the rows of its items; all that is asked is asked before the first."""
    mark_of = marks_at(found)
    return (
        {**entry, "items": [of_item(item, problems, mark_of) for item in node.items]}
        for entry, node in zip(menus, tree.menus, strict=True)
    )
