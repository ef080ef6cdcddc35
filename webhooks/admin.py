"""For operators: every delivery as it came, and doing it again."""

from typing import Any

from django.contrib import admin
from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.functional import cached_property
from unfold.admin import ModelAdmin

from gobiz_admin.merchants.models import GobizApp
from webhooks import event_words
from webhooks.lag import arrival, duration, effect
from webhooks.models import Notification
from webhooks.replaying import replay

MOST_COUNTED = 10_000
MOST_FOUND = 1_000


class UncountedPaginator(Paginator):
    """Pages without counting millions of rows; there is always an older page to ask for."""

    @cached_property
    def count(self) -> int:
        return min(int(self.object_list[:MOST_COUNTED].count()), MOST_COUNTED)  # type: ignore[attr-defined]


class EventFilter(admin.SimpleListFilter):
    """The events that we know; asking the table which ones it holds would read all of it."""

    title = "event"
    parameter_name = "event"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(name, name) for name in event_words.WORDS]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Notification]) -> QuerySet[Notification]:
        return queryset.filter(event_name=self.value()) if self.value() in event_words.WORDS else queryset


@admin.register(Notification)
class NotificationAdmin(ModelAdmin):
    list_display = ["received_at", "event_name", "order_number", "outlet", "verdict", "state", "attempts"]
    list_filter = ["state", "verdict", EventFilter, "received_at"]
    # Looked for exactly, by index: see get_search_results.
    search_fields = ["order_number__exact"]
    search_help_text = "an order number or an event id, in full"
    list_select_related = ["outlet"]
    ordering = ["-id"]
    exclude = ["raw"]
    readonly_fields = [
        field.name for field in Notification._meta.fields if field.name not in ("raw", "id")
    ] + ["lag", "body"]
    actions = ["work_off_again"]
    show_full_result_count = False
    paginator = UncountedPaginator

    def get_queryset(self, request: HttpRequest) -> QuerySet[Notification]:
        """Without the bodies: a page of the list would read a hundred of up to 1 MB each."""
        return super().get_queryset(request).defer("raw")

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Notification], search_term: str
    ) -> tuple[QuerySet[Notification], bool]:
        """Those of an order, else the one of an event; both by index, whatever there is."""
        term = search_term.strip().replace("\x00", "")
        if not term:
            return queryset, False
        of_order = Notification.objects.filter(order_number=term).order_by("-pk").values_list("pk", flat=True)
        of_event = Notification.objects.filter(
            gobiz_app__in=GobizApp.objects.values("pk"), event_id=term
        ).exclude(verdict=Notification.Verdict.FORGED)
        pks = list(of_order[:MOST_FOUND]) or list(of_event.values_list("pk", flat=True)[:MOST_FOUND])
        return queryset.filter(pk__in=pks), False

    @admin.display(description="seconds to us, and to its effect")
    def lag(self, notification: Notification) -> str:
        return f"{duration(arrival(notification))}, {duration(effect(notification))}"

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
