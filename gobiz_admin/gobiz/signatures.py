"""The signature of a notification. Source: gobiz-api.md, "Receiving notifications"."""

import hashlib
import hmac
import re
from collections.abc import Iterable

# \Z and ASCII digits only: a header is foreign input, and `$` would let a line break through.
HEX_SHA256 = re.compile(r"[0-9a-fA-F]{64}\Z")


def sign(secret: str, raw: bytes) -> str:
    """The lower-case hex HMAC-SHA256 of the raw body under the relay secret."""
    return hmac.new(secret.encode("utf-8", "surrogatepass"), raw, hashlib.sha256).hexdigest()


def matches(secrets: Iterable[str], raw: bytes, signature: str | None) -> bool:
    """Whether one of the relay secrets signed the body; hex in either case, never raises.

    Every secret is tried, in constant time each, so that the answer's time tells nothing about
    which one fitted. An empty secret signs nothing: anyone could use it.
    """
    if not isinstance(signature, str) or not HEX_SHA256.match(signature):
        return False
    given = signature.lower()
    found = False
    for secret in secrets:
        if secret:
            found |= hmac.compare_digest(sign(secret, raw), given)
    return found
