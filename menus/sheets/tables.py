"""Bytes that somebody chose as a file, as tables of text; a clear refusal for what is no table.

tablib writes our sheets and does not read them: it reads a file to its end before one can say that it
is too long, and refuses rows of different lengths without saying which. So these are read row by row,
with what tablib itself stands on: the csv module and openpyxl.
"""

import csv
import io
import re
import zipfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from openpyxl.reader.excel import load_workbook

from menus.sheets.columns import kind_of

LARGEST_FILE = 5 * 1024 * 1024
# What an XLSX file of that size may hold once it is unpacked; a bomb holds a thousand times as much.
LARGEST_UNPACKED = 24 * 1024 * 1024
MOST_PARTS = 500
# openpyxl takes about 5 µs for each tag of a cell and 20 µs for others, styles for example: so no file holds
# a request for more than a few seconds. A sheet of 5,000 rows and ten columns has 300,000.
MOST_TAGS, MOST_OTHER_TAGS = 800_000, 150_000
TAGS_OF_CELLS = (
    b"</",
    b"<row ",
    b"<row>",
    b"<c ",
    b"<c>",
    b"<v>",
    b"<is>",
    b"<t>",
    b"<t ",
    b"<f>",
    b"<f ",
    b"<si>",
)
MOST_COLUMNS = 64
# Of rows with something in them, in all sheets of an upload; and of all, the empty ones among them too.
MOST_ROWS = 5000
MOST_LINES = 20_000
SEPARATORS = (",", ";", "\t", "|")
# Headings stand in one of the first rows: above them people write a title.
HEADINGS_WITHIN = 10
UNPRINTABLE = re.compile("[\x01-\x08\x0b\x0c\x0e-\x1a\x1c-\x1f]")
ESCAPED = re.compile(r"_x005F_(?=x[0-9A-Fa-f]{4}_)|_x000D_", re.IGNORECASE)
ZIP, OLD_OFFICE = b"PK\x03\x04", b"\xd0\xcf\x11\xe0"
NO_TEXT = (
    b"%PDF",
    b"\x89PNG",
    b"\xff\xd8\xff",
    b"GIF8",
    b"RIFF",
    b"{\\rtf",
    b"\x1f\x8b",
    b"Rar!",
    b"7z\xbc\xaf",
)


class FileRefused(Exception):
    """`code`: see menus/sheets/sentences.py; `facts` go into the sentence."""

    def __init__(self, code: str, **facts: Any) -> None:
        super().__init__(code)
        self.code, self.facts = code, facts


@dataclass
class Table:
    """One sheet: its rows that are not empty, each with the number that a spreadsheet shows beside it."""

    title: str
    rows: list[tuple[int, list[str]]] = field(default_factory=list)
    # How the text was read, where that was a guess: "cp1252".
    guessed: str = ""


def read_tables(name: str, content: bytes) -> list[Table]:
    """The sheets of the file; FileRefused when it is not one that can be read."""
    if not content.strip(b"\x00 \r\n\t\xef\xbb\xbf"):
        raise FileRefused("empty")
    if len(content) > LARGEST_FILE:
        raise FileRefused("too_large")
    if content.startswith(ZIP):
        return _read_workbook(content)
    if content.startswith(OLD_OFFICE):
        raise FileRefused("old_office")
    if content.startswith(NO_TEXT):
        raise FileRefused("no_text")
    text, guessed = decoded(content)
    return [Table(name, _collected(_records(text)), guessed)]


def decoded(content: bytes) -> tuple[str, str]:
    """The text, and "cp1252" where that encoding was guessed."""
    encoding = _encoding_of(content)
    for tried in (encoding, "cp1252"):
        try:
            text = content.decode(tried)
        except UnicodeDecodeError:
            continue
        if tried == "cp1252" and len(UNPRINTABLE.findall(text[:4000])) > min(len(text), 4000) / 50:
            # Of a picture, too, most bytes are letters in that encoding.
            break
        if text.lstrip().startswith(("<", "{")):
            raise FileRefused("no_sheet")
        return text, tried if tried == "cp1252" else ""
    raise FileRefused("no_text")


