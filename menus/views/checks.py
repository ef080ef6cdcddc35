"""The list of what the checks find: jump to it, fix it, or confirm it."""

from collections.abc import Mapping
from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpResponse, HttpResponseBadRequest
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django_htmx.http import trigger_client_event

from gobiz_admin.merchants.models import Outlet
from gobiz_admin.merchants.roles import Action
from gobiz_admin.merchants.tenancy import MemberRequest, member_view
from menus import confirmations, fixes
from menus.checks import Check, all_findings, check_catalog, guards_in
from menus.checks.typing import field_findings
from menus.confirmations import ConfirmationRefused
from menus.forms.checks import MostChangedForm, read_typed
from menus.models import OutletCatalog
from menus.reviewing import review
from menus.sentences import CONFIRM, UNEXPECTED
from menus.text import number_of
from menus.tree import Tree, load_tree
from menus.views import reach
from menus.views.checking import Refused, groups_of, key_of, unplaced
from menus.views.jumping import Jumps
from menus.views.publish import review_page
from menus.views.wording import read_sentence


@member_view(Action.SEE_MENU)
def menu_checks(request: MemberRequest) -> HttpResponse:
    outlet = request.place.outlet
    selling = reach.selling_at(outlet)
    if outlet is None or selling is None:
        return reach.go(request, "menu")
    return _page(request, outlet, selling)


@member_view(Action.EDIT_MENU, "POST")
def fix_checks(request: MemberRequest, outlet_pk: int) -> HttpResponse:
    outlet = reach.outlet_of(request, outlet_pk)
    selling = reach.selling_at(outlet)
    if selling is None:
        return reach.go(request, "menu")
    chosen = _chosen(request, check_catalog(selling.catalog, outlet))
    count = fixes.fix(outlet, selling.catalog, chosen, request.user)
    return _done(request, outlet, selling, _fixed_words(chosen, count))


@member_view(Action.PUBLISH_MENU, "POST")
def confirm_prices(request: MemberRequest, outlet_pk: int) -> HttpResponse:
    outlet = reach.outlet_of(request, outlet_pk)
    selling = reach.selling_at(outlet)
    if selling is None:
        return reach.go(request, "menu")
    chosen = _chosen(request, guards_in(check_catalog(selling.catalog, outlet)))
    typed = request.POST.get("typed", "")
    try:
        confirmations.confirm_prices(outlet, chosen, typed, request.user, request.POST.get("shown", ""))
    except ConfirmationRefused as refused:
        code, row = request.POST.get("code", ""), request.POST.get("row", "")
        sentence = CONFIRM.get(refused.code, UNEXPECTED)
        return _refused(request, outlet, selling, Refused(code, row, typed[:40], sentence))
    words = ngettext("%(count)d price is confirmed.", "%(count)d prices are confirmed.", len(chosen))
    return _done(request, outlet, selling, words % {"count": len(chosen)})


@member_view(Action.PUBLISH_MENU, "POST")
def most_changed(request: MemberRequest, outlet_pk: int) -> HttpResponse:
    outlet = reach.outlet_of(request, outlet_pk)
    selling = reach.selling_at(outlet)
    if selling is None:
        return reach.go(request, "menu")
    form = MostChangedForm(request.POST)
    if not form.is_valid():
        return _page(request, outlet, selling, form=form)
    confirmations.set_most_changed(selling.catalog, form.cleaned_data["percent"], request.user)
    return _done(request, outlet, selling, _("Saved."))


@member_view(Action.EDIT_MENU, "POST")
def check_field(request: MemberRequest) -> HttpResponse:
    """What would be found about fields of one row if what is typed in them were saved."""
    kind, pk = request.POST.get("kind", ""), number_of(request.POST.get("pk"))
    if kind not in REACH or not pk:
        return HttpResponseBadRequest()
    row = REACH[kind](request, pk)
    outlet = reach.outlet_selling(request, row.catalog)
    try:
        values = read_typed(kind, request.POST)
    except ValidationError as unreadable:
        return render(request, "menus/_field_findings.html", {"unreadable": unreadable.messages})
    found = field_findings(row.catalog, outlet, kind, row.pk, values) if outlet and values else []
    return render(request, "menus/_field_findings.html", {"checks": found})


REACH: Mapping[str, Any] = {
    "menu": reach.menu_of,
    "item": reach.item_of,
    "variant_category": reach.category_of,
    "variant": reach.variant_of,
}


def _fixed_words(chosen: list[Check], count: int) -> str:
    if not count:
        return _("There was nothing left to fix.")
    if fixes.FIXES[chosen[0].fix or ""].later:
        words = ngettext(
            "%(count)d picture is being fixed, and leaves this list when it is done.",
            "%(count)d pictures are being fixed, and leave this list one after the other.",
            count,
        )
    else:
        words = ngettext("%(count)d thing is fixed.", "%(count)d things are fixed.", count)
    return words % {"count": count}


def _chosen(request: MemberRequest, checks: list[Check]) -> list[Check]:
    """Of the findings of now those that the form names: one row, or all of a code."""
    code, row = request.POST.get("code", ""), request.POST.get("row", "")
    return [check for check in checks if check.code == code and row in ("", key_of(check))]


def _done(request: MemberRequest, outlet: Outlet, selling: OutletCatalog, words: str) -> HttpResponse:
    if request.htmx:
        answer = _page(request, outlet, selling)
        return trigger_client_event(answer, "toast", {"text": words, "kind": "success"})
    messages.success(request, words)
    if request.POST.get("back") == "review":
        return reach.go(request, "publish_review", outlet.pk)
    return reach.go(request, "menu_checks")


def _refused(
    request: MemberRequest, outlet: Outlet, selling: OutletCatalog, refused: Refused
) -> HttpResponse:
    if request.POST.get("back") == "review":
        return review_page(request, review(outlet, selling), refused=refused)
    return _page(request, outlet, selling, refused)


def _page(
    request: MemberRequest,
    outlet: Outlet,
    selling: OutletCatalog,
    refused: Refused | None = None,
    form: MostChangedForm | None = None,
) -> HttpResponse:
    # Read anew: what stood here before may just have been fixed.
    selling.catalog.refresh_from_db()
    tree = load_tree(selling.catalog, outlet)
    found = all_findings(tree)
    jumps = Jumps(request, outlet, selling, found)
    guards = guards_in(found)
    errors = [check for check in found if check.blocks and not check.confirm]
    warnings = [check for check in found if not check.blocks and check.confirmation is None]
    confirmed = [check for check in found if check.confirmation is not None]
    context = {
        "outlet": outlet,
        "catalog": selling.catalog,
        "errors": groups_of(errors, jumps),
        "error_count": len(errors),
        "guards": groups_of(guards, jumps, refused),
        "guard_count": len(guards),
        "warnings": groups_of(warnings, jumps),
        "warning_count": len(warnings),
        "confirmed": groups_of(confirmed, jumps),
        "confirmed_count": len(confirmed),
        "refused": unplaced(refused, guards),
        "checked": read_sentence({"read": _counts(tree)}),
        "form": form or MostChangedForm({"percent": selling.catalog.most_changed_percent}),
    }
    return render(request, "menus/checks.html", context)


def _counts(tree: Tree) -> dict[str, int]:
    """How much was looked at."""
    return {
        "menu_items": sum(not item.hidden for item in tree.items),
        "menus": len(tree.menus),
        "variant_categories": len(tree.categories),
        "variants": sum(not variant.hidden for variant in tree.variants),
    }
