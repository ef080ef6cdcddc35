"""Where pictures are kept: a folder unless a bucket is named; the bucket's packages wait until they are needed."""

import subprocess
import sys

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.core.files.storage import storages
from django.core.files.storage.handler import StorageHandler

from gobiz_admin.storing import FOLDER, pictures_storage

S3 = ("S3_BUCKET", "S3_ENDPOINT_URL", "S3_REGION", "S3_ACCESS_KEY", "S3_SECRET_KEY", "S3_PREFIX")


@pytest.fixture(autouse=True)
def _nothing_set(monkeypatch):
    for name in S3:
        monkeypatch.delenv(name, raising=False)


def test_a_folder_by_default():
    assert pictures_storage() == FOLDER
    assert type(storages["default"]).__name__ == "FileSystemStorage"


def test_nothing_of_s3_is_imported_without_a_bucket():
    code = "import sys, gobiz_admin.storing as s; s.pictures_storage(); print('boto3' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


def test_a_bucket_of_any_provider(monkeypatch, tmp_path):
    held = tmp_path / "key"
    held.write_text("a-secret\n")
    monkeypatch.setenv("S3_BUCKET", "pictures")
    monkeypatch.setenv("S3_ENDPOINT_URL", "http://127.0.0.1:9")
    monkeypatch.setenv("S3_REGION", "ap-southeast-3")
    monkeypatch.setenv("S3_ACCESS_KEY", "an-id")
    monkeypatch.setenv("S3_SECRET_KEY_FILE", str(held))
    monkeypatch.setenv("S3_PREFIX", "media")
    # Django's own way from the settings to a storage: a name that it does not know would be refused here.
    storage = StorageHandler({"default": pictures_storage()})["default"]
    assert type(storage).__name__ == "S3Storage"
    assert (storage.bucket_name, storage.location, storage.secret_key) == ("pictures", "media", "a-secret")
    assert storage.default_acl is None
    assert storage.get_available_name("pictures/1/a.png") == "pictures/1/a.png"


def test_half_a_key_is_a_mistake(monkeypatch):
    monkeypatch.setenv("S3_BUCKET", "pictures")
    monkeypatch.setenv("S3_ACCESS_KEY", "an-id")
    with pytest.raises(ImproperlyConfigured, match="S3_SECRET_KEY"):
        pictures_storage()
