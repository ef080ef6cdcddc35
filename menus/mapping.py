"""Which external_ids an outlet's orders may name."""

from gobiz_admin.merchants.models import Outlet
from menus.models import MenuItem, Variant


def known_external_ids(outlet: Outlet) -> dict[str, set[str]]:
    """Per kind (`item`, `variant`) the external_ids of the catalog that the outlet sells."""
    items = MenuItem.objects.filter(catalog__sellings__outlet=outlet)
    variants = Variant.objects.filter(catalog__sellings__outlet=outlet)
    found = {
        "item": items.values_list("external_id", flat=True),
        "variant": variants.values_list("external_id", flat=True),
    }
    return {kind: {external_id for external_id in ids if external_id} for kind, ids in found.items()}
