"""The picture of one item: sent, taken away, given by its address, looked at, fixed."""

from collections.abc import Callable

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django_htmx.http import trigger_client_event

from gobiz_admin.merchants.roles import Action
from gobiz_admin.merchants.tenancy import MemberRequest, member_view
from menus import editing
from menus.fetching import is_web_address
from menus.forms.pictures import UploadForm
from menus.models import MenuItem
from menus.picture_checks import request_check
from menus.picture_fixes import fix_pictures
from menus.pictures import PictureRefused, store_picture
from menus.sentences import PICTURE, UNEXPECTED
from menus.text import clean
from menus.views import reach


@member_view(Action.EDIT_MENU, "GET", "HEAD", "POST")
def item_picture(request: MemberRequest, pk: int) -> HttpResponse:
    """The picture as it stands, after what was asked for, or why that cannot be."""
    item, refused = reach.item_of(request, pk), ""
    if request.method == "POST":
        refused = ACTS.get(request.POST.get("do", ""), _upload)(request, item)
        item = reach.item_of(request, pk)
        if not refused and not request.htmx:
            messages.success(request, _("Saved. GoFood gets it when you publish."))
            return reach.go(request, "item_picture", item.pk)
    return _page(request, item, refused)


def _page(request: MemberRequest, item: MenuItem, refused: str) -> HttpResponse:
    context = {
        "item": item,
        "catalog": item.catalog,
        "refused": refused,
        "error": PICTURE.get(refused, UNEXPECTED) if refused else "",
        "typed": request.POST.get("address", "") if refused == "not_an_address" else "",
        "saved": request.method == "POST" and not refused,
    }
    template = "menus/_item_picture.html" if request.htmx else "menus/item_picture.html"
    answer = render(request, template, context, status=422 if refused else 200)
    if context["saved"]:
        trigger_client_event(answer, "thing-saved", {"thing": f"item-{item.pk}"})
    return answer


def _upload(request: MemberRequest, item: MenuItem) -> str:
    """Why the picture was refused; "" when it is the item's now."""
    form = UploadForm(request.POST, request.FILES)
    if not form.is_valid():
        return "odd_box"
    if form.upload is None:
        return "nothing_chosen"
    try:
        picture = store_picture(request.merchant, form.upload, form.box, form.cleaned_data["small_ok"])
    except PictureRefused as refused:
        return refused.code
    editing.save_item(item, {"picture": picture}, request.user)
    return ""


def _remove(request: MemberRequest, item: MenuItem) -> str:
    editing.save_item(item, {"picture": None, "image_url": ""}, request.user)
    return ""


def _address(request: MemberRequest, item: MenuItem) -> str:
    """Why the address was refused; "" when the item's picture stands there now, and a worker looks at it."""
    url = clean(request.POST.get("address", ""))
    if not is_web_address(url):
        return "not_an_address"
    editing.save_item(item, {"picture": None, "image_url": url}, request.user)
    request_check(request.merchant.pk, url)
    return ""


def _check(request: MemberRequest, item: MenuItem) -> str:
    if not item.picture_id:
        request_check(request.merchant.pk, item.image_url)
    return ""


def _fix(request: MemberRequest, item: MenuItem) -> str:
    fix_pictures(item.catalog, [item.pk], request.user)
    return ""


# By what the pressed button is worth; without one, a file was sent.
ACTS: dict[str, Callable[[MemberRequest, MenuItem], str]] = {
    "remove": _remove,
    "address": _address,
    "check": _check,
    "fix": _fix,
}
