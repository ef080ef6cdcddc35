"""Fixing the external_ids of what has none."""

import re
from dataclasses import dataclass

from django.contrib import messages
from django.http import HttpResponse, QueryDict
from django.shortcuts import render
from django.utils.translation import ngettext

from gobiz_admin.merchants.roles import Action
from gobiz_admin.merchants.tenancy import MemberRequest, member_view
from menus.ids import IdsRefused, Unmapped, fix_ids, without_external_id
from menus.models import Catalog, ExternalId
from menus.sentences import IDS, UNEXPECTED
from menus.views import reach

FIELD = re.compile(r"(item|variant_category|variant)-([0-9]{1,18})")
Key = tuple[str, int]


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
    unmapped = without_external_id(catalog)
    if request.method != "POST":
        return _page(request, catalog, [Row(row, row.proposal) for row in unmapped])
    typed = _typed(request.POST)
    # What another browser has fixed meanwhile keeps what it got there.
    open_keys = {(str(row.kind), row.pk) for row in unmapped}
    choices = {key: value for key, value in typed.items() if key in open_keys}
    try:
        fixed = fix_ids(catalog, choices, request.user)
    except IdsRefused as refused:
        rows = [_row(row, typed, refused.errors) for row in unmapped]
        return _page(request, catalog, rows)
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


def _page(request: MemberRequest, catalog: Catalog, rows: list[Row]) -> HttpResponse:
    groups = [
        {"title": kind.label, "rows": [row for row in rows if row.unmapped.kind == kind]}
        for kind in ExternalId.Kind
    ]
    context = {
        "catalog": catalog,
        "outlet": reach.outlet_selling(request, catalog),
        "groups": [group for group in groups if group["rows"]],
        "count": len(rows),
        "wrong": [row for row in rows if row.error],
    }
    return render(request, "menus/ids.html", context)
