"""Findings about a catalog before it is sent, from one table of rules (RULES).

`rules` are about how the menu is made, `prices` about its prices, with the guards that ask for a typed
confirmation; `catalog` goes through a whole tree, `typing` through one row as it would be.
"""

from menus.checks.catalog import (
    NEVER_IMPORTED,
    NEVER_IMPORTED_CHECK,
    RULES,
    all_findings,
    check_catalog,
    check_tree,
    errors_in,
    guards_in,
)
from menus.checks.findings import CATALOG, CATEGORY, ERROR, ITEM, MENU, VARIANT, WARNING, Check, Rule

__all__ = [
    "CATALOG",
    "CATEGORY",
    "ERROR",
    "ITEM",
    "MENU",
    "NEVER_IMPORTED",
    "NEVER_IMPORTED_CHECK",
    "RULES",
    "VARIANT",
    "WARNING",
    "Check",
    "Rule",
    "all_findings",
    "check_catalog",
    "check_tree",
    "errors_in",
    "guards_in",
]
