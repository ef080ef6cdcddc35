"""`seed_sandbox`: fills the sandbox; run again, it adds only what is missing."""

from typing import Any

from django.core.management.base import BaseCommand

from gobiz_admin.sandbox.models import App, Outlet
from gobiz_admin.sandbox.seeding import seed


class Command(BaseCommand):
    help = __doc__

    def handle(self, *args: Any, **options: Any) -> None:
        seed()
        self.stdout.write(f"{App.objects.count()} apps with {Outlet.objects.count()} outlets.")
