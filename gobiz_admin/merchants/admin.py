"""For operators. No secret is shown, not even its length."""

from collections.abc import Collection
from typing import Any

from django.contrib import admin, messages
from django.contrib.auth.admin import UserAdmin as DjangoUserAdmin
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from unfold.admin import ModelAdmin, TabularInline

from gobiz_admin.merchants.closing import reopen
from gobiz_admin.merchants.closings import OutletClosing
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
    actions = ["open_on_gofood"]

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    @admin.action(description=gettext_lazy("Open on GoFood"), permissions=["change"])
    def open_on_gofood(self, request: HttpRequest, queryset: QuerySet[Outlet]) -> None:
        user = request.user if isinstance(request.user, User) else None
        count = len(reopen(list(queryset.values_list("pk", flat=True)), user).changed)
        words = ngettext(
            "GoFood is being told to open %(count)d outlet.",
            "GoFood is being told to open %(count)d outlets.",
            count,
        )
        self.message_user(request, words % {"count": count}, messages.SUCCESS if count else messages.INFO)

    def get_deleted_objects(self, objs: Collection[Any], request: HttpRequest) -> Any:
        """As ever; and what to do where an outlet is closed on GoFood, and so stays."""
        found = super().get_deleted_objects(objs, request)
        if found[3]:
            words = _(
                "Nothing is deleted: GoFood would keep the outlet closed. Open it first, with the action “Open on "
                "GoFood” of the list of outlets. If GoBiz refuses that, open it in the GoBiz app and then delete "
                "its row under “Outlet closings”."
            )
            self.message_user(request, words, messages.WARNING)
        return found

    def delete_model(self, request: HttpRequest, obj: Outlet) -> None:
        self.delete_queryset(request, Outlet.objects.filter(pk=obj.pk))

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Outlet]) -> None:
        with transaction.atomic():
            # Nobody closes one of them between the look and its end.
            pks = queryset.order_by("pk").select_for_update(of=("self",)).values_list("pk", flat=True)
            Outlet.objects.filter(pk__in=list(pks)).delete()


@admin.register(OutletClosing)
class OutletClosingAdmin(ModelAdmin):
    """To be deleted by hand only where an outlet was opened in the GoBiz app, because GoBiz refuses it to us."""

    list_display = ["outlet", "closed", "state", "told", "since", "by", "error_code"]
    list_filter = ["closed", "state"]
    list_select_related = ["outlet", "by"]
    search_fields = ["outlet__outlet_id", "outlet__name"]

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

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
