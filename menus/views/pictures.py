"""A picture for GoBiz and its customers: public, and the same for ever."""

from django.http import FileResponse, Http404, HttpRequest
from django.http.response import HttpResponseBase
from django.views.decorators.http import require_safe

from menus.models import Picture


@require_safe
def picture(request: HttpRequest, sha256: str) -> HttpResponseBase:
    """The PNG of that content, whoever has uploaded it. Its address is the hash of its bytes."""
    found = Picture.objects.filter(sha256=sha256).order_by("pk").first()
    if found is None:
        raise Http404
    try:
        content = found.file.open("rb")
    except FileNotFoundError:
        raise Http404 from None
    response = FileResponse(content, content_type="image/png")
    response["Cache-Control"] = "public, max-age=31536000, immutable"
    response["ETag"] = f'"{sha256}"'
    return response
