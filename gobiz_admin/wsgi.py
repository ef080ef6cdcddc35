"""The WSGI entry point: pages and webhooks (granian, two workers)."""

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "gobiz_admin.settings")
application = get_wsgi_application()
