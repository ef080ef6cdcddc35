"""GoBiz's envelopes and how a view reads its request (page: "Answers and errors")."""

import json
from collections.abc import Callable
from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.http.response import HttpResponseBase

NOT_REGISTERED = "the outlet is not yet registered for integration"


class ApiError(Exception):
    """Ends a request with GoBiz's failure envelope; what it did to the database is rolled back."""

    def __init__(self, status: int, *messages: str, title: str = "Request failed") -> None:
        super().__init__(status, *messages)
        self.status, self.messages, self.title = status, messages, title

    def answer(self) -> JsonResponse:
        errors = [
            {
                "message_title": self.title,
                "message": message,
                "code": f"HTTP_{self.status}",
                "message_severity": "error",
            }
            for message in self.messages
        ]
        return JsonResponse({"success": False, "errors": errors}, status=self.status)


class PlainError(Exception):
    """The same for the simulator and the control endpoints, which are not GoBiz's API."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(status, message)
        self.status, self.message = status, message

    def answer(self) -> JsonResponse:
        return JsonResponse({"error": self.message}, status=self.status)


def success(data: Any = None, status: int = 200) -> JsonResponse:
    return JsonResponse({"success": True, "data": {} if data is None else data}, status=status)


def read_json(request: HttpRequest, kind: type = dict) -> Any:
    """The JSON body, of the kind asked for; 415 and 400 in GoBiz's envelope otherwise."""
    if request.content_type != "application/json":
        raise ApiError(415, "Content-Type must be application/json")
    value = parse(request.body)
    if not isinstance(value, kind):
        raise ApiError(400, f"the body must be a JSON {'object' if kind is dict else 'list'}")
    return value


def parse(raw: bytes) -> Any:
    try:
        return json.loads(raw)
    except ValueError as error:
        raise ApiError(400, f"the body is not valid JSON: {error}") from None


def by_method(**views: Callable[..., HttpResponseBase]) -> Callable[..., HttpResponseBase]:
    """One view for a path that several methods share; another method is answered 405."""

    def dispatch(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        view = views.get(request.method or "")
        if view is None:
            refusal = ApiError(405, f"{request.method} is not allowed here").answer()
            refusal["Allow"] = ", ".join(views)
            return refusal
        return view(request, *args, **kwargs)

    # These are APIs for programs: they carry no cookie that could be abused.
    dispatch.csrf_exempt = True  # type: ignore[attr-defined]
    return dispatch


class ErrorAnswers:
    """Middleware: turns the two errors into answers, adds X-Request-ID and the pages' CSP."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if request_id := request.headers.get("X-Request-ID"):
            response["X-Request-ID"] = request_id[:128]
        # Pictures may come from wherever a menu that was sent to us says.
        response["Content-Security-Policy"] = (
            "default-src 'self'; img-src 'self' data: http: https:; frame-ancestors 'none'; base-uri 'none'"
        )
        return response

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        if isinstance(exception, ApiError | PlainError):
            return exception.answer()
        return None
