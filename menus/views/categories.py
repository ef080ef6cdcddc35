"""A variant category with its variants, on one page."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _

from gobiz_admin.merchants.roles import Action
from gobiz_admin.merchants.tenancy import MemberRequest, member_view
from menus.editing import EditRefused
from menus.forms.categories import BaseVariantFormSet, CategoryForm, save_category, variant_forms
from menus.forms.seen import Overtaken
from menus.models import Catalog, VariantCategory
from menus.sentences import EDIT, UNEXPECTED
from menus.views import reach
from menus.views.overtaking import tell_overtaken
from menus.views.wording import selection_sentence, short


@member_view(Action.EDIT_MENU, "GET", "HEAD", "POST")
def variant_category(request: MemberRequest, pk: int) -> HttpResponse:
    category = reach.category_of(request, pk)
    return _edit(request, category.catalog, category)


@member_view(Action.EDIT_MENU, "GET", "HEAD", "POST")
def variant_category_new(request: MemberRequest, catalog_pk: int) -> HttpResponse:
    return _edit(request, reach.catalog_of(request, catalog_pk), None)


def _edit(request: MemberRequest, catalog: Catalog, category: VariantCategory | None) -> HttpResponse:
    data = request.POST if request.method == "POST" else None
    form = CategoryForm(data, category=category)
    rows = variant_forms(data, category)
    # Both are asked, so that all that is wrong is said at once.
    if data is not None and all([form.is_valid(), rows.is_valid()]):
        try:
            category = save_category(catalog, category, form, rows, request.user)
        except EditRefused as refused:
            code = next(iter(refused.errors.values()))
            form.add_error(None, str(EDIT.get(code, UNEXPECTED)))
        except Overtaken as overtaken:
            tell_overtaken(overtaken)
        else:
            words = _("“%(name)s” is saved. GoFood gets it when you publish.")
            messages.success(request, words % {"name": short(category.name)})
            return reach.go(request, "library", catalog.pk, anchor=f"#category-{category.pk}")
    return _page(request, catalog, category, form, rows)


def _page(
    request: MemberRequest,
    catalog: Catalog,
    category: VariantCategory | None,
    form: CategoryForm,
    rows: BaseVariantFormSet,
) -> HttpResponse:
    context = {
        "form": form,
        "rows": rows,
        "catalog": catalog,
        "category": category,
        "rule": selection_sentence(category) if category else "",
        "used_by": category.item_links.count() if category else 0,
    }
    return render(request, "menus/category.html", context)
