"""A long page whose beginning is shown while its rest is still being made."""

from collections.abc import Iterable, Iterator
from gzip import GzipFile
from itertools import chain
from secrets import randbelow
from typing import Any

from django.http import HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.template import Context
from django.template.context import make_context
from django.template.loader import get_template
from django.utils import translation
from django.utils.text import StreamingBuffer

from gobiz_admin.merchants.tenancy import MemberRequest

# Where the pieces come in the page's template. Nobody's text can hold it: texts are escaped.
PLACE = "<!-- pieces -->"
# In the name of the compressed file, against guessing secrets by the length of what is compressed beside them.
MOST_RANDOM_BYTES = 100


def in_pieces(
    request: MemberRequest, page: str, values: dict[str, Any], piece: str, entries: Iterable[dict[str, Any]]
) -> Iterator[str]:
    """The template `page`; at its `<!-- pieces -->`, one after the other, `piece` with each `entry`.

    What is around the pieces is made at once, so that what is wrong with it is an error page. An entry may be made
    when its turn comes, but must not ask the database: an answer that has begun can only break off.
    """
    context = make_context(values, request)
    outer = get_template(page).template  # type: ignore[attr-defined]
    with context.bind_template(outer):
        before, after = outer.render(context).split(PLACE)
        known = context.flatten()
    # By then the request is over, and this thread may speak another language.
    between = _each(piece, known, entries, translation.get_language())
    return chain([before], between, [after])


def whole(pieces: Iterable[str]) -> HttpResponse:
    return HttpResponse("".join(pieces))


def streamed(request: MemberRequest, pieces: Iterable[str]) -> HttpResponseBase:
    """Each piece is on its way as soon as it is made, compressed where the browser takes that."""
    encoded = (piece.encode() for piece in pieces)
    # A proxy that collects the answer first would undo it.
    headers = {"X-Accel-Buffering": "no"}
    if "gzip" not in request.headers.get("Accept-Encoding", ""):
        return StreamingHttpResponse(encoded, headers=headers)
    headers |= {"Content-Encoding": "gzip", "Vary": "Accept-Encoding"}
    return StreamingHttpResponse(_compressed(encoded), headers=headers)


def _each(
    piece: str, known: dict[Any, Any], entries: Iterable[dict[str, Any]], language: str | None
) -> Iterator[str]:
    template, entries = get_template(piece).template, iter(entries)  # type: ignore[attr-defined]
    while True:
        with translation.override(language):
            if (entry := next(entries, None)) is None:
                return
            made = template.render(Context({**known, "entry": entry}))
        yield made


def _compressed(pieces: Iterable[bytes]) -> Iterator[bytes]:
    """Flushed after each piece: Django's own keeps some hundred kilobytes back before it sends any."""
    buffer = StreamingBuffer()
    name = "a" * randbelow(MOST_RANDOM_BYTES)
    with GzipFile(filename=name, mode="wb", compresslevel=6, fileobj=buffer, mtime=0) as file:
        for piece in pieces:
            file.write(piece)
            file.flush()
            yield buffer.read()
    yield buffer.read()
