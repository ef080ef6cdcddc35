"""The way in: which merchant, and the first one."""

from django.contrib.auth.decorators import login_required
from django.db import transaction
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_safe

from gobiz_admin.merchants.context import live_token as signed_token
from gobiz_admin.merchants.forms import MerchantForm
from gobiz_admin.merchants.models import Member, Role
from gobiz_admin.merchants.roles import Action, may
from gobiz_admin.merchants.tenancy import MemberRequest, member_view


@require_safe
@login_required
def home(request: HttpRequest) -> HttpResponse:
    """The only merchant's first page, else the choice, else the making of one."""
    members = list(Member.objects.filter(user=request.user)[:2])  # type: ignore[misc]
    if not members:
        return redirect("create_merchant")
    if len(members) > 1:
        return redirect("choose_merchant")
    return redirect(first_page(members[0]), members[0].merchant_id)


def first_page(member: Member) -> str:
    """The name of the page that the member's work begins on."""
    return "merchant_home" if may(member.role, Action.SEE_HOME) else "inbox"


@require_safe
@login_required
def choose_merchant(request: HttpRequest) -> HttpResponse:
    members = Member.objects.filter(user=request.user).select_related("merchant").order_by("merchant__name")  # type: ignore[misc]
    choices = [
        {"merchant": member.merchant, "role": member.get_role_display(), "url_name": first_page(member)}
        for member in members
    ]
    return render(request, "merchants/choose.html", {"choices": choices})


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def create_merchant(request: HttpRequest) -> HttpResponse:
    form = MerchantForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        with transaction.atomic():
            merchant = form.save()
            Member.objects.create(merchant=merchant, user=request.user, role=Role.OWNER)  # type: ignore[misc]
        return redirect("merchant_home", merchant.pk)
    return render(request, "merchants/create.html", {"form": form})


@member_view(Action.SEE_ORDERS)
def live_token(request: MemberRequest) -> HttpResponse:
    """A new token for the stream, for a page that has been open for longer than one is valid."""
    return JsonResponse({"token": signed_token(request.merchant.pk)}, headers={"Cache-Control": "no-store"})
