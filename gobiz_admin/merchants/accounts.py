"""How people sign in and sign up."""

from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from django.http import HttpRequest


def name_tried(request: HttpRequest, credentials: dict[str, Any] | None = None) -> str:
    """The e-mail address of a login, for counting failures by person.

    allauth calls it `email`, the operators' admin `username`; the form's field, while nobody has tried
    it yet, `login`. Counted without it, one person's mistakes would lock out the whole restaurant.
    """
    given = {**request.POST.dict(), **(credentials or {})}
    name = given.get("email") or given.get("username") or given.get("login") or ""
    return str(name).strip().lower()


class AccountAdapter(DefaultAccountAdapter):
    def is_open_for_signup(self, request: HttpRequest) -> bool:
        """Anybody may open an account; it sees nothing until it has a merchant."""
        return True
