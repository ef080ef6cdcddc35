"""A catalog as a sheet of menu items and one of variants: XLSX with both, or each as CSV."""

import io
import re
from collections.abc import Iterable
from typing import Any

import tablib
from django.utils.translation import gettext as _
from openpyxl.styles import Alignment, Font
from openpyxl.utils import get_column_letter
from openpyxl.workbook import Workbook
from openpyxl.worksheet.worksheet import Worksheet
from tablib.formats import registry

from menus.hours_text import hours_text
from menus.sheets.cells import FORMULA, QUOTED, as_cell, quoted, written_names, written_stock
from menus.sheets.columns import COLUMNS, ITEMS, TITLES, VARIANTS
from menus.sheets.library import Library, ingredient_names
from menus.tree import CategoryNode, ItemNode, Tree, VariantNode

Row = list[Any]
# Excel reads a CSV file as UTF-8 only with this in front.
BOM = "\ufeff"
TEXT = "@"
# As many digits of a number spreadsheets keep; a price with more came so from GoFood.
EXACT_DIGITS = 15
# XLSX writes characters that it cannot hold so; a text that looks like that is told apart.
LIKE_ESCAPED = re.compile("_(?=x[0-9A-Fa-f]{4}_)")


def as_xlsx(tree: Tree) -> bytes:
    """Both sheets, and one that says what the columns mean."""
    library = Library(tree, ())
    return _workbook({ITEMS: _items(library), VARIANTS: _variants(library)})


def as_csv(tree: Tree, kind: str) -> bytes:
    """One of the two sheets, with commas, in UTF-8."""
    library = Library(tree, ())
    rows = _items(library) if kind == ITEMS else _variants(library)
    dataset = _dataset(kind, [[_cell(value, quoted) for value in row] for row in rows])
    return (BOM + dataset.export("csv")).encode()


def template() -> bytes:
    """A workbook without rows."""
    return _workbook({ITEMS: [], VARIANTS: []})


def _cell(value: Any, quote: Any) -> Any:
    if isinstance(value, int) and abs(value) >= 10**EXACT_DIGITS:
        return quote(str(value))
    return quote(as_cell(value)) if isinstance(value, str) else value


def _items(library: Library) -> list[Row]:
    return [_item(library, menu.menu.name, node) for menu in library.tree.menus for node in menu.items]


def _item(library: Library, menu: str, node: ItemNode) -> Row:
    item = node.item
    return [
        item.external_id or "",
        menu,
        item.name,
        item.internal_name,
        item.description,
        item.price,
        written_stock(item.in_stock),
        library.picture_address(item),
        hours_text(item.operational_hours),
        library.labels_of(node.categories),
        written_names(ingredient_names(node)),
    ]


def _variants(library: Library) -> list[Row]:
    """A row per variant; a category without any has one of its own."""
    rows: list[Row] = []
    for node in library.tree.categories:
        variants = [_variant(variant) for variant in node.variants] or [[""] * 5]
        rows += [[*_category(node), *cells] for cells in variants]
    return rows


def _category(node: CategoryNode) -> Row:
    category = node.category
    return [
        category.name,
        category.external_id or "",
        category.internal_name,
        category.min_quantity,
        category.max_quantity,
    ]


def _variant(node: VariantNode) -> Row:
    variant = node.variant
    return [
        variant.external_id or "",
        variant.name,
        variant.price,
        written_stock(variant.in_stock),
        written_names(ingredient_names(node)),
    ]


def _dataset(kind: str, rows: Iterable[Row]) -> tablib.Dataset:
    headings = [str(column.heading) for column in COLUMNS[kind]]
    return tablib.Dataset(*rows, headers=headings, title=str(TITLES[kind]))


def _workbook(sheets: dict[str, list[Row]]) -> bytes:
    book = Workbook()
    book.remove(book.worksheets[0])
    for kind, rows in sheets.items():
        sheet = book.create_sheet(str(TITLES[kind]))
        dataset = _dataset(kind, [[_cell(value, _quoted_in_xlsx) for value in row] for row in rows])
        registry.get_format("xlsx").dset_sheet(dataset, sheet)
        _finish(sheet, kind)
    _explain(book.create_sheet(_("What the columns mean")))
    stream = io.BytesIO()
    book.save(stream)
    return stream.getvalue()


def _quoted_in_xlsx(text: str) -> str:
    """Here a text that begins like a formula is none: only what `unquoted` would take is quoted."""
    escaped = LIKE_ESCAPED.sub("_x005F_", text)
    return f"'{escaped}" if QUOTED.match(text) else escaped


def _finish(sheet: Worksheet, kind: str) -> None:
    """Columns as wide as what stands in them, and texts that no spreadsheet takes for a formula or number."""
    for place, column in enumerate(COLUMNS[kind], 1):
        letter = get_column_letter(place)
        sheet.column_dimensions[letter].width = column.width
        if column.field.endswith("external_id"):
            # Typed later on, 007 stays 007.
            sheet.column_dimensions[letter].number_format = TEXT
    for row in sheet.iter_rows():
        for cell in row:
            if isinstance(cell.value, str):
                cell.data_type = "s"
                if FORMULA.match(cell.value):
                    cell.quotePrefix = True


def _explain(sheet: Worksheet) -> None:
    """What the columns mean, in words: no headings stand here, so reading skips it."""
    for kind, columns in COLUMNS.items():
        sheet.append([str(TITLES[kind])])
        sheet.cell(sheet.max_row, 1).font = Font(bold=True)
        for column in columns:
            sheet.append([str(column.heading), str(column.meaning)])
            sheet.cell(sheet.max_row, 2).alignment = Alignment(wrap_text=True, vertical="top")
        sheet.append([])
    for sentence in (
        _("Rows that are not in the file stay as they are: importing never removes anything."),
        _("Columns may stand in any order, and those that you do not need may be left out."),
    ):
        sheet.append([sentence])
    sheet.column_dimensions["A"].width, sheet.column_dimensions["B"].width = 28, 90
