"""`python -m bench.sheet_rounds ROWS ROUNDS`: the rounds of the row `sheet`, in a process with Django set up."""

from __future__ import annotations

import csv
import io
import json
import sys
import time
from collections.abc import Callable
from typing import Any

import django

HEADINGS = (
    "external_id",
    "menu",
    "name",
    "internal name",
    "description",
    "price",
    "in stock",
    "picture",
    "hours",
    "variant categories",
)


def main(rows: int, rounds: int) -> None:
    """Print the seconds of each round as JSON."""
    django.setup()
    from django.utils import translation

    with translation.override("en"):
        measured = [
            {"name": "CSV, all new", "tablib": [], "stages": {}},
            {"name": "CSV, all changed", "tablib": [], "stages": {}},
            {"name": "XLSX, all changed", "tablib": [], "stages": {}},
        ]
        for _ in range(rounds):
            _round(rows, measured)
    print(json.dumps(measured))


def _round(rows: int, measured: list[dict[str, Any]]) -> None:
    from gobiz_admin.merchants.models import Merchant
    from menus.models import Catalog

    catalog = Catalog.objects.create(merchant=Merchant.objects.create(name="Bench"), name="Bench")
    files = [
        ("menu.csv", as_csv(sheet(rows, 0))),
        ("menu.csv", as_csv(sheet(rows, 500))),
        ("menu.xlsx", as_xlsx(sheet(rows, 1000))),
    ]
    for one, (name, content) in zip(measured, files, strict=True):
        one["tablib"].append(_seconds(lambda name=name, content=content: _tablib(name, content))[0])
        _import(catalog, name, content, rows, one["stages"])


def _import(catalog: Any, name: str, content: bytes, rows: int, stages: dict[str, list[float]]) -> None:
    from menus.sheets.uploads import apply_upload, dry_run, store_upload

    read, upload = _seconds(lambda: store_upload(catalog, [(name, content)], None))
    planned, plan = _seconds(lambda: dry_run(upload))
    applied, _plan = _seconds(lambda: apply_upload(upload, plan.digest, False, None))
    if len(plan.work) != rows:
        raise SystemExit(f"{len(plan.work)} of {rows} rows would be imported: {plan.counts}")
    for stage, seconds in (("read", read), ("plan", planned), ("apply", applied)):
        stages.setdefault(stage, []).append(seconds)


def _seconds(work: Callable[[], Any]) -> tuple[float, Any]:
    begun = time.perf_counter()
    found = work()
    return time.perf_counter() - begun, found


def _tablib(name: str, content: bytes) -> int:
    """What reading the file costs tablib: no limits, no headings, nothing compared."""
    import tablib

    if name.endswith(".xlsx"):
        return tablib.Dataset().load(content, format="xlsx").height
    return tablib.Dataset().load(content.decode(), format="csv").height


def sheet(rows: int, dearer: int) -> list[list[Any]]:
    """A menu of that many items as an export has it."""
    return [
        [
            f"item-{number}",
            f"Menu {number % 20}",
            f"Nasi goreng nomor {number}",
            "",
            "Dengan telur mata sapi, acar dan kerupuk, pedas sesuai permintaan",
            15000 + 100 * (number % 90) + dearer,
            "yes",
            f"https://pictures.example.com/{number}.png",
            "Mon-Fri 08:00-14:00; Sat,Sun 08:00-12:00+17:00-21:00",
            "",
        ]
        for number in range(rows)
    ]


def as_csv(rows: list[list[Any]]) -> bytes:
    stream = io.StringIO()
    csv.writer(stream).writerows([HEADINGS, *rows])
    return stream.getvalue().encode()


def as_xlsx(rows: list[list[Any]]) -> bytes:
    from openpyxl import Workbook

    book = Workbook(write_only=True)
    page = book.create_sheet("Menu items")
    for row in [list(HEADINGS), *rows]:
        page.append(row)
    stream = io.BytesIO()
    book.save(stream)
    return stream.getvalue()


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]))
