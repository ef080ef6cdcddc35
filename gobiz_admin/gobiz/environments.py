"""Where GoBiz answers. Source: gobiz-api.md, "Environments"."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Environment:
    """The two base addresses of one GoBiz world; neither ends with a slash."""

    name: str
    oauth_base: str
    api_base: str


SANDBOX = Environment(
    name="sandbox",
    oauth_base="https://integration-goauth.gojekapi.com",
    api_base="https://api.partner-sandbox.gobiz.co.id",
)
PRODUCTION = Environment(
    name="production",
    oauth_base="https://accounts.go-jek.com",
    api_base="https://api.gobiz.co.id",
)


def local(oauth_base: str, api_base: str) -> Environment:
    """The environment of a GoBiz that is played on this machine (the sandbox app, the tests)."""
    return Environment("local", oauth_base.rstrip("/"), api_base.rstrip("/"))
