"""All addresses of pages. What belongs to a merchant stands under /m/<merchant_id>/.

The address that GoBiz posts to stands before them: webhooks/receiver.py.
"""

from django.contrib import admin
from django.urls import include, path
from django.views.i18n import set_language

from gobiz_admin.merchants.health import healthz
from gobiz_admin.merchants.views import front
from menus.views.pictures import picture

urlpatterns = [
    path("", front.home, name="home"),
    path("merchants/", front.choose_merchant, name="choose_merchant"),
    path("merchants/new/", front.create_merchant, name="create_merchant"),
    path(
        "m/<int:merchant_id>/",
        include(
            [
                path("", include("orders.urls")),
                path("", include("menus.urls")),
                path("", include("webhooks.urls")),
                path("", include("gobiz_admin.merchants.urls")),
            ]
        ),
    ),
    path("pictures/<str:sha256>.png", picture, name="picture"),
    path("account/", include("allauth.account.urls")),
    path("account/mfa/", include("allauth.mfa.urls")),
    path("language/", set_language, name="set_language"),
    path("healthz", healthz, name="healthz"),
    path("admin/", admin.site.urls),
]
