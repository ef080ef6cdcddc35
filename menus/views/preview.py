"""The menu as a customer sees it on a phone: at an outlet, at a moment, as a draft or as last published."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.utils import timezone

from gobiz_admin.merchants.models import Outlet
from gobiz_admin.merchants.roles import Action
from gobiz_admin.merchants.tenancy import MemberRequest, member_view
from menus.models import OutletCatalog, Sync
from menus.previewing import (
    ShownItem,
    ShownMenu,
    choose,
    draft_of,
    item_of,
    last_published,
    moment_of,
    shown_menus,
)
from menus.tree import load_tree
from menus.views import reach
from menus.views.catalog import choices
from menus.views.preview_words import category_words, item_words

PUBLISHED = "published"


@dataclass
class Asked:
    """What is to be shown: of which version, and when."""

    outlet: Outlet
    moment: datetime
    unreadable: bool
    # The newest confirmed sync, whether its version or the draft is shown.
    published: Sync | None
    draft: bool
    # What a link has to carry so that it is still asked for.
    query: str

    @property
    def at(self) -> str:
        """The moment by the outlet's clock, as a `datetime-local` field takes it."""
        return self.clock.isoformat(timespec="minutes")

    @property
    def clock(self) -> datetime:
        """The same without a zone: what is shown is what the outlet's clock says."""
        return self.moment.replace(tzinfo=None)

    @property
    def published_at(self) -> datetime | None:
        at = self.published.confirmed_at if self.published else None
        return at.astimezone(self.outlet.zone).replace(tzinfo=None) if at else None


@member_view(Action.SEE_MENU)
def menu_preview(request: MemberRequest) -> HttpResponse:
    outlet = request.place.outlet
    if outlet is None:
        return render(request, "menus/choose.html", {"rows": choices(request), "page": "menu_preview"})
    selling = reach.selling_at(outlet)
    if selling is None:
        return render(request, "menus/preview.html", {"outlet": outlet})
    asked = _asked(request, outlet)
    menus = _menus(asked, selling)
    context: dict[str, Any] = {"asked": asked, "outlet": outlet, "catalog": selling.catalog}
    if "item" in request.GET:
        context |= _item(request, menus)
        if request.htmx:
            return render(request, "menus/_preview_item.html", context)
    context["menus"] = [_rows(menu) for menu in menus]
    return render(request, "menus/preview.html", context)


def _asked(request: MemberRequest, outlet: Outlet) -> Asked:
    typed = request.GET.get("at", "")
    moment = moment_of(typed, outlet.zone)
    published = last_published(outlet)
    kept = {
        "outlet": request.GET.get("outlet", ""),
        "at": typed if moment else "",
        "source": PUBLISHED if request.GET.get("source") == PUBLISHED else "",
    }
    return Asked(
        outlet=outlet,
        moment=moment or timezone.now().astimezone(outlet.zone),
        unreadable=bool(typed) and moment is None,
        published=published,
        draft=published is None or not kept["source"],
        query=urlencode({name: value for name, value in kept.items() if value}),
    )


def _menus(asked: Asked, selling: OutletCatalog) -> list[ShownMenu]:
    if asked.draft or asked.published is None:
        payload = draft_of(load_tree(selling.catalog, asked.outlet, asked.moment))
    else:
        payload = asked.published.version.payload
    return shown_menus(payload, asked.moment)


def _rows(menu: ShownMenu) -> dict[str, Any]:
    return {"name": menu.name, "items": [_row(item) for item in menu.items]}


def _row(item: ShownItem) -> dict[str, Any]:
    return {"item": item, "words": item_words(item)}


def _item(request: MemberRequest, menus: list[ShownMenu]) -> dict[str, Any]:
    item = item_of(menus, request.GET["item"])
    if item is None:
        raise Http404
    given = [name for name in request.GET if name.startswith("choose-")]
    choice = choose(item, {key for name in given for key in request.GET.getlist(name)})
    return {
        "row": _row(item),
        "categories": [category_words(category) for category in item.categories],
        "choice": choice,
        "recalculated": "recalculate" in request.GET,
    }
