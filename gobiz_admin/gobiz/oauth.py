"""Asking GoBiz for a token. Source: gobiz-api.md, "Access token" and "How we read … Scopes"."""

import math
import re
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

from gobiz_admin.gobiz import http
from gobiz_admin.gobiz.answers import Call, facts_of, message_of, refusal, unreadable
from gobiz_admin.gobiz.errors import (
    CredentialsRefused,
    GobizError,
    RequestRefused,
    ScopeMissing,
    TokenRefused,
)

OAUTH_PATH = "/oauth2/token"
# Connect, read, total: below the lock under which a token is fetched.
TIMEOUT = (http.CONNECT_SECONDS, 10.0, 20.0)
DEFAULT_LIFETIME = 300.0
MAX_LIFETIME = 24 * 3600.0
MAX_TOKEN_ANSWER = 256 * 1024
# What a header can carry: a token with anything else would fail on every call.
USABLE_TOKEN = re.compile(r"[\x21-\x7e]{1,8192}\Z")


@dataclass(frozen=True)
class Grant:
    """What one request granted: the token, its scopes, its life in seconds from `asked_at` (Unix time)."""

    access_token: str = field(repr=False)
    scopes: tuple[str, ...]
    lifetime: float
    asked_at: float


class ScopesRefused(RequestRefused):
    """`invalid_scope`: at least one of the asked scopes is not granted to the app."""

    code = "invalid_scope"


def request_token(
    oauth_base: str,
    auth: tuple[str, str],
    scopes: tuple[str, ...],
    before_each: Callable[[], None] = lambda: None,
) -> Grant:
    """A token for as many of the scopes as the app was granted; `before_each` runs before every request.

    A token holds what its own request granted. So on `invalid_scope` each scope is asked for once, alone,
    and then all that were granted together: at most two requests more than there are scopes.
    Raises ScopeMissing when none is granted, CredentialsRefused, and the transient errors.
    """

    def ask(asked: tuple[str, ...]) -> Grant:
        before_each()
        return _ask(oauth_base, auth, asked)

    try:
        return ask(scopes)
    except ScopesRefused as error:
        refused = error
    granted = tuple(scope for scope in scopes if len(scopes) > 1 and _is_granted(scope, ask))
    if not granted:
        raise ScopeMissing(
            refused.detail,
            scope=scopes[0] if len(scopes) == 1 else "",
            status=refused.status,
            request_id=refused.request_id,
        )
    return ask(granted)


def _is_granted(scope: str, ask: Callable[[tuple[str, ...]], Grant]) -> bool:
    try:
        return scope in ask((scope,)).scopes
    except ScopesRefused:
        return False


def _ask(oauth_base: str, auth: tuple[str, str], scopes: tuple[str, ...]) -> Grant:
    asked_at = time.time()
    answer = http.send(
        "POST",
        oauth_base + OAUTH_PATH,
        headers={"Content-Type": "application/x-www-form-urlencoded", "Accept": "application/json"},
        data={"grant_type": "client_credentials", "scope": " ".join(scopes)},
        auth=auth,
        timeout=TIMEOUT,
        request_id=uuid.uuid4().hex,
        max_body=MAX_TOKEN_ANSWER,
    )
    answer = replace(answer, secrets=(auth[1],))
    if not answer.ok:
        raise _refused(answer)
    body = answer.json()
    token = body.get("access_token") if isinstance(body, dict) else None
    if not isinstance(token, str) or not USABLE_TOKEN.match(token):
        raise unreadable(answer, "The answer holds no usable token.")
    return Grant(token, _scopes(body.get("scope"), scopes), _lifetime(body.get("expires_in")), asked_at)


def _refused(answer: http.Answer) -> GobizError:
    """Our error for a token request that failed; a 401 without a word means the credentials too."""
    error = _oauth_code(answer)
    message, known = message_of(answer), facts_of(answer)
    final = answer.status < 500 and answer.status != 429
    if final and error == "invalid_scope":
        return ScopesRefused(message, **known)
    if final and error == "invalid_client":
        return CredentialsRefused(message, **known)
    general = refusal(answer, Call("POST", OAUTH_PATH))
    if isinstance(general, TokenRefused):
        return CredentialsRefused(message, **known)
    if isinstance(general, ScopeMissing):
        return RequestRefused(message, **known)
    return general


def _oauth_code(answer: http.Answer) -> str:
    try:
        body = answer.json()
    except GobizError:
        return ""
    code = body.get("error") if isinstance(body, dict) else None
    return code if isinstance(code, str) else ""


def _scopes(stated: Any, asked: tuple[str, ...]) -> tuple[str, ...]:
    """The granted scopes, in the order asked; a server that states none has granted what was asked."""
    if isinstance(stated, str):
        granted = stated.split()
    elif isinstance(stated, list):
        granted = [scope for scope in stated if isinstance(scope, str)]
    else:
        return asked
    known = [scope for scope in asked if scope in granted]
    return tuple(dict.fromkeys(known + granted))


def _lifetime(stated: Any) -> float:
    try:
        seconds = float(stated) if isinstance(stated, int | float | str) else 0.0
    except (ValueError, OverflowError):
        seconds = 0.0
    if math.isnan(seconds) or seconds <= 0 or isinstance(stated, bool):
        return DEFAULT_LIFETIME
    return min(seconds, MAX_LIFETIME)
