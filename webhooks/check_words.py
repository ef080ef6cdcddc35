"""What each look at a GoBiz app says to its owner: what was found, what is safe, what to do."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from gobiz_admin.gobiz.events import EVENTS
from gobiz_admin.merchants.wording import words_of
from webhooks.event_words import in_words
from webhooks.models import AppCheck

Facts = dict[str, Any]


def sentence(check: AppCheck) -> str:
    """What the last look found; "" when there was none."""
    if not check.code:
        return ""
    words = WORDS.get(check.code)
    return words(check.facts) if words else words_of(check.code, check.facts)


def details(check: AppCheck) -> list[str]:
    """Lines below the sentence: what GoBiz said, what was done, how long each part took."""
    if check.kind == AppCheck.Kind.ROUND_TRIP:
        return _milliseconds(check.facts)
    return [*_done(check.facts), *refusals(check.facts)]


def _milliseconds(facts: Facts) -> list[str]:
    lines = {
        "answered": _("Sent and answered: %(ms)d ms"),
        "stored": _("Sent and stored: %(ms)d ms"),
        "applied": _("Stored and worked off: %(ms)d ms"),
    }
    return [line % {"ms": facts[name]} for name, line in lines.items() if name in facts]


def _done(facts: Facts) -> list[str]:
    lines = []
    if removed := facts.get("removed"):
        lines.append(
            ngettext("%(count)d double was removed.", "%(count)d doubles were removed.", removed)
            % {"count": removed}
        )
    if left := facts.get("not_removed"):
        lines.append(
            ngettext(
                "GoBiz would not remove %(count)d double. It does no harm: each event has its effect once.",
                "GoBiz would not remove %(count)d doubles. They do no harm: each event has its effect once.",
                left,
            )
            % {"count": left}
        )
    return lines


def refusals(facts: Facts) -> list[str]:
    """Each of GoBiz's own sentences once, whatever it was about."""
    said = [facts.get("detail", ""), *(problem["detail"] for problem in facts.get("problems", []))]
    return [_("GoBiz says: “%(words)s”") % {"words": words} for words in dict.fromkeys(said) if words]


def _right(facts: Facts) -> str:
    if facts.get("per") != "outlet":
        return _("All %(count)d events come to us.") % {"count": len(EVENTS)}
    outlets = facts.get("places", 0)
    if not outlets:
        return _("No outlet is connected with this app, so nothing has to be subscribed.")
    return ngettext(
        "All %(events)d events of %(count)d outlet come to us.",
        "All %(events)d events of all %(count)d outlets come to us.",
        outlets,
    ) % {"events": len(EVENTS), "count": outlets}


def _names(facts: Facts) -> str:
    return ", ".join(in_words(event) for event in facts.get("events", []))


def _elsewhere(facts: Facts) -> str:
    hosts = sorted({row["host"] for row in facts.get("foreign", []) if row["event"] in facts["events"]})
    if hosts:
        return _(
            "GoBiz sends these events to another address and lets only one have them: %(events)s. They go to "
            "%(hosts)s. Orders are not lost there, but they do not reach this page. If that is not wanted any "
            "more, remove those subscriptions where they were made, then check again."
        ) % {"events": _names(facts), "hosts": ", ".join(hosts)}
    return _(
        "GoBiz says that these events are subscribed already, but does not show us where to: %(events)s. Remove "
        "those subscriptions in the GoBiz Developer Portal, your app, Notifications, then check again."
    ) % {"events": _names(facts)}


def _refused(facts: Facts) -> str:
    if not facts.get("events"):
        return _(
            "GoBiz did not accept our request. What was subscribed before stays so. Its words stand below; tell "
            "them to the operator of this site."
        )
    return _(
        "GoBiz did not accept our address for these events: %(events)s. The other events come to us. Its words "
        "stand below; tell them to the operator of this site."
    ) % {"events": _names(facts)}


def _not_allowed(facts: Facts) -> str:
    return _(
        "GoBiz does not let this app look at or change its subscriptions. What is subscribed stays so, and "
        "everything else keeps working. GoBiz's documentation names no right of its own for this: in the GoBiz "
        "Developer Portal ask GoBiz to allow this app “notification subscriptions”, or subscribe the %(count)d "
        "events there by hand with the address on this page."
    ) % {"count": len(EVENTS)}


def _not_public(facts: Facts) -> str:
    host = facts.get("host", "")
    if facts.get("reason") == "not_https":
        why = _("Our address at %(host)s does not begin with https, and GoBiz posts to such addresses only.")
    else:
        why = _("GoBiz cannot reach our address at %(host)s: it is known on this machine or network only.")
    return (
        why % {"host": host}
        + " "
        + _(
            "So nothing was subscribed or changed at GoBiz, and no order arrives here. The operator of this site "
            "has to set PUBLIC_BASE_URL to its public https address."
        )
    )


def _outlets_unknown(facts: Facts) -> str:
    outlets = sorted({row["outlet"] for row in facts.get("problems", []) if row["state"] == "outlet_unknown"})
    return _(
        "GoBiz does not know these outlets as linked to your app: %(outlets)s. The events of the others come to "
        "us. Ask GoBiz to link them in the GoBiz Developer Portal, then check again."
    ) % {"outlets": ", ".join(outlets)}


def _not_applied(facts: Facts) -> str:
    return _(
        "The test arrived and is stored, but nobody worked it off within %(seconds)d s. Orders are stored just "
        "the same and none is lost, but they may show late. The operator of this site has to see that the "
        "workers run."
    ) % {"seconds": facts.get("seconds", 5)}


WORDS: dict[str, Callable[[Facts], str]] = {
    "subscriptions_right": _right,
    "subscribed_elsewhere": lambda facts: _elsewhere({"events": [], **facts}),
    "subscriptions_refused": _refused,
    "subscriptions_not_allowed": _not_allowed,
    "address_not_public": _not_public,
    "outlets_unknown": _outlets_unknown,
    "check_busy": lambda facts: _(
        "These subscriptions are being looked at already, and that takes longer than usual. Nothing is lost; "
        "look again in a minute."
    ),
    "broken": lambda facts: _(
        "This check stopped because of a fault of ours. Nothing was changed. Try again; if it stays so, tell "
        "the operator of this site."
    ),
    "round_trip_came_back": lambda facts: _(
        "The test came back: a signed notification went to our public address, was verified, stored and worked off."
    ),
    "round_trip_not_applied": _not_applied,
    "round_trip_unreachable": lambda facts: (
        _(
            "Our public address cannot be reached from here: %(url)s. GoBiz cannot reach it either. The operator of "
            "this site has to correct PUBLIC_BASE_URL or the network before it."
        )
        % facts
    ),
    "round_trip_status": lambda facts: (
        _(
            "Our public address answered with status %(status)s instead of 200: %(url)s. Something stands between it "
            "and us. The operator of this site has to look at PUBLIC_BASE_URL and the proxy before it."
        )
        % facts
    ),
    "round_trip_elsewhere": lambda facts: (
        _(
            "Somebody answered at our public address, but the notification did not arrive here: %(url)s. "
            "PUBLIC_BASE_URL seems to name another installation."
        )
        % facts
    ),
}
