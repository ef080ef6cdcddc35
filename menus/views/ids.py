"""The external_ids of a catalog: what lacks one, what GoFood has under another one, and all of them."""

import re
from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.http import HttpResponse, QueryDict
from django.shortcuts import render
from django.utils.translation import ngettext

from gobiz_admin.merchants.roles import Action
from gobiz_admin.merchants.tenancy import MemberRequest, member_view
from menus.id_changes import IdState, id_states
from menus.ids import IdsRefused, Unmapped, fix_ids, unmapped_in
from menus.importing import newest_import
from menus.live_ids import newest_reading
from menus.models import Catalog, ExternalId, MenuImport
from menus.sentences import IDS, UNEXPECTED
from menus.tree import load_tree
from menus.views import reach
from menus.views.live_id_words import Line, lines_of

FIELD = re.compile(r"(item|variant_category|variant)-([0-9]{1,18})")
Key = tuple[str, int]
RUNNING = (MenuImport.State.QUEUED, MenuImport.State.RUNNING)


@dataclass
class Row:
    """One line of the form: what lacks an id, what was typed for it, and what is wrong with that."""

    unmapped: Unmapped
    typed: str
    error: str = ""

    @property
    def field(self) -> str:
        return f"{self.unmapped.kind}-{self.unmapped.pk}"


@member_view(Action.PUBLISH_MENU, "GET", "HEAD", "POST")
def menu_ids(request: MemberRequest, catalog_pk: int) -> HttpResponse:
    catalog = reach.catalog_of(request, catalog_pk)
    if request.method != "POST":
        return ids_page(request, catalog)
    typed = _typed(request.POST)
    # What another browser has fixed meanwhile keeps what it got there.
    open_keys = {(str(row.kind), row.pk) for row in unmapped_in(load_tree(catalog))}
    only = request.POST.get("only")
    choices = {
        key: value
        for key, value in typed.items()
        if key in open_keys and only in (None, "", f"{key[0]}-{key[1]}")
    }
    try:
        fixed = fix_ids(catalog, choices, request.user)
    except IdsRefused as refused:
        return ids_page(request, catalog, typed, refused.errors)
    messages.success(
        request, ngettext("%(count)d id is fixed.", "%(count)d ids are fixed.", fixed) % {"count": fixed}
    )
    return reach.go(request, "menu_ids", catalog.pk)


def _typed(post: QueryDict) -> dict[Key, str]:
    found = ((FIELD.fullmatch(name), value) for name, value in post.items())
    return {
        (match[1], int(match[2])): str(value).replace("\x00", "").strip() for match, value in found if match
    }


def _row(row: Unmapped, typed: dict[Key, str], errors: dict[Key, str]) -> Row:
    key = (str(row.kind), row.pk)
    code = errors.get(key)
    return Row(row, typed.get(key, row.proposal), str(IDS.get(code, UNEXPECTED)) if code else "")


def ids_page(
    request: MemberRequest,
    catalog: Catalog,
    typed: dict[Key, str] | None = None,
    errors: dict[Key, str] | None = None,
    lines: list[Line] | None = None,
) -> HttpResponse:
    """The page; `typed` and `errors` of what lacks an id, `lines` of what GoFood has, where it was refused."""
    outlet, tree = reach.outlet_selling(request, catalog), load_tree(catalog)
    rows = [_row(row, typed or {}, errors or {}) for row in unmapped_in(tree)]
    states = id_states(tree)
    context: dict[str, Any] = {
        "catalog": catalog,
        "outlet": outlet,
        "groups": [group for group in _by_kind(rows) if group["rows"]],
        "count": len(rows),
        "wrong": [row for row in rows if row.error],
        "losing": len(rows),
        "states": _states(states),
        "state_count": len(states),
        "items": [node.item for node in tree.items],
        "variants": [node.variant for node in tree.variants],
    }
    if outlet is not None:
        reading, latest = newest_reading(tree, outlet), newest_import(outlet)
        context |= {
            "losing": len(rows) + len(reading.strays) + len(reading.to_publish),
            "reading": reading,
            "lines": lines_of(reading.strays) if lines is None else lines,
            "running": latest is not None and latest.state in RUNNING,
            "failed": latest is not None and latest.state == MenuImport.State.FAILED,
        }
    return render(request, "menus/ids.html", context)


def _by_kind(rows: list[Row]) -> list[dict[str, Any]]:
    return [
        {"title": kind.label, "rows": [row for row in rows if row.unmapped.kind == kind]}
        for kind in ExternalId.Kind
    ]


def _states(states: list[IdState]) -> list[dict[str, Any]]:
    groups = [
        {"title": kind.label, "rows": [state for state in states if state.kind == kind]}
        for kind in ExternalId.Kind
    ]
    return [group for group in groups if group["rows"]]
