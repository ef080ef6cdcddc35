"""The rows of an upload: under known headings, in any order, and what was ignored."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from menus.sheets.cells import as_cell, unquoted
from menus.sheets.columns import fields_of, kind_of
from menus.sheets.tables import HEADINGS_WITHIN, MOST_ROWS, FileRefused, Table, read_tables
from menus.text import storable

# Without one of these no row can be told from another.
NEEDED = {"name", "external_id"}
Json = dict[str, Any]


@dataclass
class Sheet:
    """What one table lists, under which fields, and its rows: [number, cells]."""

    title: str
    kind: str
    fields: list[str]
    # Headings that say nothing to us: their cells are ignored.
    ignored: list[str] = field(default_factory=list)
    guessed: str = ""
    rows: list[tuple[int, list[str]]] = field(default_factory=list)


@dataclass
class Upload:
    """The sheets of what was uploaded, and the titles of those in which nothing was recognised."""

    sheets: list[Sheet]
    skipped: list[str] = field(default_factory=list)

    def to_json(self) -> Json:
        return {"sheets": [vars(sheet) for sheet in self.sheets], "skipped": self.skipped}

    @classmethod
    def from_json(cls, value: Json) -> "Upload":
        return cls([Sheet(**sheet) for sheet in value["sheets"]], value["skipped"])


def read_upload(files: Sequence[tuple[str, bytes]]) -> Upload:
    """All sheets of these files; FileRefused when none lists anything, or one cannot be read."""
    upload = Upload([])
    for name, content in files:
        try:
            tables = read_tables(name, content)
        except FileRefused as refused:
            refused.facts["file"] = name
            raise
        for table in tables:
            sheet = _sheet(table, name)
            if sheet:
                upload.sheets.append(sheet)
            else:
                upload.skipped.append(storable(table.title))
    _refuse_nothing_and_too_much(upload)
    return upload


def _refuse_nothing_and_too_much(upload: Upload) -> None:
    count = sum(len(sheet.rows) for sheet in upload.sheets)
    if not upload.sheets:
        raise FileRefused("no_headings")
    if not count:
        raise FileRefused("no_rows")
    if count > MOST_ROWS:
        raise FileRefused("too_many_rows", most=MOST_ROWS)


def _sheet(table: Table, file_name: str) -> Sheet | None:
    at = _headings_at(table)
    if at is None:
        return None
    headings = table.rows[at][1]
    kind, _known = kind_of(headings, f"{table.title} {file_name}")
    fields = fields_of(kind, headings)
    places = [place for place, name in enumerate(fields) if name]
    return Sheet(
        storable(table.title),
        kind,
        [name for name in fields if name],
        [
            storable(heading.strip())
            for heading, name in zip(headings, fields, strict=True)
            if not name and heading.strip()
        ],
        table.guessed,
        [
            (number, cells)
            for number, row in table.rows[at + 1 :]
            if any(cells := [as_cell(unquoted(row[place])) if place < len(row) else "" for place in places])
        ],
    )


def _headings_at(table: Table) -> int | None:
    """Which of the first rows holds the headings: the first with two that are known, one of them needed."""
    for at, (_number, row) in enumerate(table.rows[:HEADINGS_WITHIN]):
        kind, known = kind_of(row, table.title)
        if known >= 2 and NEEDED & {name for name in fields_of(kind, row) if name}:
            return at
    return None
