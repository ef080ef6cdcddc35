"""A catalog as a spreadsheet: download it, upload it changed, see what would happen, apply it."""

from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.text import slugify
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from gobiz_admin.merchants.roles import Action
from gobiz_admin.merchants.tenancy import MemberRequest, member_view
from menus.models import Catalog, SheetUpload
from menus.sheets.columns import COLUMNS, ITEMS, TITLES, VARIANTS
from menus.sheets.plans import Plan, State
from menus.sheets.sentences import file_sentence
from menus.sheets.tables import LARGEST_FILE, FileRefused
from menus.sheets.uploads import ApplyRefused, apply_upload, dry_run, rows_of, store_upload
from menus.sheets.writing import as_csv, as_xlsx, template
from menus.tree import load_tree
from menus.views import reach
from menus.views.sheet_wording import REFUSED, counted, file_notes, row_line

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
CSV = "text/csv; charset=utf-8"
MOST_FILES = 4
ROWS_PER_PAGE = 100
ALL = "all"


@member_view(Action.EDIT_MENU, "GET", "HEAD", "POST")
def menu_sheets(request: MemberRequest, catalog_pk: int) -> HttpResponse:
    catalog = reach.catalog_of(request, catalog_pk)
    error = ""
    if request.method == "POST":
        try:
            upload = store_upload(catalog, _files(request), request.user)
            return reach.go(request, "menu_sheet", upload.pk)
        except FileRefused as refused:
            error = file_sentence(refused.code, refused.facts)
    sheets = [{"title": TITLES[kind], "columns": columns} for kind, columns in COLUMNS.items()]
    context = {"catalog": catalog, "sheets": sheets, "error": error}
    return render(request, "menus/sheets.html", context, status=422 if error else 200)


def _files(request: MemberRequest) -> list[tuple[str, bytes]]:
    files = request.FILES.getlist("file")
    if not files:
        raise FileRefused("none")
    if len(files) > MOST_FILES:
        raise FileRefused("too_many_files")
    for file in files:
        if (file.size or 0) > LARGEST_FILE:
            raise FileRefused("too_large", file=file.name)
    return [(file.name or "", file.read()) for file in files]


@member_view(Action.EDIT_MENU)
def menu_sheet_file(request: MemberRequest, catalog_pk: int, what: str) -> HttpResponse:
    catalog = reach.catalog_of(request, catalog_pk)
    written = _written(catalog, what)
    if written is None:
        raise Http404
    content, content_type, name, suffix = written
    day = timezone.localdate().isoformat()
    stem = slugify(f"{catalog.name[:40]} {name}")
    answer = HttpResponse(content, content_type=content_type)
    answer["Content-Disposition"] = f'attachment; filename="{stem}-{day}.{suffix}"'
    answer["Cache-Control"] = "no-store"
    return answer


def _written(catalog: Catalog, what: str) -> tuple[bytes, str, str, str] | None:
    """The file's content, type, name and suffix; None where there is no such file."""
    match what:
        case "menu.xlsx":
            return as_xlsx(load_tree(catalog)), XLSX, _("menu"), "xlsx"
        case "template.xlsx":
            return template(), XLSX, _("template"), "xlsx"
        case "items.csv":
            return as_csv(load_tree(catalog), ITEMS), CSV, _("menu items"), "csv"
        case "variants.csv":
            return as_csv(load_tree(catalog), VARIANTS), CSV, _("variants"), "csv"
    return None


@member_view(Action.EDIT_MENU, "GET", "HEAD", "POST")
def menu_sheet(request: MemberRequest, pk: int) -> HttpResponse:
    upload = reach.sheet_upload_of(request, pk)
    refused = ""
    if request.method == "POST":
        try:
            without = bool(request.POST.get("without_refused"))
            plan = apply_upload(upload, request.POST.get("plan", ""), without, request.user)
            messages.success(request, _applied(plan))
            return reach.go(request, "menu_sheet", upload.pk)
        except SheetUpload.DoesNotExist:
            raise Http404 from None
        except ApplyRefused as error:
            upload.refresh_from_db()
            refused = "" if upload.applied_at else str(REFUSED.get(error.code, ""))
    if upload.applied_at:
        return render(
            request, "menus/sheet_applied.html", {"upload": upload, "counts": counted(upload.counts)}
        )
    return render(request, "menus/sheet.html", {**_page(request, upload), "refused": refused})


def _applied(plan: Plan) -> str:
    count = len(plan.work)
    words = ngettext(
        "%(count)d row is taken over. GoFood gets it when you publish.",
        "%(count)d rows are taken over. GoFood gets them when you publish.",
        count,
    )
    return words % {"count": count}


def _page(request: MemberRequest, upload: SheetUpload) -> dict[str, Any]:
    plan, content = dry_run(upload), rows_of(upload)
    show = request.GET.get("show", ALL)
    states = [State(show)] if show in set(State) else [State.REFUSED, State.NEW, State.CHANGED]
    # Refused ones first, then new and changed.
    rows = [row for state in states for row in plan.of(state)]
    page = Paginator(rows, ROWS_PER_PAGE).get_page(request.GET.get("page"))
    titles = [sheet.title for sheet in content.sheets] if len(content.sheets) > 1 else []
    return {
        "upload": upload,
        "plan": plan,
        "shown": show if show in set(State) else ALL,
        "counts": counted(plan.counts),
        "refused_count": plan.counts[State.REFUSED],
        "work_count": len(plan.work),
        "row_count": len(plan.rows),
        "notes": file_notes(content, plan),
        "page": page,
        "lines": [row_line(row, titles) for row in page],
    }
