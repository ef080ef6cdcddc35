"""The WSGI entry point: notifications and pages (granian, two workers)."""

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "gobiz_admin.settings")
pages = get_wsgi_application()

# After Django is set up.
from webhooks.receiver import in_front_of  # noqa: E402

application = in_front_of(pages)
