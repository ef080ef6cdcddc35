"""GoBiz clients for the merchant's apps."""

from functools import lru_cache

from gobiz_admin.gobiz.client import GobizClient
from gobiz_admin.gobiz.tokens import TokenStore
from gobiz_admin.merchants.announcing import shared_redis
from gobiz_admin.merchants.encryption import cipher
from gobiz_admin.merchants.models import GobizApp


def client_for(app: GobizApp) -> GobizClient:
    """A client that calls GoBiz in the app's name, with the token that all processes share."""
    return GobizClient(app.credentials(), token_store())


@lru_cache(maxsize=1)
def token_store() -> TokenStore:
    """One store a process, so that it still has its tokens when Redis goes away."""
    return TokenStore(shared_redis(), cipher())
