"""Changing many items at once: choose, say what, look at every change, apply."""

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from gobiz_admin.merchants.roles import Action
from gobiz_admin.merchants.templatetags.wording import rupiah
from gobiz_admin.merchants.tenancy import MemberRequest, member_view
from menus.bulk import CountNotTyped, Line, Plan, PlanChanged, Wish, apply, plan
from menus.forms.bulk import BulkForm
from menus.models import Catalog
from menus.text import number_of
from menus.tree import Tree, load_tree
from menus.views import reach
from menus.views.wording import hours_words

MOST_SHOWN = 200


@member_view(Action.EDIT_MENU, "GET", "HEAD", "POST")
def bulk(request: MemberRequest, catalog_pk: int) -> HttpResponse:
    catalog = reach.catalog_of(request, catalog_pk)
    pks = _chosen(request)
    # From the list come only the chosen items; what to do with them is asked here.
    asked = {name: request.GET[name] for name in ("operation", "like") if name in request.GET}
    form = BulkForm(request.POST if "operation" in request.POST else None, catalog=catalog, initial=asked)
    if not form.is_bound or not form.is_valid():
        return _page(request, catalog, form, pks)
    operation, values = form.cleaned_data["operation"], form.values
    if request.POST.get("stage") != "apply":
        return _page(request, catalog, form, pks, plan(load_tree(catalog), operation, values, pks))
    wish = Wish(operation, values, pks, request.POST.get("shown", ""), request.POST.get("typed", ""))
    try:
        count = apply(catalog, wish, request.user)
    except PlanChanged as changed:
        words = _("The menu was changed meanwhile. Look at the changes again: nothing was done yet.")
        return _page(request, catalog, form, pks, changed.plan, words)
    except CountNotTyped:
        planned = plan(load_tree(catalog), operation, values, pks)
        words = _("Type how many items go: %(count)d. Nothing was done yet.") % {"count": len(planned.lines)}
        return _page(request, catalog, form, pks, planned, words)
    done = ngettext("%(count)d item is changed.", "%(count)d items are changed.", count) % {"count": count}
    at_once = operation in ("stock", "give", "take")
    rest = _("You can undo it.") if at_once else _("GoFood gets it when you publish, and you can undo it.")
    messages.success(request, f"{done} {rest}")
    return reach.go(request, "menu")


def _chosen(request: MemberRequest) -> list[int]:
    return [number_of(pk) for pk in request.POST.getlist("items")]


def _page(
    request: MemberRequest,
    catalog: Catalog,
    form: BulkForm,
    pks: list[int],
    planned: Plan | None = None,
    wrong: str = "",
) -> HttpResponse:
    tree, chosen = load_tree(catalog), set(pks)
    menus: list[dict[str, Any]] = [
        {
            "menu": menu.menu,
            "items": [{"item": node.item, "chosen": node.item.pk in chosen} for node in menu.items],
            "chosen": sum(node.item.pk in chosen for node in menu.items),
        }
        for menu in tree.menus
        if menu.items
    ]
    context = {
        "catalog": catalog,
        "form": form,
        "menus": menus,
        "count": sum(entry["chosen"] for entry in menus),
        "plan": planned,
        "lines": _lines(tree, planned) if planned else [],
        "more": max(0, len(planned.lines) - MOST_SHOWN) if planned else 0,
        "wrong": wrong,
    }
    return render(request, "menus/bulk.html", context)


def _lines(tree: Tree, planned: Plan) -> list[dict[str, str]]:
    """Each change as its item's name, old and new in words; of very many the first."""
    say = _words_of(tree, planned.operation)
    return [
        {"name": line.name, "old": say(line.old, line), "new": say(line.new, line)}
        for line in planned.lines[:MOST_SHOWN]
    ]


def _words_of(tree: Tree, operation: str) -> Any:
    menus = {node.menu.pk: node.menu.name for node in tree.menus}
    categories = {node.category.pk: node.category.name for node in tree.categories}
    none, removed = _("none"), _("out of the menu")

    def say(value: Any, line: Line) -> str:
        if operation == "price":
            return rupiah(value)
        if operation == "stock":
            return _("in stock") if value else _("out of stock")
        if operation == "hours":
            return hours_words(value)
        if operation == "move":
            return str(menus.get(value, ""))
        if operation in ("give", "take"):
            return ", ".join(value) or none
        if operation == "delete":
            return "" if value else removed
        return ", ".join(str(categories.get(pk, "")) for pk in value) or none

    return say
