"""What can go wrong with GoBiz, sorted by what the caller may do about it.

Source: gobiz-api.md, "Answers and errors". A task reads `transient` (retry later, unchanged) and
`maybe_applied` (look before you repeat); a page shows `words`; the log shows `str(error)`.
"""

import re
from collections.abc import Iterable
from typing import Any, Self

from django.utils.functional import Promise
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from gobiz_admin.gobiz.scopes import FEATURE_OF_SCOPE

DETAIL_LENGTH = 300
TOKEN_LIKE = re.compile(
    r"(?i:\b(?:bearer|basic)\s+\S+)"
    r"|eyJ[\w\-]{5,}(?:\.[\w\-]+)*"
    r"|(?i:\b(?:access_token|refresh_token|client_secret|app_secret|secret|password|token)\b[\"']?\s*[=:]\s*[\"']?[^\s\"',;&]+)"
    r"|[\w+\-=]{48,}"
)


def clean_detail(text: object, secrets: Iterable[str] = ()) -> str:
    """GoBiz's own message, fit to be shown and logged: no secrets, no controls, ≤300 characters."""
    if not isinstance(text, str):
        return ""
    for secret in secrets:
        if secret:
            text = text.replace(secret, "[hidden]")
    # Cut before the pattern runs: the message may be a whole page. What the cut halves, the end drops.
    # Unprintable are controls, direction overrides, lone surrogates and code points that mean nothing.
    printable = "".join(letter if letter.isprintable() else " " for letter in text[:4000])
    shown = TOKEN_LIKE.sub("[hidden]", printable)
    shown = " ".join(shown.split())
    return shown if len(shown) <= DETAIL_LENGTH else shown[: DETAIL_LENGTH - 1] + "…"


class GobizError(Exception):
    """Any failed call to GoBiz."""

    code: str = "gobiz_error"
    transient: bool = False
    maybe_applied: bool = False
    sentence: str | Promise = _(
        "GoBiz did not do this, and nothing was changed. Try again; if it stays so, contact GoBiz support."
    )

    def __init__(
        self,
        detail: str = "",
        *,
        status: int | None = None,
        code: str = "",
        request_id: str = "",
        retry_after: float | None = None,
        secrets: Iterable[str] = (),
    ) -> None:
        self.detail = clean_detail(detail, secrets)
        self.status = status
        self.code = code or type(self).code
        self.request_id = request_id
        self.retry_after = retry_after
        super().__init__(self.detail)

    @property
    def words(self) -> str | Promise:
        """What happened, what is safe and what to do: a sentence for a merchant, translated lazily."""
        return self.sentence

    def __str__(self) -> str:
        parts = [self.code]
        if self.status is not None:
            parts.append(f"HTTP {self.status}")
        if self.request_id:
            parts.append(f"request {self.request_id}")
        return ", ".join(parts) + (f": {self.detail}" if self.detail else "")

    def __reduce__(self) -> tuple[Any, ...]:
        return _restore, (type(self), dict(self.__dict__))


def _restore(kind: type[GobizError], attributes: dict[str, Any]) -> GobizError:
    """The error again, after pickle or deepcopy, whatever its constructor takes."""
    error = kind.__new__(kind)
    error.__dict__.update(attributes)
    error.args = (attributes.get("detail", ""),)
    return error


class CredentialsRefused(GobizError):
    """The App ID or the App Secret is wrong (`invalid_client`)."""

    code = "credentials_refused"
    sentence = _(
        "GoBiz does not know this App ID and App Secret together. Nothing was changed. In the GoBiz "
        "Developer Portal, open your app and copy the App ID and the App Secret again; sandbox and "
        "production each have their own."
    )


