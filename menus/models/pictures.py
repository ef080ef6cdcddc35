"""Pictures of menu items: ours, and what is known of those that stand elsewhere."""

import uuid

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone

from gobiz_admin.merchants.models import Merchant


class Picture(models.Model):
    """One square PNG, known by the SHA-256 of its bytes, so that its public URL never changes."""

    merchant = models.ForeignKey(Merchant, on_delete=models.CASCADE, related_name="pictures")
    sha256 = models.CharField(max_length=64)
    file = models.FileField(max_length=200)
    side = models.PositiveIntegerField()
    size = models.PositiveIntegerField()
    # What was done to make it: side, bytes, colours (0: all of them), and what it was made from.
    facts = models.JSONField(default=dict)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["merchant", "sha256"], name="picture_once_per_merchant")
        ]


class PictureCheck(models.Model):
    """What came of fetching the picture at an address as GoBiz would. `code` stands until a better answer."""

    class State(models.TextChoices):
        QUEUED = "queued"
        CHECKING = "checking"
        GOOD = "good"
        BAD = "bad"

    merchant = models.ForeignKey(Merchant, on_delete=models.CASCADE, related_name="picture_checks")
    url = models.TextField()
    state = models.CharField(max_length=10, choices=State.choices, default=State.QUEUED)
    # picture_unreachable, picture_not_png, …: menus/picture_checks.py.
    code = models.CharField(max_length=40, blank=True)
    # HTTP status, content type, bytes, width, height: as far as it came.
    facts = models.JSONField(default=dict)
    attempts = models.PositiveSmallIntegerField(default=0)
    # When it is to be looked at (again).
    due_at = models.DateTimeField(default=timezone.now)
    started_at = models.DateTimeField(null=True)
    checked_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["merchant", "url"], name="one_check_per_address")]
        indexes = [
            models.Index(fields=["due_at"], condition=~Q(state="checking"), name="picture_checks_due"),
        ]


class PictureFix(models.Model):
    """A picture of ours to be made from the one at the item's address; it takes its place if it still stands."""

    class State(models.TextChoices):
        QUEUED = "queued"
        RUNNING = "running"
        DONE = "done"
        FAILED = "failed"

    item = models.ForeignKey("menus.MenuItem", on_delete=models.CASCADE, related_name="picture_fixes")
    url = models.TextField()
    state = models.CharField(max_length=10, choices=State.choices, default=State.QUEUED)
    code = models.CharField(max_length=40, blank=True)
    requested_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL)
    # What was asked for together is one change of the menu, and is taken back together.
    batch = models.UUIDField(default=uuid.uuid4)
    requested_at = models.DateTimeField(auto_now_add=True)
    started_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["item"], condition=Q(state__in=["queued", "running"]), name="one_fix_per_item"
            )
        ]
