"""A row that was there when a request came, and that somebody else removed while it was served."""

from collections.abc import Collection

from django.db.models import Model


class Gone(Exception):
    """Nothing was done; a page says so as for any address of what is not there (`member_view`)."""


def read_again(row: Model, fields: Collection[str] | None = None) -> None:
    """The row's values are those that stand there now; Gone when it has been removed."""
    try:
        row.refresh_from_db(fields=fields)
    except type(row).DoesNotExist:  # type: ignore[attr-defined]
        raise Gone from None
