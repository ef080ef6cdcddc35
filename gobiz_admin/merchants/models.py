"""Who uses the product, and what they connect: merchants, members, GoBiz apps, outlets."""

from __future__ import annotations

import secrets
from typing import Any, ClassVar
from zoneinfo import ZoneInfo

from django.conf import settings
from django.contrib.auth.base_user import BaseUserManager
from django.contrib.auth.models import AbstractUser
from django.core.validators import RegexValidator
from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from gobiz_admin.gobiz import environments
from gobiz_admin.gobiz.tokens import AppCredentials
from gobiz_admin.merchants.closings import OutletClosing  # noqa: F401 - Django looks for models here
from gobiz_admin.merchants.encryption import EncryptedTextField


class UserManager(BaseUserManager["User"]):
    def create_user(self, email: str, password: str | None = None, **fields: Any) -> User:
        """The new user; without a password they have to ask for one by e-mail."""
        user = self.model(email=self.normalize_email(email).lower(), **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def create_superuser(self, email: str, password: str | None = None, **fields: Any) -> User:
        return self.create_user(email, password, is_staff=True, is_superuser=True, **fields)

    def get_by_natural_key(self, username: str | None) -> User:
        return self.get(email__iexact=username)


class User(AbstractUser):
    """A person, known by an e-mail address."""

    username = None  # type: ignore[assignment]
    email = models.EmailField(_("e-mail"), unique=True)
    language = models.CharField(_("language"), max_length=5, choices=settings.LANGUAGES, blank=True)

    USERNAME_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = []
    objects: ClassVar[UserManager] = UserManager()  # type: ignore[assignment]

    class Meta:
        constraints = [models.UniqueConstraint(Lower("email"), name="user_email_any_case")]

    def __str__(self) -> str:
        return self.email


class Merchant(models.Model):
    """The tenant: a business with one or more outlets."""

    name = models.CharField(_("name"), max_length=150)
    created_at = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return self.name


class Role(models.TextChoices):
    OWNER = "owner", _("Owner")
    MANAGER = "manager", _("Manager")
    CASHIER = "cashier", _("Cashier")


class Member(models.Model):
    """A user in a merchant, with a role."""

    merchant = models.ForeignKey(Merchant, on_delete=models.CASCADE, related_name="members")
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="memberships")
    role = models.CharField(max_length=10, choices=Role.choices)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["merchant", "user"], name="member_once_per_merchant")]

    def __str__(self) -> str:
        return f"{self.user} ({self.role})"


def new_webhook_token() -> str:
    return secrets.token_urlsafe(32)


