"""The Django app."""

from django.apps import AppConfig


class SandboxConfig(AppConfig):
    name = "gobiz_admin.sandbox"
    label = "sandbox"
    verbose_name = "GoBiz sandbox"
