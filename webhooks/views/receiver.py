"""The address that GoBiz posts to."""

from django.http import HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from webhooks.receiving import receive


@csrf_exempt
@require_POST
def gobiz(request: HttpRequest, token: str) -> HttpResponse:
    return receive(request, token)