class GobizApp(models.Model):
    """One set of GoBiz Developer Portal credentials (gobiz-api.md, "Environments")."""

    class Environment(models.TextChoices):
        SANDBOX = "sandbox", _("Sandbox")
        PRODUCTION = "production", _("Production")
        LOCAL = "local", _("Local (this machine)")

    class SignatureMode(models.TextChoices):
        ENFORCE = "enforce", _("Enforce")
        RECORD_ONLY = "record_only", _("Record only")

    class SubscribedPer(models.TextChoices):
        """gobiz-api.md, "How we read": Subscriptions."""

        PARTNER = "partner", _("For all outlets of the partner at once")
        OUTLET = "outlet", _("For each connected outlet by itself")

    merchant = models.ForeignKey(Merchant, on_delete=models.CASCADE, related_name="gobiz_apps")
    environment = models.CharField(_("environment"), max_length=10, choices=Environment.choices)
    app_id = models.CharField(_("App ID"), max_length=200)
    app_secret = EncryptedTextField(_("App Secret"))
    # A new App Secret, until GoBiz has accepted it: a mistyped one must not replace one that works.
    pending_app_secret = EncryptedTextField(blank=True, editable=False)
    partner_id = models.CharField(_("Partner ID"), max_length=200)
    relay_secret = EncryptedTextField(_("Relay Secret"))
    # Valid beside the new one until GoBiz is seen to sign with that (webhooks/rotating.py).
    previous_relay_secret = EncryptedTextField(blank=True, editable=False)
    relay_secret_changed_at = models.DateTimeField(null=True, editable=False)
    signature_mode = models.CharField(
        max_length=12, choices=SignatureMode.choices, default=SignatureMode.ENFORCE
    )
    webhook_token = models.CharField(max_length=64, unique=True, default=new_webhook_token, editable=False)
    # Valid beside the new one until every subscription names that (webhooks/rotating.py).
    previous_webhook_token = models.CharField(max_length=64, unique=True, null=True, editable=False)
    webhook_token_changed_at = models.DateTimeField(null=True, editable=False)
    subscribed_per = models.CharField(
        max_length=10, choices=SubscribedPer.choices, default=SubscribedPer.PARTNER
    )
    scopes_granted = models.JSONField(default=list, editable=False)
    scopes_missing = models.JSONField(default=list, editable=False)
    refused_at = models.DateTimeField(null=True, editable=False)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["merchant", "environment", "app_id"], name="gobiz_app_once_per_merchant"
            ),
            # gobiz-api.md, "Receiving notifications": record only is for the sandbox.
            models.CheckConstraint(
                condition=~models.Q(environment="production", signature_mode="record_only"),
                name="production_enforces_signatures",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.app_id} ({self.environment})"

    @property
    def webhook_url(self) -> str:
        """The public address that GoBiz posts this app's notifications to."""
        return f"{settings.PUBLIC_BASE_URL}/webhooks/gobiz/{self.webhook_token}/"

    @property
    def relay_secrets(self) -> list[str]:
        """Every Relay Secret that a signature may be made with, the newest first."""
        return [secret for secret in (self.relay_secret, self.previous_relay_secret) if secret]

    @property
    def webhook_tokens(self) -> list[str]:
        """Every token that is valid in an address of this app, the newest first."""
        return [token for token in (self.webhook_token, self.previous_webhook_token) if token]

    def credentials(self) -> AppCredentials:
        """What the GoBiz client needs to call in this app's name."""
        return AppCredentials(
            key=f"app-{self.pk}",
            app_id=self.app_id,
            app_secret=self.app_secret,
            partner_id=self.partner_id,
            environment=environment_named(self.environment),
        )


def environment_named(name: str) -> environments.Environment:
    """The addresses of `sandbox`, `production`, or `local` (where the settings point)."""
    if name == GobizApp.Environment.LOCAL:
        return environments.local(settings.GOBIZ_LOCAL_OAUTH_URL, settings.GOBIZ_LOCAL_API_URL)
    return {"sandbox": environments.SANDBOX, "production": environments.PRODUCTION}[name]


outlet_id_format = RegexValidator(
    r"\AG[0-9A-Za-z]{3,40}\Z",
    _("An Outlet ID is the letter G followed by digits, for example G123456789."),
)


HIGHEST_COMMISSION = 60


class Outlet(models.Model):
    """One GoFood outlet, known to GoBiz by its Outlet ID."""

    merchant = models.ForeignKey(Merchant, on_delete=models.CASCADE, related_name="outlets")
    gobiz_app = models.ForeignKey(GobizApp, on_delete=models.PROTECT, related_name="outlets")
    # The same as the app's; here so that the constraint below can stand.
    environment = models.CharField(max_length=10, choices=GobizApp.Environment.choices)
    outlet_id = models.CharField(_("Outlet ID"), max_length=50, validators=[outlet_id_format])
    name = models.CharField(_("outlet name"), max_length=150)
    time_zone = models.CharField(
        _("time zone"),
        max_length=40,
        default="Asia/Jakarta",
        choices=[
            ("Asia/Jakarta", _("WIB (Jakarta)")),
            ("Asia/Makassar", _("WITA (Makassar)")),
            ("Asia/Jayapura", _("WIT (Jayapura)")),
        ],
    )
    # What GoFood takes of each price, for showing what is left. Null: not known, nothing is shown.
    commission_percent = models.DecimalField(
        _("commission in percent"), max_digits=4, decimal_places=2, null=True, blank=True
    )
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["name", "pk"]
        constraints = [
            models.UniqueConstraint(fields=["environment", "outlet_id"], name="outlet_held_once"),
            # More than this is a slip of the finger, not a commission.
            models.CheckConstraint(
                condition=models.Q(commission_percent__range=(0, HIGHEST_COMMISSION)),
                name="commission_0_to_60_percent",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.name} ({self.outlet_id})"

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.time_zone)


