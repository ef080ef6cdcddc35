"""An upload from its file to what was done of it."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.utils import timezone

from gobiz_admin.merchants.models import User
from menus.journal import one_edit
from menus.models import Catalog, CatalogEdit, SheetUpload
from menus.sheets.applying import apply_plan
from menus.sheets.library import library_of
from menus.sheets.planning import make_plan, plan_for
from menus.sheets.plans import Plan, State
from menus.sheets.reading import Upload, read_upload
from menus.text import clean
from menus.tree import load_tree

KEPT_FOR = timedelta(days=1)
# Of one catalog: who uploads again and again means the newest.
MOST_KEPT = 20
ACTION = "sheet_imported"


class ApplyRefused(Exception):
    """`code`: applied (it was, already), changed (the plan is another by now), refused_rows (nobody agreed
    to leave them out), nothing (no row changes anything). Nothing was done."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


def store_upload(catalog: Catalog, files: Sequence[tuple[str, bytes]], user: User | None) -> SheetUpload:
    """What was read of the files, kept for a day; menus.sheets.tables.FileRefused when it is no table."""
    content = read_upload(files)
    names = ", ".join(clean(name) for name, _content in files)
    with transaction.atomic():
        upload = SheetUpload.objects.create(
            catalog=catalog, user=user, file_name=names[:300], content=content.to_json()
        )
        kept = SheetUpload.objects.filter(catalog=catalog).order_by("-pk").values("pk")[:MOST_KEPT]
        SheetUpload.objects.filter(catalog=catalog).exclude(pk__in=kept).delete()
    return upload


def rows_of(upload: SheetUpload) -> Upload:
    """The sheets of the upload."""
    return Upload.from_json(upload.content)


def dry_run(upload: SheetUpload) -> Plan:
    """What applying it now would do."""
    return plan_for(upload.catalog, rows_of(upload))


def apply_upload(upload: SheetUpload, shown: str, without_refused: bool, user: User | None) -> Plan:
    """The plan, done in whole, as one change; ApplyRefused, and nothing is done.

    `shown`: the digest of the plan that somebody looked at. `without_refused`: they agreed that the rows
    that are refused are left out.
    """
    facts: dict[str, Any] = {"file": upload.file_name}
    begun = timezone.now()
    with transaction.atomic():
        with one_edit(upload.catalog_id, ACTION, user, facts) as change:
            # Whoever applies it holds the lock of the catalog.
            upload.refresh_from_db()
            if upload.applied_at:
                raise ApplyRefused("applied")
            library = library_of(load_tree(change.catalog))
            plan = make_plan(library, rows_of(upload))
            _refuse(plan, shown, without_refused)
            facts.update(plan.counts)
            apply_plan(change, library, plan)
        _mark(upload, plan, begun)
    return plan


def _refuse(plan: Plan, shown: str, without_refused: bool) -> None:
    if plan.digest != shown:
        raise ApplyRefused("changed")
    if not plan.work:
        raise ApplyRefused("nothing")
    if plan.of(State.REFUSED) and not without_refused:
        raise ApplyRefused("refused_rows")


def _mark(upload: SheetUpload, plan: Plan, begun: datetime) -> None:
    upload.applied_at, upload.counts = timezone.now(), plan.counts
    # One that only went on with the change before it may have brought back what stood there: then none is left.
    edits = CatalogEdit.objects.filter(catalog=upload.catalog_id, action=ACTION, at__gte=begun)
    upload.edit = edits.order_by("-pk").first()
    upload.save(update_fields=["applied_at", "counts", "edit"])


def forget_old() -> int:
    """How many uploads are older than a day, and are gone now."""
    return SheetUpload.objects.filter(created_at__lt=timezone.now() - KEPT_FOR).delete()[0]
