"""show_syncs OUTLET_ID [--limit N]"""

from typing import Any

from django.core.management.base import CommandParser

from gobiz_admin.merchants.commands import JsonCommand, find_outlet, whole_number
from menus.reports import sync_as_json, syncs_of


class Command(JsonCommand):
    help = "Print the outlet's syncs, newest first."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("outlet_id")
        parser.add_argument("--limit", type=whole_number, metavar="N")

    def work(self, **options: Any) -> list[dict[str, Any]]:
        syncs = syncs_of(find_outlet(options["outlet_id"]))
        return [sync_as_json(sync) for sync in syncs[: options["limit"]]]
