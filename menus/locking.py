"""The two locks of this app, always taken in this order: the outlet, then its catalog.

The outlet's row guards versions and syncs; the catalog's row guards the menu tree. Neither blocks
the insertion of rows that point to it.
"""

from gobiz_admin.merchants.models import Outlet
from menus.models import Catalog


def lock_outlet(outlet: Outlet) -> None:
    """Wait for, and hold until commit, what is written about the outlet's versions and syncs."""
    Outlet.objects.select_for_update(no_key=True).values_list("pk").get(pk=outlet.pk)


def lock_catalog(catalog_id: int) -> Catalog:
    """The catalog as it is now; nobody else changes its tree until commit."""
    return Catalog.objects.select_for_update(no_key=True).get(pk=catalog_id)
