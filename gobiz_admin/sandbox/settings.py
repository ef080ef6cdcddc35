"""Settings of the sandbox, all from the environment; a missing DATABASE_URL stops the start."""

from secrets import token_urlsafe

import environ

env = environ.Env()

SECRET_KEY = env.str("SANDBOX_SECRET_KEY", default="") or token_urlsafe(48)
DEBUG = False
ALLOWED_HOSTS = ["*"]

INSTALLED_APPS = ["django.contrib.staticfiles", "gobiz_admin.sandbox.apps.SandboxConfig"]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "gobiz_admin.sandbox.faults.CallsAndFaults",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "gobiz_admin.sandbox.answers.ErrorAnswers",
]
ROOT_URLCONF = "gobiz_admin.sandbox.urls"
WSGI_APPLICATION = "gobiz_admin.sandbox.wsgi.application"
APPEND_SLASH = False
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {"context_processors": ["django.template.context_processors.request"]},
    }
]

DATABASES = {
    "default": {
        **env.db_url("DATABASE_URL"),
        "ATOMIC_REQUESTS": True,
        "CONN_MAX_AGE": 60,
        "CONN_HEALTH_CHECKS": True,
    }
}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
# A menu of a thousand items is about a megabyte of JSON.
DATA_UPLOAD_MAX_MEMORY_SIZE = 32 * 1024 * 1024

USE_TZ = True
TIME_ZONE = "Asia/Jakarta"
USE_I18N = False

STATIC_URL = "/static/"
WHITENOISE_USE_FINDERS = True
CSRF_COOKIE_NAME = "sandbox_csrf"

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "%(asctime)s %(levelname)s %(name)s %(message)s"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["console"], "level": "INFO"},
    # A refused call is an answer, not an incident; the call list of the portal has it.
    "loggers": {"django.request": {"level": "ERROR"}},
}

# First values of what POST /_control/settings changes later (see `control.py`).
SANDBOX_RETRY_SPEED = env.float("SANDBOX_RETRY_SPEED", default=60.0)
SANDBOX_CONFIRM_AFTER = env.float("SANDBOX_CONFIRM_AFTER", default=1.0)
SANDBOX_ACCEPTANCE_SPEED = env.float("SANDBOX_ACCEPTANCE_SPEED", default=1.0)
# Where this process is reached; pictures of the seeded menus are named with it.
SANDBOX_PUBLIC_URL = env.str("SANDBOX_PUBLIC_URL", default="http://127.0.0.1:8100").rstrip("/")
