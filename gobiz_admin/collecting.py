"""What `collectstatic` takes of the packages from npm."""

from django.contrib.staticfiles.apps import StaticFilesConfig


class StaticFiles(StaticFilesConfig):
    """Without Tabler's flags, card brands and themes: they ask for pictures that are not taken."""

    ignore_patterns = [*StaticFilesConfig.ignore_patterns, "tabler-*", "*.rtl.*", "*.raw.js", "*.d.ts"]
