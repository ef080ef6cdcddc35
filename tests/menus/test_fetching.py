"""The guarded door: what it refuses to connect to, and how little a bad host can do."""

import socket
import threading

import pytest
import requests_hardened.ip_filter

from menus import fetching
from menus.fetching import FetchFailed, fetch, is_web_address
from tests.menus.web import web

__all__ = ["web"]
PNG = {"Content-Type": "image/png"}


def refused(url: str, most: int = 1000) -> FetchFailed:
    with pytest.raises(FetchFailed) as failed:
        fetch(url, most)
    return failed.value


def test_what_stands_there(web):
    web.pages["/a.png"] = (200, {"Content-Type": "Image/PNG; charset=x", "Content-Length": "3"}, b"abc")
    fetched = fetch(f"{web.url}/a.png", 1000)
    assert (fetched.content, fetched.content_type, fetched.status) == (b"abc", "image/png", 200)
    headers = web.seen[0][1]
    assert headers["Accept-Encoding"] == "identity"
    assert headers["Host"] == web.host
    assert "Cookie" not in headers


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1",
        "127.9.9.9",
        "10.0.0.1",
        "192.168.1.1",
        "172.16.0.1",
        "169.254.169.254",
        "0.0.0.0",
        "100.64.0.1",
        "[::1]",
        "[::ffff:10.0.0.1]",
        "[fd00::1]",
        "[fe80::1]",
        "224.0.0.1",
        "2130706433",
        "0x7f.1",
        "localhost",
    ],
)
def test_private_addresses_are_not_connected_to(host, monkeypatch):
    monkeypatch.setattr(socket.socket, "connect", lambda *_: pytest.fail("it connected"))
    assert refused(f"http://{host}/x.png").code == "private"
    assert refused(f"https://{host}:8443/x.png").code == "private"


def test_a_name_that_points_inside_is_private(monkeypatch):
    inside = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("10.1.2.3", 80))]
    monkeypatch.setattr(requests_hardened.ip_filter.socket, "getaddrinfo", lambda *_, **__: inside)
    assert refused("http://pictures.example.com/x.png").code == "private"


def test_a_local_host_is_only_the_one_that_is_named(web, settings):
    web.pages["/a.png"] = (200, PNG, b"abc")
    assert fetch(f"{web.url}/a.png", 10).content == b"abc"
    assert refused(web.url.replace("127.0.0.1", "localhost") + "/a.png").code == "private"
    settings.PICTURE_LOCAL_HOSTS = []
    assert refused(f"{web.url}/a.png").code == "private"
    assert len(web.seen) == 1


def test_redirects_are_followed_and_looked_at_each(web):
    web.pages["/a"] = (302, {"Location": "/b"}, b"")
    web.pages["/b"] = (301, {"Location": f"{web.url}/c.png"}, b"")
    web.pages["/c.png"] = (200, PNG, b"abc")
    assert fetch(f"{web.url}/a", 10).content == b"abc"
    for inside in ("http://10.0.0.1/", "http://localhost/", "https://[::1]/"):
        web.pages["/in"] = (302, {"Location": inside}, b"")
        assert refused(f"{web.url}/in").code == "private"
    for odd in ("file:///etc/passwd", "ftp://example.com/", "http://", "//", "http://[", "http://a@b/"):
        web.pages["/odd"] = (302, {"Location": odd}, b"")
        assert refused(f"{web.url}/odd").code in ("unreachable", "private")
    web.pages["/round"] = (302, {"Location": "/round"}, b"")
    web.seen.clear()
    assert refused(f"{web.url}/round").code == "unreachable"
    assert len(web.seen) == fetching.MOST_REDIRECTS + 1


@pytest.mark.parametrize(
    ("status", "transient"), [(404, False), (403, False), (204, False), (500, True), (503, True), (429, True)]
)
def test_only_a_200_is_a_picture(web, status, transient):
    web.pages["/a"] = (status, PNG, b"")
    failed = refused(f"{web.url}/a")
    assert (failed.code, failed.transient, failed.facts["status"]) == ("unreachable", transient, status)


def test_no_more_is_read_than_asked_for(web):
    web.pages["/said"] = (200, {"Content-Length": "99999999"}, b"x")
    assert refused(f"{web.url}/said").code == "too_large"
    assert refused(f"{web.url}/said").facts["bytes"] == 99999999

    def endless(handler):
        handler.send_response(200)
        handler.end_headers()
        while True:
            handler.wfile.write(b"x" * 65536)

    web.pages["/endless"] = endless
    assert refused(f"{web.url}/endless").code == "too_large"


def test_what_was_cut_short_is_not_taken(web):
    web.pages["/short"] = (200, {"Content-Length": "100"}, b"only this")
    assert refused(f"{web.url}/short").code == "unreachable"


@pytest.mark.parametrize("where", ["headers", "body"])
def test_dripping_bytes_do_not_hold_a_worker(web, monkeypatch, where):
    monkeypatch.setattr(fetching, "TOTAL_SECONDS", 0.3)
    over = threading.Event()

    def drip(handler):
        handler.wfile.write(b"HTTP/1.1 200 OK\r\n" + (b"\r\n" if where == "body" else b""))
        while not over.wait(0.02):
            handler.wfile.write(b"X" if where == "body" else b"X-Drip: 1\r\n")

    web.pages["/drip"] = drip
    failed = refused(f"{web.url}/drip", 10**7)
    over.set()
    assert (failed.code, failed.transient) == ("unreachable", True)


def test_what_is_no_http_is_unreachable(web):
    web.pages["/odd"] = lambda handler: handler.wfile.write(b"SSH-2.0-OpenSSH\r\n")
    web.pages["/gone"] = lambda handler: handler.connection.close()
    for path in ("/odd", "/gone"):
        assert refused(f"{web.url}{path}").code == "unreachable"


def test_a_nul_in_a_header_is_left_out(web):
    web.pages["/nul"] = lambda handler: handler.wfile.write(
        b"HTTP/1.1 200 OK\r\nContent-Type: image/\x00png\xff\r\nContent-Length: 1\r\n\r\nx"
    )
    assert "\x00" not in fetch(f"{web.url}/nul", 10).content_type


@pytest.mark.parametrize(
    "text",
    [
        "", "ayam.png", "ftp://example.com/a.png", "file:///etc/passwd", "http://", "https:///a", "http://[/",
        "http://a:b@example.com/", "http://example.com:99999999/", "http://example.com/\n", "javascript:alert(1)",
        "http://example.com/\u202ea", "https://example.com/" + "a" * 2000, "http://\udcff/",
    ],
)  # fmt: skip
def test_what_is_no_web_address(text):
    assert not is_web_address(text)


@pytest.mark.parametrize(
    "text",
    ["https://example.com/a b.png", "http://example.com:8080/ayam?x=1", "https://contoh.id/nasi-🍚.png"],
)
def test_what_is_one(text):
    assert is_web_address(text)
