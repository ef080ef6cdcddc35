"""What GoBiz's answers mean: the data of a good one, our error for any other.

Source: gobiz-api.md, "Answers and errors".
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from gobiz_admin.gobiz.errors import (
    AlreadyExists,
    GobizError,
    GobizUnavailable,
    NotFound,
    OrderMovedOn,
    OutletUnknown,
    RequestRefused,
    ScopeMissing,
    TokenRefused,
    UnreadableAnswer,
)
from gobiz_admin.gobiz.http import Answer

ERROR_FIELDS = ("message", "message_title", "error_description", "error", "reason")


@dataclass(frozen=True)
class Call:
    """What is called, as far as the meaning of a refusal depends on it.

    `about` is what the path names last: "outlet", "order", or "" for anything else.
    """

    method: str
    path: str
    scope: str = ""
    about: str = ""


def data_of(answer: Answer) -> dict[str, Any]:
    """The `data` object of a 2xx answer; {} when GoBiz sends none (204, or `data` null or absent).

    Raises UnreadableAnswer when it is no JSON object, and RequestRefused for a 200 that says that
    it failed.
    """
    if answer.status == 204:
        return {}
    body = answer.json()
    if not isinstance(body, dict):
        raise unreadable(answer, "The answer is not an object.")
    if body.get("success") is False:
        raise RequestRefused(message_of(answer), **facts_of(answer))
    data = body.get("data")
    if data is None:
        return {}
    if not isinstance(data, dict):
        raise unreadable(answer, "The data of the answer is not an object.")
    return data


def confirmed(answer: Answer) -> None:
    """Nothing, for a 2xx whose body may be empty (a DELETE); raises as `data_of` for any other body."""
    if answer.body.strip():
        data_of(answer)


def objects_in(data: dict[str, Any], key: str, answer: Answer) -> list[dict[str, Any]]:
    """The list of objects under `key`; null is an empty list, absent or anything else is unreadable."""
    rows = data.get(key, "absent")
    if rows is None:
        return []
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise unreadable(answer, f"The answer has no list of {key}.")
    return rows


def object_in(data: dict[str, Any], key: str, answer: Answer) -> dict[str, Any]:
    """The object under `key`; anything else is unreadable."""
    row = data.get(key)
    if not isinstance(row, dict):
        raise unreadable(answer, f"The answer has no {key}.")
    return row


def unreadable(answer: Answer, detail: str) -> UnreadableAnswer:
    return UnreadableAnswer(detail, **facts_of(answer))


def facts_of(answer: Answer) -> dict[str, Any]:
    """What every error about the answer carries."""
    return {"status": answer.status, "request_id": answer.request_id, "secrets": answer.secrets}


def message_of(answer: Answer) -> str:
    """GoBiz's own words in an answer that failed; "" for HTML, for nothing, and for no words."""
    try:
        body = answer.json()
    except UnreadableAnswer:
        return ""
    if not isinstance(body, dict):
        return ""
    errors = body.get("errors")
    found = [_message_in(error) for error in errors] if isinstance(errors, list) else []
    found.append(_message_in(body))
    return "; ".join(dict.fromkeys(text for text in found if text))


def _message_in(error: Any) -> str:
    if isinstance(error, str):
        return error
    if isinstance(error, dict):
        for field in ERROR_FIELDS:
            if isinstance(error.get(field), str) and error[field].strip():
                return str(error[field])
    return ""


def refusal(answer: Answer, call: Call, granted: Iterable[str] = ()) -> GobizError:
    """Our error for an answer that is not 2xx; `granted` are the scopes of the token."""
    known = facts_of(answer)
    message = message_of(answer)
    if answer.status == 429:
        return GobizUnavailable.never_sent(
            message, code="too_many_requests", retry_after=answer.retry_after, **known
        )
    if answer.status >= 500:
        return GobizUnavailable(message, code="gobiz_failed", retry_after=answer.retry_after, **known)
    if answer.status in (401, 403):
        if answer.status == 403 or (call.scope and call.scope not in granted):
            return ScopeMissing(message, scope=call.scope, **known)
        return TokenRefused(message, **known)
    if answer.status == 404:
        return _not_found(call, message)(message, **known)
    if answer.status == 409:
        return (OrderMovedOn if call.about == "order" else AlreadyExists)(message, **known)
    return RequestRefused(message, **known)


def _not_found(call: Call, message: str) -> type[GobizError]:
    """Where the path names an order or a promo too, only GoBiz's words tell which one it does not know."""
    words = message.lower()
    if call.about == "outlet" or ("outlet" in words and "regist" in words):
        return OutletUnknown
    return NotFound
