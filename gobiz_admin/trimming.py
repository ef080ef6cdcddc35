"""A package's stylesheet without the rules that no page of ours can meet."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from itertools import groupby, pairwise
from pathlib import Path
from typing import Any

import tinycss2

KINDS = {".html", ".js", ".css", ".py"}
WORD = re.compile(r"[A-Za-z][\w-]*")
NESTING = {"media", "supports", "layer", "container"}
DEFINED = re.compile(r"[{;](--[\w-]+):")
READ = re.compile(r"var\(\s*(--[\w-]+)")


def words_in(folders: Iterable[Path]) -> set[str]:
    """Every word of the templates, scripts, stylesheets and modules below: what a class of ours can be called.

    A class of the package's is written whole in them, not put together.
    """
    files = (file for folder in folders for file in folder.rglob("*") if file.suffix in KINDS)
    return {word for file in files for word in WORD.findall(file.read_text())}


def trim(sheet: str, words: set[str]) -> str:
    """The sheet without selectors that ask for a class outside `words`, and without variables that nobody reads."""
    kept, before = _text(sheet, words, unread=set()), ""
    # A variable may be read by another only, which goes first.
    while kept != before:
        unread = set(DEFINED.findall(kept)) - set(READ.findall(kept)) - {f"--{word}" for word in words}
        kept, before = _text(kept, words, unread), kept
    return kept


def _text(sheet: str, words: set[str], unread: set[str]) -> str:
    rules = tinycss2.parse_stylesheet(sheet, skip_comments=True, skip_whitespace=True)
    return "".join(_rules(rules, words, unread))


def _rules(rules: list[Any], words: set[str], unread: set[str]) -> Iterator[str]:
    for rule in rules:
        if rule.type == "qualified-rule":
            selectors = [one for one in _selectors(rule) if words.issuperset(_classes(one))]
            if selectors and (content := _content(rule, unread)):
                yield f"{','.join(tinycss2.serialize(one).strip() for one in selectors)}{{{content}}}"
        elif rule.type == "at-rule" and rule.at_keyword in NESTING and rule.content is not None:
            inner = tinycss2.parse_rule_list(rule.content, skip_comments=True, skip_whitespace=True)
            if within := "".join(_rules(inner, words, unread)):
                yield f"@{rule.at_keyword}{tinycss2.serialize(rule.prelude)}{{{within}}}"
        else:
            yield rule.serialize()


def _selectors(rule: Any) -> Iterator[list[Any]]:
    """The rule's selectors, parted at commas that stand in no bracket."""
    for is_comma, part in groupby(rule.prelude, lambda part: part == ","):
        if not is_comma:
            yield list(part)


def _classes(selector: list[Any]) -> set[str]:
    """The classes that it asks for; not those in brackets, such as `:not(.btn)`: it may apply without them."""
    return {name.value for dot, name in pairwise(selector) if dot == "." and name.type == "ident"}


def _content(rule: Any, unread: set[str]) -> str:
    nodes = tinycss2.parse_blocks_contents(rule.content, skip_comments=True, skip_whitespace=True)
    if any(node.type != "declaration" for node in nodes):
        return str(tinycss2.serialize(rule.content))
    return ";".join(node.serialize() for node in nodes if node.name not in unread)
