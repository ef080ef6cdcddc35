"""Secrets at rest: the first of FIELD_ENCRYPTION_KEYS encrypts, all of them decrypt."""

import base64
from functools import lru_cache
from typing import Any

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings
from django.db import models


def cipher() -> MultiFernet:
    """The cipher of the keys that are set now."""
    return _cipher(tuple(settings.FIELD_ENCRYPTION_KEYS))


@lru_cache(maxsize=4)
def _cipher(keys: tuple[str, ...]) -> MultiFernet:
    return MultiFernet([Fernet(_derive(key)) for key in keys])


def _derive(key: str) -> bytes:
    """A Fernet key from any long random text, so that operators need no special generator."""
    hkdf = HKDF(algorithm=SHA256(), length=32, salt=None, info=b"gobiz-admin field encryption")
    return base64.urlsafe_b64encode(hkdf.derive(key.encode()))


class EncryptedTextField(models.TextField):
    """Text that stands encrypted in the database. It cannot be searched for."""

    def get_prep_value(self, value: Any) -> str | None:
        value = super().get_prep_value(value)
        return None if value is None else cipher().encrypt(str(value).encode()).decode()

    def value_to_string(self, obj: models.Model) -> str:
        """As it stands in the database: `dumpdata` prints no secret."""
        return str(self.get_prep_value(self.value_from_object(obj)))

    def to_python(self, value: Any) -> Any:
        """As it was entered; `loaddata` gives what `dumpdata` printed."""
        value = super().to_python(value)
        try:
            return cipher().decrypt(value.encode()).decode() if value else value
        except InvalidToken:
            return value

    def from_db_value(self, value: str | None, expression: Any, connection: Any) -> str | None:
        return None if value is None else cipher().decrypt(value.encode()).decode()
