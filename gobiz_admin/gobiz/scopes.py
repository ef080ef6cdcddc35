"""What an app may be allowed to do. Source: gobiz-api.md, "Access token (Direct Integration)"."""

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

CATALOG_WRITE = "gofood:catalog:write"
CATALOG_READ = "gofood:catalog:read"
ORDER_WRITE = "gofood:order:write"
ORDER_READ = "gofood:order:read"
OUTLET_WRITE = "gofood:outlet:write"
PROMO_READ = "promo:food_promo:read"
PROMO_WRITE = "promo:food_promo:write"
PARTNER_OUTLET_READ = "partner:outlet:read"
PARTNER_OUTLET_WRITE = "partner:outlet:write"

# The seven that the seed's text asks for, in its order.
SEED_SCOPES: tuple[str, ...] = (
    CATALOG_WRITE,
    CATALOG_READ,
    ORDER_WRITE,
    ORDER_READ,
    OUTLET_WRITE,
    PROMO_READ,
    PROMO_WRITE,
)
# Used when granted, never required.
OPTIONAL_SCOPES: tuple[str, ...] = (PARTNER_OUTLET_READ, PARTNER_OUTLET_WRITE)
ALL_SCOPES: tuple[str, ...] = SEED_SCOPES + OPTIONAL_SCOPES

# What is unavailable without the scope, as the end of "You cannot use: …".
FEATURE_OF_SCOPE: dict[str, str | Promise] = {
    CATALOG_WRITE: _("publishing the menu to GoFood and switching stock on or off"),
    CATALOG_READ: _("reading the live GoFood menu, to import it or to compare it"),
    ORDER_WRITE: _("accepting, rejecting and marking orders as ready"),
    ORDER_READ: _("receiving GoFood orders"),
    OUTLET_WRITE: _("opening and closing the outlet on GoFood"),
    PROMO_READ: _("seeing the GoFood promos"),
    PROMO_WRITE: _("making, stopping and deleting GoFood promos"),
    PARTNER_OUTLET_READ: _("looking up the names and details of your outlets at GoBiz"),
    PARTNER_OUTLET_WRITE: _("linking outlets to your GoBiz app from here"),
}
