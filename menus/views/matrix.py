"""Items, or variants, by outlets: prices and stock side by side, changed in place or many at once."""

from typing import Any

from django.db.models import Count
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render

from gobiz_admin.merchants.models import Outlet
from gobiz_admin.merchants.roles import Action
from gobiz_admin.merchants.tenancy import MemberRequest, member_view
from menus.forms.overrides import VERBS, ManyForm
from menus.matrix import load_matrix
from menus.models import Catalog
from menus.override_plans import PlanChanged, apply_many, plan_many
from menus.overrides import outlets_selling
from menus.text import number_of
from menus.undoing import last_edit
from menus.views import reach
from menus.views.edit_words import edit_sentence
from menus.views.override_words import done_words

TABS = {"items": "item", "variants": "variant"}
MOST_LINES = 100


@member_view(Action.SEE_MENU)
def matrix(request: MemberRequest) -> HttpResponse:
    catalogs = _catalogs(request)
    catalog = _chosen(request, catalogs)
    if catalog is None:
        return render(request, "menus/matrix.html", {"catalogs": []})
    context = {"catalogs": catalogs, **_table(request, catalog), **undo_of(request, catalog)}
    return render(request, "menus/matrix.html", {**context, "verbs": VERBS})


@member_view(Action.SEE_MENU)
def matrix_rows(request: MemberRequest, catalog_pk: int) -> HttpResponse:
    """The rows that `?row=item-3&row=item-5` names, as they stand now."""
    catalog = reach.catalog_of(request, catalog_pk)
    named = [row.partition("-") for row in request.GET.getlist("row")[:20]]
    kind = TABS.get(request.GET.get("tab", ""), "item")
    pks = [number_of(pk) for of, _, pk in named if of == kind]
    return render(request, "menus/_matrix_rows.html", _table(request, catalog, pks))


@member_view(Action.SEE_MENU)
def matrix_foot(request: MemberRequest, catalog_pk: int) -> HttpResponse:
    catalog = reach.catalog_of(request, catalog_pk)
    context = {"catalog": catalog, **undo_of(request, catalog)}
    return render(request, "menus/_override_foot.html", context)


@member_view(Action.EDIT_MENU, "POST")
def matrix_many(request: MemberRequest, catalog_pk: int) -> HttpResponse:
    """What would change, place by place; with the `digest` of what was shown, it is changed."""
    catalog = reach.catalog_of(request, catalog_pk)
    outlets = outlets_selling(catalog)
    form = ManyForm(catalog, Outlet.objects.filter(selling__catalog=catalog), request.POST)
    context: dict[str, Any] = {"catalog": catalog, "outlets": outlets, "many": form}
    if not form.is_valid():
        return _many(request, context, status=422)
    data = form.cleaned_data
    chosen = (
        catalog,
        data["kind"],
        [row.pk for row in data["things"]],
        list(data["outlets"]),
        data["as_verb"],
    )
    if not request.POST.get("digest"):
        return _many(request, {**context, "plan": plan_many(*chosen)})
    try:
        count = apply_many(*chosen, request.POST["digest"], request.user)
    except PlanChanged as changed:
        return _many(request, {**context, "plan": changed.plan, "changed_meanwhile": True})
    return done_words(request, "matrix", count, query=f"catalog={catalog.pk}&tab={data['kind']}s")


def _many(request: MemberRequest, context: dict[str, Any], status: int = 200) -> HttpResponse:
    plan = context.get("plan")
    context["lines"] = plan.lines[:MOST_LINES] if plan else []
    context["more"] = len(plan.lines) - len(context["lines"]) if plan else 0
    template = "menus/_matrix_plan.html" if request.htmx else "menus/matrix_many.html"
    return render(request, template, context, status=status)


def _catalogs(request: MemberRequest) -> list[Catalog]:
    """The merchant's catalogs that an outlet sells, the one that most sell first."""
    rows = Catalog.objects.filter(merchant=request.merchant, sellings__isnull=False)
    return list(rows.annotate(outlet_count=Count("sellings")).order_by("-outlet_count", "name", "pk"))


def _chosen(request: MemberRequest, catalogs: list[Catalog]) -> Catalog | None:
    wanted = request.GET.get("catalog", "")
    if wanted:
        return get_object_or_404(Catalog, merchant=request.merchant, pk=number_of(wanted))
    outlet = request.place.outlet
    here = Catalog.objects.filter(merchant=request.merchant, sellings__outlet=outlet) if outlet else None
    return (here.first() if here is not None else None) or next(iter(catalogs), None)


def _table(request: MemberRequest, catalog: Catalog, pks: list[int] | None = None) -> dict[str, Any]:
    outlets = outlets_selling(catalog)
    tab = request.GET.get("tab", "")
    tab = tab if tab in TABS else "items"
    groups = load_matrix(catalog, outlets, TABS[tab], pks)
    words = request.GET.get("q", "").lower().split()
    only = "only" in request.GET
    for group in groups:
        group.rows = [row for row in group.rows if _wanted(row, words, only)]
    return {
        "catalog": catalog,
        "outlets": outlets,
        "table": tab,
        "kind": TABS[tab],
        "groups": [group for group in groups if group.rows],
        "column": _column(request, outlets),
        "q": request.GET.get("q", ""),
        "only": only,
    }


def _wanted(row: Any, words: list[str], only: bool) -> bool:
    named = f"{row.thing.name} {row.thing.external_id or ''}".lower()
    return all(word in named for word in words) and (row.differs or not only)


def _column(request: MemberRequest, outlets: list[Outlet]) -> int:
    """The outlet whose column a phone shows."""
    wanted = request.GET.get("column", "")
    by_pk = {str(outlet.pk): outlet for outlet in outlets}
    outlet = by_pk.get(wanted) or next(
        (outlet for outlet in outlets if outlet == request.place.outlet), next(iter(outlets), None)
    )
    return outlet.pk if outlet else 0


def undo_of(request: MemberRequest, catalog: Catalog | None) -> dict[str, Any]:
    """What can be taken back, and in which words."""
    edit = last_edit(catalog, request.user) if catalog else None
    return {"edit": edit, "edit_words": edit_sentence(edit) if edit else ""}
