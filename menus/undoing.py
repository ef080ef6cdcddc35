"""Taking a change back, and taking that back again."""

from collections import defaultdict
from collections.abc import Iterable
from typing import Any

from django.db import IntegrityError, connection, transaction

from gobiz_admin.merchants.models import User
from menus.journal import Change, one_edit
from menus.models import Catalog, CatalogEdit, IngredientLink, ItemVariantCategory, MenuItem, Variant
from menus.snapshots import LISTS, MODELS, Values, snapshot, write_lists, write_rows

# What others may have set meanwhile without that what we take back is another thing now.
LOOSE = {"position", "external_id", "gobiz_id"}
PARENTS_FIRST = ("menu", "ingredient", "variant_category", "variant", "item")


class UndoRefused(Exception):
    """`code`: undone (it has been already), changed_since; `names` of what was changed since."""

    def __init__(self, code: str, names: Iterable[str] = ()) -> None:
        super().__init__(code)
        self.code, self.names = code, list(dict.fromkeys(names))


def last_edit(catalog: Catalog, user: User) -> CatalogEdit | None:
    """What "undo" takes back: the user's own newest change that still stands."""
    own = CatalogEdit.objects.filter(catalog=catalog, user=user, undone=False, takes_back=None)
    return own.order_by("-pk").first()


def undo(edit: CatalogEdit, user: User | None) -> None:
    """Put back what stood there before the change; UndoRefused, and nothing is done, where it cannot."""
    facts = {"action": edit.action, "of": edit.facts}
    with (
        transaction.atomic(),
        one_edit(edit.catalog_id, "change_taken_back", user, facts, takes_back=edit) as change,
    ):
        edit.refresh_from_db()
        if edit.undone:
            raise UndoRefused("undone")
        _refuse_what_changed(edit)
        for kind in PARENTS_FIRST:
            change.note(kind, [row["pk"] for row in edit.rows if row["kind"] == kind and row["after"]])
        try:
            with transaction.atomic():
                _put_back(edit.rows, change)
                # Now, not at commit, where nobody would be told in words.
                connection.check_constraints()
        except IntegrityError as error:
            # Something that it needs is gone, or an id of it is another's now.
            raise UndoRefused("changed_since", _names(edit.rows)) from error
        _mark(edit)


def _mark(edit: CatalogEdit) -> None:
    CatalogEdit.objects.filter(pk=edit.pk).update(undone=True)
    if edit.takes_back_id:
        # What was taken back stands again.
        CatalogEdit.objects.filter(pk=edit.takes_back_id).update(undone=False)


def _names(rows: list[Values]) -> list[str]:
    return [(row["before"] or row["after"]).get("name", "") for row in rows]


def _refuse_what_changed(edit: CatalogEdit) -> None:
    """UndoRefused when a row is not as the change left it, or has got others that need it."""
    changed = []
    for kind in PARENTS_FIRST:
        rows = {row["pk"]: row for row in edit.rows if row["kind"] == kind}
        now = snapshot(kind, rows)
        for pk, row in rows.items():
            if not _as_left(row["after"], now.get(pk)):
                changed.append((now.get(pk) or row["after"] or row["before"]).get("name", ""))
    changed += _with_new_parts(edit.rows)
    if changed:
        raise UndoRefused("changed_since", changed)


def _as_left(after: Values | None, now: Values | None) -> bool:
    if after is None or now is None:
        return after is now
    return all(now[name] == value for name, value in after.items() if name not in LOOSE)


def _with_new_parts(rows: list[Values]) -> list[str]:
    """The names of what would take others with it that the change did not make, move or link itself."""
    made = {kind: [row["pk"] for row in rows if row["kind"] == kind and not row["before"]] for kind in MODELS}
    items = [row for row in rows if row["kind"] == "item"]
    moved = [row["pk"] for row in items if not row["before"] or "menu_id" in row["before"]]
    linked = [row["pk"] for row in items if not row["before"] or "categories" in row["before"]]
    menus = MenuItem.objects.filter(menu__in=made["menu"]).exclude(pk__in=moved)
    variants = Variant.objects.filter(category__in=made["variant_category"]).exclude(pk__in=made["variant"])
    used = ItemVariantCategory.objects.filter(category__in=made["variant_category"]).exclude(item__in=linked)
    return [
        *_borne_since(rows, made["ingredient"]),
        *(menus.values_list("menu__name", flat=True) if made["menu"] else ()),
        *(variants.values_list("category__name", flat=True) if made["variant_category"] else ()),
        *(used.values_list("category__name", flat=True) if made["variant_category"] else ()),
    ]


def _borne_since(rows: list[Values], made: list[int]) -> list[str]:
    """The names of the ingredients that more has got since than the change gave them to."""
    if not made:
        return []
    given = {(row["kind"], row["pk"]) for row in rows if not row["before"] or "ingredients" in row["before"]}
    links = IngredientLink.objects.filter(ingredient__in=made).select_related("ingredient")
    return [link.ingredient.name for link in links if link.key not in given]


def _put_back(rows: list[Values], change: Change) -> None:
    by_kind = {kind: [row for row in rows if row["kind"] == kind] for kind in PARENTS_FIRST}
    for kind in PARENTS_FIRST:
        gone = [row for row in by_kind[kind] if row["after"] is None]
        _create(kind, gone, change)
        _update(kind, [row for row in by_kind[kind] if row["before"] and row["after"]])
    for kind in LISTS:
        lists: dict[str, dict[int, Any]] = defaultdict(dict)
        for row in by_kind[kind]:
            for name in LISTS[kind]:
                if row["before"] and name in row["before"]:
                    lists[name][row["pk"]] = row["before"][name]
        write_lists(kind, lists)
    # Last: what stood in it before, or was moved into it, stands where it was by now.
    for kind in reversed(PARENTS_FIRST):
        made = [row["pk"] for row in by_kind[kind] if row["before"] is None]
        if made:
            MODELS[kind].objects.filter(pk__in=made).delete()


def _columns(kind: str, values: Values) -> Values:
    return {name: value for name, value in values.items() if name not in LISTS.get(kind, ())}


def _create(kind: str, rows: list[Values], change: Change) -> None:
    """The rows that the change removed, with the pks that they had: what pointed to them does so again."""
    model = MODELS[kind]
    model.objects.bulk_create(
        model(pk=row["pk"], catalog=change.catalog, **_columns(kind, row["before"])) for row in rows
    )
    change.made(kind, [row["pk"] for row in rows])


def _update(kind: str, rows: list[Values]) -> None:
    wanted = {row["pk"]: columns for row in rows if (columns := _columns(kind, row["before"]))}
    found = list(MODELS[kind].objects.filter(pk__in=wanted))
    for thing in found:
        for name, value in wanted[thing.pk].items():
            setattr(thing, name, value)
    write_rows(found, {name for values in wanted.values() for name in values})
