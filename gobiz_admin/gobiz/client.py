"""The GoBiz API as one object per GoBiz app: `GobizClient(credentials, tokens)`."""

from gobiz_admin.gobiz.catalog import CatalogCalls
from gobiz_admin.gobiz.orders import OrderCalls, OutletCalls
from gobiz_admin.gobiz.promos import PromoCalls
from gobiz_admin.gobiz.subscriptions import SubscriptionCalls


class GobizClient(CatalogCalls, OrderCalls, OutletCalls, PromoCalls, SubscriptionCalls):
    """Every call that the product makes to GoBiz.

    Each sends the app's token, `X-Request-ID` and JSON, and raises only GobizError; see `errors`
    for what each kind asks of the caller. Cheap to make, safe to use in any thread.
    """
