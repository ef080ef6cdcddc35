"""What a production server serves: every file collected, under a name of its own content."""

import re
from pathlib import Path

import pytest
from django.conf import settings
from django.contrib.staticfiles.storage import staticfiles_storage
from django.core.management import call_command

from gobiz_admin.stack.config import ROOT

# As in production, but not compressed: that takes longer than all the rest.
TRIMMED = "gobiz_admin.collecting.TrimmedStorage"
USED = re.compile(r"""{% static ['"]([^'"]+)['"]""")


@pytest.fixture
def collected(settings, tmp_path):
    settings.STATIC_ROOT = str(tmp_path)
    settings.STORAGES = {**settings.STORAGES, "staticfiles": {"BACKEND": TRIMMED}}
    call_command("collectstatic", interactive=False, verbosity=0)
    return tmp_path


def test_all_that_pages_ask_for_is_collected_under_a_name_of_its_own(collected: Path):
    asked = {
        name
        for template in (ROOT / "templates").rglob("*.html")
        for name in USED.findall(template.read_text())
    }
    assert "vendor/tabler/css/tabler.min.css" in asked
    for name in asked:
        address = staticfiles_storage.url(name)
        served = collected / address.removeprefix(settings.STATIC_URL)
        assert served.exists(), name
        assert served.name != Path(name).name, "a browser may keep it for ever only under a name of its own"


def test_tabler_is_trimmed_also_when_it_is_collected_again(collected: Path):
    assert _tabler(collected) < 150_000
    call_command("collectstatic", interactive=False, verbosity=0)
    assert _tabler(collected) < 150_000


def _tabler(collected: Path) -> int:
    """The bytes of the stylesheet that pages link to."""
    address = staticfiles_storage.url("vendor/tabler/css/tabler.min.css")
    return (collected / address.removeprefix(settings.STATIC_URL)).stat().st_size
