"""The cache, which holds nothing but counts of how often somebody tried something."""

from __future__ import annotations

from typing import Any

from django.core.cache.backends.redis import RedisCache
from redis import RedisError


class ForgivingCache(RedisCache):
    """Redis, or nothing while it is away: a limit that cannot be counted locks nobody out.

    Failed logins are counted in the database (axes), whatever Redis does.
    """

    def get(self, key: Any, default: Any = None, version: int | None = None) -> Any:
        try:
            return super().get(key, default, version)
        except RedisError:
            return default

    def set(self, *args: Any, **options: Any) -> None:
        try:
            super().set(*args, **options)
        except RedisError:
            return

    def add(self, *args: Any, **options: Any) -> bool:
        """True, as if it had not been there: it is taken for a lock that is free."""
        try:
            return super().add(*args, **options)
        except RedisError:
            return True

    def delete(self, *args: Any, **options: Any) -> bool:
        try:
            return super().delete(*args, **options)
        except RedisError:
            return False
