""" "Fix it for me": a picture that stands elsewhere is fetched, made square and small, and put in its place."""

import logging
import uuid
from collections.abc import Collection
from datetime import timedelta

from django.db import transaction
from django.utils import timezone

from gobiz_admin.merchants.announcing import announce
from gobiz_admin.merchants.models import User
from menus import editing
from menus.fetching import FetchFailed, fetch
from menus.journal import edit_of_batch, one_edit
from menus.models import Catalog, MenuItem, Picture, PictureFix
from menus.pictures import LARGEST_UPLOAD, PictureRefused, keep_picture, make_square
from menus.waking import wake_task

STUCK_AFTER = timedelta(minutes=3)
KEPT_FOR = timedelta(days=7)
WAITING = (PictureFix.State.QUEUED, PictureFix.State.RUNNING)

log = logging.getLogger(__name__)
State = PictureFix.State


def fix_pictures(catalog: Catalog, item_pks: Collection[int], user: User | None) -> int:
    """How many of these items wait for a picture of ours now: those whose picture stands elsewhere.

    Three queries, however many they are; asked twice, it is done once. It becomes one change, with one undo.
    """
    batch = uuid.uuid4()
    with transaction.atomic():
        items = MenuItem.objects.filter(catalog=catalog, pk__in=item_pks, picture=None).exclude(image_url="")
        rows = [
            PictureFix(item_id=pk, url=url, requested_by=user, batch=batch)
            for pk, url in items.order_by("position", "pk").values_list("pk", "image_url")
        ]
        PictureFix.objects.bulk_create(rows, ignore_conflicts=True)
        if rows:
            wake_task("work_off_pictures")
            announce(catalog.merchant_id, "pictures", catalog=catalog.pk)
    return len(rows)


def latest_fix(item: MenuItem) -> PictureFix | None:
    """The last time that this item's picture at its present address was to be fixed."""
    return PictureFix.objects.filter(item=item, url=item.image_url).order_by("-pk").first()


def fix_next() -> bool:
    """Whether there was one to fix; its outcome stands in its row."""
    fix = _claim()
    if fix is None:
        return False
    try:
        _end(fix, _fix(fix))
    except Exception:
        log.exception("picture fix %s failed", fix.pk)
        _end(fix, "internal")
    return True


def _claim() -> PictureFix | None:
    with transaction.atomic():
        waiting = PictureFix.objects.select_for_update(skip_locked=True, of=("self",))
        fix = (
            waiting.filter(state=State.QUEUED)
            .select_related("item__catalog__merchant")
            .order_by("pk")
            .first()
        )
        if fix is not None:
            fix.state, fix.started_at = State.RUNNING, timezone.now()
            fix.save(update_fields=["state", "started_at"])
    return fix


def _fix(fix: PictureFix) -> str:
    """Why it failed; "" when the item has its picture, or has got another one since."""
    try:
        # A small picture is on GoFood already: squared, it is said to be small, which helps more than a no.
        made = make_square(fetch(fix.url, LARGEST_UPLOAD).content, small_ok=True)
    except FetchFailed as failed:
        return f"picture_{failed.code}"
    except PictureRefused as refused:
        return refused.code
    _put(fix, keep_picture(fix.item.catalog.merchant, made))
    return ""


def _put(fix: PictureFix, picture: Picture) -> None:
    facts, catalog_id = {"batch": str(fix.batch)}, fix.item.catalog_id
    with one_edit(catalog_id, "pictures_fixed", fix.requested_by, facts):
        begun = edit_of_batch(catalog_id, facts["batch"])
        # Whoever changed or removed it meanwhile, or took those before it back, had a reason.
        still = MenuItem.objects.filter(pk=fix.item_id, picture=None, image_url=fix.url).first()
        if still is not None and not (begun and begun.undone):
            facts["name"] = still.name
            editing.save_item(still, {"picture": picture}, fix.requested_by)


def _end(fix: PictureFix, code: str) -> None:
    # Only the worker that claimed it: the janitor may have given it to another since.
    with transaction.atomic():
        ours = PictureFix.objects.filter(pk=fix.pk, state=State.RUNNING, started_at=fix.started_at)
        if code == "busy":
            # Its turn did not come: it goes on waiting.
            ours.update(state=State.QUEUED, started_at=None)
            return
        ours.update(state=State.FAILED if code else State.DONE, code=code, ended_at=timezone.now())
        announce(fix.item.catalog.merchant_id, "pictures", catalog=fix.item.catalog_id)


def free_stuck_fixes() -> int:
    """How many fixes of dead workers are queued again: one may run twice, for it is put in place once."""
    stuck = PictureFix.objects.filter(state=State.RUNNING, started_at__lt=timezone.now() - STUCK_AFTER)
    return stuck.update(state=State.QUEUED, started_at=None)


def forget_old_fixes() -> int:
    """How many outcomes are too old for anybody to ask about, and are gone now."""
    old = PictureFix.objects.exclude(state__in=WAITING).filter(ended_at__lt=timezone.now() - KEPT_FOR)
    return old.delete()[0]
