"""What the environment says, read strictly: a missing secret or a mistyped switch stops the start."""

from pathlib import Path

import environ
from django.core.exceptions import ImproperlyConfigured

env = environ.Env()
TRUE, FALSE = {"1", "true", "yes", "on"}, {"0", "false", "no", "off", ""}


def flag(name: str, *, default: bool) -> bool:
    """The switch `name` as a bool; a word that is neither yes nor no is refused, not guessed."""
    value = env.str(name, default=str(int(default))).strip().lower()
    if value in TRUE:
        return True
    if value in FALSE:
        return False
    raise ImproperlyConfigured(f"{name} must be 1 or 0, not {value!r}.")


def secret(name: str, default: str | None = None) -> str:
    """The secret `name` from $NAME, or from the file that $NAME_FILE names."""
    path = env.str(f"{name}_FILE", default="")
    value = _contents(name, path) if path else env.str(name, default=default)
    if value is None or (default is None and not value):
        raise ImproperlyConfigured(f"{name} is not set. Set it, or {name}_FILE, before starting.")
    return value


def _contents(name: str, path: str) -> str:
    try:
        return Path(path).read_text().strip()
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is no text"
        raise ImproperlyConfigured(f"{name}_FILE cannot be read: {reason}.") from None


def secret_list(name: str) -> list[str]:
    """The comma-separated secrets `name`, at least one, each of at least 16 characters."""
    values = [value.strip() for value in secret(name).split(",") if value.strip()]
    if not values or min(map(len, values)) < 16:
        raise ImproperlyConfigured(f"{name} needs one or more keys of at least 16 characters.")
    return values
