"""Where pictures are kept: a folder of this machine, or a bucket that speaks S3."""

from typing import Any

from django.core.exceptions import ImproperlyConfigured

from gobiz_admin.environment import env, secret

FOLDER: dict[str, Any] = {"BACKEND": "django.core.files.storage.FileSystemStorage"}


def pictures_storage() -> dict[str, Any]:
    """Django's settings of the storage: MEDIA_ROOT, or the bucket that S3_BUCKET names."""
    bucket = env.str("S3_BUCKET", default="")
    if not bucket:
        return FOLDER
    access, key = secret("S3_ACCESS_KEY", default=""), secret("S3_SECRET_KEY", default="")
    if bool(access) != bool(key):
        raise ImproperlyConfigured("S3_ACCESS_KEY and S3_SECRET_KEY belong together: set both, or neither.")
    options: dict[str, Any] = {
        "bucket_name": bucket,
        # Of other providers; without one it is Amazon's, in that region.
        "endpoint_url": env.str("S3_ENDPOINT_URL", default="") or None,
        "region_name": env.str("S3_REGION", default="") or None,
        # Without a key: what the machine itself may do.
        "access_key": access or None,
        "secret_key": key or None,
        "location": env.str("S3_PREFIX", default=""),
        # We serve them: nobody reads the bucket but this app.
        "default_acl": None,
        # The name is made from the content: the same name is the same file.
        "file_overwrite": True,
    }
    # Imported by Django when the first picture is read or written, and only then.
    return {"BACKEND": "storages.backends.s3.S3Storage", "OPTIONS": options}
