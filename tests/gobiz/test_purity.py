"""The GoBiz client is pure Python on requests; the stream process has no ORM."""

import subprocess
import sys

import pytest


@pytest.mark.parametrize("module", ["gobiz_admin.gobiz.client", "gobiz_admin.live.app"])
def test_no_model_and_no_orm_is_loaded(module: str) -> None:
    code = f"import sys, {module}; sys.exit('django.db.models' in sys.modules or 'celery' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
