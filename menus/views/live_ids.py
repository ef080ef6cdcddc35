"""Telling whose is what GoFood has under an id that we do not know, and reading its menu now."""

from django.contrib import messages
from django.http import HttpResponse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from gobiz_admin.merchants.models import Outlet
from gobiz_admin.merchants.roles import Action
from gobiz_admin.merchants.tenancy import MemberRequest, member_view
from menus.importing import request_import
from menus.live_ids import ADOPT, BindRefused, Choices, newest_reading, settle
from menus.models import Catalog
from menus.sentences import BIND as REFUSED
from menus.sentences import UNEXPECTED
from menus.text import clean, folded, number_of
from menus.tree import Tree, load_tree
from menus.views import reach
from menus.views.ids import ids_page
from menus.views.live_id_words import BIND, LEAVE, OTHER, Line, lines_of


@member_view(Action.PUBLISH_MENU, "POST")
def read_live(request: MemberRequest, catalog_pk: int) -> HttpResponse:
    """Queue a reading of GoFood's menu; the page follows it."""
    catalog = reach.catalog_of(request, catalog_pk)
    outlet = reach.outlet_selling(request, catalog)
    if outlet is not None:
        request_import(outlet, request.user)
    return reach.go(request, "menu_ids", catalog.pk)


@member_view(Action.PUBLISH_MENU, "POST")
def bind_live(request: MemberRequest, catalog_pk: int) -> HttpResponse:
    """Bind and adopt what was chosen; all of it, or the page with what is wrong."""
    catalog = reach.catalog_of(request, catalog_pk)
    outlet = reach.outlet_selling(request, catalog)
    if outlet is None:
        return reach.go(request, "menu_ids", catalog.pk)
    tree = load_tree(catalog, outlet)
    lines = [_typed(request, line) for line in lines_of(newest_reading(tree, outlet).strays)]
    choices = _choices(tree, lines)
    if any(line.error for line in lines):
        return ids_page(request, catalog, lines=lines)
    return _settle(request, catalog, outlet, lines, choices)


def _settle(
    request: MemberRequest, catalog: Catalog, outlet: Outlet, lines: list[Line], choices: Choices
) -> HttpResponse:
    reading = request.POST.get("reading", "")
    try:
        count = settle(outlet, number_of(reading), choices, request.user)
    except BindRefused as refused:
        for line in lines:
            code = refused.errors.get((line.stray.kind, line.stray.index))
            line.error = str(REFUSED.get(code, UNEXPECTED)) if code else ""
        if refused.errors:
            return ids_page(request, catalog, lines=lines)
        messages.warning(request, str(REFUSED["changed"]))
        return reach.go(request, "menu_ids", catalog.pk)
    words = ngettext("%(count)d is settled.", "%(count)d are settled.", count) % {"count": count}
    messages.success(request, words + " " + _("GoFood gets it when you publish, and you can undo it."))
    return reach.go(request, "menu_ids", catalog.pk)


def _typed(request: MemberRequest, line: Line) -> Line:
    choice = request.POST.get(line.field, LEAVE)
    known = {LEAVE, OTHER, ADOPT} | ({BIND} if line.stray.ours is not None else set())
    line.choice = choice if choice in known else LEAVE
    line.typed = clean(request.POST.get(f"{line.field}-other", ""))[:200]
    return line


def _choices(tree: Tree, lines: list[Line]) -> Choices:
    """What was chosen; what was typed and is nothing of ours is told on its line."""
    choices: Choices = {}
    for line in lines:
        place = (line.stray.kind, line.stray.index)
        if line.choice == BIND:
            choices[place] = line.stray.ours.pk
        elif line.choice == ADOPT:
            choices[place] = ADOPT
        elif line.choice == OTHER:
            found = _named(tree, line.stray.kind, line.typed)
            if len(found) == 1:
                choices[place] = found[0]
            else:
                line.error = str(REFUSED["several" if found else "unknown"])
    return choices


def _named(tree: Tree, kind: str, typed: str) -> list[int]:
    """The rows of ours with this id, else with this name."""
    rows = [node.item for node in tree.items] if kind == "item" else [node.variant for node in tree.variants]
    by_id = [row.pk for row in rows if row.external_id == typed]
    return by_id or [row.pk for row in rows if folded(row.name) == folded(typed)]
