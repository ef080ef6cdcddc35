"""What mends a finding for certain: one, or all of a kind at once, as one change that can be taken back."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from django.db.models import Count
from django.utils.translation import gettext_lazy as _

from gobiz_admin.merchants.models import Outlet, User
from menus.checks.findings import Check, Kind, Sentence
from menus.checks.prices import rounded
from menus.editing import note_removal
from menus.hours import all_day
from menus.ids import fix_ids, unmapped_in
from menus.journal import Change, one_edit
from menus.models import Catalog, Menu, MenuItem, OutletOverride, VariantCategory
from menus.picture_fixes import fix_pictures
from menus.snapshots import MODELS, write_rows
from menus.tree import load_tree

MAY_BE_OVERRIDDEN = (Kind.ITEM, Kind.VARIANT)


@dataclass
class Job:
    """What is to be fixed: the pks by kind, of one catalog, as it is sold at `outlet`."""

    change: Change
    outlet: Outlet
    pks: dict[str, list[int]]

    def rows(self, kind: str, fields: Iterable[str]) -> list[Any]:
        """Those of a kind that are still there; what stands in these fields is kept for the undo."""
        pks = self.pks.get(kind, [])
        if not pks:
            return []
        self.change.note(kind, pks, {"name", *fields})
        return list(MODELS[kind].objects.filter(catalog=self.change.catalog, pk__in=pks))


@dataclass(frozen=True)
class Fix:
    """`apply` fixes what is still wrong and says how many; `words` on the button, `effect` beside it."""

    words: Sentence
    effect: Sentence
    apply: Callable[[Job], int]
    # Workers do it, one after the other: what is said is that it was begun.
    later: bool = False


def fix(outlet: Outlet, catalog: Catalog, checks: Iterable[Check], user: User | None) -> int:
    """How many of these findings, all of one kind, were fixed now: all that can be, as one change."""
    checks = list(checks)
    code = checks[0].fix if checks else None
    if code is None or any(check.fix != code for check in checks):
        return 0
    pks: dict[str, list[int]] = {}
    for check in checks:
        if check.pk is not None:
            pks.setdefault(check.kind, []).append(check.pk)
    facts: dict[str, Any] = {"fix": code, "count": 0}
    with one_edit(catalog.pk, "checks_fixed", user, facts) as change:
        facts["count"] = FIXES[code].apply(Job(change, outlet, pks))
    return int(facts["count"])


def _change(job: Job, kind: str, fields: set[str], edit: Callable[[Any], bool]) -> int:
    """How many rows `edit` changed."""
    changed = [row for row in job.rows(kind, fields) if edit(row)]
    write_rows(changed, fields)
    return len(changed)


def _accept_ids(job: Job) -> int:
    wanted = {(kind, pk) for kind, pks in job.pks.items() for pk in pks}
    unmapped = unmapped_in(load_tree(job.change.catalog))
    choices = {(row.kind, row.pk): row.proposal for row in unmapped if (row.kind, row.pk) in wanted}
    # Not kept for the undo: an id, once given, stays (menus/ids.py).
    return fix_ids(job.change.catalog, choices, job.change.user)


def _round_prices(job: Job) -> int:
    return sum(_round_prices_of(job, kind) for kind in MAY_BE_OVERRIDDEN)


def _round_prices_of(job: Job, kind: str) -> int:
    """Of what has a price of its own at the outlet, that one is what was found and is rounded."""
    rows = job.rows(kind, ["price", "overrides"])
    own = OutletOverride.objects.filter(outlet=job.outlet, price__isnull=False)
    overrides = {
        getattr(override, f"{kind}_id"): override
        for override in (own.filter(**{f"{kind}__in": [row.pk for row in rows]}) if rows else ())
    }
    changed = [row for row in rows if row.pk not in overrides and _round(row)]
    changed_here = [override for override in overrides.values() if _round(override)]
    write_rows(changed, ["price"])
    write_rows(changed_here, ["price"])
    return len(changed) + len(changed_here)


def _round(row: Any) -> bool:
    return _set(row, "price", rounded(row.price))


def _set(row: Any, name: str, value: Any) -> bool:
    if getattr(row, name) == value:
        return False
    setattr(row, name, value)
    return True


def _write_all_day(job: Job) -> int:
    def edit(item: MenuItem) -> bool:
        return item.operational_hours is None and _set(item, "operational_hours", all_day())

    return _change(job, Kind.ITEM, {"operational_hours"}, edit)


def _min_to_zero(job: Job) -> int:
    def edit(category: VariantCategory) -> bool:
        return category.min_quantity < 0 and _set(category, "min_quantity", 0)

    return _change(job, Kind.VARIANT_CATEGORY, {"min_quantity"}, edit)


def _max_to_variants(job: Job) -> int:
    counted = VariantCategory.objects.filter(pk__in=job.pks.get(Kind.VARIANT_CATEGORY, []))
    count_of = dict(counted.annotate(count=Count("variants")).values_list("pk", "count"))

    def edit(category: VariantCategory) -> bool:
        count = count_of[category.pk]
        fits = max(1, category.min_quantity) <= count < category.max_quantity
        return fits and _set(category, "max_quantity", count)

    return _change(job, Kind.VARIANT_CATEGORY, {"max_quantity"}, edit)


def _tidy_names(job: Job) -> int:
    return sum(
        _change(job, kind, {"name"}, lambda row: _set(row, "name", " ".join(row.name.split()) or row.name))
        for kind in MODELS
    )


def _mend_pictures(job: Job) -> int:
    return fix_pictures(job.change.catalog, job.pks.get(Kind.ITEM, []), job.change.user)


def _take_out_menus(job: Job) -> int:
    empty = Menu.objects.filter(
        catalog=job.change.catalog, pk__in=job.pks.get("menu", []), menu_items__isnull=True
    )
    return _take_out(job, "menu", list(empty.values_list("pk", flat=True)))


def _take_out_categories(job: Job) -> int:
    unused = VariantCategory.objects.filter(
        catalog=job.change.catalog, pk__in=job.pks.get(Kind.VARIANT_CATEGORY, []), item_links__isnull=True
    )
    return _take_out(job, Kind.VARIANT_CATEGORY, list(unused.values_list("pk", flat=True)))


def _take_out(job: Job, kind: str, pks: list[int]) -> int:
    note_removal(job.change, kind, pks)
    MODELS[kind].objects.filter(pk__in=pks).delete()
    return len(pks)


FIXES: dict[str, Fix] = {
    "accept_ids": Fix(
        _("Accept the proposed id"),
        _("Each gets an id made from its name. Once given, an id stays for ever."),
        _accept_ids,
    ),
    "round_prices": Fix(
        _("Round to Rp 100"),
        _("Each price becomes the nearest multiple of Rp 100."),
        _round_prices,
    ),
    "all_day": Fix(
        _("Write “all day”"),
        _("It stays sold all day, every day, and the hours say so."),
        _write_all_day,
    ),
    "min_to_zero": Fix(
        _("Set to 0"),
        _("Customers need not choose then."),
        _min_to_zero,
    ),
    "max_to_variants": Fix(
        _("Set to the number of variants"),
        _("Customers may then choose as many as there are, as they can today."),
        _max_to_variants,
    ),
    "tidy_names": Fix(
        _("Take the spaces out"),
        _("The words of the name stay as they are."),
        _tidy_names,
    ),
    "mend_pictures": Fix(
        _("Make a picture for GoFood of it"),
        _(
            "The picture is fetched and kept here as a square PNG of at most 1 MB. One undo takes all of them back."
        ),
        _mend_pictures,
        later=True,
    ),
    "take_out_menus": Fix(
        _("Take the empty menu out"),
        _("It goes from this list now, and from GoFood with the next publish. No item goes with it."),
        _take_out_menus,
    ),
    "take_out_categories": Fix(
        _("Take the variant category out"),
        _("It goes from this list now with its variants, and from GoFood with the next publish."),
        _take_out_categories,
    ),
}