class ScopeMissing(GobizError):
    """The app was not granted the scope of this call; `scope` is "" when it is not known which."""

    code = "scope_missing"
    sentence = _(
        "Your GoBiz app was not given the right to do this. Nothing was changed, and everything else "
        "keeps working. Ask GoBiz to grant it in the GoBiz Developer Portal, then try again."
    )
    sentence_with_feature = _(
        "Your GoBiz app was not given the right for this: {feature}. Nothing was changed, and everything "
        "else keeps working. Ask GoBiz to grant it in the GoBiz Developer Portal, then try again."
    )

    def __init__(self, detail: str = "", *, scope: str = "", **rest: Any) -> None:
        super().__init__(detail, **rest)
        self.scope = scope

    @property
    def words(self) -> str | Promise:
        feature = FEATURE_OF_SCOPE.get(self.scope)
        return format_lazy(self.sentence_with_feature, feature=feature) if feature else self.sentence

    def __str__(self) -> str:
        return f"{super().__str__()} (scope {self.scope})" if self.scope else super().__str__()


class TokenRefused(GobizError):
    """GoBiz refused a fresh token although the scope of the call was granted (401 twice)."""

    code = "token_refused"
    sentence = _(
        "GoBiz gave us access and then did not accept it. Nothing was changed. In the GoBiz Developer "
        "Portal, see that the app is active and linked to this outlet, then try again."
    )


class OutletUnknown(GobizError):
    """404: the outlet is not yet registered for integration."""

    code = "outlet_unknown"
    sentence = _(
        "GoBiz does not have this outlet registered for your app. Nothing was changed. Compare the Outlet "
        "ID with the GoBiz Developer Portal, and ask GoBiz to link the outlet to your app if it is right."
    )


class NotFound(GobizError):
    """404 on anything but an outlet."""

    code = "not_found"
    sentence = _(
        "GoBiz no longer has what this is about. Nothing was changed. Reload the page to "
        "see what is there now."
    )


class OrderMovedOn(GobizError):
    """409 on an order: it is no longer in a state that allows the change."""

    code = "order_moved_on"
    sentence = _(
        "The order has already moved on, so this could not be done any more. The order itself is safe; "
        "look at its newest state before you do anything else."
    )


class AlreadyExists(GobizError):
    """409 on anything but an order, such as an event that is subscribed already."""

    code = "already_exists"
    sentence = _("GoBiz already has this. Nothing was changed, and nothing more has to be done.")


class RequestRefused(GobizError):
    """Any other 4xx, or an answer that says that it failed: sending it again unchanged is useless."""

    code = "request_refused"
    sentence = _(
        "GoBiz did not accept this, and nothing was changed. Check what you entered, "
        "correct it and try again."
    )
    sentence_with_detail = _(
        "GoBiz did not accept this, and nothing was changed. GoBiz says: “{detail}”. "
        "Correct it and try again."
    )

    @property
    def words(self) -> str | Promise:
        return format_lazy(self.sentence_with_detail, detail=self.detail) if self.detail else self.sentence


class PossiblyApplied(GobizError):
    """A transient failure after which the change may or may not stand at GoBiz."""

    transient = True

    def __init__(self, detail: str = "", *, maybe_applied: bool = True, **rest: Any) -> None:
        super().__init__(detail, **rest)
        self.maybe_applied = maybe_applied


class GobizUnavailable(PossiblyApplied):
    """Network errors, timeouts, 5xx and 429."""

    code = "gobiz_unavailable"
    sentence = _(
        "GoBiz did not answer properly. Your data here is safe, but a change that was being sent may or "
        "may not have arrived. Look at the newest state in a minute, and try again if it is not there."
    )
    sentence_never_sent = _(
        "GoBiz cannot be reached right now. Your data here is safe, and nothing was changed at GoFood. "
        "Try again in a minute."
    )

    @property
    def words(self) -> str | Promise:
        return self.sentence if self.maybe_applied else self.sentence_never_sent

    @classmethod
    def never_sent(cls, detail: str = "", **rest: Any) -> Self:
        """The failure of a call of which GoBiz has seen nothing."""
        return cls(detail, maybe_applied=False, **rest)


class UnreadableAnswer(PossiblyApplied):
    """A 2xx or 3xx that is HTML, no JSON, cut short or of a wrong shape."""

    code = "unreadable_answer"
    sentence = _(
        "GoBiz answered with something that could not be read in full. Your data here is safe, and nothing "
        "was taken from that answer. Look at the newest state in a minute, and try again if needed."
    )
