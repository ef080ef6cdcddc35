"""For operators: every delivery as it came, and doing it again."""

from typing import Any

from django.contrib import admin
from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.functional import cached_property
from unfold.admin import ModelAdmin

from webhooks.models import Notification
from webhooks.replaying import replay

MOST_COUNTED = 10_000


class UncountedPaginator(Paginator):
    """Pages without counting millions of rows; there is always an older page to ask for."""

    @cached_property
    def count(self) -> int:
        return min(int(self.object_list[:MOST_COUNTED].count()), MOST_COUNTED)  # type: ignore[attr-defined]


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
    actions = ["work_off_again"]
    show_full_result_count = False
    paginator = UncountedPaginator

    @admin.display(description="body")
    def body(self, notification: Notification) -> str:
        return bytes(notification.raw).decode("utf-8", "replace")[:20_000]

    @admin.action(description="Work off again")
    def work_off_again(self, request: HttpRequest, queryset: QuerySet[Notification]) -> None:
        """Safe, since handlers are idempotent; forged ones stay without effect."""
        replay(queryset)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False
