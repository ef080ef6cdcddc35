"""Ingredients: what is out where, one switch for all that is made of it, and what is made of what."""

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from gobiz_admin.merchants.models import Outlet
from gobiz_admin.merchants.roles import Action
from gobiz_admin.merchants.tenancy import MemberRequest, in_outlets_zone, member_view
from menus.forms.ingredients import IngredientForm, OutForm, refusal
from menus.ingredient_lists import ingredient_groups
from menus.ingredient_outs import effects, switch_ingredient
from menus.ingredients import (
    IngredientRefused,
    add_ingredient,
    change_bearers,
    remove_ingredient,
    rename_ingredient,
)
from menus.models import Ingredient
from menus.overrides import outlets_selling
from menus.stock_effect import Key
from menus.stock_times import HOUR, hours_of, next_opening_day
from menus.templatetags.stock import when
from menus.tree import load_tree
from menus.views import reach
from menus.views.matrix import undo_of
from menus.views.wording import short


@member_view(Action.SWITCH_STOCK)
@in_outlets_zone
def ingredients(request: MemberRequest) -> HttpResponse:
    """The ingredients of what the chosen outlets sell, each with what bears it and where it is out."""
    groups = ingredient_groups(request.place.chosen_outlets)
    catalog = groups[0].catalog if groups else None
    context = {
        "groups": groups,
        "outlet": request.place.outlet,
        "catalog": catalog,
        **undo_of(request, catalog),
    }
    return render(request, "menus/ingredients.html", context)


@member_view(Action.SWITCH_STOCK, "GET", "HEAD", "POST")
@in_outlets_zone
def ingredient_out(request: MemberRequest, pk: int) -> HttpResponse:
    """What goes off with it at each outlet, and for how long it is out there."""
    ingredient = reach.ingredient_of(request, pk)
    sellers = outlets_selling(ingredient.catalog)
    now = timezone.localtime()
    chosen = [request.place.outlet] if request.place.outlet in sellers else sellers
    form = OutForm(
        request.POST if request.method == "POST" else None,
        now=now,
        opening=next_opening_day(hours_of(ingredient.catalog_id), now),
        sellers=sellers,
        initial={"how_long": HOUR, "outlets": [str(outlet.pk) for outlet in chosen]},
    )
    if request.method == "POST" and form.is_valid():
        switch_ingredient(ingredient, True, form.chosen, request.user, form.back_at)
        messages.success(request, _out_words(ingredient, form))
        return reach.go(request, "ingredients")
    found = effects(ingredient, sellers)
    context = {
        "ingredient": ingredient,
        "form": form,
        "effects": found,
        "sellers": [
            {"effect": effect, "checked": str(effect.outlet.pk) in (form["outlets"].value() or [])}
            for effect in found
        ],
        "any_out": any(effect.out for effect in found),
        "outlet": request.place.outlet,
    }
    return render(request, "menus/ingredient_out.html", context)


@member_view(Action.SWITCH_STOCK, "POST")
def ingredient_back(request: MemberRequest, pk: int) -> HttpResponse:
    """It is there again at the outlet that is named, or at all that sell it."""
    ingredient = reach.ingredient_of(request, pk)
    at = request.POST.get("at", "")
    outlets = [row for row in outlets_selling(ingredient.catalog) if not at or str(row.pk) == at]
    if not outlets:
        raise Http404
    switch_ingredient(ingredient, False, outlets, request.user)
    messages.success(request, _back_words(ingredient, outlets))
    return reach.go(request, "still_off" if request.POST.get("next") == "still_off" else "ingredients")


@member_view(Action.EDIT_MENU, "POST")
def ingredient_new(request: MemberRequest, catalog_pk: int) -> HttpResponse:
    """To the page of the ingredient of this name, made where there is none."""
    catalog = reach.catalog_of(request, catalog_pk)
    try:
        made = add_ingredient(catalog, request.POST.get("name", ""), request.user)
    except IngredientRefused as refused:
        messages.warning(request, " ".join(refusal(refused).messages))
        return reach.go(request, "ingredients")
    return reach.go(request, "ingredient", made.pk)


