"""A picture for GoBiz and its customers: public, and the same for ever."""

from django.http import FileResponse, Http404, HttpRequest
from django.http.response import HttpResponseBase
from django.utils.cache import get_conditional_response
from django.views.decorators.http import require_safe

from menus.models import Picture

FOR_EVER = "public, max-age=31536000, immutable"


@require_safe
def picture(request: HttpRequest, sha256: str) -> HttpResponseBase:
    """The PNG of that content, whoever has uploaded it. Its address is the hash of its bytes."""
    found = Picture.objects.filter(sha256=sha256).order_by("pk").first()
    if found is None:
        raise Http404
    # Whoever has it already is told so, without the file being opened.
    unchanged = get_conditional_response(request, etag=f'"{sha256}"')
    response: HttpResponseBase = unchanged or _file(found)
    response["ETag"] = f'"{sha256}"'
    response["Cache-Control"] = FOR_EVER
    return response


def _file(found: Picture) -> FileResponse:
    try:
        content = found.file.open("rb")
    except FileNotFoundError:
        raise Http404 from None
    response = FileResponse(content, content_type="image/png")
    response["Content-Length"] = str(found.size)
    return response