class ProofStep(models.TextChoices):
    """What a connection is made of, in the order in which it is proven."""

    TOKEN = "token", _("Credentials")
    CATALOG = "catalog", _("Live menu")
    SUBSCRIPTIONS = "subscriptions", _("Notification subscriptions")
    ROUND_TRIP = "round_trip", _("Our public address")


class Proof(models.Model):
    """One thing proven, or not, about an outlet's connection; the latest try only."""

    class State(models.TextChoices):
        WAITING = "waiting", _("Waiting")
        RUNNING = "running", _("Checking…")
        PASSED = "passed", _("Proven")
        FAILED = "failed", _("Not proven")

    outlet = models.ForeignKey(Outlet, on_delete=models.CASCADE, related_name="proofs")
    step = models.CharField(max_length=20, choices=ProofStep.choices)
    state = models.CharField(max_length=10, choices=State.choices, default=State.WAITING)
    # `code` names the sentence (merchants/wording.py), `facts` fill it in: shown in any language.
    code = models.CharField(max_length=40, blank=True)
    facts = models.JSONField(default=dict)
    # When it came into its state.
    checked_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["outlet", "step"], name="proof_once_per_step")]

    def __str__(self) -> str:
        return f"{self.outlet_id}: {self.step} {self.state}"


class AuditEntry(models.Model):
    """Who did what, for the merchant's own eyes; never a secret."""

    merchant = models.ForeignKey(Merchant, on_delete=models.CASCADE, related_name="audit_entries")
    user = models.ForeignKey(User, null=True, on_delete=models.SET_NULL)
    action = models.CharField(max_length=60)
    facts = models.JSONField(default=dict)
    at = models.DateTimeField(auto_now_add=True)

    class Meta:
        indexes = [models.Index(fields=["merchant", "-at"])]

    def __str__(self) -> str:
        return f"{self.at:%Y-%m-%d %H:%M} {self.action}"


class Letter(models.Model):
    """An e-mail to one member: stored together with what it tells of, sent by a worker (mailing.py)."""

    class State(models.TextChoices):
        WAITING = "waiting"
        SENDING = "sending"
        SENT = "sent"
        # The member has left, or may not see that any more.
        DROPPED = "dropped"
        FAILED = "failed"

    merchant = models.ForeignKey(Merchant, on_delete=models.CASCADE, related_name="letters")
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="letters")
    # The right that a reader needs.
    right = models.CharField(max_length=40)
    # What it tells of: nobody is told the same twice.
    key = models.CharField(max_length=200)
    template = models.CharField(max_length=50)
    facts = models.JSONField(default=dict)
    state = models.CharField(max_length=10, choices=State.choices, default=State.WAITING)
    attempts = models.PositiveSmallIntegerField(default=0)
    # When it is due: waiting, to be sent; sending, to be taken from a dead worker.
    next_attempt_at = models.DateTimeField(null=True, default=timezone.now)
    error = models.CharField(max_length=100, blank=True)
    stored_at = models.DateTimeField(default=timezone.now)
    sent_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["merchant", "user", "key"], name="letter_once_per_reader")
        ]
        indexes = [
            models.Index(
                fields=["next_attempt_at"],
                condition=Q(state__in=["waiting", "sending"]),
                name="letters_to_send",
            ),
            models.Index(fields=["stored_at"], name="letters_by_age"),
        ]

    def __str__(self) -> str:
        return f"{self.key} {self.state}"
