"""The list of calls, and what goes wrong with them on purpose.

A fault has `match` (words that must all stand in "METHOD /path"; "PUT catalog" matches
`PUT /integrations/gofood/outlets/G1/v1/catalog`), `times` (null: until cleared) and what happens:
`delay` seconds first, then `status` with `body`, or `close` (the connection is dropped). With `apply`
the work is done before that. A fault with a delay only slows the call down. The oldest matching fault
acts.
"""

import json
from collections.abc import Callable, Iterator
from time import monotonic, sleep
from typing import Any

from django.db import transaction
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase

from gobiz_admin.sandbox.models import Call, Fault

API_PATHS = ("/integrations/", "/oauth2/")
CALLS_KEPT = 5000


class CallsAndFaults:
    """Middleware around the API only: the pages and the control endpoints never fail on purpose."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if not request.path.startswith(API_PATHS):
            return self.get_response(request)
        started = monotonic()
        # Noted on arrival: a test may look at the list while a delayed call still waits.
        call = _note(request)
        response = self._answer(request)
        _finish(call, request, response, started)
        return response

    def _answer(self, request: HttpRequest) -> HttpResponseBase:
        fault = take(request.method or "", request.path)
        if fault is None:
            return self.get_response(request)
        sleep(fault.delay)
        answers_itself = fault.close or fault.status is not None
        if answers_itself and not fault.apply:
            return failing(fault)
        response = self.get_response(request)
        return failing(fault) if answers_itself else response


def matches(match: str, method: str, path: str) -> bool:
    target = f"{method} {path}".lower()
    return all(word in target for word in match.lower().split())


def take(method: str, path: str) -> Fault | None:
    """The fault that acts on this call; one that was for the last time is removed."""
    with transaction.atomic():
        for fault in Fault.objects.select_for_update().order_by("pk"):
            if matches(fault.match, method, path):
                _use_up(fault)
                return fault
    return None


def _use_up(fault: Fault) -> None:
    if fault.times is None:
        return
    if fault.times <= 1:
        Fault.objects.filter(pk=fault.pk).delete()
    else:
        Fault.objects.filter(pk=fault.pk).update(times=fault.times - 1)


def failing(fault: Fault) -> HttpResponseBase:
    if fault.close:
        # More is promised than comes: the server can only drop the connection.
        return StreamingHttpResponse(_broken_off(), headers={"Content-Length": "1000"})
    kind = "text/html" if fault.body.lstrip().startswith("<") else "application/json"
    return HttpResponse(fault.body, status=fault.status, content_type=kind, headers=fault.headers)


def _broken_off() -> Iterator[bytes]:
    yield b"{"
    raise ConnectionError("dropped on purpose (fault)")


def _note(request: HttpRequest) -> Call:
    call = Call.objects.create(
        method=request.method or "",
        path=request.path[:500],
        query=request.META.get("QUERY_STRING", "")[:1000],
        request_id=request.headers.get("X-Request-ID", "")[:128],
        body=_body(request),
    )
    if call.pk % 500 == 0:
        Call.objects.filter(pk__lt=call.pk - CALLS_KEPT).delete()
    return call


def _finish(call: Call, request: HttpRequest, response: HttpResponseBase, started: float) -> None:
    Call.objects.filter(pk=call.pk).update(
        status=None if isinstance(response, StreamingHttpResponse) else response.status_code,
        app=getattr(request, "sandbox_app", ""),
        milliseconds=round((monotonic() - started) * 1000),
    )


def _body(request: HttpRequest) -> Any:
    """The body as JSON, else as text; the token call's form holds no secret, that is in its header."""
    if not request.body:
        return None
    # PostgreSQL's JSON has no place for the character NUL.
    text = request.body.decode(errors="replace").replace("\x00", "\ufffd").replace("\\u0000", "\\ufffd")
    try:
        return json.loads(text)
    except ValueError:
        return text
