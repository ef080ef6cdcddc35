"""What we know of a missing name, and what can be done about it, in a merchant's words."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from menus.models import MappingAlert
from menus.repairing.choices import ADOPT, GONE, LEAVE, RESEND, SHOW, row_in
from menus.repairing.knowing import Known, Own
from menus.views.wording import Words, short

OTHER = "other"
KNOWN: dict[str, Words] = {
    "covered": gettext_lazy("GoFood has its id again."),
    "never_confirmed": gettext_lazy(
        "It is in your menu here, and no menu that GoFood has confirmed had it with an id."
    ),
    "lost": gettext_lazy(
        "It is in your menu here. GoFood had its id and lost it, perhaps by a change in the GoBiz app."
    ),
    "hidden": gettext_lazy("It is in your menu here, but hidden at this outlet, so it is not sent."),
    "only_on_gofood": gettext_lazy("It is on GoFood only: your menu here does not have it."),
    "unknown": gettext_lazy("It is not in your menu here, and we have not seen it on GoFood."),
    "no_menu": gettext_lazy("The menu of this outlet was never imported. Import it first."),
}


# Why an alert was, or was not, resynced without asking.
AUTO: dict[str, Words] = {
    "started": gettext_lazy("Resynced without asking, as you wished: nothing but the mapping changes."),
    "not_read": gettext_lazy("Not resynced without asking: we could not read GoFood's menu as it is now."),
    "not_certain": gettext_lazy("Not resynced without asking: somebody has to say what is meant."),
    "blocked": gettext_lazy("Not resynced without asking: there are problems in the menu here."),
    "changes_more": gettext_lazy(
        "Not resynced without asking: the menu here is not what GoFood shows, so more than the mapping would change."
    ),
    "under_way": gettext_lazy("Not resynced without asking: a menu was on its way already."),
    "too_soon": gettext_lazy("Not resynced without asking: that was done less than 15 minutes before."),
}


@dataclass(frozen=True)
class Option:
    """One thing that can be done, with its effect."""

    value: str
    label: str


def auto_words(alerts: Sequence[MappingAlert]) -> list[str]:
    """What came of these alerts by itself, each thing once."""
    codes = dict.fromkeys(alert.auto_code for alert in alerts)
    return [str(AUTO[code]) for code in codes if code in AUTO]


def known_words(known: Known) -> str:
    """“It is in your menu here, …”"""
    if known.code == "ambiguous":
        return _several(known)
    if known.code == "only_on_gofood" and known.own:
        return _("GoFood has it under the id of “%(name)s”: it was given another name in the GoBiz app.") % {
            "name": short(known.own[0].name)
        }
    return str(KNOWN[known.code])


def _several(known: Known) -> str:
    here = ngettext("%(count)d in your menu here", "%(count)d in your menu here", len(known.own))
    there = ngettext("%(count)d on GoFood", "%(count)d on GoFood", len(known.live))
    parts = [here % {"count": len(known.own)}] if known.own else []
    parts += [there % {"count": len(known.live)}] if known.live else []
    return _("Several have this name: %(where)s.") % {"where": ", ".join(parts)}


def options_of(known: Known) -> list[Option]:
    """Each choice with its effect; the one that we propose comes first."""
    return [Option(choice, _label(known, choice)) for choice in known.choices]


def _label(known: Known, choice: str) -> str:
    pk = row_in(choice)
    return _is(known, pk) if pk is not None else _LABELS[choice](known)


def _is(known: Known, pk: int) -> str:
    row = next(row for row in known.own if row.pk == pk)
    theirs = next((live.external_id for live in known.live if live.ours is None and live.external_id), "")
    facts: dict[str, Any] = {"name": short(row.name), "where": short(row.where), "id": row.id_to_be}
    if theirs and not row.external_id:
        facts["id"] = theirs
        if known.code in ("never_confirmed", "lost"):
            return _("Give it GoFood's id %(id)s and send it.") % facts
        return _("It is “%(name)s” in %(where)s: give it GoFood's id %(id)s and send it.") % facts
    return _("It is “%(name)s” in %(where)s: send it with its id %(id)s.") % facts


def _resend(known: Known) -> str:
    if len(known.own) > 1:
        ids = ", ".join(_id_and_place(row) for row in known.own)
        return _("Send all of them, each with its own id: %(ids)s.") % {"ids": ids}
    row = known.own[0]
    if known.code == "ambiguous":
        facts = {"id": row.id_to_be}
        return _("Send yours with its id %(id)s: GoFood then has only this one.") % facts
    if row.external_id:
        return _("Send it again with its id %(id)s.") % {"id": row.external_id}
    return _("Give it the id %(id)s and send it.") % {"id": row.proposal}


def _id_and_place(row: Own) -> str:
    return f"{row.id_to_be} ({short(row.where, 30)})"


def _adopt(known: Known) -> str:
    strays = [row for row in known.live if row.ours is None]
    if len(strays) > 1:
        count = len(strays)
        return ngettext(
            "Take it over into your menu here, and send it.",
            "Take all %(count)d over into your menu here, and send them.",
            count,
        ) % {"count": count}
    theirs = strays[0].external_id if strays else ""
    if theirs:
        return _("Take it over into your menu here with GoFood's id %(id)s, and send it.") % {"id": theirs}
    return _("Take it over into your menu here as it is on GoFood, give it an id and send it.")


def _show(known: Known) -> str:
    return _("Show it at this outlet again and send it with the id %(id)s.") % {"id": known.own[0].id_to_be}


_LABELS: dict[str, Callable[[Known], str]] = {
    RESEND: _resend,
    ADOPT: _adopt,
    SHOW: _show,
    GONE: lambda known: _("I do not sell it any more: the menu that is sent takes it off GoFood."),
    LEAVE: lambda known: _("Leave it for now: the alert stays open."),
}
