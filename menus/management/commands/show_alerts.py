"""show_alerts OUTLET_ID [--limit N]"""

from typing import Any

from django.core.management.base import CommandParser

from gobiz_admin.merchants.commands import JsonCommand, find_outlet, whole_number
from menus.reports import alert_as_json, alerts_of


class Command(JsonCommand):
    help = "Print the outlet's mapping alerts, newest first."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("outlet_id")
        parser.add_argument("--limit", type=whole_number, metavar="N")

    def work(self, **options: Any) -> list[dict[str, Any]]:
        alerts = alerts_of(find_outlet(options["outlet_id"]))
        return [alert_as_json(alert) for alert in alerts[: options["limit"]]]
