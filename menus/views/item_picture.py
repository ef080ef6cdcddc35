"""The picture of one item: chosen, shown, taken away."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django_htmx.http import trigger_client_event

from gobiz_admin.merchants.roles import Action
from gobiz_admin.merchants.tenancy import MemberRequest, member_view
from menus import editing
from menus.models import MenuItem
from menus.pictures import PictureRefused, store_picture
from menus.sentences import PICTURE, UNEXPECTED
from menus.views import reach
from menus.views.rows import picture_of


@member_view(Action.EDIT_MENU, "POST")
def item_picture(request: MemberRequest, pk: int) -> HttpResponse:
    """The picture as it stands after the upload, or why the file cannot be one."""
    item = reach.item_of(request, pk)
    error, upload = "", request.FILES.get("picture")
    if "remove" in request.POST:
        editing.save_item(item, {"picture": None}, request.user)
    elif upload is None:
        error = _("Choose a picture first.")
    else:
        try:
            editing.save_item(item, {"picture": store_picture(request.merchant, upload)}, request.user)
        except PictureRefused as refused:
            error = str(PICTURE.get(refused.code, UNEXPECTED))
    return _answer(request, item, error)


def _answer(request: MemberRequest, item: MenuItem, error: str) -> HttpResponse:
    if not request.htmx:
        if error:
            messages.error(request, error)
        return reach.go(request, "menu_item", item.pk)
    item.refresh_from_db()
    context = {"item": item, "picture": picture_of(item), "error": error, "saved": not error}
    answer = render(request, "menus/_item_picture.html", context)
    return answer if error else trigger_client_event(answer, "thing-saved", {"thing": f"item-{item.pk}"})
