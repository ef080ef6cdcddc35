"""What a change at single outlets says, and where it leads."""

import json

from django.contrib import messages
from django.http import HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from gobiz_admin.merchants.tenancy import MemberRequest


def changed_words(count: int) -> str:
    """How many places changed; a place is a thing at an outlet."""
    if not count:
        return _("Nothing changed: it is so already.")
    words = ngettext(
        "%(count)d place changed. GoFood gets it with the next publish.",
        "%(count)d places changed. GoFood gets them with the next publish.",
        count,
    )
    return words % {"count": count}


def done_words(request: MemberRequest, name: str, count: int, query: str = "") -> HttpResponse:
    """Back to the page that it was pressed on, or to this one, with what was changed; for htmx a toast."""
    words = changed_words(count)
    if request.htmx:
        events = {"toast": {"text": words, "kind": "success"}, "menu-changed": {}}
        return HttpResponse("", headers={"HX-Trigger": json.dumps(events)})
    messages.success(request, words)
    back = request.POST.get("back", "")
    if url_has_allowed_host_and_scheme(back, {request.get_host()}, request.is_secure()):
        return HttpResponseRedirect(back)
    return HttpResponseRedirect(f"{reverse(name, args=[request.merchant.pk])}?{query}")
