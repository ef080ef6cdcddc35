"""One call to the API with the app's token. Source: gobiz-api.md, "Access token", "Answers and errors"."""

import uuid
from collections.abc import Mapping
from dataclasses import replace
from typing import Any
from urllib.parse import quote

from gobiz_admin.gobiz import http
from gobiz_admin.gobiz.answers import Call, refusal
from gobiz_admin.gobiz.errors import NotFound, OutletUnknown, PossiblyApplied
from gobiz_admin.gobiz.tokens import AppCredentials, Token, TokenStore


def path_of(template: str, **parts: str) -> str:
    """The template with its parts percent-quoted, so that no id can lead to another address.

    Raises OutletUnknown or NotFound for a part that is empty or only dots: nothing has such an id,
    and the path would be that of something else.
    """
    for name, part in parts.items():
        if not part.strip("."):
            raise (OutletUnknown if name == "outlet_id" else NotFound)("The id is empty.")
    return template.format(**{name: quote(part, safe="", errors="replace") for name, part in parts.items()})


class Caller:
    """Calls the API as one GoBiz app; the methods of `GobizClient` stand on it."""

    def __init__(self, credentials: AppCredentials, tokens: TokenStore) -> None:
        self.credentials = credentials
        self.tokens = tokens

    def token(self) -> Token:
        """The app's current token, with the scopes that it holds; proves that the credentials are right."""
        return self.tokens.get(self.credentials)

    def call(
        self,
        call: Call,
        *,
        body: Any = None,
        params: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
        request_id: str | None = None,
        timeout: tuple[float, ...] = http.DEFAULT_TIMEOUT,
    ) -> http.Answer:
        """The 2xx answer; after a 401 the token is refreshed once and the call repeated once.

        Raises the error that any other answer means, and those of `http.send` and `TokenStore.get`.
        """
        request_id = request_id or uuid.uuid4().hex

        def attempt(token: Token) -> http.Answer:
            return http.send(
                call.method,
                self.credentials.environment.api_base + call.path,
                headers={**_standard_headers(token), **(headers or {})},
                json=body,
                params=params,
                timeout=timeout,
                request_id=request_id,
            )

        token = self.token()
        try:
            answer = attempt(token)
            if answer.status == 401:
                token = self.tokens.get(self.credentials, refresh_of=token.access_token)
                answer = attempt(token)
            answer = replace(answer, secrets=(token.access_token, self.credentials.app_secret))
            if answer.ok:
                return answer
            raise refusal(answer, call, token.scopes)
        except PossiblyApplied as error:
            # Reading changes nothing, whether it was answered or not.
            error.maybe_applied = error.maybe_applied and call.method != "GET"
            raise


def _standard_headers(token: Token) -> dict[str, str]:
    return {
        "Authorization": f"Bearer {token.access_token}",
        "Content-Type": "application/json",
        "Accept": "application/json",
    }
