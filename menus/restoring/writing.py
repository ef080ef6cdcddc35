"""Writing what is taken back into the catalog: one change, which one undo takes back.

What was removed comes back with the pk and the external_id that it had.
"""

from typing import Any

from django.db import IntegrityError, connection, transaction

from gobiz_admin.merchants.models import User
from menus.adopting.plans import NEW
from menus.adopting.writing import Adoption
from menus.journal import Change, one_edit
from menus.ledger import give_to
from menus.locking import lock_outlet
from menus.models import CatalogVersion, ExternalId, OutletCatalog, Picture
from menus.overrides import Wanted, save_overrides
from menus.restoring.comparing import AT_OUTLET, Place, Restore, plan_of
from menus.restoring.ingredients import INGREDIENTS
from menus.restoring.reading import content_of
from menus.snapshots import MODELS, write_lists, write_rows

# What is not a value of the row itself, and is written after it.
BESIDE = {*AT_OUTLET, INGREDIENTS, "picture"}


class RestoreRefused(Exception):
    """Nothing was done. `code`: changed (the menu, since it was shown), id_taken; `names` of what is at fault."""

    def __init__(self, code: str, names: list[str] | None = None) -> None:
        super().__init__(code)
        self.code, self.names = code, names or []


def restore(
    version: CatalogVersion,
    kind: str,
    index: int,
    digest: str,
    user: User | None,
    everywhere: bool = False,
) -> int:
    """How many differences were taken back; RestoreRefused, and nothing is done, when it is not what was shown.

    `everywhere`: the prices become the catalog's. Else they are those of the version's outlet alone, and what
    comes back is hidden at the others.
    """
    outlet = version.outlet
    facts: dict[str, Any] = {"kind": kind, "version": version.number, "outlet": outlet.name}
    with transaction.atomic():
        lock_outlet(outlet)
        catalog_id = OutletCatalog.objects.values_list("catalog_id", flat=True).get(outlet=outlet)
        with one_edit(catalog_id, f"{kind}_restored", user, facts) as change:
            found = plan_of(version, change.catalog, kind, index)
            if found.taken:
                raise RestoreRefused("id_taken", found.taken)
            if found.digest != digest:
                raise RestoreRefused("changed")
            facts["name"] = found.name
            try:
                with transaction.atomic():
                    _Restoration(change, found, everywhere).write()
                    # Now, not at commit, where nobody would be told in words.
                    connection.check_constraints()
            except IntegrityError as error:
                raise RestoreRefused("id_taken", [found.name]) from error
    return len(found.differences)


class _Restoration:
    """One writing of what is taken back, within `change`, under whose lock it was compared."""

    def __init__(self, change: Change, found: Restore, everywhere: bool) -> None:
        self.change, self.found = change, found
        self.everywhere = everywhere or not found.others
        plan = found.plan
        plan.differences = found.differences
        keys = {one.key for one in found.differences if one.field not in BESIDE}
        self.adoption = _Adoption(change, plan, keys, _free(found.pks))

    def write(self) -> None:
        self.adoption.write()
        self._put_pictures()
        self._give_ingredients()
        self._set_prices()

    def _put_pictures(self) -> None:
        """A picture of ours that is still kept comes back; else its address."""
        lives = self.adoption.lives["item"]
        rows = {
            one.index: self.adoption.rows["item"][one.index]
            for one in self.found.differences
            if one.kind == "item" and one.field in ("picture", NEW)
        }
        sums = {content_of(lives[index].image_url): index for index in rows}
        merchant = self.change.catalog.merchant_id
        kept = {row.sha256: row for row in Picture.objects.filter(merchant=merchant, sha256__in=sums)}
        self.change.note("item", [row.pk for row in rows.values()], ["name", "picture_id", "image_url"])
        for index, row in rows.items():
            row.picture = kept.get(content_of(lives[index].image_url))
            row.image_url = "" if row.picture else lives[index].image_url
        write_rows(list(rows.values()), ["picture_id", "image_url"])

    def _give_ingredients(self) -> None:
        for kind in ("item", "variant"):
            had = {
                self.adoption.rows[kind][index].pk: pks
                for (of, index), pks in self.found.made_of.pks.items()
                if of == kind
            }
            write_lists(kind, {INGREDIENTS: had})

    def _set_prices(self) -> None:
        """At the outlet alone, or in the catalog, with nothing of the outlet's own any more."""
        pk, wanted = self.found.outlet.pk, dict[tuple[str, int], dict[int, dict[str, Any]]]()
        for one in self.found.differences:
            if one.pk is not None and one.field in AT_OUTLET:
                values = wanted.setdefault((one.kind, one.pk), {pk: {}})[pk]
                values[one.field] = None if one.field == "price" and self.everywhere else one.new
        if self.everywhere:
            for kind in ("item", "variant"):
                self._set_catalog_prices(kind)
        else:
            wanted.update(self._hidden_elsewhere())
        if wanted:
            save_overrides(self.change.catalog, wanted, self.change.user)

    def _set_catalog_prices(self, kind: str) -> None:
        new = {one.pk: one.new for one in self.found.differences if (one.kind, one.field) == (kind, "price")}
        rows = list(MODELS[kind].objects.filter(pk__in=new))
        self.change.note(kind, [row.pk for row in rows], ["name", "price"])
        for row in rows:
            row.price = new[row.pk]
        write_rows(rows, ["price"])

    def _hidden_elsewhere(self) -> Wanted:
        """What came back, at the outlets that did not ask for it; a new variant category is seen by no other item."""
        made = self.adoption.made
        new = {row.pk for _index, row in made["variant_category"]}
        rows = [("item", row.pk) for _index, row in made["item"]]
        rows += [("variant", row.pk) for _index, row in made["variant"] if row.category_id not in new]
        return {key: {outlet.pk: {"hidden": True} for outlet in self.found.others} for key in rows}


class _Adoption(Adoption):
    """As an import's, but that GoFood is not known to have what comes back."""

    def _keep_ids(self) -> None:
        for kind in ExternalId.Kind:
            give_to(
                self.catalog, kind, {row.external_id: row.pk for _, row in self.made[kind] if row.external_id}
            )


def _free(pks: dict[Place, int]) -> dict[Place, int]:
    """Those that no row of any catalog has."""
    used = {
        kind: set(
            MODELS[kind]
            .objects.filter(pk__in=[pk for (of, _), pk in pks.items() if of == kind])
            .values_list("pk", flat=True)
        )
        for kind in {kind for kind, _ in pks}
    }
    return {place: pk for place, pk in pks.items() if pk not in used[place[0]]}
