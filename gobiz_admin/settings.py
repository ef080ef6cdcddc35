"""Settings, all from the environment; a secret NAME may also come as NAME_FILE, the path of a file.

Nothing has a lenient default: without its secrets this module refuses to load, which stops the
server, the workers and every command with one sentence.
"""

from base64 import b64encode
from hashlib import sha256
from pathlib import Path
from urllib.parse import urlsplit

import structlog
from csp.constants import NONE, SELF
from django.utils.translation import gettext_lazy as _

from gobiz_admin.environment import env, flag, secret, secret_list
from gobiz_admin.storing import pictures_storage

BASE_DIR = Path(__file__).resolve().parent.parent

DEBUG = flag("DEBUG", default=False)
LOCAL_STACK = env.str("GOBIZ_STACK", default="") in {"local", "test"}
SECRET_KEY = secret("SECRET_KEY")
FIELD_ENCRYPTION_KEYS = secret_list("FIELD_ENCRYPTION_KEYS")
PUBLIC_BASE_URL = env.str("PUBLIC_BASE_URL").rstrip("/")
LIVE_BASE_URL = env.str("LIVE_BASE_URL", default=PUBLIC_BASE_URL + "/live").rstrip("/")
ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", default=[urlsplit(PUBLIC_BASE_URL).hostname or ""])
GOBIZ_LOCAL_OAUTH_URL = env.str("GOBIZ_LOCAL_OAUTH_URL", default="http://127.0.0.1:8100").rstrip("/")
# How many menus of one GoBiz app are sent at the same time: fifty outlets must not trip GoBiz.
GOBIZ_PUTS_AT_ONCE = max(1, env.int("GOBIZ_PUTS_AT_ONCE", default=4))
# How many live menus of one GoBiz app are read at the same time.
GOBIZ_READINGS_AT_ONCE = max(1, env.int("GOBIZ_READINGS_AT_ONCE", default=4))
GOBIZ_LOCAL_API_URL = env.str("GOBIZ_LOCAL_API_URL", default="http://127.0.0.1:8100").rstrip("/")
# The environment `local` sends credentials to the address above; it is offered on a developer's
# machine only.
GOBIZ_LOCAL_ALLOWED = LOCAL_STACK or flag("GOBIZ_LOCAL_ALLOWED", default=False)

INSTALLED_APPS = [
    "unfold",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "gobiz_admin.collecting.StaticFiles",
    "django.contrib.humanize",
    "django.contrib.postgres",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "axes",
    "csp",
    "django_htmx",
    "django_structlog",
    "template_partials",
    "gobiz_admin.merchants",
    "webhooks",
    "menus",
    "orders",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "gobiz_admin.merchants.middleware.LanguageMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django_structlog.middlewares.RequestMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "axes.middleware.AxesMiddleware",
]

ROOT_URLCONF = "gobiz_admin.urls"
WSGI_APPLICATION = "gobiz_admin.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.template.context_processors.i18n",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "gobiz_admin.merchants.context.frame",
            ],
            "builtins": ["gobiz_admin.merchants.templatetags.wording"],
        },
    },
]

# --- data -------------------------------------------------------------------------------------
_database = env.db_url_config(secret("DATABASE_URL"))
DATABASES = {
    "default": {
        **_database,
        "CONN_MAX_AGE": 600,
        "CONN_HEALTH_CHECKS": True,
        # A server that vanished without a word is noticed while GoBiz still waits.
        "OPTIONS": {
            "connect_timeout": 3,
            "keepalives_idle": 20,
            "tcp_user_timeout": 10_000,
            **_database.get("OPTIONS", {}),
        },
    }
}
# Notifications, with what customers wrote in them, are deleted when they are older than this.
NOTIFICATION_DAYS = env.int("NOTIFICATION_DAYS", default=35)
# How often an app asks GoBiz, at most, what it tried to deliver (webhooks/lookups.py).
LOOKUPS_PER_MINUTE = env.int("LOOKUPS_PER_MINUTE", default=20)
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
REDIS_URL = secret("REDIS_URL")
# Short waits: with Redis slow or gone, a request still answers within GoBiz's 5 s.
REDIS_TIMEOUT_SECONDS = 1.0
CACHES = {
    "default": {
        "BACKEND": "gobiz_admin.merchants.caching.ForgivingCache",
        "LOCATION": REDIS_URL,
        "OPTIONS": {
            "socket_connect_timeout": REDIS_TIMEOUT_SECONDS,
            "socket_timeout": REDIS_TIMEOUT_SECONDS,
        },
    }
}

