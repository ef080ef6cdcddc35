"""Where something is another stock after a change than before it: of itself, or of what it is made of."""

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass, field, replace
from typing import Any

from menus.models import IngredientLink, IngredientOut, OutletOverride
from menus.stock_effect import MODELS, Key, bearers_of, by_hand, effective, pks_of

Values = dict[str, Any]
Place = tuple[int, Key]


@dataclass(frozen=True)
class Facts:
    """What decides about stock: switched in the catalog, own at outlets, what it bears, where that is out."""

    base: dict[Key, bool] = field(default_factory=dict)
    own: dict[Key, dict[int, bool]] = field(default_factory=dict)
    bearing: dict[Key, list[int]] = field(default_factory=dict)
    out: dict[int, set[int]] = field(default_factory=dict)

    def at(self, key: Key, outlet: int) -> bool | None:
        """Whether it is in stock there; None: it is not in the catalog."""
        base = self.base.get(key)
        if base is None:
            return None
        outs = [pk for pk in self.bearing.get(key, ()) if outlet in self.out.get(pk, ())]
        return effective(by_hand(base, self.own.get(key, {}).get(outlet)), outs)


def differing(
    rows: Collection[Values], outlets: Callable[[], Collection[int]], restored: bool
) -> dict[Place, bool]:
    """Place → in stock now, where that is not what it was before, at `outlets`, which are only asked for then.

    `restored`: what is new in `rows` was there before, and nobody knows what GoFood was told meanwhile.
    """
    changed = {(row["kind"], row["pk"]): row for row in rows if _counts(row)}
    ingredients = {row["pk"]: row for row in rows if row["kind"] == "ingredient" and _outs_changed(row)}
    back = {
        (row["kind"], row["pk"]) for row in rows if restored and row["kind"] in MODELS and not row["before"]
    }
    keys = {*changed, *back, *(bearers_of(ingredients) if ingredients else ())}
    if not keys:
        return {}
    now = _now(keys, _borne_before(changed.values()))
    then = _before(now, changed, ingredients)
    wanted: dict[Place, bool] = {}
    places = outlets()
    for key in keys:
        for outlet in places:
            stands = now.at(key, outlet)
            if stands is not None and (key in back or stands != then.at(key, outlet)):
                wanted[outlet, key] = stands
    return wanted


def _counts(row: Values) -> bool:
    """Whether a row of an item or variant changed in what decides about its stock."""
    if row["kind"] not in MODELS or not row["before"] or not row["after"]:
        return False
    fields = row["after"].keys()
    return bool(fields & {"in_stock", "ingredients"}) or own_in(row["before"]) != own_in(row["after"])


def only_stock(rows: Iterable[Values]) -> bool:
    """Whether a change is of nothing but stock, which goes to GoFood by itself, and of what is never sent there."""
    return all(_only_stock(row) for row in rows)


def _only_stock(row: Values) -> bool:
    if row["kind"] == "ingredient":
        return True
    if row["kind"] not in MODELS or not row["before"] or not row["after"]:
        return False
    fields = row["after"].keys() - {"in_stock", "ingredients"}
    return not fields or (fields == {"overrides"} and _but_stock(row["before"]) == _but_stock(row["after"]))


def _but_stock(values: Values) -> dict[int, tuple[int | None, bool]]:
    """By outlet what is of its own besides stock."""
    own = {row["outlet_id"]: (row["price"], row["hidden"]) for row in values["overrides"]}
    return {outlet: value for outlet, value in own.items() if value != (None, False)}


def _outs_changed(row: Values) -> bool:
    return _out_in(row["before"]) != _out_in(row["after"])


def own_in(values: Values) -> dict[int, bool]:
    """By outlet what is of its own."""
    rows = values.get("overrides") or ()
    return {row["outlet_id"]: row["in_stock"] for row in rows if row["in_stock"] is not None}


def _out_in(values: Values | None) -> set[int]:
    return {row["outlet_id"] for row in (values or {}).get("outs") or ()}


def _borne_before(rows: Iterable[Values]) -> set[int]:
    return {pk for row in rows for pk in row["before"].get("ingredients") or ()}


def _now(keys: Collection[Key], ingredients: set[int]) -> Facts:
    """How it stands; at most eight queries."""
    facts = Facts(bearing=defaultdict(list), own=defaultdict(dict))
    for kind, model in MODELS.items():
        pks = pks_of(keys, kind)
        if not pks:
            continue
        rows = model.objects.filter(pk__in=pks).values_list("pk", "in_stock")
        facts.base.update({(kind, pk): in_stock for pk, in_stock in rows})
        overrides = OutletOverride.objects.filter(**{f"{kind}__in": pks}, in_stock__isnull=False)
        for pk, outlet, in_stock in overrides.values_list(f"{kind}_id", "outlet_id", "in_stock"):
            facts.own[kind, pk][outlet] = bool(in_stock)
        links = IngredientLink.objects.filter(**{f"{kind}__in": pks})
        for pk, ingredient in links.values_list(f"{kind}_id", "ingredient_id"):
            facts.bearing[kind, pk].append(ingredient)
    borne = ingredients.union(*facts.bearing.values())
    outs = IngredientOut.objects.filter(ingredient__in=borne) if borne else IngredientOut.objects.none()
    for ingredient, outlet in outs.values_list("ingredient_id", "outlet_id"):
        facts.out.setdefault(ingredient, set()).add(outlet)
    return facts


def _before(now: Facts, changed: dict[Key, Values], ingredients: dict[int, Values]) -> Facts:
    """The same with what the rows say that stood there before."""
    before = {key: row["before"] for key, row in changed.items()}
    return replace(
        now,
        base=now.base | {key: row["in_stock"] for key, row in before.items() if "in_stock" in row},
        own=now.own | {key: own_in(row) for key, row in before.items() if "overrides" in row},
        bearing=now.bearing
        | {key: row["ingredients"] for key, row in before.items() if "ingredients" in row},
        out=now.out | {pk: _out_in(row["before"]) for pk, row in ingredients.items()},
    )
