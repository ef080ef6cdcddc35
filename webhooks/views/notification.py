"""One notification: as it came, what was done with it, and doing it again."""

from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from gobiz_admin.merchants.models import outlet_id_format
from gobiz_admin.merchants.roles import Action
from gobiz_admin.merchants.tenancy import MemberRequest, member_view
from webhooks import event_words, lag
from webhooks.envelope import read_envelope
from webhooks.forms import OutletForm
from webhooks.models import Notification
from webhooks.notes import sentence_of
from webhooks.pointers import address_of_order
from webhooks.reading_body import read_body
from webhooks.replaying import outlets_to_choose, replay, replay_about

MOST_UNREAD = 20
VERDICTS: dict[str, str | Promise] = {
    Notification.Verdict.VERIFIED: gettext_lazy(
        "It was signed with this app's Relay Secret, so it is from GoBiz."
    ),
    Notification.Verdict.UNVERIFIED: gettext_lazy(
        "Its signature does not fit, or there is none. It was taken in because this app only records signatures."
    ),
    Notification.Verdict.FORGED: gettext_lazy(
        "Its signature does not fit this app's Relay Secret, or there is none. It was refused and changed nothing."
    ),
}


def _find(request: MemberRequest, pk: int) -> Notification:
    return get_object_or_404(
        Notification.objects.select_related("outlet").filter(gobiz_app__merchant=request.merchant), pk=pk
    )


@member_view(Action.SEE_WEBHOOKS)
def notification(request: MemberRequest, pk: int) -> HttpResponse:
    row = _find(request, pk)
    raw = bytes(row.raw)
    envelope = read_envelope(raw)
    context: dict[str, Any] = {
        "notification": row,
        "event": event_words.in_words(row.event_name),
        "result": sentence_of(row),
        "body": read_body(raw, row.unread),
        "arrival": lag.duration(lag.arrival(row)),
        "effect": lag.duration(lag.effect(row)),
        "named_outlet": _usable(envelope.outlet_id) if envelope else "",
        "order_address": address_of_order(row.outlet, row.order_number),
        "unread": row.unread[:MOST_UNREAD],
        "verdict_words": VERDICTS[row.verdict],
        "may_replay": row.verdict != Notification.Verdict.FORGED and bool(raw),
        "outlets": outlets_to_choose(row),
    }
    with timezone.override(row.outlet.zone if row.outlet else request.place.zone):
        return render(request, "webhooks/notification.html", context)


def _usable(outlet_id: str) -> str:
    """The Outlet ID, if it can be one."""
    try:
        outlet_id_format(outlet_id)
    except ValidationError:
        return ""
    return outlet_id


@member_view(Action.SEE_WEBHOOKS)
def raw(request: MemberRequest, pk: int) -> HttpResponse:
    """The bytes as they came, to be kept as a file and never shown as a page."""
    row = _find(request, pk)
    if not row.raw:
        raise Http404
    headers = {"Content-Disposition": f'attachment; filename="notification-{pk}.bin"'}
    return HttpResponse(bytes(row.raw), content_type="application/octet-stream", headers=headers)


@member_view(Action.MANAGE_WEBHOOKS, "POST")
def again(request: MemberRequest, pk: int) -> HttpResponse:
    """Work it off again; with `outlet`, one of its app's, as being about that outlet."""
    row = _find(request, pk)
    if "outlet" in request.POST:
        form = OutletForm(request.POST, outlets=outlets_to_choose(row))
        if not form.is_valid():
            raise Http404
        replayed = replay_about(row, form.cleaned_data["outlet"])
    else:
        replayed = replay(Notification.objects.filter(pk=row.pk))
    if replayed:
        messages.success(request, _("It is being worked off again."))
    else:
        messages.error(request, _("A refused notification cannot be worked off. Nothing was changed."))
    return redirect("notification", request.merchant.pk, pk)
