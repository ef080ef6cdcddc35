"""What comes back was made of: no version says it, but the change that removed it does, as long as that is kept."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field

from menus.adopting.plans import NEW, Difference, Plan
from menus.models import Catalog, CatalogEdit, Ingredient
from menus.stock_effect import Key

INGREDIENTS = "ingredients"


@dataclass
class MadeOf:
    """Of what comes back: `pks` of the ingredients by kind and place in the version, the same as `differences`; the
    names of what it is not known of any more; and whether some ingredients were removed since."""

    pks: dict[tuple[str, int], list[int]] = field(default_factory=dict)
    differences: list[Difference] = field(default_factory=list)
    unknown: list[str] = field(default_factory=list)
    lost: bool = False


def made_of(plan: Plan, differences: Sequence[Difference], gone: dict[tuple[str, int], int]) -> MadeOf:
    """What each thing that `differences` bring back had; two queries, none when nothing comes back.

    `gone`: the pks that things had before they were removed.
    """
    found, back = MadeOf(), _coming_back(plan, differences)
    if not back:
        return found
    names = dict(Ingredient.objects.filter(catalog=plan.tree.catalog).values_list("pk", "name"))
    had = _had(
        plan.tree.catalog, {(kind, gone[kind, index]) for kind, index in back if (kind, index) in gone}
    )
    words = _words(plan)
    for kind, index in back:
        pks = had.get((kind, gone.get((kind, index), 0)))
        name, where = words[kind][index]
        if pks is None:
            # Where nobody uses ingredients, nobody misses them.
            found.unknown += [name] if names else []
            continue
        here = [pk for pk in pks if pk in names]
        found.lost = found.lost or len(here) < len(pks)
        if here:
            told = sorted(names[pk] for pk in here)
            found.pks[kind, index] = here
            found.differences.append(Difference(kind, index, INGREDIENTS, name, where, new=told))
    return found


def _coming_back(plan: Plan, differences: Sequence[Difference]) -> list[tuple[str, int]]:
    """The items and variants that are made again; variants come with their variant category, too."""
    new = {(one.kind, one.index) for one in differences if one.field == NEW}
    new |= {
        ("variant", index)
        for index, home in enumerate(plan.category_of_variant)
        if ("variant_category", home) in new and plan.found.variants[index] is None
    }
    return sorted(place for place in new if place[0] in ("item", "variant"))


def _had(catalog: Catalog, things: Collection[Key]) -> dict[Key, list[int]]:
    """The ingredients of what was removed, as they were when it was removed last."""
    found: dict[Key, list[int]] = {}
    removals = CatalogEdit.objects.filter(catalog=catalog, rows__contains=[{"after": None}])
    for rows in removals.order_by("-pk").values_list("rows", flat=True).iterator():
        for row in rows:
            key = row["kind"], row["pk"]
            if row["after"] is None and key in things:
                found.setdefault(key, row["before"].get(INGREDIENTS, []))
        if len(found) == len(things):
            break
    return found


def _words(plan: Plan) -> dict[str, list[tuple[str, str]]]:
    """By kind the name of each, and that of what it stands in."""
    live = plan.live
    menus, categories = list(live.menus), list(live.categories)
    return {
        "item": [(item.name, menus[of].name) for item, of in zip(live.items, plan.menu_of_item, strict=True)],
        "variant": [
            (one.name, categories[of].name)
            for one, of in zip(live.variants, plan.category_of_variant, strict=True)
        ],
    }
