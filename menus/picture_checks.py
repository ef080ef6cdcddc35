"""Pictures that stand elsewhere: whether GoBiz could fetch them, and would take them.

Source: gobiz-api.md, "Catalog": at most 1 MB, 1:1, `image/png`, publicly reachable. Workers look, one
after the other; what they found stands in PictureCheck, by merchant and address.
"""

import logging
from collections.abc import Iterable
from datetime import timedelta
from typing import Any

from django.db import transaction
from django.db.models import Exists, F, Func, IntegerField, OuterRef, QuerySet, Subquery
from django.utils import timezone

from gobiz_admin.merchants.announcing import announce
from menus.fetching import LONGEST_ADDRESS, Fetched, FetchFailed, fetch, is_web_address
from menus.models import Catalog, MenuItem, PictureCheck
from menus.picture_files import PictureRefused, header_of
from menus.pictures import LARGEST_PNG, LARGEST_UPLOAD
from menus.waking import wake_task

UNREACHABLE, NOT_PNG = "picture_unreachable", "picture_not_png"
NOT_SQUARE, TOO_LARGE, PRIVATE = "picture_not_square", "picture_too_large", "picture_private"
CODES = (UNREACHABLE, NOT_PNG, NOT_SQUARE, TOO_LARGE, PRIVATE)
# A good one may be gone next week; a host that was away is asked again soon, then seldom.
AGAIN_WHEN_GOOD = timedelta(days=7)
AGAIN_WHEN_BAD = timedelta(days=1)
AGAIN_WHEN_AWAY = (timedelta(minutes=10), timedelta(hours=1))
STUCK_AFTER = timedelta(minutes=2)
# New addresses taken into the table by one sweep, so that a large import is spread.
NEW_AT_ONCE = 200

log = logging.getLogger(__name__)
State = PictureCheck.State
Verdict = tuple[str, dict[str, Any]]


def bad_pictures(catalog: Catalog) -> dict[int, str]:
    """By item the code of what is wrong with the picture at its address; one query."""
    of_address = PictureCheck.objects.filter(merchant=catalog.merchant_id, url=OuterRef("image_url"))
    items = _with_address().filter(catalog=catalog)
    found = items.annotate(code=Subquery(of_address.exclude(code="").values("code")))
    return dict(found.filter(code__isnull=False).values_list("pk", "code"))


def _with_address() -> QuerySet[MenuItem]:
    """The items whose picture is one that stands elsewhere."""
    return MenuItem.objects.filter(picture=None).exclude(image_url="")


# --- what is to be looked at --------------------------------------------------------------------


def request_check(merchant_id: int, url: str) -> PictureCheck | None:
    """The check of that address, due now; a worker is woken. None when it is no web address."""
    if not is_web_address(url):
        return None
    with transaction.atomic():
        check, made = PictureCheck.objects.get_or_create(merchant_id=merchant_id, url=url)
        if not made:
            PictureCheck.objects.filter(pk=check.pk).exclude(state=State.CHECKING).update(
                state=State.QUEUED, due_at=timezone.now(), attempts=0
            )
            check.refresh_from_db()
        wake_task("work_off_pictures")
        announce(merchant_id, "pictures")
    return check


def queue_new_addresses() -> int:
    """How many addresses that no check knows were taken into the table; a part of them, where there are many."""
    known = PictureCheck.objects.filter(merchant=OuterRef("catalog__merchant"), url=OuterRef("image_url"))
    size = Func(F("image_url"), function="OCTET_LENGTH", output_field=IntegerField())
    new = _with_address().annotate(size=size).filter(~Exists(known), size__lte=LONGEST_ADDRESS)
    pairs = new.order_by().values_list("catalog__merchant", "image_url").distinct()[:NEW_AT_ONCE]
    rows = [_new_check(merchant_id, url) for merchant_id, url in pairs]
    PictureCheck.objects.bulk_create(rows, ignore_conflicts=True)
    return len(rows)


def _new_check(merchant_id: int, url: str) -> PictureCheck:
    if is_web_address(url):
        return PictureCheck(merchant_id=merchant_id, url=url)
    # Known, so that it is not found as new for ever.
    far = timezone.now() + timedelta(days=3650)
    return PictureCheck(merchant_id=merchant_id, url=url, state=State.BAD, code=UNREACHABLE, due_at=far)


