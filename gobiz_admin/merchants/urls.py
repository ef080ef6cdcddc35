from django.urls import path

from gobiz_admin.merchants.views import front, outlets

urlpatterns = [
    path("outlets/", outlets.outlets, name="outlets"),
    path("live-token/", front.live_token, name="live_token"),
]
