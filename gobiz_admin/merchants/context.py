"""What the frame of every page shows."""

from typing import Any

from django.conf import settings
from django.core import signing
from django.http import HttpRequest

from gobiz_admin.merchants.banners import banner_topics, banners_for
from gobiz_admin.merchants.roles import Action, may

LIVE_TOKEN_SALT = "live"  # noqa: S105 - a name, the same as in live/app.py


def frame(request: HttpRequest) -> dict[str, Any]:
    """Merchant, member, rights and the stream's address; nothing outside of a merchant."""
    member = getattr(request, "member", None)
    if member is None:
        return {}
    banners = banners_for(member.merchant)
    return {
        "member": member,
        "merchant": member.merchant,
        "place": request.place,  # type: ignore[attr-defined]
        "rights": {action.name.lower() for action in Action if may(member.role, action)},
        "banners": banners,
        "frame_trigger": _frame_trigger(),
        "alerts_count": sum(banner.alerts for banner in banners),
        "live_url": f"{settings.LIVE_BASE_URL}/events/",
        "live_token": live_token(member.merchant_id),
    }


def _frame_trigger() -> str:
    """When an open page asks for its frame again: at once for what rings, later for what comes in crowds."""
    later = [f"live:{topic} from:body delay:200ms" for topic in (*banner_topics(), "poll")]
    return ", ".join(["load", "live:orders from:body", *later])


def live_token(merchant_id: int) -> str:
    """A short-lived proof, for the stream process, that its bearer may listen to this merchant."""
    return signing.TimestampSigner(salt=LIVE_TOKEN_SALT).sign(str(merchant_id))
