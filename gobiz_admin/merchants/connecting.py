"""Storing what a merchant connects: GoBiz app and outlet, created once and updated after."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field
from typing import Any

from django.contrib.auth.hashers import make_password
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.db.models import Model

from gobiz_admin.gobiz.client import GobizClient
from gobiz_admin.gobiz.tokens import AppCredentials, missing
from gobiz_admin.merchants.gobiz import token_store
from gobiz_admin.merchants.models import (
    AuditEntry,
    GobizApp,
    Member,
    Merchant,
    Outlet,
    Role,
    User,
    environment_named,
)
from gobiz_admin.merchants.rotating import replace_relay_secret


class OutletHeldElsewhere(Exception):
    """Another merchant holds this outlet in the same environment."""


@dataclass(frozen=True)
class Connection:
    """What a merchant enters to connect an outlet."""

    environment: str
    app_id: str
    partner_id: str
    outlet_id: str
    outlet_name: str
    # Empty: keep the stored one.
    app_secret: str = field(default="", repr=False)
    relay_secret: str = field(default="", repr=False)
    # GoBiz has accepted the App Secret already.
    verified: bool = False


def merchant_of(name: str, owner_email: str) -> tuple[Merchant, User]:
    """The merchant of that name and owner, created when there is none."""
    email = owner_email.strip().lower()
    User.objects.get_or_create(email=email, defaults={"password": make_password(None)})
    # Two commands at once for the same owner wait for one another here.
    owner = User.objects.select_for_update(no_key=True).get(email=email)
    merchant = Merchant.objects.filter(name=name, members__user=owner, members__role=Role.OWNER).first()
    if merchant is None:
        merchant = Merchant.objects.create(name=name)
        Member.objects.create(merchant=merchant, user=owner, role=Role.OWNER)
    return merchant, owner


def save_connection(merchant: Merchant, connection: Connection, user: User | None) -> Outlet:
    """The outlet, stored with its app; what was there is updated. Raises OutletHeldElsewhere, ValidationError."""
    try:
        with transaction.atomic():
            # The same form sent twice at once: the second one finds what the first one made.
            Merchant.objects.select_for_update(no_key=True).get(pk=merchant.pk)
            app, app_changed = _save_app(merchant, connection, user)
            outlet, outlet_changed = _save_outlet(merchant, app, connection)
            if app_changed or outlet_changed:
                facts = {"outlet": outlet.outlet_id}
                AuditEntry.objects.create(
                    merchant=merchant, user=user, action="outlet.connected", facts=facts
                )
            return outlet
    except IntegrityError as error:
        # Somebody else connected it between our look and our write.
        raise OutletHeldElsewhere from error


def _save_app(merchant: Merchant, connection: Connection, user: User | None) -> tuple[GobizApp, bool]:
    known = {"merchant": merchant, "environment": connection.environment, "app_id": connection.app_id}
    # Locked, for its secrets may be rotated on another page at the same moment.
    app = GobizApp.objects.select_for_update(no_key=True).filter(**known).first() or GobizApp(**known)
    rotates = bool(app.relay_secret)
    changed = _assign(app, partner_id=connection.partner_id, **_app_secrets(app, connection))
    replaced = bool(connection.relay_secret) and replace_relay_secret(app, connection.relay_secret)
    if changed or replaced:
        app.full_clean(exclude=["merchant"])
        app.save()
    if rotates and replaced:
        facts = {"app": app.app_id}
        AuditEntry.objects.create(merchant=merchant, user=user, action="relay_secret.changed", facts=facts)
    return app, changed or replaced


def _assign(row: Model, **values: Any) -> bool:
    """Whether the row is new or was changed by these values."""
    changed = row._state.adding or any(getattr(row, name) != value for name, value in values.items())
    for name, value in values.items():
        setattr(row, name, value)
    return changed


def _app_secrets(app: GobizApp, connection: Connection) -> dict[str, str]:
    """The App Secret to use, and the one that waits for GoBiz's word."""
    new = connection.app_secret
    if not new or new == app.app_secret:
        return {"app_secret": app.app_secret, "pending_app_secret": ""}
    if app._state.adding or connection.verified:
        return {"app_secret": new, "pending_app_secret": ""}
    return {"app_secret": app.app_secret, "pending_app_secret": new}


def _save_outlet(merchant: Merchant, app: GobizApp, connection: Connection) -> tuple[Outlet, bool]:
    outlet = Outlet.objects.filter(environment=app.environment, outlet_id=connection.outlet_id).first()
    if outlet is not None and outlet.merchant_id != merchant.pk:
        raise OutletHeldElsewhere
    outlet = outlet or Outlet(merchant=merchant, environment=app.environment, outlet_id=connection.outlet_id)
    name = connection.outlet_name or outlet.name or connection.outlet_id
    changed = _assign(outlet, gobiz_app_id=app.pk, name=name)
    outlet.gobiz_app = app
    if changed:
        outlet.full_clean(exclude=["merchant", "gobiz_app"], validate_constraints=False)
        outlet.save()
    return outlet, changed


def verify(connection: Connection, app_secret: str) -> tuple[list[str], list[str]]:
    """Scopes granted and missing, once the credentials and the outlet's menu were proven; raises GobizError.

    Nothing is stored, so that wrong credentials leave nothing behind.
    """
    credentials = AppCredentials(
        key=f"verify-{uuid.uuid4().hex}",
        app_id=connection.app_id,
        app_secret=app_secret,
        partner_id=connection.partner_id,
        environment=environment_named(connection.environment),
    )
    client = GobizClient(credentials, token_store())
    token = client.token()
    client.get_catalog(connection.outlet_id)
    return list(token.scopes), list(missing(token))


def readable(error: ValidationError) -> str:
    """The messages of a ValidationError on one line, with the names of their fields."""
    if not hasattr(error, "message_dict"):
        return " ".join(error.messages)
    return " ".join(f"{name}: {' '.join(messages)}" for name, messages in error.message_dict.items())
