"""For operators: every delivery as it came, and doing it again."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone
from unfold.admin import ModelAdmin

from webhooks.models import Notification


@admin.register(Notification)
class NotificationAdmin(ModelAdmin):
    list_display = ["received_at", "event_name", "order_number", "outlet", "verdict", "state", "attempts"]
    list_filter = ["state", "verdict", "event_name"]
    search_fields = ["order_number", "event_id"]
    list_select_related = ["outlet"]
    exclude = ["raw"]
    readonly_fields = [
        field.name for field in Notification._meta.fields if field.name not in ("raw", "id")
    ] + ["body"]
    actions = ["replay"]
    show_full_result_count = False

    @admin.display(description="body")
    def body(self, notification: Notification) -> str:
        return bytes(notification.raw).decode("utf-8", "replace")[:20_000]

    @admin.action(description="Work off again")
    def replay(self, request: HttpRequest, queryset: QuerySet[Notification]) -> None:
        """Safe, since handlers are idempotent; forged ones stay without effect."""
        queryset.exclude(verdict=Notification.Verdict.FORGED).update(
            state=Notification.State.PENDING, attempts=0, next_attempt_at=timezone.now()
        )

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False
