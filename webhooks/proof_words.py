"""What each proven, or failed, step of a connection says to the merchant."""

from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from gobiz_admin.gobiz.scopes import FEATURE_OF_SCOPE, OPTIONAL_SCOPES
from gobiz_admin.merchants.models import Proof, ProofStep
from gobiz_admin.merchants.wording import words_of
from webhooks import check_words


def sentence(proof: Proof) -> str:
    """What the step found, or what went wrong and where to look."""
    if proof.state not in (Proof.State.PASSED, Proof.State.FAILED):
        return ""
    words = _WORDS.get(proof.code)
    return words(proof.facts) if words else words_of(proof.code, proof.facts)


def details(proof: Proof) -> list[str]:
    """Lines below the sentence: scopes, events, addresses."""
    if proof.step == ProofStep.TOKEN and proof.state == Proof.State.PASSED:
        return _scope_lines(proof.facts)
    if proof.step == ProofStep.SUBSCRIPTIONS:
        left_alone = _("Left alone, not ours: subscriptions of %(host)s")
        lines = [left_alone % {"host": host} for host in proof.facts.get("foreign_hosts", [])]
        return [*check_words.refusals(proof.facts), *lines]
    return []


def _scope_lines(facts: dict[str, Any]) -> list[str]:
    lines = [_("Granted: %(scopes)s") % {"scopes": ", ".join(facts.get("granted", []))}]
    for scope in facts.get("missing", []):
        facts_of_line = {"scope": scope, "feature": FEATURE_OF_SCOPE.get(scope, "")}
        if scope in OPTIONAL_SCOPES:
            lines.append(_("Not granted, and not needed: %(scope)s (%(feature)s)") % facts_of_line)
        else:
            lines.append(_("Not granted: %(scope)s. You cannot use: %(feature)s.") % facts_of_line)
    return lines


def _token(facts: dict[str, Any]) -> str:
    needed = [scope for scope in facts.get("missing", []) if scope not in OPTIONAL_SCOPES]
    if not needed:
        return _("GoBiz accepted the App ID and the App Secret, and granted every right that is needed.")
    return ngettext(
        "GoBiz accepted the App ID and the App Secret, but %(count)d right is missing. Ask GoBiz for it in the "
        "GoBiz Developer Portal, under your app's scopes.",
        "GoBiz accepted the App ID and the App Secret, but %(count)d rights are missing. Ask GoBiz for them in "
        "the GoBiz Developer Portal, under your app's scopes.",
        len(needed),
    ) % {"count": len(needed)}


def _catalog(facts: dict[str, Any]) -> str:
    return _(
        "The Outlet ID is right: the live menu was read, %(items)d items in %(menus)d menus, "
        "%(without_id)d of them without an external_id."
    ) % {key: facts.get(key, 0) for key in ("items", "menus", "without_id")}


def _subscriptions(facts: dict[str, Any]) -> str:
    return _(
        "GoBiz will notify us of every event: %(created)d newly subscribed, %(corrected)d corrected, "
        "%(kept)d were right already."
    ) % {key: facts.get(key, 0) for key in ("created", "kept", "corrected")}


def _round_trip(facts: dict[str, Any]) -> str:
    arrived = (
        _("A signed notification, sent to our public address, arrived after %(milliseconds)d ms.") % facts
    )
    if facts.get("relay_proven"):
        return arrived + " " + _("GoBiz's own notifications verify: the Relay Secret is right.")
    return (
        arrived
        + " "
        + _("Whether the Relay Secret is the right one will be known with GoBiz's first notification.")
    )


_WORDS: dict[str, Any] = {
    **check_words.WORDS,
    "token_proven": _token,
    "catalog_proven": _catalog,
    "subscriptions_proven": _subscriptions,
    "round_trip_proven": _round_trip,
    "after_token": lambda facts: _("Not tried: the App ID and the App Secret have to be right first."),
    "relay_secret_wrong": lambda facts: _(
        "GoBiz has sent a notification whose signature does not fit the Relay Secret, so it was refused. Copy "
        "the Relay Secret (notification secret key) again from the GoBiz Developer Portal, your app, "
        "Notifications."
    ),
}
