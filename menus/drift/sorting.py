"""What a live menu differs in from what was published, line by line: how it came about, and what it costs."""

import hashlib
import json
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

from menus.adopting.baseline import Baseline
from menus.adopting.comparing import live_values, row_of
from menus.adopting.plans import NEW, ORDER, Difference, OnlyHere, Plan
from menus.pictures import public_url
from menus.text import folded

# How it came about.
EDITED, NOT_TAKEN, NEWER = "edited", "not_taken", "newer"
KINDS = (EDITED, NOT_TAKEN, NEWER)
# Beside those of a Difference: GoFood does not have it any more.
GONE = "gone"
EXTERNAL_ID = "external_id"
# What somebody pays, what can be ordered, and whether the order reaches us.
URGENT = {"price", "in_stock", EXTERNAL_ID}
ABSENT = object()
# Kind of a change (menus/differences.py) → field of a Difference.
OF_CHANGE = {
    "renamed": "name",
    "repriced": "price",
    "described": "description",
    "pictured": "image_url",
    "switched": "in_stock",
}


@dataclass(frozen=True)
class Line:
    """`old`: what was published; `new`: what GoFood has; `ours`: what stands here, where that is a third.

    `key`: that of the Difference by which it can be taken over, "" where it cannot. `kind`: edited (in the
    GoBiz app), not_taken (GoFood still has what it had before our last publish), newer (our draft differs, too).
    """

    key: str
    kind: str
    of: str
    field: str
    name: str
    where: str = ""
    old: Any = None
    new: Any = None
    ours: Any = None
    pk: int | None = None
    urgent: bool = False
    # The same as long as GoFood has the same there.
    print: str = ""

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


def lines_of(
    plan: Plan, base: Baseline, before: Baseline, at_first: Collection[Mapping[str, Any]] = ()
) -> list[Line]:
    """The drift in a plan of the live menu; `before`: what GoFood had before `base`, the last version.

    `at_first`: what GoFood had otherwise when that version was read back (`Sync.differs`).
    What stands here as it is on GoFood is no drift: the next publish keeps it.
    """
    sorting = _Sorting(plan, base, before)
    found = [
        *sorting.changed(),
        *sorting.lost_ids(),
        *sorting.pictures(),
        *sorting.overlaid(),
        *sorting.gone(),
    ]
    refused = {_as_refused(change) for change in at_first}
    return [_finished(line, refused) for line in sorting.one_per_thing(found)]


def _as_refused(change: Mapping[str, Any]) -> tuple[str, str, str, str]:
    gone = change["kind"] in ("added", "removed")
    field = {"added": NEW, "removed": GONE}[change["kind"]] if gone else OF_CHANGE.get(change["kind"], "")
    return (
        change["of"],
        field,
        change["name"],
        json.dumps(None if gone else change["new"] or "", sort_keys=True),
    )


def _as_named(line: Line) -> tuple[str, str, str, str]:
    value = None if line.field in (NEW, GONE) else line.new or ""
    return line.of, line.field, line.name, json.dumps(value, sort_keys=True)


def _finished(line: Line, refused: set[tuple[str, str, str, str]]) -> Line:
    if line.kind == EDITED and _as_named(line) in refused:
        line = replace(line, kind=NOT_TAKEN)
    urgent = line.field in URGENT or (line.field in (NEW, GONE) and line.of in ("item", "variant"))
    told = json.dumps([line.of, line.name, line.where, line.field, line.new], sort_keys=True)
    return replace(line, urgent=urgent, print=hashlib.sha256(told.encode()).hexdigest()[:16])


