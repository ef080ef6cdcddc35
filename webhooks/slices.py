"""The newest rows of several sets at once, without reading more of any of them than is asked for."""

from __future__ import annotations

from collections.abc import Iterable

from django.db.models import BooleanField, F, Func, OuterRef, Q, QuerySet

from gobiz_admin.merchants.models import GobizApp
from webhooks.models import Notification


def newest_of_app(app: GobizApp | OuterRef, wanted: Q | None = None) -> QuerySet[Notification]:
    """The app's notifications, newest first, led by the index that begins with the app.

    `gobiz_app = 5 ORDER BY id DESC LIMIT 50` looks to PostgreSQL as if it could as well walk the
    primary key from its end until it has met fifty of this app: past all that others got since this
    app's last. So the app is part of the order as well, and is asked for in a way that lets it stay.
    """
    pk = app if isinstance(app, OuterRef) else app.pk
    of_app = Func(
        F("gobiz_app_id"),
        pk,
        template="%(expressions)s]::bigint[])",
        arg_joiner=" = ANY(ARRAY[",
        output_field=BooleanField(),
    )
    return Notification.objects.filter(of_app, wanted or Q()).order_by("gobiz_app_id", "-id")


def newest_of_each(branches: list[QuerySet[Notification]], fields: Iterable[str]) -> list[Notification]:
    """The rows of all branches, each an ordered and sliced query, with these fields only; one query.

    UNION ALL of slices: each branch is served by its index and stops at its limit, where one query
    over several apps would sort all of their rows.
    """
    if not branches:
        return []
    only = [branch.only(*fields) for branch in branches]
    return list(only[0].union(*only[1:], all=True) if len(only) > 1 else only[0])
