"""Working many notifications off again: how many first, then doing it."""

from datetime import timedelta

from django import forms
from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from gobiz_admin.merchants.roles import Action
from gobiz_admin.merchants.tenancy import MemberRequest, member_view
from webhooks.models import Notification
from webhooks.replaying import replay, replayable

State = Notification.State
# What is worked off in under two minutes, so that an order that comes meanwhile is not kept waiting for long.
MOST = 10_000


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
def replay_many(request: MemberRequest) -> HttpResponse:
    data = request.POST or request.GET or None
    yesterday = timezone.localtime() - timedelta(hours=24)
    # As the browser's own field for a time wants it.
    initial = {"since": yesterday.strftime("%Y-%m-%dT%H:%M"), "which": "failed"}
    form = ReplayForm(data, initial=initial)
    found = _found(request, form) if data and form.is_valid() else None
    count = None if found is None else found.order_by()[: MOST + 1].count()
    if count is not None and count > MOST:
        form.add_error(
            "since", _("These are more than %(most)d notifications. Choose a later time.") % {"most": MOST}
        )
        count = None
    if request.method == "POST" and found is not None and count is not None:
        replayed = replay(found)
        words = ngettext(
            "%(count)d notification is being worked off again.",
            "%(count)d notifications are being worked off again.",
            replayed,
        )
        messages.success(request, words % {"count": replayed})
        return redirect("webhooks", request.merchant.pk)
    status = 422 if form.errors else 200
    return render(request, "webhooks/replay.html", {"form": form, "count": count}, status=status)


def _found(request: MemberRequest, form: ReplayForm) -> QuerySet[Notification]:
    found = Notification.objects.filter(
        gobiz_app__merchant=request.merchant, received_at__gte=form.cleaned_data["since"]
    )
    if form.cleaned_data["which"] == "failed":
        found = found.filter(state__in=[State.FAILED, State.DEAD])
    return replayable(found)
