"""One access token per app, shared by all processes. Source: gobiz-api.md, "Access token"."""

import hashlib
import json
import logging
import random
import secrets
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from typing import Protocol, TypeGuard, cast

import redis
from redis.exceptions import RedisError

from gobiz_admin.gobiz.environments import Environment
from gobiz_admin.gobiz.errors import GobizError, GobizUnavailable, PossiblyApplied
from gobiz_admin.gobiz.oauth import request_token
from gobiz_admin.gobiz.scopes import ALL_SCOPES

# Refreshed this long before the end, or a tenth of a short life before it.
EARLY_SECONDS = 60.0
EARLY_SHARE = 0.1
# Longer than one token request may take; renewed before each.
LOCK_MILLISECONDS = 30_000
WAIT_SECONDS = 20.0
POLL_SECONDS = 0.05

RELEASE = "if redis.call('get', KEYS[1]) == ARGV[1] then return redis.call('del', KEYS[1]) end return 0"
RENEW = RELEASE.replace("redis.call('del', KEYS[1])", "redis.call('pexpire', KEYS[1], ARGV[2])")

REDIS_FAILURES = (RedisError, OSError)

log = logging.getLogger("gobiz")


class Cipher(Protocol):
    """What keeps tokens unreadable in Redis, such as cryptography's Fernet or MultiFernet."""

    def encrypt(self, data: bytes) -> bytes: ...

    def decrypt(self, token: bytes) -> bytes: ...


@dataclass(frozen=True)
class AppCredentials:
    """What identifies one GoBiz app; `key` is our own stable identifier of its row."""

    key: str
    app_id: str
    app_secret: str = field(repr=False)
    partner_id: str
    environment: Environment


@dataclass(frozen=True)
class Token:
    """An access token, the scopes that it holds, and the Unix times of its refresh and its end."""

    access_token: str = field(repr=False)
    scopes: tuple[str, ...]
    expires_at: float
    refresh_at: float = 0.0


def missing(token: Token, scopes: Sequence[str] = ALL_SCOPES) -> tuple[str, ...]:
    """The scopes that the token does not hold, in the order given."""
    return tuple(scope for scope in scopes if scope not in token.scopes)


