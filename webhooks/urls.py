from django.urls import path

from webhooks.views import connect, log

urlpatterns = [
    path("connect/", connect.connect, name="connect"),
    path("outlets/<int:outlet_pk>/proof/", connect.connect_proof, name="connect_proof"),
    path("outlets/<int:outlet_pk>/proofs/", connect.connect_proofs, name="connect_proofs"),
    path("webhooks/", log.webhooks, name="webhooks"),
]
