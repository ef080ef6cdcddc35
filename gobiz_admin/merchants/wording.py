"""From a stored failure back to a sentence: rows keep a code and facts, people get words in their language."""

from typing import Any

from gobiz_admin.gobiz import errors

_KINDS: dict[str, type[errors.GobizError]] = {
    kind.code: kind
    for kind in (
        errors.CredentialsRefused,
        errors.ScopeMissing,
        errors.TokenRefused,
        errors.OutletUnknown,
        errors.NotFound,
        errors.OrderMovedOn,
        errors.AlreadyExists,
        errors.RequestRefused,
        errors.GobizUnavailable,
        errors.UnreadableAnswer,
    )
}

# What a timeout, a 5xx or a 429 is called in the log; to a person they are all the same.
_KINDS |= dict.fromkeys(
    ("timeout", "connection_broken", "gobiz_failed", "too_many_requests"), errors.GobizUnavailable
)


def facts_of(error: errors.GobizError) -> dict[str, Any]:
    """What has to be kept of a GoBiz error so that `words_of` can say it later; JSON, without secrets."""
    facts: dict[str, Any] = {"detail": error.detail}
    if isinstance(error, errors.ScopeMissing):
        facts["scope"] = error.scope
    if isinstance(error, errors.PossiblyApplied):
        facts["maybe_applied"] = error.maybe_applied
    return facts


def words_of(code: str, facts: dict[str, Any]) -> str:
    """The merchant's words for a stored GoBiz error code; the general sentence for an unknown one."""
    kind = _KINDS.get(code, errors.GobizError)
    extra: dict[str, Any] = {}
    if kind is errors.ScopeMissing:
        extra["scope"] = facts.get("scope", "")
    if issubclass(kind, errors.PossiblyApplied):
        extra["maybe_applied"] = facts.get("maybe_applied", True)
    return str(kind(facts.get("detail", ""), **extra).words)
