"""The way into a merchant's data: resolved once per request, by the member, never around them."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property, wraps
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponseBase
from django.shortcuts import get_object_or_404
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from gobiz_admin.merchants.gone import Gone
from gobiz_admin.merchants.models import Member, Merchant, Outlet, User
from gobiz_admin.merchants.roles import Action, may


class MemberRequest(HttpRequest):
    """A request inside a merchant: what `member_view` hands to its view."""

    user: User
    member: Member
    merchant: Merchant
    place: Place
    htmx: Any


class Place:
    """Where the member stands: the merchant's outlets, and the one chosen with `?outlet=G…`, if any."""

    def __init__(self, request: HttpRequest, merchant: Merchant) -> None:
        self.merchant = merchant
        self._wanted = request.GET.get("outlet", "")

    @cached_property
    def outlets(self) -> list[Outlet]:
        """All outlets of the merchant, by name."""
        return list(self.merchant.outlets.select_related("gobiz_app", "closing__by"))

    @cached_property
    def outlet(self) -> Outlet | None:
        """The chosen outlet, or the only one; None means all. Http404 for one of another merchant."""
        if not self._wanted:
            return self.outlets[0] if len(self.outlets) == 1 else None
        for outlet in self.outlets:
            if outlet.outlet_id == self._wanted:
                return outlet
        raise Http404

    @property
    def chosen_outlets(self) -> list[Outlet]:
        return [self.outlet] if self.outlet else self.outlets

    @property
    def zone(self) -> ZoneInfo:
        """The time zone of the chosen outlets; where they have several, that of the settings."""
        zones = {outlet.time_zone for outlet in self.chosen_outlets}
        return ZoneInfo(zones.pop() if len(zones) == 1 else settings.TIME_ZONE)

    @property
    def query(self) -> str:
        """What a link has to carry so that the chosen outlet stays chosen."""
        return f"?outlet={self._wanted}" if self._wanted else ""


View = Callable[..., HttpResponseBase]


def in_outlets_zone(view: View) -> View:
    """A page inside a merchant that shows and takes times in the zone of the chosen outlets."""

    @wraps(view)
    def inner(request: MemberRequest, **kwargs: Any) -> HttpResponseBase:
        with timezone.override(request.place.zone):
            return view(request, **kwargs)

    return inner


def member_view(action: Action, *methods: str) -> Callable[[View], View]:
    """A page inside a merchant. Anonymous: login. Stranger, or what is gone: 404. Member without the right: 403.

    The view's URL has `merchant_id`; the view gets a MemberRequest in place of it.
    """

    def decorate(view: View) -> View:
        @wraps(view)
        def inner(request: MemberRequest, merchant_id: int, **kwargs: Any) -> HttpResponseBase:
            member = get_object_or_404(
                Member.objects.select_related("merchant"), user=request.user, merchant_id=merchant_id
            )
            if not may(member.role, action):
                raise PermissionDenied
            request.member, request.merchant = member, member.merchant
            request.place = Place(request, member.merchant)
            if "outlet" in request.GET:
                _ = request.place.outlet  # another's outlet is a 404 on every page
            try:
                return view(request, **kwargs)
            except Gone:
                raise Http404 from None

        inner.action = action  # type: ignore[attr-defined]
        return login_required(require_http_methods(methods or ("GET", "HEAD"))(inner))

    return decorate
