"""Changes to a catalog by a member: each in one transaction, counted, and in the audit trail."""

from collections.abc import Iterable
from typing import Any, TypeVar

from django.db.models import Max

from gobiz_admin.merchants.gone import read_again
from gobiz_admin.merchants.models import User
from menus.ids import fix_ids, propose
from menus.ingredients import bear
from menus.journal import Change, one_edit
from menus.models import (
    Catalog,
    CatalogEdit,
    ExternalId,
    ItemVariantCategory,
    Menu,
    MenuItem,
    Picture,
    Variant,
    VariantCategory,
)
from menus.seen import digest, plain, value_of
from menus.text import LARGEST, clean

Thing = Menu | MenuItem | VariantCategory | Variant
Row = TypeVar("Row", Menu, MenuItem, VariantCategory, Variant)
Kind = ExternalId.Kind
Values = dict[str, Any]
# Field → digest of what was seen in it (menus/seen.py).
Shown = dict[str, str]

FIELDS: dict[type[Any], frozenset[str]] = {
    Menu: frozenset({"name"}),
    MenuItem: frozenset(
        {
            "name",
            "internal_name",
            "description",
            "price",
            "in_stock",
            "picture",
            "image_url",
            "operational_hours",
            "menu",
            "categories",
            "ingredients",
        }
    ),
    VariantCategory: frozenset({"name", "internal_name", "min_quantity", "max_quantity"}),
    Variant: frozenset({"name", "price", "in_stock", "ingredients"}),
}
TEXTS = {"name", "internal_name", "description", "image_url"}
LARGEST_OF = {"price": LARGEST, "min_quantity": 2**31 - 1, "max_quantity": 2**31 - 1}
# Where a field's name and its column's differ.
COLUMN = {"menu": "menu_id", "picture": "picture_id"}
WORD = {Menu: "menu", MenuItem: "item", VariantCategory: "variant_category", Variant: "variant"}


class EditRefused(Exception):
    """`errors`: field → required, not_a_number, too_large, foreign (of another catalog or merchant)."""

    def __init__(self, errors: dict[str, str]) -> None:
        super().__init__(", ".join(f"{field}: {code}" for field, code in errors.items()))
        self.errors = errors


class EditConflict(Exception):
    """Somebody else changed the same fields since they were shown: `fields` → what stands there now.

    `edit` is the change that did it, when it is still known.
    """

    def __init__(self, fields: Values, edit: CatalogEdit | None) -> None:
        super().__init__(", ".join(fields))
        self.fields, self.edit = fields, edit


def save_item(item: MenuItem, values: Values, user: User | None, shown: Shown | None = None) -> list[str]:
    """The names of the fields that changed; Gone when somebody else has removed it.

    `values`: any of name, internal_name, description, price, in_stock, picture (Picture | None),
    image_url, operational_hours, menu (Menu), categories (list of VariantCategory, in order), ingredients
    (names, as menus.ingredients.names_in gives them). `shown`: of some of them the digest of what was seen
    before (menus/seen.py); EditConflict, and nothing is saved, when another value stands there by now.
    """
    return _save(item, values, user, shown)


def save_variant_category(
    category: VariantCategory, values: Values, user: User | None, shown: Shown | None = None
) -> list[str]:
    """As `save_item`: any of name, internal_name, min_quantity, max_quantity."""
    return _save(category, values, user, shown)


def save_variant(
    variant: Variant, values: Values, user: User | None, shown: Shown | None = None
) -> list[str]:
    """As `save_item`: any of name, price, in_stock, ingredients."""
    return _save(variant, values, user, shown)


def save_menu(menu: Menu, values: Values, user: User | None, shown: Shown | None = None) -> list[str]:
    """As `save_item`: name."""
    return _save(menu, values, user, shown)


def set_stock(kind: str, obj: MenuItem | Variant, in_stock: bool, user: User | None) -> bool:
    """Whether it was the other way round; `kind` is "item" or "variant"."""
    if kind != WORD[type(obj)]:
        raise ValueError(f"{kind} is not a {WORD[type(obj)]}")
    return bool(_save(obj, {"in_stock": in_stock}, user))


