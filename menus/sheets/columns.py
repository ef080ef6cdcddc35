"""The columns of a sheet: how they are headed, by what headings they are known, and what they mean."""

from dataclasses import dataclass

from django.utils.translation import gettext_lazy as _

from menus.forms.fields import Words

ITEMS, VARIANTS = "items", "variants"


@dataclass(frozen=True)
class Column:
    """`names`: headings by which it is known, besides the one that we write, in either language."""

    field: str
    heading: Words
    names: str
    meaning: Words
    width: int = 16


_NAME_MEANING = _("What customers read in the GoFood app. At most 150 characters.")
_ID_MEANING = _(
    "By it GoFood names what was ordered, and we find the row again. Leave it as it is; leave "
    "it empty for something new."
)
_STOCK_MEANING = _("yes or no")
_INGREDIENTS = Column(
    "ingredients",
    _("Ingredients"),
    "ingredients, ingredient, bahan",
    _("What it is made of, with ; between: when one of them is out, it is off."),
    24,
)

COLUMNS: dict[str, tuple[Column, ...]] = {
    ITEMS: (
        Column("external_id", _("external_id"), "external_id, id, id eksternal, sku", _ID_MEANING, 24),
        Column("menu", _("Menu"), "menu, section, bagian", _("The heading below which it is listed."), 20),
        Column("name", _("Name"), "name, nama, item, nama item, item name", _NAME_MEANING, 32),
        Column(
            "internal_name",
            _("Internal name"),
            "internal name, nama internal",
            _("What your kitchen reads on an order."),
            24,
        ),
        Column(
            "description",
            _("Description"),
            "description, deskripsi, keterangan",
            _("At most 200 characters."),
            48,
        ),
        Column(
            "price",
            _("Price"),
            "price, harga, harga jual",
            _("Whole rupiah, for example 15000 or 15.000."),
            12,
        ),
        Column("in_stock", _("In stock"), "in stock, stock, stok, tersedia, ada stok", _STOCK_MEANING, 10),
        Column(
            "picture",
            _("Picture"),
            "picture, image, image url, gambar, foto, url gambar",
            _("Where the picture stands. Another address replaces the picture."),
            24,
        ),
        Column(
            "hours",
            _("Hours"),
            "hours, jam, jam operasional, jam jual, operational hours",
            _("For example Mon-Fri 08:00-14:00; Sat,Sun 08:00-12:00+17:00-21:00. Or: all day, closed."),
            28,
        ),
        Column(
            "categories",
            _("Variant categories"),
            "variant categories, variant category, categories, kategori varian, kategori",
            _("Names or ids of variant categories, with ; between them, in the order that customers see."),
            28,
        ),
        _INGREDIENTS,
    ),
    VARIANTS: (
        Column(
            "category",
            _("Variant category"),
            "variant category, variant categories, category, kategori varian, kategori",
            _("What customers read above the choices. The same in each row of its variants."),
            24,
        ),
        Column(
            "category_external_id",
            _("Category external_id"),
            "category external_id, category id, external_id kategori, id kategori",
            _ID_MEANING,
            24,
        ),
        Column(
            "category_internal_name",
            _("Category internal name"),
            "category internal name, nama internal kategori",
            _("What tells it from others of the same name."),
            24,
        ),
        Column(
            "min_quantity",
            _("Choose at least"),
            "choose at least, min, minimum, minimal, pilih minimal, min quantity",
            _("0: customers may choose nothing."),
            14,
        ),
        Column(
            "max_quantity",
            _("Choose at most"),
            "choose at most, max, maximum, maksimal, pilih maksimal, max quantity",
            _("The most that may be chosen."),
            14,
        ),
        Column("external_id", _("external_id"), "external_id, id, id eksternal, sku", _ID_MEANING, 24),
        Column(
            "name", _("Name"), "name, nama, variant, varian, nama varian, variant name", _NAME_MEANING, 28
        ),
        Column(
            "price",
            _("Price"),
            "price, harga, tambahan harga, harga tambahan",
            _("Added to the price of the item; a reduction begins with a minus."),
            12,
        ),
        Column("in_stock", _("In stock"), "in stock, stock, stok, tersedia, ada stok", _STOCK_MEANING, 10),
        _INGREDIENTS,
    ),
}
TITLES: dict[str, Words] = {ITEMS: _("Menu items"), VARIANTS: _("Variants")}


def plain(heading: str) -> str:
    """A heading as it is recognised: without case, underscores, stars and doubled spaces."""
    kept = "".join(" " if char in "_-*:()" else char for char in heading)
    return " ".join(kept.split()).casefold()


def _known() -> dict[str, dict[str, str]]:
    return {
        kind: {plain(name): column.field for column in columns for name in column.names.split(",")}
        for kind, columns in COLUMNS.items()
    }


KNOWN = _known()


def fields_of(kind: str, headings: list[str]) -> list[str | None]:
    """For each heading its field; None for one that is unknown, empty or there already."""
    found: list[str | None] = []
    for heading in headings:
        field = KNOWN[kind].get(plain(heading))
        found.append(None if field in found else field)
    return found


def kind_of(headings: list[str], title: str) -> tuple[str, int]:
    """What a sheet with these headings lists, and how many of them are known."""
    known = {kind: sum(field is not None for field in fields_of(kind, headings)) for kind in COLUMNS}
    if known[ITEMS] == known[VARIANTS]:
        kind = VARIANTS if "varia" in title.casefold() else ITEMS
    else:
        kind = max(known, key=lambda kind: known[kind])
    return kind, known[kind]


def heading_of(field: str) -> str:
    """How the column of this field is headed; of a category's own fields, too."""
    for columns in COLUMNS.values():
        for column in columns:
            if column.field == field:
                return str(column.heading)
    return field
