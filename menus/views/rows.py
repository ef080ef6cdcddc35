"""A row of the menu page: an item, or a variant category with its variants, and what is wrong with it."""

from collections.abc import Callable
from typing import Any

from django.http import HttpResponse
from django.shortcuts import render
from django.utils.text import Truncator

from gobiz_admin.merchants.roles import Action
from gobiz_admin.merchants.tenancy import MemberRequest, member_view
from menus.checks import Check
from menus.ingredients import joined
from menus.models import MenuItem
from menus.pictures import public_url
from menus.reviewing import Review, draft_review
from menus.seen import seen
from menus.stock_lists import Mark, marks_of
from menus.tree import CategoryNode, ItemNode, VariantNode
from menus.views import reach
from menus.views.wording import hours_words, selection_sentence

Problems = dict[tuple[str, int], list[Check]]
Row = dict[str, Any]
MarkOf = Callable[[str, int, bool], Mark]


@member_view(Action.SEE_MENU)
def item_row(request: MemberRequest, pk: int) -> HttpResponse:
    """The item's row as it stands now; `?edit=1`: with its texts as fields."""
    item = reach.item_of(request, pk)
    found = review_of(request, item)
    node = next(node for node in found.tree.items if node.item.pk == pk) if found.tree else ItemNode(item)
    row = of_item(node, found.problems_of(), marks_at(found))
    context = {"row": row, "editing": "edit" in request.GET, "outlet": found.outlet}
    return render(request, "menus/_item_row.html", context)


@member_view(Action.SEE_MENU)
def category_card(request: MemberRequest, pk: int) -> HttpResponse:
    """The card of a variant category as it stands now."""
    category = reach.category_of(request, pk)
    found = review_of(request, category)
    nodes = found.tree.categories if found.tree else []
    node = next((node for node in nodes if node.category.pk == pk), CategoryNode(category))
    entry = of_category(node, found.problems_of(), marks_at(found))
    context = {"entry": entry, "catalog": category.catalog, "outlet": found.outlet}
    return render(request, "menus/_category_card.html", context)


def review_of(request: MemberRequest, thing: Any) -> Review:
    """The review of the thing's catalog at the outlet that is looked at."""
    outlet = reach.outlet_selling(request, thing.catalog)
    if outlet is None:
        return Review(None, None, None, [])  # type: ignore[arg-type]
    return draft_review(outlet, reach.selling_at(outlet))


def marks_at(found: Review) -> MarkOf:
    """What each stock switch of the outlet says beside itself, by kind and pk; four queries."""
    if found.tree is None:
        return lambda *_: Mark()
    marks, outlet = marks_of([found.outlet], [found.tree.catalog.pk]), found.outlet
    return lambda kind, pk, by_hand: marks.at(outlet, kind, pk, by_hand)


def of_item(node: ItemNode, problems: Problems, mark_of: MarkOf) -> Row:
    item = node.item
    return {
        "item": item,
        "short": Truncator(item.name).chars(60),
        "price": node.price,
        "base": node.base_price,
        "own_price": node.base_price != item.price,
        "timed": node.timed,
        "in_stock": node.in_stock,
        "ingredients": joined(node.ingredients),
        "mark": mark_of("item", item.pk, node.by_hand),
        "hidden": node.hidden,
        "picture": picture_of(item),
        "hours": hours_words(item.operational_hours) if item.operational_hours else "",
        "shown": {name: seen(item, name) for name in ("price", "name", "internal_name", "description")},
        "problems": chip(problems.get(("item", item.pk), [])),
        "words": f"{item.name} {item.internal_name} {item.external_id or ''} {joined(node.ingredients)}".lower(),
    }


def of_category(node: CategoryNode, problems: Problems, mark_of: MarkOf) -> Row:
    category = node.category
    fields = ("name", "internal_name", "min_quantity", "max_quantity")
    return {
        "category": category,
        "rule": selection_sentence(category),
        "used_by": node.used_by,
        "shown": {name: seen(category, name) for name in fields},
        "variants": [_of_variant(variant, problems, mark_of) for variant in node.variants],
        "problems": chip(problems.get(("variant_category", category.pk), [])),
    }


def _of_variant(node: VariantNode, problems: Problems, mark_of: MarkOf) -> Row:
    variant = node.variant
    return {
        "variant": variant,
        "price": node.price,
        "own_price": node.price != variant.price,
        "in_stock": node.in_stock,
        "ingredients": joined(node.ingredients),
        "mark": mark_of("variant", variant.pk, node.by_hand),
        "shown": {name: seen(variant, name) for name in ("name", "price")},
        "problems": chip(problems.get(("variant", variant.pk), [])),
    }


def chip(checks: list[Check]) -> Row | None:
    """What a row's chip says: errors count, and warnings only where there is no error."""
    if not checks:
        return None
    errors = [check for check in checks if check.blocks]
    shown = errors or checks
    return {"kind": "danger" if errors else "warning", "count": len(shown), "checks": shown}


def picture_of(item: MenuItem) -> str:
    """Where the item's picture stands; "" without one."""
    return public_url(item.picture) if item.picture else item.image_url
