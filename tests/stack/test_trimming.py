"""Tabler's stylesheet as production serves it: what no page of ours can meet is left out, and nothing else."""

import pytest

from gobiz_admin.collecting import OURS, TABLER
from gobiz_admin.stack.config import ROOT
from gobiz_admin.trimming import trim, words_in

WORDS = {"btn", "card", "is-on", "tblr-ours"}


@pytest.mark.parametrize(
    ("sheet", "left"),
    [
        (".btn{color:red}", ".btn{color:red}"),
        (".other{color:red}", ""),
        (".btn,.other{color:red}", ".btn{color:red}"),
        (".btn .other{color:red}", ""),
        (".btn.is-on:hover > a{color:red}", ".btn.is-on:hover > a{color:red}"),
        # Not having a class, or having one of several, is something that ours can.
        (".btn:not(.other,.card){color:red}", ".btn:not(.other,.card){color:red}"),
        (":is(.btn,.other) .card{color:red}", ":is(.btn,.other) .card{color:red}"),
        ("pre,[data-x=a\\.b]{color:red}", "pre,[data-x=a\\.b]{color:red}"),
        (
            "@media (min-width:5px){.btn{color:red}.other{color:red}}",
            "@media (min-width:5px){.btn{color:red}}",
        ),
        ("@media print{.other{color:red}}", ""),
        (
            "@media print{@supports (gap:1px){.btn{gap:1px}}}",
            "@media print{@supports (gap:1px){.btn{gap:1px}}}",
        ),
        ("@keyframes turn{from{top:0}to{top:1px}}", "@keyframes turn{from{top:0}to{top:1px}}"),
        # A variable that only a variable read is read by nobody.
        (":root{--a:1px;--b:var(--a);--c:2px}.btn{top:var(--c)}", ":root{--c:2px}.btn{top:var(--c)}"),
        (":root{--tblr-ours:1px}", ":root{--tblr-ours:1px}"),
        (
            ":root{--a:1px}.btn{top:calc(1px + var( --a , 2px))}",
            ":root{--a:1px}.btn{top:calc(1px + var( --a , 2px))}",
        ),
        (
            '.btn{background:url("data:image/svg+xml;x,{}")}',
            '.btn{background:url("data:image/svg+xml;x,{}")}',
        ),
        (".btn{color:red!important}", ".btn{color:red!important}"),
    ],
)
def test_what_is_left(sheet: str, left: str):
    assert trim(sheet, WORDS).replace(" !", "!") == left
    assert trim(left, WORDS).replace(" !", "!") == left


@pytest.fixture(scope="module")
def tabler() -> str:
    return (ROOT / "node_modules/@tabler/core/dist/css" / TABLER.rpartition("/")[2]).read_text()


def test_of_tabler_a_fifth_at_most(tabler: str):
    left = trim(tabler, words_in(ROOT / name for name in OURS))
    assert len(left) < len(tabler) / 5
    for needed in (".btn-primary", ".form-control:focus", ".form-check-input:checked", ".visually-hidden"):
        assert needed in left
    assert ".offcanvas-header" not in left
