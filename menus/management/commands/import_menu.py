"""import_menu OUTLET_ID [--accept-ids]"""

from typing import Any

from django.core.management.base import CommandParser

from gobiz_admin.merchants.commands import JsonCommand, Refused, find_outlet
from menus.ids import accept_proposals
from menus.importing import Counts, ImportRefused, read_live_menu
from menus.merging import count_without_external_id
from menus.models import Catalog
from menus.sentences import refusal_sentence


class Command(JsonCommand):
    help = "Read the outlet's live GoFood menu into its catalog, and print what was read."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("outlet_id")
        parser.add_argument("--accept-ids", action="store_true", help="fix the external_ids that we propose")

    def work(self, **options: Any) -> dict[str, Any]:
        outlet = find_outlet(options["outlet_id"])
        try:
            counts = read_live_menu(outlet)
        except ImportRefused as refused:
            raise Refused(str(refusal_sentence(refused.code, refused.name))) from None
        accepted = 0
        if options["accept_ids"]:
            catalog = Catalog.objects.get(sellings__outlet=outlet)
            accepted = accept_proposals(catalog, None)
            counts["without_external_id"] = count_without_external_id(catalog)
        return _as_json(counts, accepted)


def _as_json(counts: Counts, accepted: int) -> dict[str, Any]:
    totals = {name: sum(counts[name].values()) for name in ("read", "created", "without_external_id")}
    return {**totals, "ids_accepted": accepted, "details": counts}
