"""Prices for a while: what holds from when until when, and at which outlets."""

from typing import Any

from django.conf import settings
from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import RangeOperators
from django.db import models
from django.db.models import F, Func, Q, Value
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from gobiz_admin.merchants.models import Outlet
from menus.models.catalogs import Catalog, Menu


class TimedPrice(models.Model):
    """A price of an item, or of all items of a menu, that holds for a while and then is over by itself."""

    class State(models.TextChoices):
        PLANNED = "planned", _("Planned")
        ACTIVE = "active", _("Running")
        ENDED = "ended", _("Over")
        CANCELLED = "cancelled", _("Cancelled")

    catalog = models.ForeignKey(Catalog, on_delete=models.CASCADE, related_name="timed_prices")
    label = models.CharField(max_length=60)
    # What it was planned for: an item (by pk, as it may be removed and come back with an undo), or a menu.
    thing = models.BigIntegerField(null=True)
    menu = models.ForeignKey(Menu, null=True, on_delete=models.SET_NULL, related_name="+")
    name = models.TextField()
    # How its prices came about (`menus.bulk.new_price`); what holds stands in the places.
    how = models.CharField(max_length=10)
    amount = models.DecimalField(max_digits=14, decimal_places=2)
    round_to = models.PositiveSmallIntegerField(default=100)
    # The first start and the last end of its places: outlets have clocks of their own.
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    state = models.CharField(max_length=10, choices=State.choices, default=State.PLANNED)
    # What looked wrong and was typed to be right: [{"code", "name", "outlet", "value", "last"}].
    confirmations = models.JSONField(default=list)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )
    created_at = models.DateTimeField(default=timezone.now)
    ended_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(starts_at__lt=F("ends_at")), name="timed_price_ends_later")
        ]
        indexes = [
            models.Index(fields=["catalog", "-id"], name="timed_prices_of_catalog"),
            models.Index(
                fields=["state"], condition=Q(state__in=["planned", "active"]), name="timed_prices_going_on"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.label}: {self.name}"


def _only(column: str) -> Any:
    """A range of one number: in a GiST index it needs no extension, as the number itself would."""
    return Func(F(column), F(column), Value("[]"), function="int8range")


class TimedPlace(models.Model):
    """What an item costs at an outlet while the timed price runs."""

    timed_price = models.ForeignKey(TimedPrice, on_delete=models.CASCADE, related_name="places")
    outlet = models.ForeignKey(Outlet, on_delete=models.CASCADE, related_name="+")
    # The item's pk; not a foreign key: GoFood may go on selling what was removed here.
    thing = models.BigIntegerField()
    name = models.TextField()
    price = models.BigIntegerField()
    # What it cost when this was planned.
    base = models.BigIntegerField()
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    # False: cancelled before it began.
    on = models.BooleanField(default=True)
    # Since when a menu with this price was on its way, and when GoFood had taken one without it.
    begun_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)
    # Why a worker could not begin or end it (menus/sentences.py); "" when nothing is wrong.
    problem = models.CharField(max_length=40, blank=True)
    # When a letter told that it is over and may still be on GoFood.
    told_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["pk"]
        constraints = [
            models.CheckConstraint(condition=Q(starts_at__lt=F("ends_at")), name="timed_place_ends_later"),
            # One price at a time, whoever plans and however many at once.
            ExclusionConstraint(
                name="one_timed_price_at_a_time",
                index_type="GIST",
                expressions=[
                    (_only("outlet_id"), RangeOperators.OVERLAPS),
                    (_only("thing"), RangeOperators.OVERLAPS),
                    (
                        Func(F("starts_at"), F("ends_at"), Value("[)"), function="tstzrange"),
                        RangeOperators.OVERLAPS,
                    ),
                ],
                condition=Q(on=True),
            ),
        ]
        indexes = [
            # What the sweep looks for: begun or not, it is not over yet.
            models.Index(
                fields=["starts_at"], condition=Q(ended_at__isnull=True), name="timed_places_to_come"
            ),
            models.Index(fields=["outlet", "starts_at"], name="timed_places_of_outlet"),
        ]

    def __str__(self) -> str:
        return f"{self.name} {self.price} at {self.outlet_id}"
