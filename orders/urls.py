from django.urls import path

from orders.views import closing, home, inbox, now, ready, undelivered

urlpatterns = [
    path("", home.merchant_home, name="merchant_home"),
    path("outlets/<int:outlet_pk>/ready/", ready.connect_ready, name="connect_ready"),
    path("outlets/closed/", closing.closing, name="closing"),
    path("outlets/closed/open/", closing.reopen, name="reopen"),
    path("outlets/<int:outlet_pk>/closed/again/", closing.closing_again, name="closing_again"),
    path("now/", now.frame_now, name="frame_now"),
    path("inbox/", inbox.inbox, name="inbox"),
    path("inbox/board/", inbox.inbox_board, name="inbox_board"),
    path("orders/<int:pk>/act/", inbox.order_act, name="order_act"),
    path("undelivered/<int:pk>/handled/", undelivered.undelivered_handled, name="undelivered_handled"),
    path("undelivered/<int:pk>/back/", undelivered.undelivered_back, name="undelivered_back"),
]
