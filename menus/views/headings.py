"""A menu: the heading below which items are listed."""

from django.contrib import messages
from django.http import HttpResponse, QueryDict
from django.shortcuts import render
from django.utils.translation import gettext as _

from gobiz_admin.merchants.roles import Action
from gobiz_admin.merchants.tenancy import MemberRequest, member_view
from menus import editing
from menus.forms.headings import HeadingForm
from menus.forms.seen import Overtaken
from menus.models import Catalog, Menu
from menus.views import reach
from menus.views.overtaking import tell_overtaken


@member_view(Action.EDIT_MENU, "GET", "HEAD", "POST")
def menu_heading(request: MemberRequest, pk: int) -> HttpResponse:
    menu = reach.menu_of(request, pk)
    form = HeadingForm(_typed(request), menu=menu)
    if request.method == "POST" and form.is_valid():
        try:
            form.save_over(editing.save_menu, menu, form.cleaned_data, request.user)
        except Overtaken as overtaken:
            tell_overtaken(overtaken)
        else:
            messages.success(request, _("The menu's name is saved. GoFood gets it when you publish."))
            return reach.go(request, "menu", anchor=f"#menu-{menu.pk}")
    return _page(request, menu.catalog, menu, form)


@member_view(Action.EDIT_MENU, "GET", "HEAD", "POST")
def menu_heading_new(request: MemberRequest, catalog_pk: int) -> HttpResponse:
    catalog = reach.catalog_of(request, catalog_pk)
    form = HeadingForm(_typed(request))
    if request.method == "POST" and form.is_valid():
        menu = editing.add_menu(catalog, form.cleaned_data, request.user)
        messages.success(request, _("The menu is added, below the others. Now add its items."))
        return reach.go(request, "menu", anchor=f"#menu-{menu.pk}")
    return _page(request, catalog, None, form)


def _typed(request: MemberRequest) -> QueryDict | None:
    return request.POST if request.method == "POST" else None


def _page(request: MemberRequest, catalog: Catalog, menu: Menu | None, form: HeadingForm) -> HttpResponse:
    inside = menu.menu_items.count() if menu else 0
    context = {"form": form, "catalog": catalog, "menu": menu, "inside": inside}
    return render(request, "menus/heading.html", context)
