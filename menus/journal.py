"""One change of a catalog: locked, counted, in the audit trail, and kept so that it can be taken back."""

from collections.abc import Collection, Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from django.db import transaction
from django.db.models import F
from django.utils import timezone

from gobiz_admin.merchants.announcing import announce
from gobiz_admin.merchants.models import AuditEntry, User
from menus import stock_wishes
from menus.locking import lock_catalog
from menus.models import Catalog, CatalogEdit
from menus.snapshots import Values, fields_of, snapshot
from menus.stock_changes import only_stock

# What somebody goes on typing into one field is one change.
SAME_CHANGE_WITHIN = timedelta(seconds=60)
KEPT_FOR = timedelta(days=30)
Key = tuple[str, int]


@dataclass
class Change:
    """What is changed within one `one_edit`; `facts` go to the audit trail and into its sentence."""

    catalog: Catalog
    action: str
    user: User | None
    facts: Values
    takes_back: CatalogEdit | None = None
    _before: dict[Key, Values | None] = field(default_factory=dict)

    def note(self, kind: str, pks: Collection[int], fields: Collection[str] | None = None) -> None:
        """Keep what stands in these rows, or in these fields, before they are changed or removed."""
        wanted = set(fields_of(kind) if fields is None else fields)
        new = [pk for pk in pks if not self._knows((kind, pk), wanted)]
        for pk, values in snapshot(kind, new, wanted).items() if new else ():
            before = self._before.setdefault((kind, pk), {})
            if before is not None:
                self._before[kind, pk] = {**values, **before}

    def _knows(self, key: Key, fields: set[str]) -> bool:
        before = self._before.get(key, {})
        return before is None or fields <= before.keys()

    def made(self, kind: str, pks: Collection[int]) -> None:
        """These rows are new."""
        self._before.update({(kind, pk): None for pk in pks})

    def rows(self) -> list[Values]:
        """What differs now, row by row."""
        found = []
        for kind in dict.fromkeys(kind for kind, _ in self._before):
            before = {pk: values for (of, pk), values in self._before.items() if of == kind}
            now = snapshot(kind, before, _fields_in(kind, before.values()))
            for pk, values in before.items():
                row = _difference(values, now.get(pk))
                if row is not None:
                    found.append({"kind": kind, "pk": pk, **row})
        return found


def _fields_in(kind: str, rows: Iterable[Values | None]) -> set[str]:
    """The fields that have to be compared: all of them, where a row is new."""
    return {name for row in rows for name in (fields_of(kind) if row is None else row)}


def _difference(before: Values | None, after: Values | None) -> Values | None:
    if before is None or after is None:
        return None if before is after else {"before": before, "after": after}
    changed = [name for name in before if before[name] != after[name]]
    if not changed:
        return None
    return {
        "before": {name: before[name] for name in changed},
        "after": {name: after[name] for name in changed},
    }


_open: ContextVar[Change | None] = ContextVar("open_change", default=None)


@contextmanager
def one_edit(
    catalog_id: int,
    action: str,
    user: User | None,
    facts: Values | None = None,
    takes_back: CatalogEdit | None = None,
) -> Iterator[Change]:
    """All that is saved within is one change, all or nothing: one count, one line in the trail, one undo.

    Within another it joins that one. What it finds unchanged at its end leaves no trace.
    """
    outer = _open.get()
    if outer is not None:
        if outer.catalog.pk != catalog_id:
            raise RuntimeError("one change is of one catalog")
        yield outer
        return
    with transaction.atomic():
        change = Change(lock_catalog(catalog_id), action, user, {} if facts is None else facts, takes_back)
        token = _open.set(change)
        try:
            yield change
        finally:
            _open.reset(token)
        if rows := change.rows():
            _close(change, rows)
            stock_wishes.note_edit(change.catalog, rows, change.user, restores=bool(takes_back))


def _close(change: Change, rows: list[Values]) -> None:
    catalog = change.catalog
    if not only_stock(rows):
        # What goes to GoFood by itself does not wait for a publish.
        Catalog.objects.filter(pk=catalog.pk).update(revision=F("revision") + 1)
    AuditEntry.objects.create(
        merchant_id=catalog.merchant_id, user=change.user, action=f"menu.{change.action}", facts=change.facts
    )
    if not (_joins(change, rows) or _goes_on(change, rows)):
        CatalogEdit.objects.create(
            catalog=catalog,
            user=change.user,
            action=change.action,
            facts=change.facts,
            rows=rows,
            takes_back=change.takes_back,
        )
    announce(catalog.merchant_id, "menu", catalog=catalog.pk, things=_things(rows))


def _things(rows: list[Values]) -> list[str] | None:
    """Which rows an open page has to show anew; None: it had better show all of them anew."""
    # What bears an ingredient is shown otherwise where that is out, without being changed itself; else an
    # ingredient is seen in nothing but the rows that bear it.
    rows = [row for row in rows if row["kind"] != "ingredient" or _has_outs(row)]
    values_only = all(
        row["before"] and row["after"] and not row["after"].keys() & {"position", "menu_id", "outs"}
        for row in rows
    )
    return [f"{row['kind']}-{row['pk']}" for row in rows] if values_only and len(rows) <= 20 else None


def _has_outs(row: Values) -> bool:
    return any((row[when] or {}).get("outs") for when in ("before", "after"))


def edit_of_batch(catalog_id: int, batch: str) -> CatalogEdit | None:
    """The change that was begun as this batch, whether it stands or was taken back."""
    return CatalogEdit.objects.filter(catalog=catalog_id, facts__batch=batch, takes_back=None).first()


def _joins(change: Change, rows: list[Values]) -> bool:
    """Whether it was one more part of a change that workers make bit by bit."""
    batch = change.facts.get("batch")
    begun = edit_of_batch(change.catalog.pk, batch) if batch else None
    if begun is None or begun.undone:
        return False
    begun.rows = [*begun.rows, *rows]
    begun.save(update_fields=["rows"])
    return True


def _goes_on(change: Change, rows: list[Values]) -> bool:
    """Whether it was more of the catalog's last change, by the same hand in the same field."""
    last = CatalogEdit.objects.filter(catalog=change.catalog).order_by("-pk").first()
    if (
        last is None
        or last.undone
        or change.takes_back
        or last.takes_back_id
        or (last.user_id, last.action) != (change.user.pk if change.user else None, change.action)
        or last.at < timezone.now() - SAME_CHANGE_WITHIN
        or len(rows) != 1
        or _place(last.rows) != _place(rows)
        # An override at another outlet is another place of the same row.
        or last.facts.get("outlets") != change.facts.get("outlets")
    ):
        return False
    row = {**rows[0], "before": last.rows[0]["before"]}
    if row["before"] == row["after"]:
        last.delete()
    else:
        last.rows, last.at = [row], timezone.now()
        last.save(update_fields=["rows", "at"])
    return True


def _place(rows: list[Values]) -> Any:
    """The one row and its fields, where the change is one of values."""
    if len(rows) != 1 or rows[0]["before"] is None or rows[0]["after"] is None:
        return object()
    return rows[0]["kind"], rows[0]["pk"], sorted(rows[0]["after"])


def forget_old() -> int:
    """How many changes are too old to be taken back, and are gone now."""
    return CatalogEdit.objects.filter(at__lt=timezone.now() - KEPT_FOR).delete()[0]
