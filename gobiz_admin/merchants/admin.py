"""For operators. No secret is shown, not even its length."""

from typing import Any

from django.contrib import admin
from django.contrib.auth.admin import UserAdmin as DjangoUserAdmin
from django.http import HttpRequest
from unfold.admin import ModelAdmin, TabularInline

from gobiz_admin.merchants.models import AuditEntry, GobizApp, Letter, Member, Merchant, Outlet, User


@admin.register(User)
class UserAdmin(DjangoUserAdmin, ModelAdmin):
    ordering = ["email"]
    list_display = ["email", "is_active", "is_staff", "last_login"]
    search_fields = ["email"]
    fieldsets = [
        (None, {"fields": ["email", "password", "first_name", "last_name", "language"]}),
        ("Rights", {"fields": ["is_active", "is_staff", "is_superuser", "groups"]}),
    ]
    add_fieldsets = [(None, {"fields": ["email", "password1", "password2"]})]


class MemberInline(TabularInline):
    model = Member
    extra = 0
    autocomplete_fields = ["user"]


@admin.register(Merchant)
class MerchantAdmin(ModelAdmin):
    list_display = ["name", "created_at"]
    search_fields = ["name"]
    inlines = [MemberInline]


@admin.register(GobizApp)
class GobizAppAdmin(ModelAdmin):
    list_display = ["app_id", "merchant", "environment", "signature_mode", "refused_at"]
    list_filter = ["environment"]
    search_fields = ["app_id", "merchant__name"]
    list_select_related = ["merchant"]
    fields = [
        "merchant",
        "environment",
        "app_id",
        "partner_id",
        "signature_mode",
        "scopes_granted",
        "refused_at",
    ]
    readonly_fields = ["merchant", "environment", "app_id", "partner_id", "scopes_granted", "refused_at"]

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Apps come with their secrets, by the merchant's own hand or by `connect_outlet`."""
        return False


@admin.register(Outlet)
class OutletAdmin(ModelAdmin):
    list_display = ["outlet_id", "name", "merchant", "environment"]
    search_fields = ["outlet_id", "name", "merchant__name"]
    list_select_related = ["merchant"]
    readonly_fields = ["merchant", "gobiz_app", "environment", "outlet_id"]

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False


@admin.register(AuditEntry)
class AuditEntryAdmin(ModelAdmin):
    list_display = ["at", "merchant", "user", "action", "facts"]
    list_select_related = ["merchant", "user"]

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False


@admin.register(Letter)
class LetterAdmin(ModelAdmin):
    list_display = ["stored_at", "merchant", "user", "template", "state", "attempts", "error", "sent_at"]
    list_filter = ["state"]
    list_select_related = ["merchant", "user"]

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False
