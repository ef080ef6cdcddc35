"""Any body as lines for a person: nothing raises, nothing is hidden, nothing is endless."""

from __future__ import annotations

import json
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from webhooks.reading_body import (
    HEX_BYTES,
    LONGEST_LINE,
    MOST_CHARACTERS,
    MOST_LINES,
    Line,
    read_body,
)

jsons = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters(codec=None)),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=20,
)


def texts(raw: bytes, *unread: str) -> list[str]:
    return [line.text for line in read_body(raw, unread).lines]


def test_indented():
    raw = b'{"header":{"version":1},"body":{"order":{"items":[{"price":"x"},{}],"pin":null,"none":[]}}}'
    body = read_body(raw, ["order.items.0.price"])
    assert (body.kind, body.cut) == ("json", False)
    assert [line.text for line in body.lines] == [
        "{",
        '  "header": {',
        '    "version": 1',
        "  },",
        '  "body": {',
        '    "order": {',
        '      "items": [',
        "        {",
        '          "price": "x"',
        "        },",
        "        {}",
        "      ],",
        '      "pin": null,',
        '      "none": []',
        "    }",
        "  }",
        "}",
    ]
    assert [line.text.strip() for line in body.lines if line.marked] == ['"price": "x"']


def test_a_whole_part_that_could_not_be_read():
    raw = b'{"header": {"order": 1}, "body": {"order": {"order_items": {"0": 1}}}}'
    marked = [line for line in read_body(raw, ["order.order_items", "order.gone"]).lines if line.marked]
    assert marked == [Line('      "order_items": {', True)]


def test_only_below_the_body():
    assert not any(line.marked for line in read_body(b'{"order": {"pin": 1}}', ["order.pin"]).lines)


@pytest.mark.parametrize(
    ("raw", "shown"),
    [
        (b"1.00", "1.00"),
        (b"1e400", "1e400"),
        (b"NaN", "NaN"),
        (b"-0", "-0"),
        (b"9" * 6000, "9" * LONGEST_LINE + "…"),
        (b"true", "true"),
        (b'""', '""'),
        (b"{}", "{}"),
        (b"[]", "[]"),
        (b'\xef\xbb\xbf"bom"', '"bom"'),
    ],
)
def test_as_it_was_written(raw, shown):
    assert texts(raw) == [shown]


def test_repeated_keys_stay():
    assert texts(b'{"a": 1, "a": 2}') == ["{", '  "a": 1,', '  "a": 2', "}"]


@pytest.mark.parametrize(
    ("raw", "shown"),
    [
        (b'"a\\u0000b"', '"a\\u0000b"'),
        (b'"\\ud800"', '"\\ud800"'),
        ('"\u202egnp.exe"'.encode(), '"\\u202egnp.exe"'),
        ('"\u2028"'.encode(), '"\\u2028"'),
        (b'"\\u0085\x7f"', '"\\u0085\\u007f"'),
        ('"é 日本 😀"'.encode(), '"é 日本 😀"'),
    ],
    ids=["NUL", "lone surrogate", "written backwards", "line separator", "controls", "ordinary"],
)
def test_what_would_not_be_seen_is_written_out(raw, shown):
    assert texts(raw) == [shown]


def test_no_json():
    body = read_body(b"<html>\x00\r\n<b>502</b>")
    assert (body.kind, [line.text for line in body.lines]) == ("text", ["<html>\\u0000\\u000d", "<b>502</b>"])


def test_no_text():
    body = read_body(b"\xff\xfeab<\x00")
    assert (body.kind, body.cut) == ("hex", False)
    assert body.lines[0].text.split("  ")[0] == "000000"
    assert "ff fe 61 62 3c 00" in body.lines[0].text
    assert body.lines[0].text.endswith("  ..ab<.")


def test_none():
    assert read_body(b"").kind == "gone"


@pytest.mark.parametrize(
    "raw",
    [
        b"[" + b"1," * 500_000 + b"1]",
        b'{"a":"' + b"x" * 1_000_000 + b'"}',
        b"[" * 500_000,
        b"[" * 900 + b"]" * 900,
        b"\n" * 1_000_000,
        b"\xff" * 1_000_000,
        json.dumps({str(number): "y" * 1900 for number in range(500)}).encode(),
    ],
    ids=["lines", "a long line", "never closed", "deep", "empty lines", "bytes", "characters"],
)
def test_large_ones_are_cut_quickly(raw):
    begun = time.process_time()
    body = read_body(raw, [f"order.{number}" for number in range(1000)])
    assert time.process_time() - begun < 3
    assert len(body.lines) <= max(MOST_LINES, HEX_BYTES // 16)
    assert sum(len(line.text) for line in body.lines) <= MOST_CHARACTERS + LONGEST_LINE + 1
    assert body.cut


@given(jsons)
def test_json_stays_the_same_json(value):
    raw = json.dumps(value).encode()
    body = read_body(raw)
    assert body.kind == "json"
    shown = "\n".join(line.text for line in body.lines)
    shown.encode()
    if not body.cut:
        assert repr(json.loads(shown)) == repr(value)


@given(st.binary())
def test_never_raises_and_can_always_be_sent(raw):
    for line in read_body(raw).lines:
        line.text.encode()


def test_a_broken_character_in_json_is_one_mark():
    body = read_body(b'{"notes": "pedas \xf0\x9f"}')
    assert (body.kind, body.lines[1].text) == ("json", '  "notes": "pedas \ufffd"')
