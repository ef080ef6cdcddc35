"""Making notifications: envelope, signature, a delivery per subscription (page: "Receiving notifications")."""

import hashlib
import hmac
import json
import secrets
import uuid
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.db.models import Q
from django.utils import timezone

from gobiz_admin.sandbox import waking
from gobiz_admin.sandbox.events import MENU_CONFIRMED, WEBHOOK_ERROR
from gobiz_admin.sandbox.models import App, Delivery, Outlet, Settings, Subscription

JAKARTA = ZoneInfo("Asia/Jakarta")
Json = dict[str, Any]


def stamp(moment: datetime | None = None) -> str:
    """A time as GoBiz writes it: `2026-09-28T21:22:50.446+07:00`."""
    return (moment or timezone.now()).astimezone(JAKARTA).isoformat(timespec="milliseconds")


def send_event(outlet: Outlet, event: str, body: Json, entity_id: str) -> list[Delivery]:
    """Notifies every active subscription of the outlet and of its partner of one event."""
    # GoBiz's webhook_error sample names the event in `event_type`, all others in `event_name`.
    name_field = "event_type" if event == WEBHOOK_ERROR else "event_name"
    header = {name_field: event, "event_id": str(uuid.uuid4()), "version": 1, "timestamp": stamp()}
    payload = json.dumps({"header": header, "body": body}, ensure_ascii=False).encode()
    return queue(outlet.app, event, entity_id, payload, urls_for(outlet.app, event, outlet))


def urls_for(app: App, event: str, outlet: Outlet | None) -> list[str]:
    """One URL per active subscription; a URL that is subscribed twice is notified twice."""
    scope = Q(outlet=None) if outlet is None else Q(outlet=None) | Q(outlet=outlet)
    found = Subscription.objects.filter(scope, app=app, event=event, active=True)
    return list(found.order_by("created_at", "pk").values_list("url", flat=True))


def queue(
    app: App, event: str, entity_id: str, payload: bytes, urls: list[str], signature: str | None = None
) -> list[Delivery]:
    """Stores the deliveries of one payload; the thread of `worker.py` sends them."""
    options = Settings.load()
    headers = {
        "Content-Type": "application/json",
        "X-Go-Signature": sign(app, payload) if signature is None else signature,
        "X-Go-Idempotency-Key": str(uuid.uuid4()),
    }
    waking.after_commit()
    return [
        Delivery.objects.create(
            app=app,
            event=event,
            entity_id=entity_id,
            url=url,
            payload=payload,
            headers=headers,
            lane=_lane(url, entity_id, options),
            due_at=_first_due(options),
        )
        for url in urls
        for _ in range(options.duplicates)
    ]


def sign(app: App, payload: bytes) -> str:
    return hmac.new(app.relay_secret.encode(), payload, hashlib.sha256).hexdigest()


def _lane(url: str, entity_id: str, options: Settings) -> str:
    """Deliveries of one lane start in order; shuffled ones and those of no entity have a lane each."""
    if options.shuffle or not entity_id:
        return uuid.uuid4().hex
    return hashlib.sha256(f"{url} {entity_id}".encode()).hexdigest()


def _first_due(options: Settings) -> datetime:
    jitter = secrets.randbelow(500) / 1000 if options.shuffle else 0.0
    return timezone.now() + timedelta(seconds=jitter)


def confirm_menu(data: Json) -> None:
    """Step `menu_confirmed`: the confirmation of a PUT (page: "Catalog")."""
    outlet = Outlet.objects.select_related("app").filter(pk=data["outlet"]).first()
    if outlet is None:
        return
    body = {"request_id": data["request_id"], "outlet": outlet.reference(), "menus": data["menus"]}
    send_event(outlet, MENU_CONFIRMED, body, entity_id=data["request_id"])
