"""No apps, no middleware, no templates: what is left is Django's handling of a request and its connection."""

import os

from bench.databases import django_database

SECRET_KEY = os.environ["SECRET_KEY"]
ALLOWED_HOSTS = ["127.0.0.1"]
ROOT_URLCONF = "bench.bare.urls"
DATABASES = {"default": django_database(os.environ["DATABASE_URL"])}
INSTALLED_APPS: list[str] = []
MIDDLEWARE: list[str] = []
USE_TZ = True
RELAY_SECRET = os.environ["BENCH_RELAY_SECRET"]
