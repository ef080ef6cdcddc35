from django.urls import path

from webhooks.views import connect, log, lookup, notification, replay, subscriptions

urlpatterns = [
    path("connect/", connect.connect, name="connect"),
    path("outlets/<int:outlet_pk>/proof/", connect.connect_proof, name="connect_proof"),
    path("outlets/<int:outlet_pk>/proofs/", connect.connect_proofs, name="connect_proofs"),
    path("webhooks/", log.webhooks, name="webhooks"),
    path("webhooks/again/", replay.replay_many, name="replay"),
    path("webhooks/sent/", lookup.lookup, name="lookup"),
    path("webhooks/<int:pk>/", notification.notification, name="notification"),
    path("webhooks/<int:pk>/raw/", notification.raw, name="notification_raw"),
    path("webhooks/<int:pk>/again/", notification.again, name="notification_again"),
    path("subscriptions/", subscriptions.subscriptions, name="subscriptions"),
    path("apps/<int:app_pk>/state/", subscriptions.app_state, name="app_state"),
    path("apps/<int:app_pk>/health/", subscriptions.app_health_part, name="app_health"),
    path("apps/<int:app_pk>/check/", subscriptions.check_app, name="check_app"),
    path("apps/<int:app_pk>/per/", subscriptions.choose_subscribed_per, name="subscribed_per"),
    path("apps/<int:app_pk>/signatures/", subscriptions.choose_signature_mode, name="signature_mode"),
    path("apps/<int:app_pk>/address/", subscriptions.new_address, name="new_address"),
    path("apps/<int:app_pk>/address/forget/", subscriptions.forget_address, name="forget_address"),
    path("apps/<int:app_pk>/relay-secret/", subscriptions.new_relay_secret, name="new_relay_secret"),
    path(
        "apps/<int:app_pk>/relay-secret/forget/",
        subscriptions.forget_relay_secret,
        name="forget_relay_secret",
    ),
]
