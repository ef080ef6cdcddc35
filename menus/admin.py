"""For operators: what was sent and what came of it, to be looked at only."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from unfold.admin import ModelAdmin, TabularInline

from menus.models import (
    Catalog,
    CatalogVersion,
    Drift,
    LiveReading,
    MappingAlert,
    MappingAlertName,
    MenuImport,
    PriceConfirmation,
    Sync,
    SyncAttempt,
)


class ReadOnly:
    """History is not edited."""

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(Catalog)
class CatalogAdmin(ReadOnly, ModelAdmin):
    list_display = ["name", "merchant", "revision"]
    search_fields = ["name", "merchant__name"]
    list_select_related = ["merchant"]


@admin.register(CatalogVersion)
class CatalogVersionAdmin(ReadOnly, ModelAdmin):
    list_display = ["outlet", "number", "checksum", "created_by", "created_at"]
    search_fields = ["outlet__outlet_id"]
    list_select_related = ["outlet", "created_by"]


@admin.register(MenuImport)
class MenuImportAdmin(ReadOnly, ModelAdmin):
    list_display = ["outlet", "state", "error_code", "requested_at", "ended_at"]
    list_filter = ["state"]
    search_fields = ["outlet__outlet_id"]
    list_select_related = ["outlet"]


@admin.register(LiveReading)
class LiveReadingAdmin(ReadOnly, ModelAdmin):
    list_display = ["outlet", "state", "error_code", "requested_at", "read_at"]
    list_filter = ["state"]
    search_fields = ["outlet__outlet_id"]
    list_select_related = ["outlet"]
    exclude = ["live", "proven"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[LiveReading]:
        return super().get_queryset(request).defer("live", "proven")


@admin.register(Drift)
class DriftAdmin(ReadOnly, ModelAdmin):
    list_display = ["outlet", "open", "urgent", "read_at", "next_due_at"]
    search_fields = ["outlet__outlet_id"]
    list_select_related = ["outlet"]


@admin.register(PriceConfirmation)
class PriceConfirmationAdmin(ReadOnly, ModelAdmin):
    list_display = ["outlet", "kind", "code", "value", "last_price", "confirmed_by", "confirmed_at"]
    list_filter = ["code"]
    search_fields = ["outlet__outlet_id"]
    list_select_related = ["outlet", "confirmed_by"]


class SyncAttemptInline(ReadOnly, TabularInline):
    model = SyncAttempt
    extra = 0


@admin.register(Sync)
class SyncAdmin(ReadOnly, ModelAdmin):
    list_display = ["outlet", "version_id", "state", "request_id", "attempts", "error_code", "queued_at"]
    list_filter = ["state"]
    search_fields = ["outlet__outlet_id", "request_id"]
    list_select_related = ["outlet"]
    inlines = [SyncAttemptInline]


class MappingAlertNameInline(ReadOnly, TabularInline):
    model = MappingAlertName
    extra = 0


@admin.register(MappingAlert)
class MappingAlertAdmin(ReadOnly, ModelAdmin):
    list_display = ["outlet", "order_number", "state", "opened_at", "closed_at"]
    list_filter = ["state"]
    search_fields = ["outlet__outlet_id", "order_number"]
    list_select_related = ["outlet"]
    inlines = [MappingAlertNameInline]
