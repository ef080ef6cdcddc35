"""The menu of an outlet, with what is wrong in it and what is not published."""

from typing import Any

from django.http import HttpResponse
from django.shortcuts import render

from gobiz_admin.merchants.roles import Action
from gobiz_admin.merchants.tenancy import MemberRequest, member_view
from menus.models import MenuItem, OutletCatalog
from menus.pictures import public_url
from menus.tree import CategoryNode, ItemNode
from menus.views import reach
from menus.views.reviewing import Review, review
from menus.views.wording import selection_sentence


@member_view(Action.SEE_MENU)
def menu(request: MemberRequest) -> HttpResponse:
    outlet = request.place.outlet
    if outlet is None:
        return render(request, "menus/choose.html", {"rows": _choices(request)})
    found = review(outlet, reach.selling_at(outlet))
    return render(request, "menus/menu.html", {"outlet": outlet, "review": found, **_rows(found)})


def _choices(request: MemberRequest) -> list[dict[str, Any]]:
    """Each outlet with the catalog that it sells, if its menu was imported."""
    sellings = OutletCatalog.objects.filter(
        outlet__merchant=request.merchant, imported_at__isnull=False
    ).select_related("catalog")
    by_outlet = {selling.outlet_id: selling for selling in sellings}
    return [{"outlet": outlet, "selling": by_outlet.get(outlet.pk)} for outlet in request.place.outlets]


def _rows(found: Review) -> dict[str, Any]:
    if found.tree is None:
        return {"menus": [], "categories": []}
    problems = found.problems_of()
    menus = [
        {
            "menu": node.menu,
            "problems": problems.get(("menu", node.menu.pk), []),
            "items": [_item(item, problems) for item in node.items],
        }
        for node in found.tree.menus
    ]
    return {"menus": menus, "categories": [_category(node, problems) for node in found.tree.categories]}


def _item(node: ItemNode, problems: dict[tuple[str, int], Any]) -> dict[str, Any]:
    return {
        "item": node.item,
        "price": node.price,
        "in_stock": node.in_stock,
        "hidden": node.hidden,
        "picture": picture_of(node.item),
        "problems": _chip(problems.get(("item", node.item.pk), [])),
        "words": f"{node.item.name} {node.item.internal_name} {node.item.external_id or ''}".lower(),
    }


def _category(node: CategoryNode, problems: dict[tuple[str, int], Any]) -> dict[str, Any]:
    variants = [
        {
            "variant": variant.variant,
            "price": variant.price,
            "in_stock": variant.in_stock,
            "problems": _chip(problems.get(("variant", variant.variant.pk), [])),
        }
        for variant in node.variants
    ]
    return {
        "category": node.category,
        "rule": selection_sentence(node.category),
        "used_by": node.used_by,
        "variants": variants,
        "problems": _chip(problems.get(("variant_category", node.category.pk), [])),
    }


def _chip(checks: list[Any]) -> dict[str, Any] | None:
    """What a row's chip says: errors count, and warnings only where there is no error."""
    if not checks:
        return None
    errors = [check for check in checks if check.blocks]
    shown = errors or checks
    return {"kind": "danger" if errors else "warning", "count": len(shown), "checks": shown}


def picture_of(item: MenuItem) -> str:
    """Where the item's picture stands; "" without one."""
    return public_url(item.picture) if item.picture else item.image_url