def forget_unused(most: int = NEW_AT_ONCE) -> int:
    """How many checks are gone whose address no item has any more, of those that would be due."""
    used = _with_address().filter(catalog__merchant=OuterRef("merchant"), image_url=OuterRef("url"))
    unused = due_checks().filter(~Exists(used)).order_by("due_at").values("pk")[:most]
    return PictureCheck.objects.filter(pk__in=unused).delete()[0]


def due_checks() -> QuerySet[PictureCheck]:
    """What waits for a worker now."""
    return PictureCheck.objects.filter(due_at__lte=timezone.now()).exclude(state=State.CHECKING)


def free_stuck_checks() -> int:
    """How many checks of dead workers are due again, or given up where they killed one after the other."""
    stuck = PictureCheck.objects.filter(state=State.CHECKING, started_at__lt=timezone.now() - STUCK_AFTER)
    given_up = stuck.filter(attempts__gt=len(AGAIN_WHEN_AWAY)).update(
        state=State.BAD, code=UNREACHABLE, due_at=timezone.now() + AGAIN_WHEN_BAD
    )
    return given_up + stuck.update(state=State.QUEUED)


# --- looking ------------------------------------------------------------------------------------


def check_next() -> bool:
    """Whether there was one to look at; it has been looked at."""
    check = _claim()
    if check is None:
        return False
    code, facts, transient = _look(check.url)
    _end(check, code, facts, transient)
    return True


def _claim() -> PictureCheck | None:
    with transaction.atomic():
        check = due_checks().select_for_update(skip_locked=True).order_by("due_at", "pk").first()
        if check is not None:
            check.state, check.started_at = State.CHECKING, timezone.now()
            check.attempts += 1
            check.save(update_fields=["state", "started_at", "attempts"])
    return check


def _look(url: str) -> tuple[str, dict[str, Any], bool]:
    """Code, facts, and whether it may be otherwise soon."""
    try:
        code, facts = verdict(fetch(url, LARGEST_UPLOAD))
    except FetchFailed as failed:
        return f"picture_{failed.code}", failed.facts, failed.transient
    except Exception:
        # A picture that we cannot look at must not stop the others.
        log.exception("a picture could not be looked at")
        return UNREACHABLE, {}, True
    return code, facts, False


def verdict(fetched: Fetched) -> Verdict:
    """What GoBiz would find wrong with it ("" when nothing), and what it is."""
    facts: dict[str, Any] = {
        "status": fetched.status,
        "content_type": fetched.content_type,
        "bytes": len(fetched.content),
    }
    try:
        header = header_of(fetched.content)
    except PictureRefused:
        return NOT_PNG, facts
    facts |= {"kind": header.kind, "width": header.width, "height": header.height}
    if header.kind != "PNG" or fetched.content_type != "image/png":
        return NOT_PNG, facts
    if len(fetched.content) > LARGEST_PNG:
        return TOO_LARGE, facts
    return ("" if header.width == header.height else NOT_SQUARE), facts


def _end(check: PictureCheck, code: str, facts: dict[str, Any], transient: bool) -> None:
    now = timezone.now()
    attempts, wait = (check.attempts, AGAIN_WHEN_BAD) if code else (0, AGAIN_WHEN_GOOD)
    if code and transient and attempts <= len(AGAIN_WHEN_AWAY):
        wait = AGAIN_WHEN_AWAY[attempts - 1]
    # Only the worker that claimed it: the janitor may have given it to another since.
    with transaction.atomic():
        ours = PictureCheck.objects.filter(pk=check.pk, state=State.CHECKING, started_at=check.started_at)
        ours.update(
            state=State.BAD if code else State.GOOD,
            code=code,
            facts=facts,
            attempts=attempts,
            due_at=now + wait,
            checked_at=now,
        )
        announce(check.merchant_id, "pictures")


def checks_of(merchant_id: int, urls: Iterable[str]) -> dict[str, PictureCheck]:
    """What is known of these addresses; one query."""
    rows = PictureCheck.objects.filter(merchant=merchant_id, url__in=[url for url in urls if url])
    return {row.url: row for row in rows}
