"""`python -m bench.paint_pages`: the pages of the row `paint`, made in a process with Django set up."""

from __future__ import annotations

import json

import django

from bench.menu_page_rounds import SIZES, make_page


def main() -> None:
    """Print, by number of items, the page's path and a cookie of somebody who may see it, as JSON."""
    django.setup()
    print(json.dumps([{"items": size, **_signed_in(size)} for size in SIZES]))


def _signed_in(size: int) -> dict[str, str]:
    from django.conf import settings
    from django.test import Client

    user, path = make_page(size)
    client = Client()
    client.force_login(user)
    return {"path": path, "name": settings.SESSION_COOKIE_NAME, "session": client.session.session_key}


if __name__ == "__main__":
    main()
