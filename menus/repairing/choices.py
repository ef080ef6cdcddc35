"""What can be done about a name that GoFood found no mapping for, as a word that a form sends and a repair keeps.

A row of ours of another name is `is:<pk>`.
"""

# It is in the menu here: it gets an id if it has none, and is sent.
RESEND = "resend"
# It is hidden at the outlet: it is shown again, and sent.
SHOW = "show"
# It is on GoFood only: it becomes a row here, with GoFood's id if it has one.
ADOPT = "adopt"
# It is not sold any more: the next menu takes it off GoFood.
GONE = "gone"
# Nothing for now: it remains.
LEAVE = "leave"
_IS = "is:"


def as_row(pk: int) -> str:
    """The choice that it is this row of ours."""
    return f"{_IS}{pk}"


def row_in(choice: str) -> int | None:
    """The pk of the row of ours that it is, by this choice."""
    pk = choice.removeprefix(_IS)
    return int(pk) if choice.startswith(_IS) and pk.isascii() and pk.isdecimal() and len(pk) < 19 else None
