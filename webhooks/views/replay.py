"""Working many notifications off again: how many first, then doing it."""

from datetime import timedelta
from typing import Any

from django import forms
from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from gobiz_admin.merchants.roles import Action
from gobiz_admin.merchants.tenancy import MemberRequest, in_outlets_zone, member_view
from webhooks.models import Notification
from webhooks.replaying import MOST, TooMany, of_merchant, replay


class ReplayForm(forms.Form):
    """Which ones."""

    since = forms.DateTimeField(
        label=_("Received since"),
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M"),
    )
    which = forms.ChoiceField(
        label=_("Which ones"),
        choices=[("failed", _("Only those that failed")), ("all", _("All of them"))],
    )


@member_view(Action.MANAGE_WEBHOOKS, "GET", "POST")
@in_outlets_zone
def replay_many(request: MemberRequest) -> HttpResponse:
    form = ReplayForm(_asked(request), initial=_yesterday())
    found = _found(request, form) if form.is_bound and form.is_valid() else None
    if request.method == "POST" and found is not None:
        replayed = replay(found)
        words = ngettext(
            "%(count)d notification is being worked off again.",
            "%(count)d notifications are being worked off again.",
            replayed,
        )
        messages.success(request, words % {"count": replayed})
        return redirect("webhooks", request.merchant.pk)
    count = None if found is None else found.count()
    status = 422 if form.errors else 200
    return render(request, "webhooks/replay.html", {"form": form, "count": count}, status=status)


def _asked(request: MemberRequest) -> Any:
    """What the form was filled in with; None when only an outlet was chosen in the frame."""
    if request.method == "POST":
        return request.POST
    return request.GET if request.GET.keys() & ReplayForm.base_fields.keys() else None


def _yesterday() -> dict[str, str]:
    since = timezone.localtime() - timedelta(hours=24)
    # As the browser's own field for a time wants it.
    return {"since": since.strftime("%Y-%m-%dT%H:%M"), "which": "failed"}


def _found(request: MemberRequest, form: ReplayForm) -> QuerySet[Notification] | None:
    """Which ones; None, and the form says why, when they are too many."""
    asked = form.cleaned_data
    try:
        return of_merchant(request.merchant, asked["since"], only_failed=asked["which"] == "failed")
    except TooMany:
        form.add_error(
            "since", _("These are more than %(most)d notifications. Choose a later time.") % {"most": MOST}
        )
    return None