class _Sorting:
    def __init__(self, plan: Plan, base: Baseline, before: Baseline) -> None:
        self.plan, self.base, self.before = plan, base, before
        tree = plan.tree
        nodes: dict[str, Sequence[Any]] = {
            "menu": tree.menus,
            "item": tree.items,
            "variant_category": tree.categories,
            "variant": tree.variants,
        }
        self.ours = {(kind, row_of(node).pk): row_of(node) for kind, of in nodes.items() for node in of}
        self.lives: dict[str, list[Any]] = {
            "menu": list(plan.live.menus),
            "item": list(plan.live.items),
            "variant_category": list(plan.live.categories),
            "variant": list(plan.live.variants),
        }

    def changed(self) -> Iterator[Line]:
        for one in self.plan.differences:
            if not one.by_us:
                was, earlier = self._value_in(self.base, one), self._value_in(self.before, one)
                kind = self._kind(one, was, earlier)
                old = None if was is ABSENT else was
                ours = one.old if kind == NEWER else None
                yield Line(
                    one.key, kind, one.kind, one.field, one.name, one.where, old, one.new, ours, one.pk
                )

    def _kind(self, one: Difference, was: Any, earlier: Any) -> str:
        if one.field == NEW:
            # We removed it with our last publish, and GoFood still has it.
            return NOT_TAKEN if earlier is not ABSENT else EDITED
        if one.field == ORDER:
            return EDITED
        if earlier is not ABSENT and earlier == one.new and earlier != was:
            return NOT_TAKEN
        return EDITED if one.old == was else NEWER

    def _value_in(self, version: Baseline, one: Difference) -> Any:
        """What it was in the version; ABSENT where the version does not have it."""
        if one.kind == "catalog":
            return [row.name for row in (version.menu.menus, version.menu.categories)[one.index]]
        row = version.row_of(one.kind, self.lives[one.kind][one.index])
        if row is None or one.field == NEW:
            return ABSENT if row is None else row.name
        if one.field in ("menu", "category"):
            return version.where[id(row)]
        if one.field == "categories":
            return [version.menu.categories[number].name for number in row.categories]
        if one.field == ORDER:
            return [inner.name for inner in (row.items if one.kind == "menu" else row.variants)]
        return live_values(one.kind, row).get(one.field, ABSENT)

    def lost_ids(self) -> Iterator[Line]:
        """Items and variants that lost their external_id on GoFood: orders for them do not reach us."""
        for kind, nodes in (("item", self.plan.found.items), ("variant", self.plan.found.variants)):
            for live, node in zip(self.lives[kind], nodes, strict=True):
                was = self.base.row_of(kind, live)
                if node is not None and was is not None and was.external_id and not live.external_id:
                    earlier = self.before.row_of(kind, live)
                    never = earlier is not None and not earlier.external_id
                    kind_of = NOT_TAKEN if never else EDITED
                    where = self.base.where.get(id(was), "")
                    yield Line(
                        "", kind_of, kind, EXTERNAL_ID, live.name, where, was.external_id, pk=row_of(node).pk
                    )

    def pictures(self) -> Iterator[Line]:
        """Another picture, or none: it is shown, and not taken over, as it is GoFood's copy."""
        for live, node in zip(self.lives["item"], self.plan.found.items, strict=True):
            was = self.base.row_of("item", live)
            if node is None or was is None or was.image_url == live.image_url:
                continue
            item = node.item
            ours = public_url(item.picture) if item.picture else item.image_url
            if ours == live.image_url:
                continue
            earlier = self.before.row_of("item", live)
            not_taken = earlier is not None and earlier.image_url == live.image_url
            kind = NOT_TAKEN if not_taken else EDITED if ours == was.image_url else NEWER
            third = ours if kind == NEWER else None
            where = self.base.where.get(id(was), "")
            urls = was.image_url, live.image_url, third
            yield Line("", kind, "item", "image_url", live.name, where, *urls, pk=item.pk)

    def overlaid(self) -> Iterator[Line]:
        """Another price than the timed one, and stock of what an ingredient takes off: neither is what the item
        has by itself, so it is shown, and not taken over."""
        for live, node in zip(self.lives["item"], self.plan.found.items, strict=True):
            if node is not None and node.timed is not None:
                yield from self._overlaid("item", "price", live, node)
        stocked: dict[str, list[Any]] = {"item": self.plan.found.items, "variant": self.plan.found.variants}
        for kind, nodes in stocked.items():
            for live, one in zip(self.lives[kind], nodes, strict=True):
                if one is not None and one.outs:
                    yield from self._overlaid(kind, "in_stock", live, one)

    def _overlaid(self, kind: str, field: str, live: Any, node: Any) -> Iterator[Line]:
        row = self.base.row_of(kind, live)
        was, new, ours = (getattr(one, field) if one else ABSENT for one in (row, live, node))
        if row is None or new in (was, ours):
            return
        before = self.before.row_of(kind, live)
        not_taken = before is not None and getattr(before, field) == new
        kind_of = NOT_TAKEN if not_taken and field == "price" else EDITED
        third = ours if ours != was else None
        where = self.base.where.get(id(row), "")
        yield Line("", kind_of, kind, field, live.name, where, was, new, third, row_of(node).pk)

    def gone(self) -> Iterator[Line]:
        for row in self.plan.only_here:
            if row.was_there:
                kind = EDITED if self._had_before(row) else NOT_TAKEN
                yield Line("", kind, row.kind, GONE, row.name, row.where, row.name, pk=row.pk)

    def _had_before(self, row: OnlyHere) -> bool:
        """Whether GoFood had it before our last publish, too; else that one did not bring it there."""
        return not self.before.known or self.before.row_of(row.kind, self.ours[row.kind, row.pk]) is not None

    def one_per_thing(self, lines: Iterable[Line]) -> Iterator[Line]:
        """What is there under the name of what is gone is the same thing under another external_id."""
        found = list(lines)
        there = {(one.kind, folded(one.name)): one for one in self.plan.differences if one.field == NEW}
        renumbered: dict[int, Difference] = {}
        for line in found:
            if line.field == GONE and line.of in ("item", "variant"):
                same = there.pop((line.of, folded(line.name)), None)
                if same is not None:
                    renumbered[id(line)] = same
        taken = {one.key for one in renumbered.values()}
        for line in found:
            if same := renumbered.get(id(line)):
                ours, live = self.ours[line.of, line.pk or 0], self.lives[line.of][same.index]
                yield replace(line, field=EXTERNAL_ID, old=ours.external_id, new=live.external_id)
            elif line.key not in taken or not line.key:
                yield line
