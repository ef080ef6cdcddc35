"""The question of each morning: what is still off?"""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone

from gobiz_admin.merchants.models import Outlet


class StockMorning(models.Model):
    """An outlet's morning of one day, by its own clock: asked once, and answered, or nothing was to be asked.

    What is still off is not kept here: it is what is off since before `at` for as long as it is off.
    """

    outlet = models.ForeignKey(Outlet, on_delete=models.CASCADE, related_name="stock_mornings")
    day = models.DateField()
    # The hour before the outlet opened.
    at = models.DateTimeField()
    asked_at = models.DateTimeField(default=timezone.now)
    answered_at = models.DateTimeField(null=True)
    answered_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["outlet", "day"], name="stock_morning_once_a_day")]
        indexes = [
            models.Index(fields=["outlet"], condition=Q(answered_at=None), name="stock_mornings_open"),
            models.Index(fields=["day"], name="stock_mornings_by_age"),
        ]
