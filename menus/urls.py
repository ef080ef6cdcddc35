"""Addresses of the menu pages, below /m/<merchant_id>/."""

from django.urls import path

from menus.views import alerts, catalog, categories, headings, ids, imports, items, publish, stock, syncs

urlpatterns = [
    path("menu/", catalog.menu, name="menu"),
    path("menu/<int:catalog_pk>/items/new/", items.menu_item_new, name="menu_item_new"),
    path("menu/items/<int:pk>/", items.menu_item, name="menu_item"),
    path("menu/items/<int:pk>/remove/", items.menu_item_remove, name="menu_item_remove"),
    path("menu/items/<int:pk>/stock/", stock.item_stock, name="item_stock"),
    path("menu/<int:catalog_pk>/headings/new/", headings.menu_heading_new, name="menu_heading_new"),
    path("menu/headings/<int:pk>/", headings.menu_heading, name="menu_heading"),
    path(
        "menu/<int:catalog_pk>/variant-categories/new/",
        categories.variant_category_new,
        name="variant_category_new",
    ),
    path("menu/variant-categories/<int:pk>/", categories.variant_category, name="variant_category"),
    path("menu/variants/<int:pk>/stock/", stock.variant_stock, name="variant_stock"),
    path("menu/<int:catalog_pk>/ids/", ids.menu_ids, name="menu_ids"),
    path("outlets/<int:outlet_pk>/import/", imports.import_menu, name="import_menu"),
    path("outlets/<int:outlet_pk>/import/progress/", imports.import_progress, name="import_progress"),
    path("publish/", publish.publish, name="publish"),
    path("publish/history/", publish.history, name="history"),
    path("outlets/<int:outlet_pk>/publish/", publish.publish_review, name="publish_review"),
    path("syncs/<int:pk>/", syncs.sync_page, name="sync_page"),
    path("syncs/<int:pk>/progress/", syncs.sync_progress, name="sync_progress"),
    path("alerts/", alerts.alerts, name="alerts"),
    path("alerts/<int:pk>/resync/", alerts.resync_alert, name="resync_alert"),
]
