"""The list of many items, whose beginning is sent before its end is made."""

import re
import zlib
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import translation

from menus.views import catalog as pages
from tests.menus.factories import MenuFactory, MenuItemFactory
from tests.menus_pages.conftest import Shop

pytestmark = pytest.mark.django_db
GZIP = {"accept-encoding": "gzip"}


@pytest.fixture
def three_menus(shop: Shop) -> Shop:
    for n in range(2):
        MenuItemFactory(menu=MenuFactory(catalog=shop.catalog, position=n + 1))
    return shop


@pytest.fixture
def streamed(three_menus: Shop, monkeypatch: pytest.MonkeyPatch) -> Shop:
    monkeypatch.setattr(pages, "FEW_ITEMS", 2)
    return three_menus


TOKEN = re.compile(r"""X-CSRFToken": "\w+|name="csrfmiddlewaretoken" value="\w+|data-live-token="[^"]+""")


def test_it_is_the_same_page(three_menus: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    client, url = three_menus.client(), three_menus.url("menu")
    whole = client.get(url)
    assert not whole.streaming
    monkeypatch.setattr(pages, "FEW_ITEMS", 2)
    answer = client.get(url)
    assert answer.streaming
    assert answer["X-Accel-Buffering"] == "no"
    body = answer.getvalue().decode()
    assert body.count('<li class="item-row') == 3
    assert TOKEN.sub("", body) == TOKEN.sub("", whole.content.decode())


def test_the_beginning_can_be_read_before_the_rest_is_made(streamed: Shop) -> None:
    answer = streamed.client().get(streamed.url("menu"), headers=GZIP)
    assert answer["Content-Encoding"] == "gzip"
    assert "Accept-Encoding" in answer["Vary"]
    decompressor, pieces = zlib.decompressobj(wbits=31), iter(answer.streaming_content)
    beginning = decompressor.decompress(next(pieces)).decode()
    assert "</head>" in beginning
    assert 'id="menu-search"' in beginning
    assert "item-row" not in beginning
    first = decompressor.decompress(next(pieces)).decode()
    assert first.count('<details class="menu-section') == 1
    rest = b"".join(decompressor.decompress(piece) for piece in pieces)
    assert rest.decode().rstrip().endswith("</html>")
    assert decompressor.eof


def test_the_rest_asks_the_database_nothing_and_keeps_the_language(streamed: Shop) -> None:
    answer = streamed.client().get(streamed.url("menu"))
    with CaptureQueriesContext(connection) as queries, translation.override("id"):
        body = answer.getvalue().decode()
    assert len(queries) == 0
    assert "Rename or move" in body


def test_what_is_wrong_before_the_list_is_an_error_page(
    streamed: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: Any) -> None:
        raise RuntimeError

    monkeypatch.setattr(pages, "last_edit", fail)
    client = streamed.client()
    client.raise_request_exception = False
    assert client.get(streamed.url("menu")).status_code == 500