class TokenStore:
    """Tokens in Redis, encrypted; in this process's memory while Redis is away."""

    def __init__(
        self,
        redis: "redis.Redis",
        cipher: Cipher,
        *,
        prefix: str = "gobiz:token",
        wait_seconds: float = WAIT_SECONDS,
    ) -> None:
        self._redis = redis
        self._cipher = cipher
        self._prefix = prefix
        self._wait_seconds = wait_seconds
        self._memory: dict[str, Token] = {}
        self._memory_locks: defaultdict[str, threading.Lock] = defaultdict(threading.Lock)

    def get(
        self,
        credentials: AppCredentials,
        scopes: Sequence[str] = ALL_SCOPES,
        refresh_of: str | None = None,
    ) -> Token:
        """A token that is valid for a while yet; `refresh_of` is one that GoBiz has answered with 401.

        Raises CredentialsRefused, ScopeMissing (not one of the scopes is granted) and the transient
        errors; GobizUnavailable too when another process has been fetching one for too long.
        """
        key = self._key(credentials, scopes)
        try:
            return self._shared(key, credentials, scopes, refresh_of)
        except REDIS_FAILURES as failure:
            log.warning("Redis is away (%s): this process keeps its own GoBiz token", type(failure).__name__)
        return self._own(key, credentials, scopes, refresh_of)

    def _shared(
        self, key: str, credentials: AppCredentials, scopes: Sequence[str], refused: str | None
    ) -> Token:
        deadline = time.monotonic() + self._wait_seconds
        while True:
            token = self._read(key)
            if _fresh(token, refused):
                return token
            lock = secrets.token_hex(16)
            if self._redis.set(f"{key}:lock", lock, nx=True, px=LOCK_MILLISECONDS):
                return self._refresh(key, lock, credentials, scopes, refused)
            if _alive(token, refused):
                # Someone is fetching the next one; this one is good for some seconds more.
                return token
            if time.monotonic() >= deadline:
                raise GobizUnavailable.never_sent("Another process is still fetching the token.")
            time.sleep(POLL_SECONDS * random.uniform(1, 2))  # noqa: S311 - spreads the waiters

    def _refresh(
        self, key: str, lock: str, credentials: AppCredentials, scopes: Sequence[str], refused: str | None
    ) -> Token:
        """The token after our turn at the lock: another's if it was quicker, else a new one."""
        try:
            token = self._read(key)
            if _fresh(token, refused):
                return token
            try:
                new = _fetch(credentials, scopes, lambda: self._renew(key, lock))
            except GobizError as error:
                if error.transient and _alive(token, refused):
                    return token
                raise
            self._write(key, new)
            return new
        finally:
            self._release(key, lock)

    def _own(
        self, key: str, credentials: AppCredentials, scopes: Sequence[str], refused: str | None
    ) -> Token:
        with self._memory_locks[key]:
            token = self._memory.get(key)
            if not _fresh(token, refused):
                token = self._memory[key] = _fetch(credentials, scopes)
            return token

    def _read(self, key: str) -> Token | None:
        """The stored token, or None when there is none, or none that can be read."""
        stored = cast("bytes | None", self._redis.get(key))
        if stored is None:
            # Kept only when Redis could be read and not written.
            return self._memory.get(key)
        try:
            fields = json.loads(self._cipher.decrypt(stored))
            return Token(**{**fields, "scopes": tuple(fields["scopes"])})
        except Exception:  # noqa: BLE001 - whatever the cipher raises: a key rotated away, a changed value
            log.warning("A stored GoBiz token could not be decrypted; a new one is fetched")
            return None

    def _write(self, key: str, token: Token) -> None:
        value = self._cipher.encrypt(json.dumps(asdict(token)).encode())
        lifetime = max(int((token.expires_at - time.time()) * 1000), 1)
        try:
            self._redis.set(key, value, px=lifetime)
            self._memory.pop(key, None)
        except REDIS_FAILURES as failure:
            log.warning("A GoBiz token could not be shared (%s)", type(failure).__name__)
            self._memory[key] = token

    def _renew(self, key: str, lock: str) -> None:
        with suppress(*REDIS_FAILURES):
            self._redis.eval(RENEW, 1, f"{key}:lock", lock, str(LOCK_MILLISECONDS))

    def _release(self, key: str, lock: str) -> None:
        with suppress(*REDIS_FAILURES):  # then the lock ends by itself
            self._redis.eval(RELEASE, 1, f"{key}:lock", lock)

    def _key(self, credentials: AppCredentials, scopes: Sequence[str]) -> str:
        """A key that changed credentials never share with the old ones."""
        where = credentials.environment
        parts = [where.name, where.oauth_base, credentials.app_id, credentials.app_secret, *sorted(scopes)]
        fingerprint = hashlib.sha256(json.dumps(parts).encode()).hexdigest()[:32]
        return f"{self._prefix}:{credentials.key}:{fingerprint}"


def _fetch(
    credentials: AppCredentials, scopes: Sequence[str], before_each: Callable[[], None] = lambda: None
) -> Token:
    """A new token from GoBiz; its life is counted from before it was asked for."""
    auth = (credentials.app_id, credentials.app_secret)
    try:
        grant = request_token(credentials.environment.oauth_base, auth, tuple(scopes), before_each)
    except PossiblyApplied as error:
        # Asking for a token changes nothing at GoBiz, and the call that needs it was not made.
        error.maybe_applied = False
        raise
    early = min(EARLY_SECONDS, grant.lifetime * EARLY_SHARE)
    ends = grant.asked_at + grant.lifetime
    return Token(grant.access_token, grant.scopes, expires_at=ends, refresh_at=ends - early)


def _alive(token: Token | None, refused: str | None) -> TypeGuard[Token]:
    return token is not None and token.access_token != refused and token.expires_at > time.time()


def _fresh(token: Token | None, refused: str | None) -> TypeGuard[Token]:
    return _alive(token, refused) and token.refresh_at > time.time()
