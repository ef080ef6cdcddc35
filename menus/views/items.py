"""One menu item: change it, add one, take one out."""

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _

from gobiz_admin.merchants.roles import Action
from gobiz_admin.merchants.tenancy import MemberRequest, member_view
from menus import editing
from menus.checks import Check, check_catalog
from menus.forms.items import ItemForm
from menus.models import Catalog, MenuItem
from menus.pictures import PictureRefused, store_picture
from menus.sentences import EDIT, PICTURE, UNEXPECTED
from menus.views import reach
from menus.views.catalog import picture_of


@member_view(Action.EDIT_MENU, "GET", "HEAD", "POST")
def menu_item(request: MemberRequest, pk: int) -> HttpResponse:
    item = reach.item_of(request, pk)
    form = ItemForm(*_typed(request), catalog=item.catalog, item=item)
    if request.method == "POST" and form.is_valid() and _save(request, item.catalog, item, form):
        return reach.go(request, "menu", anchor=f"#item-{item.pk}")
    return _page(request, item.catalog, item, form)


@member_view(Action.EDIT_MENU, "GET", "HEAD", "POST")
def menu_item_new(request: MemberRequest, catalog_pk: int) -> HttpResponse:
    catalog = reach.catalog_of(request, catalog_pk)
    if not catalog.menus.exists():
        messages.info(request, _("An item stands below a menu: add a menu first."))
        return reach.go(request, "menu_heading_new", catalog.pk)
    form = ItemForm(*_typed(request), catalog=catalog, menu_pk=request.GET.get("in", ""))
    if request.method == "POST" and form.is_valid() and _save(request, catalog, None, form):
        return reach.go(request, "menu")
    return _page(request, catalog, None, form)


@member_view(Action.EDIT_MENU, "POST")
def menu_item_remove(request: MemberRequest, pk: int) -> HttpResponse:
    item = reach.item_of(request, pk)
    editing.remove(item, request.user)
    words = _("“%(name)s” is out of this menu. GoFood still has it until you publish.")
    messages.success(request, words % {"name": short(item.name)})
    return reach.go(request, "menu")


def _typed(request: MemberRequest) -> tuple[Any, Any]:
    # An empty dictionary in place of None would make a form of what nobody has typed.
    return (request.POST, request.FILES) if request.method == "POST" else (None, None)


def _save(request: MemberRequest, catalog: Catalog, item: MenuItem | None, form: ItemForm) -> bool:
    """Whether it was saved; otherwise the form says why not, and nothing was."""
    try:
        values = form.values
        if form.upload:
            values["picture"] = store_picture(request.merchant, form.upload)
        if item is None:
            item = editing.add_item(values.pop("menu"), values, request.user)
            changed = ["name"]
        else:
            changed = editing.save_item(item, values, request.user)
    except PictureRefused as refused:
        form.add_error("picture", str(PICTURE.get(refused.code, UNEXPECTED)))
        return False
    except editing.EditRefused as refused:
        for field, code in refused.errors.items():
            form.add_error(field if field in form.fields else None, str(EDIT.get(code, UNEXPECTED)))
        return False
    words = (
        _("“%(name)s” is saved. GoFood gets it when you publish.") if changed else _("Nothing was changed.")
    )
    messages.success(request, words % {"name": short(item.name)})
    return True


def _page(request: MemberRequest, catalog: Catalog, item: MenuItem | None, form: ItemForm) -> HttpResponse:
    context = {
        "form": form,
        "catalog": catalog,
        "item": item,
        "picture": picture_of(item) if item else "",
        "problems": _problems(request, catalog, item) if item else [],
        "lost_upload": form.is_bound and "picture" not in form.errors and bool(request.FILES),
    }
    return render(request, "menus/item.html", context)


def _problems(request: MemberRequest, catalog: Catalog, item: MenuItem) -> list[Check]:
    outlet = reach.outlet_selling(request, catalog)
    checks = check_catalog(catalog, outlet) if outlet else []
    return [check for check in checks if check.kind == "item" and check.pk == item.pk]


def short(name: str, most: int = 60) -> str:
    """A name of any length, fit for a sentence."""
    return name if len(name) <= most else name[: most - 1] + "…"
