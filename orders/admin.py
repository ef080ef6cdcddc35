"""For operators: orders as last known; nothing to change by hand."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from unfold.admin import ModelAdmin, TabularInline

from orders.models import Order, OrderAction, OrderLine, TimelineEntry


class ReadOnly(TabularInline):
    extra = 0
    can_delete = False

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


class LineInline(ReadOnly):
    model = OrderLine


class TimelineInline(ReadOnly):
    model = TimelineEntry


class ActionInline(ReadOnly):
    model = OrderAction


@admin.register(Order)
class OrderAdmin(ModelAdmin):
    list_display = ["order_number", "outlet", "status", "order_total", "received_at"]
    list_filter = ["status"]
    search_fields = ["order_number"]
    list_select_related = ["outlet"]
    inlines = [LineInline, TimelineInline, ActionInline]
    show_full_result_count = False

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False