def _save(row: Thing, values: Values, user: User | None, shown: Shown | None = None) -> list[str]:
    kind = WORD[type(row)]
    facts: Values = {"kind": kind, "pk": row.pk, "name": row.name, "fields": [], "old": {}}
    with one_edit(row.catalog_id, f"{kind}_changed", user, facts) as change:
        read_again(row)
        values = _checked(change.catalog, type(row), values)
        _refuse_unseen(row, values, shown or {})
        change.note(kind, [row.pk], _columns_of(values))
        categories, ingredients = values.pop("categories", None), values.pop("ingredients", None)
        _set(row, values, facts)
        if categories is not None and isinstance(row, MenuItem) and _link(row, categories):
            facts["fields"].append("categories")
        if ingredients is not None and bear(change, kind, {row.pk: ingredients}):
            facts["fields"].append("ingredients")
    return list(facts["fields"])


def _set(row: Thing, values: Values, facts: Values) -> None:
    for field, value in values.items():
        old = getattr(row, field)
        if old != value:
            facts["old"][field] = old if isinstance(old, str | int | bool | None) else str(old)
            facts["fields"].append(field)
            setattr(row, field, value)
    fields = list(facts["fields"])
    if "menu" in fields:
        row.position = _next_position(MenuItem, menu=row.menu)  # type: ignore[union-attr]
        fields.append("position")
    if fields:
        row.save(update_fields=fields)


def _columns_of(values: Values) -> set[str]:
    columns = {COLUMN.get(field, field) for field in values}
    return columns | {"position"} if "menu" in values else columns


def _refuse_unseen(row: Thing, values: Values, shown: Shown) -> None:
    """EditConflict when what stands there is neither what was shown nor what is to be saved."""
    differs = {}
    for field in values.keys() & shown.keys():
        now = value_of(row, field)
        if shown[field] != digest(now) and now != plain(values[field]):
            differs[field] = now
    if differs:
        raise EditConflict(differs, _last_change_of(row, differs))


def _last_change_of(row: Thing, fields: Iterable[str]) -> CatalogEdit | None:
    of_row = CatalogEdit.objects.filter(
        catalog=row.catalog_id, rows__contains=[{"kind": WORD[type(row)], "pk": row.pk}]
    )
    columns = {COLUMN.get(field, field) for field in fields}
    for edit in of_row.select_related("user").order_by("-pk")[:20]:
        changed = [changes for changes in edit.rows if changes["pk"] == row.pk]
        if any(columns & (changes["after"] or {}).keys() for changes in changed):
            return edit
    return None


def _checked(catalog: Catalog, model: type[Any], values: Values) -> Values:
    """The values as PostgreSQL takes them, all of this catalog; what checks would find is not refused."""
    unknown = values.keys() - FIELDS[model]
    if unknown:
        raise ValueError(f"not to be set: {', '.join(sorted(unknown))}")
    values = {field: clean(value) if field in TEXTS else value for field, value in values.items()}
    errors = {}
    if "name" in values and not values["name"]:
        errors["name"] = "required"
    for field in LARGEST_OF.keys() & values.keys():
        number = values[field]
        if not isinstance(number, int) or isinstance(number, bool):
            errors[field] = "not_a_number"
        elif abs(number) > LARGEST_OF[field]:
            errors[field] = "too_large"
    errors.update(_foreign(catalog, values))
    if errors:
        raise EditRefused(errors)
    return values


def _foreign(catalog: Catalog, values: Values) -> dict[str, str]:
    menu, picture = values.get("menu"), values.get("picture")
    errors = {}
    if isinstance(menu, Menu) and menu.catalog_id != catalog.pk:
        errors["menu"] = "foreign"
    if isinstance(picture, Picture) and picture.merchant_id != catalog.merchant_id:
        errors["picture"] = "foreign"
    if any(category.catalog_id != catalog.pk for category in values.get("categories") or ()):
        errors["categories"] = "foreign"
    return errors


