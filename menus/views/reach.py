"""From an id in an address to the merchant's own row: another merchant's id is a 404."""

from django.http import Http404, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.urls import reverse

from gobiz_admin.merchants.models import Outlet
from gobiz_admin.merchants.tenancy import MemberRequest
from menus.editing import Thing
from menus.models import (
    Catalog,
    CatalogVersion,
    Ingredient,
    MappingAlert,
    Menu,
    MenuImport,
    MenuItem,
    OutletCatalog,
    Rollout,
    SheetUpload,
    Sync,
    TimedPrice,
    Variant,
    VariantCategory,
)


def catalog_of(request: MemberRequest, pk: int) -> Catalog:
    return get_object_or_404(Catalog, merchant=request.merchant, pk=pk)


def menu_of(request: MemberRequest, pk: int) -> Menu:
    return get_object_or_404(
        Menu.objects.select_related("catalog"), catalog__merchant=request.merchant, pk=pk
    )


def item_of(request: MemberRequest, pk: int) -> MenuItem:
    rows = MenuItem.objects.select_related("catalog", "menu", "picture")
    return get_object_or_404(rows, catalog__merchant=request.merchant, pk=pk)


def category_of(request: MemberRequest, pk: int) -> VariantCategory:
    rows = VariantCategory.objects.select_related("catalog")
    return get_object_or_404(rows, catalog__merchant=request.merchant, pk=pk)


def ingredient_of(request: MemberRequest, pk: int) -> Ingredient:
    rows = Ingredient.objects.select_related("catalog")
    return get_object_or_404(rows, catalog__merchant=request.merchant, pk=pk)


def variant_of(request: MemberRequest, pk: int) -> Variant:
    rows = Variant.objects.select_related("catalog", "category")
    return get_object_or_404(rows, catalog__merchant=request.merchant, pk=pk)


def thing_of(request: MemberRequest, kind: str, pk: int) -> Thing:
    """A row of the tree by its kind: menu, item, variant_category or variant."""
    if kind == "menu":
        return menu_of(request, pk)
    if kind == "item":
        return item_of(request, pk)
    if kind == "variant_category":
        return category_of(request, pk)
    if kind == "variant":
        return variant_of(request, pk)
    raise Http404


def outlet_of(request: MemberRequest, pk: int) -> Outlet:
    rows = Outlet.objects.select_related("gobiz_app")
    return get_object_or_404(rows, merchant=request.merchant, pk=pk)


def import_of(request: MemberRequest, pk: int) -> MenuImport:
    rows = MenuImport.objects.select_related("outlet")
    return get_object_or_404(rows, outlet__merchant=request.merchant, pk=pk)


def sync_of(request: MemberRequest, pk: int) -> Sync:
    rows = Sync.objects.select_related("outlet", "version", "requested_by")
    return get_object_or_404(rows, outlet__merchant=request.merchant, pk=pk)


def version_of(request: MemberRequest, pk: int) -> CatalogVersion:
    rows = CatalogVersion.objects.select_related("outlet__gobiz_app", "created_by", "restores")
    return get_object_or_404(rows, outlet__merchant=request.merchant, pk=pk)


def rollout_of(request: MemberRequest, pk: int) -> Rollout:
    rows = Rollout.objects.select_related("requested_by")
    return get_object_or_404(rows, merchant=request.merchant, pk=pk)


def alert_of(request: MemberRequest, pk: int) -> MappingAlert:
    rows = MappingAlert.objects.select_related("outlet")
    return get_object_or_404(rows, outlet__merchant=request.merchant, pk=pk)


def sheet_upload_of(request: MemberRequest, pk: int) -> SheetUpload:
    rows = SheetUpload.objects.select_related("catalog", "user", "edit")
    return get_object_or_404(rows, catalog__merchant=request.merchant, pk=pk)


def timed_price_of(request: MemberRequest, pk: int) -> TimedPrice:
    rows = TimedPrice.objects.select_related("catalog")
    return get_object_or_404(rows, catalog__merchant=request.merchant, pk=pk)


def selling_at(outlet: Outlet | None) -> OutletCatalog | None:
    """What the outlet sells, once its live menu was imported."""
    rows = OutletCatalog.objects.select_related("catalog", "outlet")
    return rows.filter(outlet=outlet, imported_at__isnull=False).first() if outlet else None


def outlet_selling(request: MemberRequest, catalog: Catalog) -> Outlet | None:
    """The chosen outlet where it sells the catalog, else the first that does: prices and checks need one."""
    outlets = list(request.merchant.outlets.filter(selling__catalog=catalog))
    chosen = request.place.outlet
    return chosen if chosen in outlets else next(iter(outlets), None)


def go(request: MemberRequest, name: str, *args: int, anchor: str = "") -> HttpResponseRedirect:
    """To a page of this merchant, with the chosen outlet still chosen."""
    url = reverse(name, args=[request.merchant.pk, *args])
    return HttpResponseRedirect(f"{url}{request.place.query}{anchor}")