def _encoding_of(content: bytes) -> str:
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        return "utf-16"
    start = content[:2000]
    if start[1::2].count(0) > len(start) / 4:
        return "utf-16-le"
    if start[0::2].count(0) > len(start) / 4:
        return "utf-16-be"
    return "utf-8-sig"


def _records(text: str) -> Iterator[list[str]]:
    separator, start = _separator(text)
    # A quotation mark that is never closed would swallow the rest of the file without a word.
    rows = csv.reader(io.StringIO(text[start:], newline=""), delimiter=separator, strict=True)
    number = 1
    try:
        for row in rows:
            yield row
            number += 1
    except csv.Error:
        raise FileRefused("quotation_mark", row=number) from None


def _separator(text: str) -> tuple[str, int]:
    """What stands between cells, and where the table begins: Excel writes `sep=;` on top of some files."""
    said = re.match(r"\s*sep=([,;\t|])\r?\n", text)
    if said:
        return said[1], said.end()
    start = text[:100_000]
    return max(SEPARATORS, key=lambda separator: _headings_known(start, separator)), 0


def _headings_known(text: str, separator: str) -> int:
    best = 0
    rows = csv.reader(io.StringIO(text, newline=""), delimiter=separator)
    try:
        for _number, row in zip(range(HEADINGS_WITHIN), rows, strict=False):
            best = max(best, kind_of(row, "")[1])
    except csv.Error:
        pass
    return best


def _collected(rows: Iterable[list[str]]) -> list[tuple[int, list[str]]]:
    found = []
    for number, row in enumerate(rows, 1):
        if any(cell.strip() for cell in row):
            found.append((number, row[:MOST_COLUMNS]))
        if len(found) > MOST_ROWS + HEADINGS_WITHIN or number > MOST_LINES:
            raise FileRefused("too_many_rows", most=MOST_ROWS)
    return found


def _read_workbook(content: bytes) -> list[Table]:
    _refuse_what_unpacks_to_too_much(content)
    try:
        book = load_workbook(io.BytesIO(content), read_only=True, data_only=True, keep_links=False)
        tables = []
        for sheet in book.worksheets:
            if sheet.sheet_state == "visible":
                # What the file says of its own size is often wrong, and may be a lie.
                sheet.reset_dimensions()
                rows = sheet.iter_rows(max_col=MOST_COLUMNS, values_only=True)
                tables.append(Table(sheet.title, _collected([_text(cell) for cell in row] for row in rows)))
        return tables
    except FileRefused:
        raise
    except Exception:  # noqa: BLE001 - openpyxl raises many kinds on broken files
        raise FileRefused("broken") from None


def _refuse_what_unpacks_to_too_much(content: bytes) -> None:
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            parts = archive.infolist()
            # No part can hold more than it says: zipfile stops reading there.
            if len(parts) > MOST_PARTS or sum(part.file_size for part in parts) > LARGEST_UNPACKED:
                raise FileRefused("unpacks_to_too_much")
            names = {part.filename for part in parts}
            if "[Content_Types].xml" not in names or not any(name.startswith("xl/") for name in names):
                raise FileRefused("no_sheet")
            _refuse_too_many_tags(archive.read(part) for part in parts)
    except FileRefused:
        raise
    except Exception:  # noqa: BLE001 - zipfile raises many kinds on broken files
        raise FileRefused("broken") from None


def _refuse_too_many_tags(parts: Iterable[bytes]) -> None:
    tags = others = 0
    for part in parts:
        found = part.count(b"<")
        tags += found
        others += found - sum(part.count(tag) for tag in TAGS_OF_CELLS)
        if tags > MOST_TAGS or others > MOST_OTHER_TAGS:
            raise FileRefused("unpacks_to_too_much")


def _text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, str):
        return ESCAPED.sub(lambda match: "_" if match[0][2:5] == "005" else "\r", value)
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value)