def _link(item: MenuItem, categories: list[VariantCategory]) -> bool:
    """Whether the item's variant categories, or their order, changed."""
    wanted = list(dict.fromkeys(category.pk for category in categories))
    have = list(item.category_links.order_by("position", "pk").values_list("category_id", flat=True))
    if have == wanted:
        return False
    item.category_links.all().delete()
    ItemVariantCategory.objects.bulk_create(
        ItemVariantCategory(item=item, category_id=pk, position=position)
        for position, pk in enumerate(wanted)
    )
    return True


def add_menu(catalog: Catalog, values: Values, user: User | None) -> Menu:
    """The new menu, behind the others."""
    return _add(Menu, catalog.pk, values, user, {})


def add_item(menu: Menu, values: Values, user: User | None) -> MenuItem:
    """The new item, last in its menu, with the external_id that we propose."""
    return _add(MenuItem, menu.catalog_id, values, user, {"menu": menu})


def add_variant_category(catalog: Catalog, values: Values, user: User | None) -> VariantCategory:
    """The new variant category, behind the others, with the external_id that we propose."""
    return _add(VariantCategory, catalog.pk, values, user, {})


def add_variant(category: VariantCategory, values: Values, user: User | None) -> Variant:
    """The new variant, last in its category, with the external_id that we propose."""
    return _add(Variant, category.catalog_id, values, user, {"category": category})


def _add(model: type[Row], catalog_id: int, values: Values, user: User | None, parent: Values) -> Row:
    facts: Values = {"kind": WORD[model]}
    with one_edit(catalog_id, f"{WORD[model]}_added", user, facts) as change:
        catalog = change.catalog
        values = _checked(catalog, model, {"name": "", **values})
        categories, ingredients = values.pop("categories", []), values.pop("ingredients", [])
        position = _next_position(model, **(parent or {"catalog": catalog}))
        row = model.objects.create(**{"catalog": catalog, "position": position, **parent, **values})
        if isinstance(row, MenuItem):
            _link(row, categories)
        if not isinstance(row, Menu):
            _give_id(catalog, row, user)
        change.made(WORD[model], [row.pk])
        if ingredients:
            bear(change, WORD[model], {row.pk: ingredients})
        facts.update(pk=row.pk, name=row.name)
    return row


def _give_id(catalog: Catalog, row: MenuItem | VariantCategory | Variant, user: User | None) -> None:
    kind = WORD[type(row)]
    ledger = ExternalId.objects.filter(catalog=catalog, kind=kind).values_list("external_id", flat=True)
    fix_ids(catalog, {(kind, row.pk): propose(kind, row.name, {value.lower() for value in ledger})}, user)
    row.refresh_from_db(fields=["external_id"])


def _next_position(model: type[Any], **owner: Any) -> int:
    last = model.objects.filter(**owner).aggregate(last=Max("position"))["last"]
    return 0 if last is None else last + 1


def remove(thing: Thing, user: User | None) -> None:
    """Take it out of the catalog, with all that stands in it; no external_id is ever given out again."""
    facts: Values = {"kind": WORD[type(thing)], "pk": thing.pk, "name": thing.name}
    with one_edit(thing.catalog_id, f"{WORD[type(thing)]}_removed", user, facts) as change:
        note_removal(change, WORD[type(thing)], [thing.pk])
        thing.delete()


def note_removal(change: Change, kind: str, pks: list[int]) -> None:
    """Keep these rows and all that goes with them when they are removed."""
    change.note(kind, pks)
    if kind == "menu":
        change.note("item", list(MenuItem.objects.filter(menu__in=pks).values_list("pk", flat=True)))
    elif kind == "variant_category":
        change.note("variant", list(Variant.objects.filter(category__in=pks).values_list("pk", flat=True)))
        items = ItemVariantCategory.objects.filter(category__in=pks).values_list("item_id", flat=True)
        change.note("item", list(items), ["name", "categories"])
