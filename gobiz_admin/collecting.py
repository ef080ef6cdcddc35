"""What `collectstatic` takes of the packages from npm."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.conf import settings
from django.contrib.staticfiles.apps import StaticFilesConfig
from django.contrib.staticfiles.storage import ManifestStaticFilesStorage
from django.core.files.base import ContentFile
from whitenoise.storage import CompressedManifestStaticFilesStorage

from gobiz_admin.trimming import trim, words_in

TABLER = "vendor/tabler/css/tabler.min.css"
OURS = ("templates", "static", "gobiz_admin", "menus", "orders", "webhooks")


class StaticFiles(StaticFilesConfig):
    """Without Tabler's flags, card brands and themes: they ask for pictures that are not taken."""

    ignore_patterns = [*StaticFilesConfig.ignore_patterns, "tabler-*", "*.rtl.*", "*.raw.js", "*.d.ts"]


class TrimmedStorage(ManifestStaticFilesStorage):
    """Of Tabler's stylesheet the rules only that our pages can meet: a phone reads a tenth of it."""

    def post_process(self, paths: dict[str, Any], dry_run: bool = False, **options: Any) -> Iterator[Any]:
        if TABLER in paths and not dry_run:
            storage, path = paths[TABLER]
            with storage.open(path) as sheet:
                trimmed = trim(sheet.read().decode(), words_in(settings.BASE_DIR / name for name in OURS))
            self.delete(TABLER)
            self.save(TABLER, ContentFile(trimmed.encode()))
            # Read from here, not from its package, from now on.
            paths[TABLER] = (self, TABLER)
        yield from super().post_process(paths, dry_run, **options)


class CompressedStorage(TrimmedStorage, CompressedManifestStaticFilesStorage):  # type: ignore[misc]
    """The same, with each file compressed beside it."""
