"""A merchant with an owner, a manager and a cashier to try things with; for `make run` only."""

from __future__ import annotations

import os
from typing import Any

from django.conf import settings
from django.db import transaction

from gobiz_admin.merchants.commands import BadInput, JsonCommand
from gobiz_admin.merchants.connecting import merchant_of
from gobiz_admin.merchants.models import Member, Role, User

OWNER = "owner@demo.example"
OTHERS = {"manager@demo.example": Role.MANAGER, "kasir@demo.example": Role.CASHIER}


class Command(JsonCommand):
    help = "Make the demo merchant and its members (password from DEMO_PASSWORD)."

    def work(self, **options: Any) -> dict[str, Any]:
        password = os.environ.get("DEMO_PASSWORD", "")
        if not settings.LOCAL_STACK or not password:
            raise BadInput("Demo data are made by `make run` only.")
        with transaction.atomic():
            merchant, owner = merchant_of("Warung Sederhana", OWNER)
            self._let_in(owner, password)
            for email, role in OTHERS.items():
                user = User.objects.filter(email=email).first() or User.objects.create_user(email)
                self._let_in(user, password)
                Member.objects.get_or_create(merchant=merchant, user=user, defaults={"role": role})
        return {"merchant_id": merchant.pk, "owner": OWNER}

    @staticmethod
    def _let_in(user: User, password: str) -> None:
        # Checking a password is slow on purpose; one that was set already need not be set again.
        if not user.check_password(password):
            user.set_password(password)
            user.save(update_fields=["password"])
