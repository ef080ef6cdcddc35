"""Connect an outlet from a script; secrets come from the environment, never from the command line."""

from __future__ import annotations

import os
from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import CommandParser
from django.core.validators import validate_email
from django.db import transaction

from gobiz_admin.merchants.commands import BadInput, JsonCommand, Refused
from gobiz_admin.merchants.connecting import (
    Connection,
    OutletHeldElsewhere,
    merchant_of,
    readable,
    save_connection,
    verify,
)
from gobiz_admin.merchants.models import GobizApp, Merchant, Outlet
from webhooks import check_words, checking
from webhooks.models import AppCheck


class Command(JsonCommand):
    help = "Connect a GoFood outlet (secrets from GOBIZ_APP_SECRET and GOBIZ_RELAY_SECRET)."

    def add_arguments(self, parser: CommandParser) -> None:
        for name in ("--merchant", "--owner", "--app-id", "--partner-id", "--outlet-id"):
            parser.add_argument(name, required=True)
        parser.add_argument("--outlet-name", default="")
        parser.add_argument("--environment", required=True, choices=GobizApp.Environment.values)
        parser.add_argument("--no-subscribe", action="store_true")
        parser.add_argument("--no-verify", action="store_true")

    def work(self, **options: Any) -> dict[str, Any]:
        connection = _connection(options)
        known = _known_app(options, connection)
        app_secret = connection.app_secret or (known.app_secret if known else "")
        if not app_secret or not (connection.relay_secret or (known and known.relay_secret)):
            raise BadInput("Set GOBIZ_APP_SECRET and GOBIZ_RELAY_SECRET to the secrets of this GoBiz app.")
        _refuse_foreign(options, connection)
        granted, lacking = (known.scopes_granted, known.scopes_missing) if known else ([], [])
        if not options["no_verify"]:
            granted, lacking = verify(connection, app_secret)
        merchant, outlet = _save(options, connection, granted, lacking)
        value = {
            "merchant_id": merchant.pk,
            "gobiz_app_id": outlet.gobiz_app_id,
            "outlet_id": outlet.outlet_id,
            "webhook_url": outlet.gobiz_app.webhook_url,
            "scopes_granted": list(granted),
            "scopes_missing": list(lacking),
        }
        if not options["no_subscribe"]:
            _subscribe(outlet.gobiz_app, value)
        return value


def _connection(options: dict[str, Any]) -> Connection:
    """What was asked, or BadInput."""
    values = {
        name: options[name].strip() for name in ("merchant", "owner", "app_id", "partner_id", "outlet_id")
    }
    for name, value in values.items():
        option = f"--{name.replace('_', '-')}"
        if not value:
            raise BadInput(f"{option} is empty.")
        if not value.isprintable():
            raise BadInput(f"{option} contains a character that cannot be seen.")
    if len(values["merchant"]) > 150:
        raise BadInput("--merchant is longer than 150 characters.")
    connection = Connection(
        environment=options["environment"],
        app_id=values["app_id"],
        partner_id=values["partner_id"],
        outlet_id=values["outlet_id"],
        outlet_name=options["outlet_name"].strip(),
        app_secret=os.environ.get("GOBIZ_APP_SECRET", "").strip(),
        relay_secret=os.environ.get("GOBIZ_RELAY_SECRET", "").strip(),
        # By `work` before anything is stored; with --no-verify by the operator's word.
        verified=True,
    )
    try:
        validate_email(values["owner"])
        Outlet(outlet_id=connection.outlet_id, name=connection.outlet_name or "-").clean_fields(
            exclude=["merchant", "gobiz_app", "environment", "time_zone"]
        )
    except ValidationError as error:
        raise BadInput(readable(error)) from error
    return connection


def _subscribe(app: GobizApp, value: dict[str, Any]) -> None:
    """Have GoBiz post to us; raises Refused, with `value`, when not every event comes to us now."""
    try:
        outcome = checking.check_now(app, AppCheck.Kind.SUBSCRIPTIONS)
    except checking.CheckBusy as error:
        raise Refused(
            "Connected; its subscriptions are being looked at by a worker just now.", value
        ) from error
    if not outcome.passed:
        check = AppCheck(kind=AppCheck.Kind.SUBSCRIPTIONS, code=outcome.code, facts=outcome.facts)
        lines = " ".join([check_words.sentence(check), *check_words.details(check)])
        events = ", ".join(outcome.facts.get("events", []))
        raise Refused(f"Connected, but not subscribed ({outcome.code}). {lines} {events}", value)


def _known_app(options: dict[str, Any], connection: Connection) -> GobizApp | None:
    return GobizApp.objects.filter(
        merchant__in=_merchants(options), environment=connection.environment, app_id=connection.app_id
    ).first()


def _merchants(options: dict[str, Any]) -> Any:
    return Merchant.objects.filter(
        name=options["merchant"].strip(),
        members__role="owner",
        members__user__email__iexact=options["owner"].strip(),
    )


def _refuse_foreign(options: dict[str, Any], connection: Connection) -> None:
    """Before GoBiz is asked anything: another merchant's outlet is none of this one's."""
    held = Outlet.objects.filter(environment=connection.environment, outlet_id=connection.outlet_id)
    if held.exclude(merchant__in=_merchants(options)).exists():
        raise BadInput(_held(connection))


def _held(connection: Connection) -> str:
    return f"Outlet {connection.outlet_id} is held by another merchant in {connection.environment}."


def _save(
    options: dict[str, Any], connection: Connection, granted: list[str], lacking: list[str]
) -> tuple[Merchant, Outlet]:
    try:
        with transaction.atomic():
            merchant, owner = merchant_of(options["merchant"].strip(), options["owner"])
            outlet = save_connection(merchant, connection, owner)
            outlet.gobiz_app.scopes_granted, outlet.gobiz_app.scopes_missing = granted, lacking
            outlet.gobiz_app.save(update_fields=["scopes_granted", "scopes_missing"])
            return merchant, outlet
    except OutletHeldElsewhere as error:
        raise BadInput(_held(connection)) from error
    except ValidationError as error:
        raise BadInput(readable(error)) from error
