"""Every path of the sandbox: GoBiz's API, its portal and simulator, the control endpoints."""

from django.urls import path

from gobiz_admin.sandbox import (
    catalog,
    control,
    lookups,
    oauth,
    orders,
    outlets,
    pictures,
    portal,
    promos,
    simulator,
    stocks,
    subscriptions,
)
from gobiz_admin.sandbox.answers import by_method

GOFOOD = "integrations/gofood/outlets/<str:outlet_id>"
ORDER = f"{GOFOOD}/v1/orders/<str:order_type>/<str:number>"
PARTNER_OUTLET = "integrations/partner/outlets/<str:outlet_id>/v1"
PROMOS = "integrations/promo/outlets/<str:outlet_id>/v1/food-promos"
PARTNER_SUBSCRIPTIONS = "integrations/partner/v1/notification-subscriptions"
OUTLET_SUBSCRIPTIONS = f"{PARTNER_OUTLET}/notification-subscriptions"

api = [
    path("oauth2/token", by_method(POST=oauth.token)),
    path(f"{GOFOOD}/v2/catalog", by_method(GET=catalog.get_catalog)),
    path(f"{GOFOOD}/v1/catalog", by_method(PUT=catalog.put_catalog)),
    path(f"{GOFOOD}/v2/menu_item_stocks", by_method(PATCH=stocks.patch_items)),
    path(f"{GOFOOD}/v2/variant_stocks", by_method(PATCH=stocks.patch_variants)),
    path(f"{ORDER}/accepted", by_method(PUT=orders.accept)),
    path(f"{ORDER}/cancelled", by_method(PUT=orders.cancel)),
    path(f"{ORDER}/food-prepared", by_method(PUT=orders.food_prepared)),
    path(f"{GOFOOD}/v1/properties", by_method(PATCH=outlets.patch_properties)),
    path(PARTNER_OUTLET, by_method(GET=outlets.get_outlet)),
    path("integrations/partner/v1/linked-outlets", by_method(GET=outlets.list_linked)),
    path(PROMOS, by_method(GET=promos.index, POST=promos.create)),
    path(f"{PROMOS}/<uuid:promo_id>", by_method(GET=promos.show, DELETE=promos.delete)),
    path(f"{PROMOS}/<uuid:promo_id>/deactivate", by_method(PUT=promos.deactivate)),
    path("integrations/partner/notifications", by_method(GET=lookups.list_notifications)),
    path(PARTNER_SUBSCRIPTIONS, by_method(**subscriptions.COLLECTION)),
    path(f"{PARTNER_SUBSCRIPTIONS}/<uuid:subscription_id>", by_method(**subscriptions.MEMBER)),
    path(OUTLET_SUBSCRIPTIONS, by_method(**subscriptions.COLLECTION)),
    path(f"{OUTLET_SUBSCRIPTIONS}/<uuid:subscription_id>", by_method(**subscriptions.MEMBER)),
]

pages = [
    path("", portal.page, name="portal"),
    path("portal/apps/<slug:slug>", portal.change_app, name="portal-app"),
    path("portal/outlets/<str:outlet_id>", portal.change_outlet, name="portal-outlet"),
    path("portal/faults", portal.add_fault, name="portal-fault"),
    path("portal/faults/clear", portal.clear_faults, name="portal-faults-clear"),
    path("portal/reset", portal.reset, name="portal-reset"),
    path("pictures/<slug:slug>.png", pictures.picture),
    path("simulator/", simulator.page, name="simulator"),
    path("simulator/menu", by_method(GET=simulator.menu)),
    path("simulator/orders", by_method(POST=simulator.create_order)),
    path("simulator/orders/<str:number>/events", by_method(POST=simulator.send_next)),
    path("simulator/deliveries", by_method(GET=simulator.deliveries)),
    path("simulator/notifications", by_method(POST=simulator.send_raw)),
    path("simulator/webhook-error", by_method(POST=simulator.send_webhook_error)),
]

controls = [
    path(
        "_control/faults",
        by_method(GET=control.list_faults, POST=control.add_faults, DELETE=control.clear_faults),
    ),
    path("_control/settings", by_method(GET=control.get_settings, POST=control.set_settings)),
    path("_control/calls", by_method(GET=control.list_calls, DELETE=control.clear_calls)),
    path("_control/apps", by_method(GET=control.list_apps, POST=control.set_app)),
    path("_control/outlets/<str:outlet_id>", by_method(GET=control.get_outlet, POST=control.set_outlet)),
    path("_control/tokens", by_method(DELETE=control.revoke_tokens)),
    path("_control/reset", control.reset),
]

urlpatterns = api + pages + controls
