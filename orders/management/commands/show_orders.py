"""The orders of an outlet, newest first."""

from typing import Any

from django.core.management.base import CommandParser

from gobiz_admin.merchants.commands import JsonCommand, find_outlet, whole_number
from orders.reports import orders_as_json


class Command(JsonCommand):
    help = "Print the orders of an outlet as JSON, newest first."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("outlet_id")
        parser.add_argument("--limit", type=whole_number)

    def work(self, **options: Any) -> Any:
        return orders_as_json(find_outlet(options["outlet_id"]), options["limit"])
