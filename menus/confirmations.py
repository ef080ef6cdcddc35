"""Saying that prices which look wrong are right: typed, and kept with who and when."""

import hashlib
import json
from collections.abc import Iterable, Sequence

from django.db import transaction

from gobiz_admin.merchants.announcing import announce
from gobiz_admin.merchants.models import AuditEntry, Outlet, User
from menus.checks import CATALOG, ITEM, VARIANT, Check
from menus.forms.fields import read_rupiah
from menus.locking import lock_catalog
from menus.models import Catalog, OutletCatalog, PriceConfirmation


class ConfirmationRefused(Exception):
    """`code`: unreadable, other_price, other_count (not what was asked), changed (others than were shown)."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


def asked_for(checks: Sequence[Check]) -> int:
    """What has to be typed: of one guard its price, of several how many they are."""
    return checks[0].asked if len(checks) == 1 else len(checks)


def shown_digest(checks: Iterable[Check]) -> str:
    """Sixteen characters that tell these guards and values from any others."""
    rows = sorted(
        [check.code, check.kind, check.pk or 0, check.key, check.last_price or 0] for check in checks
    )
    return hashlib.sha256(json.dumps(rows).encode()).hexdigest()[:16]


def confirm_prices(
    outlet: Outlet, checks: Sequence[Check], typed: str, user: User | None, shown: str = ""
) -> int:
    """How many guards were answered now; what was answered before is left as it is.

    `checks`: the guards that ask now; `shown`: the digest of those that were on the page.
    ConfirmationRefused, and none is answered, when something else was typed or shown.
    """
    _refuse_other(checks, typed, shown)
    with transaction.atomic():
        catalog = lock_catalog(OutletCatalog.objects.get(outlet=outlet).catalog_id)
        new = _not_yet_given(outlet, [_confirmation(outlet, check, user) for check in checks])
        PriceConfirmation.objects.bulk_create(new)
        if new:
            facts = {"outlet_id": outlet.outlet_id, "prices": [_fact(check) for check in checks]}
            AuditEntry.objects.create(
                merchant_id=outlet.merchant_id, user=user, action="menu.prices_confirmed", facts=facts
            )
            announce(outlet.merchant_id, "menu", catalog=catalog.pk)
    return len(new)


def _refuse_other(checks: Sequence[Check], typed: str, shown: str) -> None:
    if not checks or not all(check.confirm for check in checks):
        raise ConfirmationRefused("changed")
    if shown and shown != shown_digest(checks):
        raise ConfirmationRefused("changed")
    number = read_rupiah(typed)
    if number is None:
        raise ConfirmationRefused("unreadable")
    if number != asked_for(checks):
        of_one_price = len(checks) == 1 and checks[0].kind != CATALOG
        raise ConfirmationRefused("other_price" if of_one_price else "other_count")


def _confirmation(outlet: Outlet, check: Check, user: User | None) -> PriceConfirmation:
    return PriceConfirmation(
        outlet=outlet,
        kind=check.kind,
        item_id=check.pk if check.kind == ITEM else None,
        variant_id=check.pk if check.kind == VARIANT else None,
        code=check.code,
        value=check.key,
        last_price=check.last_price,
        confirmed_by=user,
    )


def _not_yet_given(outlet: Outlet, wanted: list[PriceConfirmation]) -> list[PriceConfirmation]:
    codes = {row.code for row in wanted}
    given = {_place(row) for row in PriceConfirmation.objects.filter(outlet=outlet, code__in=codes)}
    return [row for row in wanted if _place(row) not in given]


def _place(row: PriceConfirmation) -> tuple[object, ...]:
    return row.kind, row.row_pk, row.code, row.value, row.last_price


def _fact(check: Check) -> dict[str, object]:
    return {
        "kind": check.kind,
        "pk": check.pk,
        "name": check.name,
        "code": check.code,
        "value": check.asked,
        "last_price": check.last_price,
    }


def set_most_changed(catalog: Catalog, percent: int, user: User | None) -> None:
    """From now on it is asked when more of the catalog's prices than this change at once."""
    with transaction.atomic():
        before = lock_catalog(catalog.pk).most_changed_percent
        if before != percent:
            Catalog.objects.filter(pk=catalog.pk).update(most_changed_percent=percent)
            facts = {"catalog": catalog.name, "old": before, "new": percent}
            AuditEntry.objects.create(
                merchant_id=catalog.merchant_id, user=user, action="menu.most_changed_set", facts=facts
            )
            announce(catalog.merchant_id, "menu", catalog=catalog.pk)