# --- background work --------------------------------------------------------------------------
CELERY_BROKER_URL = REDIS_URL
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_PUBLISH_RETRY = False
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_CONNECTION_MAX_RETRIES = None
CELERY_BROKER_TRANSPORT_OPTIONS = {
    "socket_connect_timeout": REDIS_TIMEOUT_SECONDS,
    # A request waits this long for a broker that accepts and never answers.
    "socket_timeout": 2.0,
    "max_retries": 0,
    "global_keyprefix": env.str("CELERY_KEY_PREFIX", default=""),
}
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_TIMEZONE = "UTC"

# --- people -----------------------------------------------------------------------------------
AUTH_USER_MODEL = "merchants.User"
AUTHENTICATION_BACKENDS = [
    "axes.backends.AxesStandaloneBackend",
    "django.contrib.auth.backends.ModelBackend",
    "allauth.account.auth_backends.AuthenticationBackend",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator"},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*"]
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_UNIQUE_EMAIL = True
ACCOUNT_EMAIL_VERIFICATION = env.str("ACCOUNT_EMAIL_VERIFICATION", default="optional")
ACCOUNT_SESSION_REMEMBER = True
ACCOUNT_ADAPTER = "gobiz_admin.merchants.accounts.AccountAdapter"
MFA_SUPPORTED_TYPES = ["totp", "recovery_codes"]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "home"
ACCOUNT_LOGOUT_REDIRECT_URL = "account_login"
# Failed logins are counted by axes, which has a page for whom it locks out.
ACCOUNT_RATE_LIMITS = {"login_failed": None}
AXES_FAILURE_LIMIT = 10
AXES_COOLOFF_TIME = 0.25  # hours
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]
AXES_USERNAME_CALLABLE = "gobiz_admin.merchants.accounts.name_tried"
AXES_RESET_ON_SUCCESS = True
AXES_LOCKOUT_TEMPLATE = "account/locked.html"
AXES_DISABLE_ACCESS_LOG = True
AXES_VERBOSE = False
vars().update(env.email_url_config(secret("EMAIL_URL", default="consolemail://")))
# A mail server that accepts and never answers holds a worker no longer than this.
EMAIL_TIMEOUT = 20
DEFAULT_FROM_EMAIL = env.str("DEFAULT_FROM_EMAIL", default="GoBiz Merchant Admin <noreply@localhost>")

# --- language and time ------------------------------------------------------------------------
LANGUAGE_CODE = "id"
LANGUAGES = [("id", _("Indonesian")), ("en", _("English"))]
LOCALE_PATHS = [BASE_DIR / "gobiz_admin" / "locale"]
LANGUAGE_COOKIE_NAME = "language"
TIME_ZONE = "Asia/Jakarta"
USE_TZ = True
USE_THOUSAND_SEPARATOR = False

