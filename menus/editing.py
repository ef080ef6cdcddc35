"""Changes to a catalog by a member: each in one transaction, counted, and in the audit trail."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

from django.db import transaction
from django.db.models import F, Max

from gobiz_admin.merchants.announcing import announce
from gobiz_admin.merchants.models import AuditEntry, User
from menus.ids import fix_ids, propose
from menus.locking import lock_catalog
from menus.models import (
    Catalog,
    ExternalId,
    ItemVariantCategory,
    Menu,
    MenuItem,
    Picture,
    Variant,
    VariantCategory,
)
from menus.text import LARGEST, clean

Thing = Menu | MenuItem | VariantCategory | Variant
Row = TypeVar("Row", Menu, MenuItem, VariantCategory, Variant)
Kind = ExternalId.Kind
Values = dict[str, Any]

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
            "operational_hours",
            "menu",
            "categories",
        }
    ),
    VariantCategory: frozenset({"name", "internal_name", "min_quantity", "max_quantity"}),
    Variant: frozenset({"name", "price", "in_stock"}),
}
TEXTS = {"name", "internal_name", "description"}
LARGEST_OF = {"price": LARGEST, "min_quantity": 2**31 - 1, "max_quantity": 2**31 - 1}
WORD = {Menu: "menu", MenuItem: "item", VariantCategory: "variant_category", Variant: "variant"}


class EditRefused(Exception):
    """`errors`: field → required, not_a_number, too_large, foreign (of another catalog or merchant)."""

    def __init__(self, errors: dict[str, str]) -> None:
        super().__init__(", ".join(f"{field}: {code}" for field, code in errors.items()))
        self.errors = errors


@contextmanager
def _edit(catalog_id: int, action: str, user: User | None, facts: Values) -> Iterator[Catalog]:
    """One change: the catalog is locked, and is counted and noted unless `facts` says that nothing changed."""
    with transaction.atomic():
        catalog = lock_catalog(catalog_id)
        yield catalog
        if facts.get("fields") == []:
            return
        Catalog.objects.filter(pk=catalog_id).update(revision=F("revision") + 1)
        AuditEntry.objects.create(
            merchant_id=catalog.merchant_id, user=user, action=f"menu.{action}", facts=facts
        )
        announce(catalog.merchant_id, "menu", catalog=catalog_id)


def save_item(item: MenuItem, values: Values, user: User | None) -> list[str]:
    """The names of the fields that changed.

    `values`: any of name, internal_name, description, price, in_stock, picture (Picture | None),
    operational_hours, menu (Menu), categories (list of VariantCategory, in order).
    """
    return _save(item, values, user)


def save_variant_category(category: VariantCategory, values: Values, user: User | None) -> list[str]:
    """As `save_item`: any of name, internal_name, min_quantity, max_quantity."""
    return _save(category, values, user)


def save_variant(variant: Variant, values: Values, user: User | None) -> list[str]:
    """As `save_item`: any of name, price, in_stock."""
    return _save(variant, values, user)


def save_menu(menu: Menu, values: Values, user: User | None) -> list[str]:
    """As `save_item`: name."""
    return _save(menu, values, user)


def set_stock(kind: str, obj: MenuItem | Variant, in_stock: bool, user: User | None) -> bool:
    """Whether it was the other way round; `kind` is "item" or "variant"."""
    if kind != WORD[type(obj)]:
        raise ValueError(f"{kind} is not a {WORD[type(obj)]}")
    return bool(_save(obj, {"in_stock": in_stock}, user))


def _save(row: Thing, values: Values, user: User | None) -> list[str]:
    facts: Values = {"kind": WORD[type(row)], "pk": row.pk, "name": row.name, "fields": [], "old": {}}
    with _edit(row.catalog_id, f"{WORD[type(row)]}_changed", user, facts) as catalog:
        row.refresh_from_db()
        values = _checked(catalog, type(row), values)
        categories = values.pop("categories", None)
        for field, value in values.items():
            old = getattr(row, field)
            if old != value:
                facts["old"][field] = old if isinstance(old, str | int | bool | None) else str(old)
                facts["fields"].append(field)
                setattr(row, field, value)
        if facts["fields"]:
            if "menu" in facts["fields"]:
                row.position = _next_position(MenuItem, menu=row.menu)  # type: ignore[union-attr]
                row.save(update_fields=[*facts["fields"], "position"])
            else:
                row.save(update_fields=facts["fields"])
        if categories is not None and isinstance(row, MenuItem) and _link(row, categories):
            facts["fields"].append("categories")
    return list(facts["fields"])


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
    with _edit(catalog_id, f"{WORD[model]}_added", user, facts) as catalog:
        values = _checked(catalog, model, {"name": "", **values})
        categories = values.pop("categories", [])
        position = _next_position(model, **(parent or {"catalog": catalog}))
        row = model.objects.create(**{"catalog": catalog, "position": position, **parent, **values})
        if isinstance(row, MenuItem):
            _link(row, categories)
        if not isinstance(row, Menu):
            _give_id(catalog, row, user)
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
    """Take it out of the catalog; its external_id is never given out again."""
    facts: Values = {"kind": WORD[type(thing)], "pk": thing.pk, "name": thing.name}
    with _edit(thing.catalog_id, f"{WORD[type(thing)]}_removed", user, facts):
        thing.delete()
