"""What a finding is, what a rule is, and what a rule looks at."""

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from django.utils.functional import Promise

from menus.confirmed import ConfirmedRow
from menus.models import ExternalId, PriceConfirmation
from menus.text import folded
from menus.tree import Tree

Kind = ExternalId.Kind
CATALOG, MENU, ITEM, CATEGORY, VARIANT = "catalog", "menu", Kind.ITEM, Kind.VARIANT_CATEGORY, Kind.VARIANT
MAPPED = (ITEM, CATEGORY, VARIANT)
ERROR, WARNING = "error", "warning"
Sentence = str | Promise


@dataclass(frozen=True)
class Check:
    """One finding. `severity`: error (blocks) or warning. `kind`: catalog, menu, item,
    variant_category, variant; `pk` and `name` of it; the `field` that it is about, "" for the whole."""

    code: str
    severity: str
    sentence: Sentence
    kind: str
    pk: int | None
    name: str
    field: str
    # The menu or the variant category that it stands in.
    where: str = ""
    # What stands in the field.
    value: Any = None
    # What mends it, a key of menus.fixes.FIXES; None where only the merchant can know.
    fix: str | None = None
    # A price guard: it blocks until somebody has typed `asked`; `key` is what is confirmed by it.
    confirm: bool = False
    asked: int = 0
    key: str = ""
    last_price: int | None = None
    confirmation: PriceConfirmation | None = None

    @property
    def blocks(self) -> bool:
        return self.severity == ERROR and self.confirmation is None


@dataclass
class Known:
    """What a rule about one row has to know of the others; `checks.catalog` fills it."""

    tree: Tree
    used_ids: Counter[tuple[str, str]] = field(default_factory=Counter)
    # (kind, pk of what it stands in, folded name) → how many.
    names: Counter[tuple[str, int, str]] = field(default_factory=Counter)
    # Variant category → what the cheapest choice that it allows adds to a price.
    cheapest: dict[int, int] = field(default_factory=dict)
    # Variant category → the price of the dearest item that uses it.
    dearest: dict[int, int] = field(default_factory=dict)
    # Menu → between which prices its items usually are; none for a menu of few items.
    usual: dict[int, tuple[float, float] | None] = field(default_factory=dict)


@dataclass
class Subject:
    """What a rule looks at: a row, its node in the tree, and what is known of the whole."""

    kind: str
    row: Any
    node: Any
    known: Known
    where: str = ""

    @cached_property
    def last(self) -> ConfirmedRow | None:
        """It, as GoFood was last proven to have it."""
        return self.known.tree.confirmed.row_of(self.kind, self.row)

    @cached_property
    def price(self) -> int:
        """The item's or variant's price at the outlet, without a timed one: that was looked at when it was planned."""
        return int(self.node.base_price)

    @property
    def effective_price(self) -> int:
        """What a customer pays."""
        return int(self.node.price)

    @cached_property
    def last_price(self) -> int | None:
        return self.last.price if self.last else None

    @property
    def same_price(self) -> bool:
        """Whether GoFood has this very price already."""
        return self.price == self.last_price

    @property
    def folded_name(self) -> tuple[str, int, str]:
        inside = self.row.menu_id if self.kind == ITEM else self.row.category_id
        return str(self.kind), inside, folded(self.row.name)


Broken = Callable[[Subject], bool]


@dataclass(frozen=True)
class Rule:
    """`broken` says whether a subject of one of `kinds` breaks it.

    `kept` says whether GoFood has it like this already: then it is only a warning, so that a menu that
    was read from GoFood can be sent back to it. `confirm`: a guard, see `Check.confirm`.
    """

    code: str
    severity: str
    field: str
    kinds: tuple[str, ...]
    sentence: Sentence
    broken: Broken
    fix: str | None = None
    kept: Broken | None = None
    confirm: bool = False


def subjects(known: Known) -> Iterator[Subject]:
    """What is sent from this outlet, in the order of the menu: what is hidden is not looked at."""
    tree = known.tree
    yield Subject(CATALOG, tree.catalog, tree, known)
    for menu in tree.menus:
        yield Subject(MENU, menu.menu, menu, known)
        for item in menu.items:
            if not item.hidden:
                yield Subject(ITEM, item.item, item, known, menu.menu.name)
    for category in tree.categories:
        yield Subject(CATEGORY, category.category, category, known)
        for variant in category.variants:
            if not variant.hidden:
                yield Subject(VARIANT, variant.variant, variant, known, category.category.name)
