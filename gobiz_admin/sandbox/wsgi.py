"""WSGI entry point; importing it starts the thread that delivers notifications."""

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "gobiz_admin.sandbox.settings")

application = get_wsgi_application()

from gobiz_admin.sandbox import worker  # noqa: E402  (models need the app registry of the line above)

worker.start()
