"""Keeping what GoBiz has subscribed equal to what we need: all events, our address, active.

For the whole partner, or for each outlet (gobiz-api.md, "Notification subscriptions" and "How we
read": Subscriptions). Running it again changes nothing. GoBiz is called outside of any transaction;
checking.py sees to it that one process at a time does so for an app.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from gobiz_admin.gobiz.errors import (
    AlreadyExists,
    CredentialsRefused,
    GobizError,
    NotFound,
    OutletUnknown,
    RequestRefused,
    ScopeMissing,
    TokenRefused,
)
from gobiz_admin.gobiz.events import EVENTS
from gobiz_admin.merchants.gobiz import client_for
from gobiz_admin.merchants.models import GobizApp
from webhooks.addresses import Recognised, host_of, without_addresses

# What was found, or done, for one event at one place.
RIGHT, CREATED, CORRECTED = "right", "created", "corrected"
ELSEWHERE, REFUSED, OUTLET_UNKNOWN = "elsewhere", "refused", "outlet_unknown"
GOOD = {RIGHT, CREATED, CORRECTED}
# The same for every place: the others need not be tried.
HOPELESS = (CredentialsRefused, ScopeMissing, TokenRefused)
# A GoBiz that is down must not be waited for hundreds of times.
MOST_FAILURES = 3
PARTNER = ""

Subscription = dict[str, Any]


@dataclass
class Reconciled:
    """What was found and done, by place (an Outlet ID, or PARTNER) and event."""

    per: str
    places: list[str] = field(default_factory=list)
    states: dict[tuple[str, str], str] = field(default_factory=dict)
    # GoBiz's own words about what it refused.
    details: dict[tuple[str, str], str] = field(default_factory=dict)
    # Hosts only: an address may hold a secret of whoever it belongs to.
    foreign: list[dict[str, Any]] = field(default_factory=list)
    removed: int = 0
    # Those that GoBiz would not let us take away: a double does no harm, each event has its effect once.
    not_removed: int = 0
    # Whether none of ours is left of the other kind (per outlet, or partner-wide).
    cleaned: bool = False
    # What ended the run, or kept it from some places.
    error: GobizError | None = None

    def events(self, *states: str) -> list[str]:
        """The events that are in one of the states at some place."""
        found = {event for (_, event), state in self.states.items() if state in states}
        return [event for event in EVENTS if event in found]

    def stands_everywhere(self, event: str) -> bool:
        return bool(self.places) and all(self.states.get((place, event)) in GOOD for place in self.places)

    @property
    def complete(self) -> bool:
        return not self.error and all(self.stands_everywhere(event) for event in EVENTS if self.places)


def reconcile(
    app: GobizApp, *, was_clean: bool = True, still_ours: Callable[[], None] = lambda: None
) -> Reconciled:
    """What stands at GoBiz now; `error` in it, and not raised, is what kept it from being right.

    `was_clean` spares asking every outlet for what an earlier choice may have left there.
    `still_ours` is called before each look and each change, and may raise to end the run.
    """
    run = _Run(app, still_ours)
    run.result.cleaned = was_clean
    try:
        run.put_all_right()
        run.clear_other_kind(was_clean)
    except GobizError as error:
        run.result.error = error
    return run.result


class _Run:
    def __init__(self, app: GobizApp, still_ours: Callable[[], None]) -> None:
        self.app, self.still_ours = app, still_ours
        self.client = client_for(app)
        self.result = Reconciled(per=app.subscribed_per)
        self.outlet_ids = list(app.outlets.order_by("pk").values_list("outlet_id", flat=True))
        self.per_outlet = app.subscribed_per == GobizApp.SubscribedPer.OUTLET
        self.result.places = self.outlet_ids if self.per_outlet else [PARTNER]

    def put_all_right(self) -> None:
        failures = 0
        for place in self.result.places:
            try:
                self._put_right(place)
            except HOPELESS:
                raise
            except OutletUnknown as error:
                if place == PARTNER:
                    raise
                self._note(place, OUTLET_UNKNOWN, error)
            except GobizError as error:
                self.result.error, failures = error, failures + 1
                if failures >= MOST_FAILURES:
                    raise

    def clear_other_kind(self, was_clean: bool) -> None:
        """Take away ours of the other kind, event by event, once the new ones stand at every place."""
        if self.per_outlet:
            # Also with nothing to clear: foreign ones are shown, wherever they stand.
            self.result.cleaned = not self.outlet_ids or self._clear(PARTNER)
        elif not was_clean:
            self.result.cleaned = all([self._clear(place) for place in self.outlet_ids])

    def _clear(self, place: str) -> bool:
        """Whether none of ours is left there."""
        try:
            ours, _ = self._look(place)
        except OutletUnknown:
            return True
        left = False
        for event, found in ours.items():
            if event not in EVENTS or self.result.stands_everywhere(event):
                left |= not self._delete(place, found)
            else:
                left = True
        return not left

    def _look(self, place: str) -> tuple[dict[str, list[Subscription]], Recognised]:
        """Ours at this place by event, the best first; foreign ones are noted."""
        self.still_ours()
        listed = self.client.list_subscriptions(place or None)
        known = Recognised(self.app, listed)
        ours: dict[str, list[Subscription]] = {}
        for subscription in listed:
            if known.is_ours(subscription):
                ours.setdefault(str(subscription.get("event")), []).append(subscription)
            else:
                self._note_foreign(place, subscription)
        for found in ours.values():
            found.sort(
                key=lambda one: (one.get("url") != self.app.webhook_url, one.get("active") is not True)
            )
        return ours, known

    def _put_right(self, place: str) -> None:
        ours, known = self._look(place)
        for event in EVENTS:
            self._put_event_right(place, event, ours.pop(event, []), known)
        for found in ours.values():
            # Events that we do not need: at our address they do no harm.
            self._delete(place, [one for one in found if one.get("url") != self.app.webhook_url])
        self._look_again(place, [event for event in EVENTS if self._state(place, event) == ELSEWHERE])

    def _put_event_right(self, place: str, event: str, found: list[Subscription], known: Recognised) -> None:
        try:
            if found and known.is_right(found[0]):
                state = RIGHT
            else:
                self.still_ours()
                state = self._correct(place, event, found[0]) if found else self._create(place, event)
        except AlreadyExists as error:
            self._note(place, ELSEWHERE, error, event)
        except RequestRefused as error:
            self._note(place, REFUSED, error, event)
        else:
            self.result.states[place, event] = state
            # Doubles go when one is right, never before.
            self._delete(place, found[1:])

    def _create(self, place: str, event: str) -> str:
        self.client.create_subscription(event, self.app.webhook_url, place or None)
        return CREATED

    def _correct(self, place: str, event: str, found: Subscription) -> str:
        try:
            self.client.update_subscription(
                str(found["id"]), event, self.app.webhook_url, True, place or None
            )
        except NotFound:
            # Gone between our look and our change.
            return self._create(place, event)
        return CORRECTED

    def _look_again(self, place: str, events: list[str]) -> None:
        """A 409 may speak of one that is ours: made by a call whose answer was lost, or just now by another."""
        if not events:
            return
        listed = self.client.list_subscriptions(place or None)
        known = Recognised(self.app, listed)
        standing = {one.get("event") for one in listed if known.is_ours(one) and known.is_right(one)}
        for event in events:
            if event in standing:
                self.result.states[place, event] = RIGHT

    def _delete(self, place: str, subscriptions: list[Subscription]) -> bool:
        """Whether all of them are gone now."""
        refused = 0
        for subscription in subscriptions:
            self.still_ours()
            try:
                self.client.delete_subscription(str(subscription["id"]), place or None)
                self.result.removed += 1
            except NotFound:
                continue
            except RequestRefused:
                refused += 1
        self.result.not_removed += refused
        return not refused

    def _state(self, place: str, event: str) -> str:
        return self.result.states.get((place, event), "")

    def _note(self, place: str, state: str, error: GobizError, event: str = "") -> None:
        for one in [event] if event else EVENTS:
            self.result.states[place, one] = state
            self.result.details[place, one] = without_addresses(error.detail, self.app)

    def _note_foreign(self, place: str, subscription: Subscription) -> None:
        foreign = {
            "host": host_of(subscription.get("url", "")),
            "event": str(subscription.get("event", ""))[:100],
            "active": subscription.get("active") is True,
            "outlet": place,
        }
        if foreign not in self.result.foreign:
            self.result.foreign.append(foreign)
