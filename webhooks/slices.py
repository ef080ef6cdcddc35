"""The newest rows of several sets at once, without reading more of any of them than is asked for."""

from __future__ import annotations

from collections.abc import Iterable

from django.db.models import QuerySet

from webhooks.models import Notification


def newest_of_each(branches: list[QuerySet[Notification]], fields: Iterable[str]) -> list[Notification]:
    """The rows of all branches, each an ordered and sliced query, with these fields only; one query.

    UNION ALL of slices: each branch is served by its index and stops at its limit, where one query
    over several apps would sort all of their rows.
    """
    if not branches:
        return []
    only = [branch.only(*fields) for branch in branches]
    return list(only[0].union(*only[1:], all=True) if len(only) > 1 else only[0])