# --- files ------------------------------------------------------------------------------------
NODE_MODULES = BASE_DIR / "node_modules"
STATIC_URL = "/static/"
# On a developer's machine nothing is collected: whitenoise reads static/ and node_modules/ itself.
STATIC_ROOT = None if LOCAL_STACK else env.str("STATIC_ROOT", default=str(BASE_DIR / "staticfiles"))
STATICFILES_DIRS = [
    BASE_DIR / "static",
    ("vendor/tabler/css", NODE_MODULES / "@tabler" / "core" / "dist" / "css"),
    ("vendor/tabler/js", NODE_MODULES / "@tabler" / "core" / "dist" / "js"),
    ("vendor/htmx", NODE_MODULES / "htmx.org" / "dist"),
    ("vendor/sortable", NODE_MODULES / "sortablejs"),
    ("vendor/cropper", NODE_MODULES / "cropperjs" / "dist"),
    ("vendor/idiomorph", NODE_MODULES / "idiomorph" / "dist"),
]
MEDIA_ROOT = env.str("MEDIA_ROOT", default=str(BASE_DIR / "media"))
MEDIA_URL = "/media/"
WHITENOISE_USE_FINDERS = LOCAL_STACK
STORAGES = {
    "default": pictures_storage(),
    "staticfiles": {
        "BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"
        if LOCAL_STACK
        else "gobiz_admin.collecting.CompressedStorage"
    },
}
# Hosts of this machine (host:port) whose pictures workers may fetch; every other private address is refused.
PICTURE_LOCAL_HOSTS = env.list(
    "PICTURE_LOCAL_HOSTS",
    default=[urlsplit(url).netloc for url in (GOBIZ_LOCAL_API_URL, PUBLIC_BASE_URL)] if LOCAL_STACK else [],
)
DATA_UPLOAD_MAX_MEMORY_SIZE = 3 * 1024 * 1024
DATA_UPLOAD_MAX_NUMBER_FIELDS = 20_000

# --- safety -----------------------------------------------------------------------------------
_https = urlsplit(PUBLIC_BASE_URL).scheme == "https"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = _https
BEHIND_PROXY = flag("BEHIND_PROXY", default=False)
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if BEHIND_PROXY else None
SECURE_HSTS_SECONDS = 31_536_000 if _https else 0
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
CSRF_TRUSTED_ORIGINS = [PUBLIC_BASE_URL]
_live = urlsplit(LIVE_BASE_URL)
# The one script that stands in the page itself: a request for it would hold up the first paint.
_theme = b64encode(sha256((BASE_DIR / "templates" / "frame" / "theme.js").read_bytes()).digest()).decode()
CONTENT_SECURITY_POLICY = {
    "EXCLUDE_URL_PREFIXES": ["/admin/"],
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF, f"'sha256-{_theme}'"],
        "style-src": [SELF],
        # Pictures of a live menu stand wherever the merchant put them.
        "img-src": [SELF, "data:", "https:"] + (["http:"] if LOCAL_STACK else []),
        "font-src": [SELF],
        "connect-src": [SELF, f"{_live.scheme}://{_live.netloc}"],
        "form-action": [SELF],
        "base-uri": [NONE],
        "frame-ancestors": [NONE],
        "manifest-src": [SELF],
    },
}
SILENCED_SYSTEM_CHECKS = ["staticfiles.W004"] if not NODE_MODULES.exists() else []

# --- watching ---------------------------------------------------------------------------------
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "line": {
            "()": structlog.stdlib.ProcessorFormatter,
            "processor": structlog.processors.JSONRenderer(),
            "foreign_pre_chain": [
                structlog.contextvars.merge_contextvars,
                structlog.stdlib.add_log_level,
                structlog.stdlib.add_logger_name,
                structlog.processors.TimeStamper(fmt="iso"),
                structlog.processors.format_exc_info,
            ],
        }
    },
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["stderr"], "level": env.str("LOG_LEVEL", default="INFO")},
    "loggers": {
        # These two log each request with its address; structlog's line says it once.
        "django.server": {"level": "WARNING"},
        "django_structlog": {"level": "WARNING"},
    },
}
structlog.configure(
    processors=[
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.filter_by_level,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso"),
        structlog.processors.format_exc_info,
        structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
    ],
    logger_factory=structlog.stdlib.LoggerFactory(),
    cache_logger_on_first_use=True,
)
SENTRY_DSN = secret("SENTRY_DSN", default="")
if SENTRY_DSN:
    import sentry_sdk

    # Bodies and local variables may hold a customer's name or a secret: neither leaves this machine.
    sentry_sdk.init(
        dsn=SENTRY_DSN, send_default_pii=False, include_local_variables=False, max_request_body_size="never"
    )

UNFOLD = {"SITE_TITLE": "GoBiz Merchant Admin", "SITE_HEADER": "GoBiz Merchant Admin"}