@member_view(Action.EDIT_MENU, "GET", "HEAD", "POST")
def ingredient(request: MemberRequest, pk: int) -> HttpResponse:
    """Its name, and every item and variant with whether it bears it."""
    row = reach.ingredient_of(request, pk)
    form = IngredientForm(request.POST if request.method == "POST" else None, initial={"name": row.name})
    if request.method == "POST":
        answer = _saved(request, row, form)
        if answer is not None:
            return answer
    context = {
        "ingredient": row,
        "form": form,
        "catalog": row.catalog,
        **_bearers(row, request),
    }
    return render(request, "menus/ingredient.html", context)


def _saved(request: MemberRequest, row: Ingredient, form: IngredientForm) -> HttpResponse | None:
    """To the list after it was saved or removed; None: the form says why not, and nothing was."""
    name = row.name
    if "remove" in request.POST:
        remove_ingredient(row, request.user)
        messages.success(request, _("“%(name)s” is removed. You can undo it.") % {"name": short(name)})
        return reach.go(request, "ingredients")
    if not form.is_valid():
        return None
    try:
        if form.has_changed():
            rename_ingredient(row, form.cleaned_data["name"], request.user)
    except IngredientRefused as refused:
        row.refresh_from_db()
        form.add_error("name", refusal(refused))
        return None
    was, wanted = _keys(request.POST.getlist("was")), _keys(request.POST.getlist("bears"))
    change_bearers(row, wanted - was, was - wanted, request.user)
    messages.success(request, _("“%(name)s” is saved.") % {"name": short(row.name)})
    return reach.go(request, "ingredients")


def _keys(typed: list[str]) -> set[Key]:
    """The things that a form names, each as `item-3`, several with commas between them."""
    found = set()
    for part in ",".join(typed).split(","):
        kind, _dash, pk = part.partition("-")
        if kind in ("item", "variant") and pk.isascii() and pk.isdigit() and len(pk) < 19:
            found.add((kind, int(pk)))
    return found


def _bearers(row: Ingredient, request: MemberRequest) -> dict[str, Any]:
    """Menu by menu the items, category by category the variants, with whether they bear it."""
    tree = load_tree(row.catalog)
    typed = _keys(request.POST.getlist("bears")) if request.method == "POST" else None
    bearing: list[str] = []

    def entry(kind: str, node: Any, thing: Any) -> dict[str, Any]:
        bears = any(one.pk == row.pk for one in node.ingredients)
        if bears:
            bearing.append(f"{kind}-{thing.pk}")
        checked = bears if typed is None else (kind, thing.pk) in typed
        return {"key": f"{kind}-{thing.pk}", "name": thing.name, "checked": checked}

    groups: list[dict[str, Any]] = [
        {"name": menu.menu.name, "things": [entry("item", node, node.item) for node in menu.items]}
        for menu in tree.menus
    ]
    groups += [
        {
            "name": category.category.name,
            "internal": category.category.internal_name,
            "variants": True,
            "things": [entry("variant", node, node.variant) for node in category.variants],
        }
        for category in tree.categories
    ]
    groups = [group for group in groups if group["things"]]
    for group in groups:
        group["count"] = sum(thing["checked"] for thing in group["things"])
    was = request.POST.get("was", "") if typed is not None else ",".join(bearing)
    return {"groups": groups, "was": was}


def _out_words(row: Ingredient, form: OutForm) -> str:
    facts = {"name": short(row.name), "when": when(form.back_at) if form.back_at else ""}
    if form.back_at is None:
        return _("“%(name)s” is out until you say. GoFood is told now.") % facts
    return _("“%(name)s” is out until %(when)s. GoFood is told now.") % facts


def _back_words(row: Ingredient, outlets: list[Outlet]) -> str:
    if len(outlets) == 1:
        facts = {"name": short(row.name), "outlet": outlets[0].name}
        return _("“%(name)s” is there again at %(outlet)s. GoFood is told now.") % facts
    words = ngettext(
        "“%(name)s” is there again at %(count)d outlet. GoFood is told now.",
        "“%(name)s” is there again at %(count)d outlets. GoFood is told now.",
        len(outlets),
    )
    return words % {"name": short(row.name), "count": len(outlets)}
