"""For the type checker only: the product and the sandbox, which never run as one, seen at once."""

from gobiz_admin.settings import *  # noqa: F403
from gobiz_admin.settings import INSTALLED_APPS as PRODUCT_APPS

INSTALLED_APPS = [*PRODUCT_APPS, "gobiz_admin.sandbox"]
SANDBOX_PUBLIC_URL = ""
SANDBOX_RETRY_SPEED = SANDBOX_CONFIRM_AFTER = SANDBOX_ACCEPTANCE_SPEED = 1.0
