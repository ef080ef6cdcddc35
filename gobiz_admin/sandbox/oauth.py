"""POST /oauth2/token (page: "Access token (Direct Integration)")."""

import base64
import binascii
import secrets
from datetime import timedelta

from django.http import HttpRequest, JsonResponse
from django.utils import timezone

from gobiz_admin.sandbox.models import ALL_SCOPES, App, Settings, Token


def token(request: HttpRequest) -> JsonResponse:
    """A token with the scopes that were both asked for and granted."""
    app = _client(request.headers.get("Authorization", ""))
    if app is None:
        return _failure(401, "invalid_client", "Client authentication failed")
    request.sandbox_app = app.slug  # type: ignore[attr-defined]
    if request.content_type != "application/x-www-form-urlencoded":
        return _failure(400, "invalid_request", "Content-Type must be application/x-www-form-urlencoded")
    if request.POST.get("grant_type") != "client_credentials":
        return _failure(400, "unsupported_grant_type", "grant_type must be client_credentials")
    asked = request.POST.get("scope", "").split()
    refused = [scope for scope in asked if scope not in app.scopes]
    if [scope for scope in asked if scope not in ALL_SCOPES] or (refused and app.ungranted == "refuse"):
        return _failure(400, "invalid_scope", f"The app was not granted: {' '.join(refused)}")
    return JsonResponse(_issue(app, [scope for scope in asked if scope in app.scopes]))


def _issue(app: App, scopes: list[str]) -> dict[str, object]:
    lifetime = Settings.load().token_expires_in
    seconds = app.token_expires_in if lifetime is None else lifetime
    value = secrets.token_urlsafe(32)
    Token.objects.filter(expires_at__lt=timezone.now() - timedelta(days=1)).delete()
    Token.objects.create(
        app=app, value=value, scopes=scopes, expires_at=timezone.now() + timedelta(seconds=seconds)
    )
    return {"access_token": value, "expires_in": seconds, "token_type": "bearer", "scope": " ".join(scopes)}


def _client(authorization: str) -> App | None:
    kind, _, encoded = authorization.partition(" ")
    try:
        app_id, _, secret = base64.b64decode(encoded, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return None
    app = App.objects.filter(app_id=app_id).first()
    if kind.lower() != "basic" or app is None:
        return None
    return app if secrets.compare_digest(app.app_secret.encode(), secret.encode()) else None


def _failure(status: int, error: str, description: str) -> JsonResponse:
    return JsonResponse({"error": error, "error_description": description}, status=status)
