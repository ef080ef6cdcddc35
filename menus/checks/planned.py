"""What the price guards would say of a price that is to hold for a while, beside the one that holds now."""

from dataclasses import dataclass

from menus.checks import prices
from menus.checks.findings import ITEM, Known, Rule, Subject
from menus.confirmed import ConfirmedRow
from menus.tree import ItemNode


@dataclass
class Planned(Subject):
    """An item with a price that it does not have yet."""

    planned: int = 0

    @property
    def last(self) -> ConfirmedRow:  # type: ignore[override]
        """It is compared with what it costs without it."""
        return ConfirmedRow(self.node.base_price)

    @property
    def price(self) -> int:  # type: ignore[override]
        return self.planned

    @property
    def effective_price(self) -> int:
        return self.planned


def planned_findings(known: Known, node: ItemNode, price: int) -> tuple[Rule | None, Rule | None]:
    """The error that forbids the price, and the gravest guard that asks whether it is meant."""
    subject = Planned(ITEM, node.item, node, known, planned=price)
    errors = (rule for rule in prices.RULES if ITEM in rule.kinds and rule.broken(subject))
    guards = (rule for rule in prices.GUARDS if ITEM in rule.kinds and rule.broken(subject))
    return next(errors, None), next(guards, None)
