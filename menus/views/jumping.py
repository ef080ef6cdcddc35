"""From a finding to the very field where it is put right."""

from typing import Any

from django.urls import reverse

from gobiz_admin.merchants.models import Outlet
from gobiz_admin.merchants.tenancy import MemberRequest
from menus.checks import Check
from menus.models import OutletCatalog, Variant

MOST_NAMED = 30
PAGES = {"menu": "menu_heading", "item": "menu_item", "variant_category": "variant_category"}


class Jumps:
    """Links for the checks of one outlet: one query, whatever their number, and none with `category_of`
    (variant → variant category)."""

    def __init__(
        self,
        request: MemberRequest,
        outlet: Outlet,
        selling: OutletCatalog | None,
        checks: list[Check],
        category_of: dict[int, int] | None = None,
    ) -> None:
        self.merchant_pk, self.query = request.merchant.pk, request.place.query
        self.outlet, self.selling = outlet, selling
        if category_of is not None:
            self.category_of = category_of
            return
        variants = [check.pk for check in checks if check.kind == "variant" and check.pk is not None]
        rows = Variant.objects.filter(pk__in=variants) if variants else Variant.objects.none()
        self.category_of = dict(rows.values_list("pk", "category_id"))

    def url(self, check: Check) -> str:
        if check.code == "never_imported":
            return self._at("import_menu", self.outlet.pk)
        if check.code == "external_id_missing" and self.selling:
            return self._at("menu_ids", self.selling.catalog_id) + f"#id_{check.kind}-{check.pk}"
        if check.kind == "variant" and check.pk in self.category_of:
            return self._at("variant_category", self.category_of[check.pk]) + f"#variant-{check.pk}"
        if check.kind in PAGES and check.pk is not None:
            return self._at(PAGES[check.kind], check.pk) + (f"#id_{check.field}" if check.field else "")
        return self._at("menu")

    @property
    def list_url(self) -> str:
        """The list of all findings of this outlet, whichever outlet is chosen."""
        return reverse("menu_checks", args=[self.merchant_pk]) + f"?outlet={self.outlet.outlet_id}"

    def grouped(self, checks: list[Check]) -> list[dict[str, Any]]:
        """The checks by what is wrong, each group with its sentence once and its rows with links."""
        groups: dict[str, list[Check]] = {}
        for check in checks:
            groups.setdefault(check.code, []).append(check)
        return [
            {
                "sentence": rows[0].sentence,
                "count": len(rows),
                "rows": [
                    {"name": row.name or self.outlet.name, "url": self.url(row)} for row in rows[:MOST_NAMED]
                ],
                "more": max(0, len(rows) - MOST_NAMED),
                "confirm_url": f"{self.list_url}#check-{rows[0].code}" if rows[0].confirm else "",
            }
            for rows in groups.values()
        ]

    def _at(self, name: str, *args: int) -> str:
        return reverse(name, args=[self.merchant_pk, *args]) + self.query
