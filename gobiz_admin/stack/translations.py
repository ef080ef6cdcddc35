"""Texts and their translations: collected from the sources, compiled, and checked for gaps.

    python -m gobiz_admin.stack.translations update     collect new texts into the .po files
    python -m gobiz_admin.stack.translations compile    make the .mo files that Django reads
    python -m gobiz_admin.stack.translations missing    list the texts without Indonesian translation

Babel does it, because GNU gettext is not on every machine.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Iterator
from io import BytesIO
from pathlib import Path

from gobiz_admin.stack.config import ROOT

LOCALE = ROOT / "gobiz_admin" / "locale"
LANGUAGE = "id"
# The sandbox speaks English, as GoBiz's own portal does.
UNTRANSLATED = {"migrations", "sandbox", "stack"}
SOURCES = ("gobiz_admin", "webhooks", "menus", "orders", "templates")
KEYWORDS: dict[str, tuple[object, ...] | None] = {
    "_": None,
    "gettext": None,
    "gettext_lazy": None,
    "gettext_noop": None,
    "ngettext": (1, 2),
    "ngettext_lazy": (1, 2),
    "pgettext": ((1, "c"), 2),
    "pgettext_lazy": ((1, "c"), 2),
    "npgettext": ((1, "c"), 2, 3),
    "npgettext_lazy": ((1, "c"), 2, 3),
}
COMMENT = "Translators:"


def po_files(locale: Path = LOCALE) -> list[Path]:
    return sorted(locale.glob("*/LC_MESSAGES/*.po"))


def compile_all(locale: Path = LOCALE) -> list[Path]:
    """Compile what has no .mo or an older one; fuzzy translations are guesses, and are left out."""
    stale = [path for path in po_files(locale) if is_stale(path)]
    for path in stale:
        compile_one(path)
    return stale


def is_stale(path: Path) -> bool:
    compiled = path.with_suffix(".mo")
    return not compiled.exists() or compiled.stat().st_mtime_ns <= path.stat().st_mtime_ns


def compile_one(path: Path) -> None:
    from babel.messages.mofile import write_mo
    from babel.messages.pofile import read_po

    with path.open("rb") as stream:
        catalog = read_po(stream, locale=path.parts[-3], abort_invalid=True)
    compiled = BytesIO()
    write_mo(compiled, catalog, use_fuzzy=False)
    # Renamed into place: two starts, or a test beside a start, never read half a file.
    unfinished = path.with_suffix(f".mo.{os.getpid()}")
    unfinished.write_bytes(compiled.getvalue())
    unfinished.replace(path.with_suffix(".mo"))


def source_files(root: Path) -> Iterator[Path]:
    for name in SOURCES:
        for path in sorted((root / name).rglob("*")):
            if path.suffix in {".py", ".html", ".txt"} and not UNTRANSLATED & set(path.parts):
                yield path


def template_as_python(text: str, name: str) -> bytes:
    """The template turned into calls of gettext, by Django's own rules (blocktranslate trimmed included)."""
    from django.conf import settings
    from django.utils.translation.template import templatize

    if not settings.configured:
        settings.configure()
    # Markup is indented as it likes; Python is not.
    return "\n".join(line.strip() for line in templatize(text, origin=name).splitlines()).encode()


def texts_in(path: Path, name: str) -> Iterator[tuple[object, list[str], str | None]]:
    """The texts of one file as (text or (text, plural), comments, context)."""
    from babel.messages.extract import extract

    content = path.read_bytes() if path.suffix == ".py" else template_as_python(path.read_text(), name)
    options = {"encoding": "utf-8"}
    for _, text, comments, context in extract("python", BytesIO(content), KEYWORDS, [COMMENT], options):  # type: ignore[arg-type]
        yield text, comments, context


def collect(root: Path = ROOT):  # type: ignore[no-untyped-def]
    """A catalog of every text in the sources. Files are named, lines are not: they change with every edit."""
    from babel.messages.catalog import Catalog

    catalog = Catalog(domain="django", fuzzy=False)
    for path in source_files(root):
        name = path.relative_to(root).as_posix()
        for text, comments, context in texts_in(path, name):
            catalog.add(text, locations=[(name, None)], auto_comments=comments, context=context)  # type: ignore
    return catalog


def existing(path: Path):  # type: ignore[no-untyped-def]
    """The catalog in that file, or a new one in its language."""
    from babel.messages.catalog import Catalog
    from babel.messages.pofile import read_po

    if not path.exists():
        return Catalog(locale=path.parts[-3], domain="django", fuzzy=False)
    with path.open("rb") as stream:
        return read_po(stream, locale=path.parts[-3], domain="django")


def update(root: Path = ROOT, languages: Iterable[str] = (LANGUAGE,)) -> list[Path]:
    """Bring the .po files up to date: translations are kept, texts that are gone are dropped."""
    template = collect(root)
    written = []
    for language in languages:
        path = root / "gobiz_admin" / "locale" / language / "LC_MESSAGES" / "django.po"
        catalog = existing(path)
        # No guessing of similar texts: a wrong guess reads like a translation.
        catalog.update(template, no_fuzzy_matching=True, update_header_comment=False)
        path.parent.mkdir(parents=True, exist_ok=True)
        write_if_changed(path, serialized(catalog))
        written.append(path)
    return written


def serialized(catalog) -> bytes:  # type: ignore[no-untyped-def]
    """The file's text. Its header has no dates or names, which would differ without a change of texts."""
    from babel.messages.pofile import write_po

    catalog.header_comment = (
        "# Texts of GoBiz Merchant Admin. `make messages` collects them; translate them here."
    )
    stream = BytesIO()
    write_po(
        stream,
        catalog,
        omit_header=False,
        sort_by_file=True,
        include_lineno=False,
        ignore_obsolete=True,
        width=100,
    )
    changing = (
        "POT-Creation-Date",
        "PO-Revision-Date",
        "Last-Translator",
        "Generated-By",
        "Language-Team",
        "Report-Msgid",
    )
    lines = stream.getvalue().decode().splitlines(keepends=True)
    dropped = tuple(f'"{name}' for name in (*changing, "Project-Id-Version"))
    return "".join(line for line in lines if not line.startswith(dropped)).encode()


def write_if_changed(path: Path, content: bytes) -> None:
    if not path.exists() or path.read_bytes() != content:
        path.write_bytes(content)


def missing(root: Path = ROOT, language: str = LANGUAGE) -> list[str]:
    """The texts in the sources that have no finished translation, in the order of the sources."""
    catalog = existing(root / "gobiz_admin" / "locale" / language / "LC_MESSAGES" / "django.po")
    gaps = []
    for message in collect(root):
        if message.id:
            known = catalog.get(message.id, context=message.context)
            if known is None or known.fuzzy or not is_translated(known.string):
                gaps.append(message.id if isinstance(message.id, str) else message.id[0])
    return gaps


def is_translated(string: object) -> bool:
    return all(string) if isinstance(string, (tuple, list)) else bool(string)


def main(arguments: list[str]) -> int:
    if arguments == ["update"]:
        for path in update():
            print(f"Updated {path.relative_to(ROOT)}; {len(missing())} texts without Indonesian translation.")
        compile_all()
    elif arguments == ["compile"]:
        compile_all()
    elif arguments == ["missing"]:
        print("\n".join(missing()))
    else:
        print("translations takes one of: update, compile, missing.", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
