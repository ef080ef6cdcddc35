"""One menu item: change it, add one, take one out."""

from typing import Any

from django.contrib import messages
from django.db.models import Prefetch, prefetch_related_objects
from django.http import HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _

from gobiz_admin.merchants.roles import Action
from gobiz_admin.merchants.tenancy import MemberRequest, member_view
from menus import editing
from menus.forms.items import ItemForm
from menus.forms.seen import Overtaken
from menus.models import Catalog, IngredientLink, MenuItem
from menus.pictures import PictureRefused, store_picture
from menus.seen import seen
from menus.sentences import EDIT, PICTURE, UNEXPECTED
from menus.tree import ItemNode
from menus.views import reach
from menus.views.item_hours import hours_context
from menus.views.overtaking import tell_overtaken
from menus.views.rows import marks_at, picture_of, review_of
from menus.views.wording import short


@member_view(Action.EDIT_MENU, "GET", "HEAD", "POST")
def menu_item(request: MemberRequest, pk: int) -> HttpResponse:
    item = _with_links(reach.item_of(request, pk))
    form = ItemForm(*_typed(request), catalog=item.catalog, item=item)
    if request.method == "POST" and form.is_valid() and _save(request, item.catalog, item, form):
        return reach.go(request, "menu", anchor=f"#item-{item.pk}")
    return _page(request, item.catalog, item, form)


def _with_links(item: MenuItem) -> MenuItem:
    """The item with what it is made of and which choices it has read once: the page asks for them again and again."""
    borne = IngredientLink.objects.select_related("ingredient")
    prefetch_related_objects([item], "category_links", Prefetch("ingredient_links", borne))
    return item


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
            changed = form.save_over(editing.save_item, item, values, request.user)
    except PictureRefused as refused:
        form.add_error("picture", str(PICTURE.get(refused.code, UNEXPECTED)))
        return False
    except editing.EditRefused as refused:
        for field, code in refused.errors.items():
            form.add_error(field if field in form.fields else None, str(EDIT.get(code, UNEXPECTED)))
        return False
    except Overtaken as overtaken:
        tell_overtaken(overtaken)
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
        "lost_upload": form.is_bound and "picture" not in form.errors and bool(request.FILES),
        **(_facts(request, item, form) if item else {}),
    }
    panel = item is not None and request.htmx
    return render(request, "menus/_item_panel.html" if panel else "menus/item.html", context)


def _facts(request: MemberRequest, item: MenuItem, form: ItemForm) -> dict[str, Any]:
    """What the page says of an existing item: its problems, its neighbours, what was seen of it."""
    found = review_of(request, item)
    if found.tree:
        form.offer(found.tree)
    nodes = found.tree.items if found.tree else []
    pks = [node.item.pk for node in nodes]
    place = pks.index(item.pk) if item.pk in pks else None
    at = item if place is None else nodes[place]
    return {
        "problems": found.problems_of().get(("item", item.pk), []),
        "before": pks[place - 1] if place else None,
        "after": pks[place + 1] if place is not None and place + 1 < len(pks) else None,
        "row": {**_at_outlet(at), "mark": marks_at(found)("item", item.pk, _by_hand(at))},
        "outlet": found.outlet,
        "shown": {name: seen(item, name) for name in ("categories", "ingredients")},
        **hours_context(item),
    }


def _by_hand(thing: MenuItem | ItemNode) -> bool:
    return thing.by_hand if isinstance(thing, ItemNode) else thing.in_stock


def _at_outlet(thing: MenuItem | ItemNode) -> dict[str, Any]:
    timed = thing.timed if isinstance(thing, ItemNode) else None
    return {"in_stock": thing.in_stock, "price": thing.price, "timed": timed}
