"""Who may call what: bearer token, scope, outlet (page: "Access token", "Answers and errors")."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from gobiz_admin.sandbox.answers import NOT_REGISTERED, ApiError
from gobiz_admin.sandbox.models import App, Outlet, Settings, Token

View = Callable[..., HttpResponse]


def api(scope: str = "") -> Callable[[View], View]:
    """Gives the view the app, or the outlet when the path names one, after all checks.

    The view is called as `view(request, app, …)` or, when its path has `outlet_id`,
    `view(request, outlet, …)`.
    """

    def decorate(view: View) -> View:
        @wraps(view)
        def checked(request: HttpRequest, **names: Any) -> HttpResponse:
            _check_accept(request)
            app = _authenticate(request, scope)
            if "outlet_id" not in names:
                return view(request, app, **names)
            return view(request, find_outlet(app, names.pop("outlet_id")), **names)

        return checked

    return decorate


def find_outlet(app: App, outlet_id: str) -> Outlet:
    """The app's linked outlet; one of another app is as unknown as one that does not exist."""
    outlet = Outlet.objects.filter(app=app, outlet_id=outlet_id, linked=True).first()
    if outlet is None:
        raise ApiError(404, NOT_REGISTERED, title="Outlet not found")
    return outlet


def _authenticate(request: HttpRequest, scope: str) -> App:
    kind, _, value = request.headers.get("Authorization", "").partition(" ")
    token = Token.objects.select_related("app").filter(value=value.strip()).first()
    if kind.lower() != "bearer" or token is None or token.expires_at <= timezone.now():
        raise ApiError(401, "the access token is missing, unknown or expired", title="Unauthorized")
    request.sandbox_app = token.app.slug  # type: ignore[attr-defined]  # for the list of calls
    if scope and scope not in token.scopes:
        status = Settings.load().missing_scope_status
        raise ApiError(status, f"the access token lacks the scope {scope}", title="Unauthorized")
    return token.app


def _check_accept(request: HttpRequest) -> None:
    accepted = request.headers.get("Accept", "*/*")
    if not any(kind in accepted for kind in ("*/*", "application/*", "application/json")):
        raise ApiError(406, "Accept must allow application/json")
