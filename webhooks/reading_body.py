"""A stored body as lines to be read by a person: JSON indented, with what could not be read marked.

What came is shown as it came: numbers keep their digits, repeated keys stay. What a browser would
not show, or would show in another order, is written as an escape.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import chain
from typing import Any

MOST_LINES = 2000
LONGEST_LINE = 2000
MOST_CHARACTERS = 200_000
HEX_BYTES = 2048
INDENT = "  "
# Controls, marks that turn the direction of writing, line ends that are none, lone surrogates.
INVISIBLE = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\xad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\ud800-\udfff]"
)


@dataclass(frozen=True)
class Line:
    text: str
    marked: bool = False


@dataclass
class Body:
    """`kind` is json, text, hex, or gone when the bytes are no longer kept."""

    kind: str
    lines: list[Line] = field(default_factory=list)
    # There is more than the lines show.
    cut: bool = False


class _Number(str):
    """A number, as it was written."""


class _Pairs(list[tuple[str, Any]]):
    """An object, with repeated keys."""


def read_body(raw: bytes, unread: Iterable[str] = ()) -> Body:
    """The bytes as lines; `unread` are paths below the notification's `body`. Never raises."""
    if not raw:
        return Body("gone")
    try:
        value = json.loads(
            # As envelope.py reads it.
            raw.decode("utf-8-sig", "replace"),
            parse_int=_Number,
            parse_float=_Number,
            parse_constant=_Number,
            object_pairs_hook=_Pairs,
        )
    except (ValueError, RecursionError):
        return _no_json(raw)
    return _limited("json", _json_lines(value, {f"body.{path}" for path in unread}))


def _no_json(raw: bytes) -> Body:
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        return Body("hex", [Line(line) for line in _hex(raw)], cut=len(raw) > HEX_BYTES)
    return _limited("text", (Line(visible(line)) for line in text.split("\n")))


def visible(text: str) -> str:
    """The text with an escape for each character that would not be seen, or would mislead."""
    return INVISIBLE.sub(lambda found: f"\\u{ord(found[0]):04x}", text)


def _limited(kind: str, lines: Iterable[Line]) -> Body:
    body, characters = Body(kind), 0
    for line in lines:
        if len(body.lines) >= MOST_LINES or characters > MOST_CHARACTERS:
            body.cut = True
            break
        text = line.text
        if len(text) > LONGEST_LINE:
            text, body.cut = text[:LONGEST_LINE] + "…", True
        body.lines.append(Line(text, line.marked))
        characters += len(text)
    return body


@dataclass(frozen=True)
class _Part:
    """A value with what stands around it; `path` from the outermost object, with dots."""

    value: Any
    path: str = ""
    indent: str = ""
    head: str = ""
    comma: str = ""


def _json_lines(root: Any, marked: set[str]) -> Iterator[Line]:
    """Line by line, on a stack of its own: a body may be nested as deep as Python can read it."""
    stack: list[Iterator[_Part | Line]] = [iter([_Part(root)])]
    while stack:
        part = next(stack[-1], None)
        if part is None:
            stack.pop()
            continue
        if isinstance(part, Line):
            yield part
            continue
        is_marked = part.path in marked
        if not part.value or not isinstance(part.value, list):
            yield Line(f"{part.indent}{part.head}{_scalar(part.value)}{part.comma}", is_marked)
            continue
        opening, closing = "{}" if isinstance(part.value, _Pairs) else "[]"
        yield Line(f"{part.indent}{part.head}{opening}", is_marked)
        stack.append(chain(_children(part), [Line(f"{part.indent}{closing}{part.comma}")]))


def _children(whole: _Part) -> Iterator[_Part]:
    """The parts of an object or a list."""
    is_object, count = isinstance(whole.value, _Pairs), len(whole.value)
    for number, child in enumerate(whole.value):
        key, value = child if is_object else (str(number), child)
        yield _Part(
            value,
            path=f"{whole.path}.{key}" if whole.path else key,
            indent=whole.indent + INDENT,
            head=f"{_quoted(key)}: " if is_object else "",
            comma="," if number < count - 1 else "",
        )


def _scalar(value: Any) -> str:
    if isinstance(value, _Number):
        return visible(str(value))
    if isinstance(value, str):
        return _quoted(value)
    return "{}" if isinstance(value, _Pairs) else json.dumps(value)


def _quoted(text: str) -> str:
    return visible(json.dumps(text, ensure_ascii=False))


def _hex(raw: bytes) -> Iterator[str]:
    for start in range(0, min(len(raw), HEX_BYTES), 16):
        part = raw[start : start + 16]
        shown = "".join(chr(byte) if 32 <= byte < 127 else "." for byte in part)
        yield f"{start:06x}  {part.hex(' '):<47}  {shown}"
