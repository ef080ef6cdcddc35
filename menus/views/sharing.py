"""Which outlet sells which catalog, and changing that: shown first, then done."""

from typing import Any

from django.contrib import messages
from django.db.models import Count
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from gobiz_admin.merchants.models import Outlet
from gobiz_admin.merchants.roles import Action
from gobiz_admin.merchants.tenancy import MemberRequest, member_view
from menus.differences import Change, differences
from menus.forms.catalogs import CatalogNameForm
from menus.models import Catalog, MenuImport, OutletCatalog
from menus.payload import payload_of
from menus.sentences import UNEXPECTED, Sentence, import_sentence
from menus.sharing import (
    COPY,
    SHARE,
    SharingRefused,
    give_own_catalog,
    rename_catalog,
    share_catalog,
    start_outlet_from,
)
from menus.sharing_effects import tree_after
from menus.text import number_of
from menus.versions import comparable, version_on_gofood
from menus.views import reach
from menus.views.wording import grouped, summary

REFUSED: dict[str, Sentence] = {
    "sells_nothing": gettext_lazy(
        "This outlet has no menu yet. Start it from another outlet, or import its menu."
    ),
    "sells_already": gettext_lazy("This outlet has a menu already. Choose another catalog for it instead."),
    "own_already": gettext_lazy("No other outlet sells this catalog: it is the outlet's own already."),
    "same_outlet": gettext_lazy("Choose another outlet to start from."),
}


@member_view(Action.PUBLISH_MENU)
def sharing(request: MemberRequest) -> HttpResponse:
    return _page(request)


def _page(request: MemberRequest, renaming: int = 0, form: CatalogNameForm | None = None) -> HttpResponse:
    """All catalogs; the one that is being renamed with what was typed, and why that cannot be."""
    outlets = _outlets(request)
    catalogs = Catalog.objects.filter(merchant=request.merchant).annotate(item_count=Count("menu_items"))
    cards: list[dict[str, Any]] = [
        {
            "catalog": catalog,
            "outlets": [row for row in outlets if row["catalog_pk"] == catalog.pk],
            "form": form if catalog.pk == renaming else None,
        }
        for catalog in catalogs.order_by("name", "pk")
    ]
    context = {
        "cards": sorted(cards, key=lambda card: -len(card["outlets"])),
        "without": [row for row in outlets if row["catalog_pk"] is None],
        "sources": [row["outlet"] for row in outlets if row["catalog_pk"]],
        "running": any(row["running"] for row in outlets),
    }
    return render(request, "menus/sharing.html", context, status=422 if form else 200)


def _outlets(request: MemberRequest) -> list[dict[str, Any]]:
    """Each outlet with what it sells and how the backup of its live menu stands; three queries."""
    outlets = list(request.place.outlets)
    sellings = {row.outlet_id: row for row in OutletCatalog.objects.filter(outlet__in=outlets)}
    waiting = [outlet for outlet in outlets if outlet.pk in sellings and not sellings[outlet.pk].imported_at]
    latest = MenuImport.objects.filter(outlet__in=waiting).order_by("outlet_id", "-pk").distinct("outlet_id")
    imports = {row.outlet_id: row for row in latest}
    return [_line(outlet, sellings.get(outlet.pk), imports.get(outlet.pk)) for outlet in outlets]


def _line(outlet: Outlet, selling: OutletCatalog | None, backup: MenuImport | None) -> dict[str, Any]:
    running = backup is not None and backup.state in (MenuImport.State.QUEUED, MenuImport.State.RUNNING)
    return {
        "outlet": outlet,
        "catalog_pk": selling.catalog_id if selling else None,
        "waiting": selling is not None and not selling.imported_at,
        "running": running,
        "failure": import_sentence(backup) if backup else "",
    }


@member_view(Action.PUBLISH_MENU, "GET", "HEAD", "POST")
def sharing_outlet(request: MemberRequest, outlet_pk: int) -> HttpResponse:
    """What another catalog would mean for the outlet's menu on GoFood; with a POST it sells it."""
    outlet = reach.outlet_of(request, outlet_pk)
    refused = ""
    if request.method == "POST":
        try:
            words = _do(request, outlet)
        except SharingRefused as error:
            refused = str(REFUSED.get(error.code, UNEXPECTED))
        else:
            messages.success(request, words)
            return reach.go(request, "sharing")
    selling = OutletCatalog.objects.filter(outlet=outlet).select_related("catalog").first()
    catalogs = Catalog.objects.filter(merchant=request.merchant).annotate(outlet_count=Count("sellings"))
    context: dict[str, Any] = {
        "outlet": outlet,
        "selling": selling,
        "catalogs": catalogs.exclude(sellings__outlet=outlet).order_by("-outlet_count", "name", "pk"),
        "shared_by": selling.catalog.sellings.count() if selling else 0,
        "refused": refused,
        "sources": request.merchant.outlets.filter(selling__isnull=False).exclude(pk=outlet.pk),
    }
    if "catalog" in request.GET and selling:
        context.update(_effect(request, outlet))
    return render(request, "menus/sharing_outlet.html", context, status=422 if refused else 200)


def _do(request: MemberRequest, outlet: Outlet) -> str:
    """Do what was pressed, and say what follows from it."""
    match request.POST.get("do"):
        case "own":
            own = give_own_catalog(outlet, request.user)
            words = _("%(outlet)s has its own catalog “%(catalog)s” now. Its menu on GoFood stays as it is.")
            return words % {"outlet": outlet.name, "catalog": own.name}
        case "share":
            catalog = _catalog(request, request.POST.get("catalog", ""))
            share_catalog(outlet, catalog, request.user, keep=bool(request.POST.get("keep")))
            words = _("%(outlet)s sells “%(catalog)s” now. GoFood changes when you publish.")
            return words % {"outlet": outlet.name, "catalog": catalog.name}
        case "start":
            mode = SHARE if request.POST.get("mode") == SHARE else COPY
            source = _outlet(request, request.POST.get("source", ""))
            start_outlet_from(outlet, source, mode, request.user)
            words = _("%(outlet)s starts from %(source)s. First its live menu is kept as a backup.")
            return words % {"outlet": outlet.name, "source": source.name}
    raise SharingRefused("unknown")


def _effect(request: MemberRequest, outlet: Outlet) -> dict[str, Any]:
    """What would change on GoFood at the outlet, line by line."""
    catalog, keep = _catalog(request, request.GET["catalog"]), "keep" in request.GET
    new = payload_of(tree_after(outlet, catalog, keep))
    base = version_on_gofood(outlet)
    changes: list[Change] = []
    if base is not None:
        changes = differences(comparable(base), new)
    return {
        "chosen": catalog,
        "keep": keep,
        "known": base is not None,
        "changes": changes,
        "summary": summary(changes),
        "groups": grouped(changes),
    }


def _catalog(request: MemberRequest, wanted: str) -> Catalog:
    return get_object_or_404(Catalog, merchant=request.merchant, pk=number_of(wanted))


def _outlet(request: MemberRequest, wanted: str) -> Outlet:
    return get_object_or_404(Outlet, merchant=request.merchant, pk=number_of(wanted))


@member_view(Action.PUBLISH_MENU, "POST")
def catalog_name(request: MemberRequest, catalog_pk: int) -> HttpResponse:
    catalog = reach.catalog_of(request, catalog_pk)
    form = CatalogNameForm(request.POST)
    if not form.is_valid():
        return _page(request, catalog.pk, form)
    rename_catalog(catalog, form.cleaned_data["name"], request.user)
    messages.success(request, _("The catalog has its new name."))
    return reach.go(request, "sharing")
