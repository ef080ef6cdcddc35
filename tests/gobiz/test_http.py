"""The outbound door against a real socket: slow, cut, huge, redirecting and senseless answers."""

import gzip
import logging
import pickle
import socket
import ssl
import threading
import time
import traceback
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gobiz_admin.gobiz import http
from gobiz_admin.gobiz.errors import GobizError, GobizUnavailable, UnreadableAnswer

QUICK = (1.0, 0.2, 0.35)
SECRETS = {"Authorization": "Bearer s3cret-token"}


def get(url, path="/a/path", **options):
    options = {"timeout": QUICK, "headers": SECRETS, "request_id": "r-1", **options}
    return http.send("GET", url + path, **options)


def test_a_whole_answer_comes_back(world):
    world.reply = lambda handler: handler.answer({"a": "é"}, 201, {"X-One": "1"})
    answer = get(world.url, params={"q": "a b"})
    assert (answer.status, answer.ok, answer.headers["x-one"], answer.json()) == (201, True, "1", {"a": "é"})
    seen = world.seen[0]
    assert (seen["path"], seen["headers"]["X-Request-ID"]) == ("/a/path?q=a+b", "r-1")


def test_a_connection_is_kept_for_the_next_call(world):
    get(world.url)
    get(world.url)
    assert world.seen[0]["peer"] == world.seen[1]["peer"]


def test_cookies_and_proxies_of_the_surroundings_are_ignored(world, monkeypatch):
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")
    world.reply = lambda handler: handler.answer({}, headers={"Set-Cookie": "who=another-merchant; Path=/"})
    get(world.url)
    get(world.url)
    assert "Cookie" not in world.seen[1]["headers"]


def test_credentials_outside_latin_1_are_sent(world):
    get(world.url, auth=("aplikasi→", "rahasia"), headers={})
    assert world.seen[0]["headers"]["Authorization"].startswith("Basic ")


def test_a_redirect_is_not_followed(world):
    world.reply = lambda handler: handler.answer(b"", 302, {"Location": world.url + "/elsewhere"})
    with pytest.raises(UnreadableAnswer) as caught:
        get(world.url)
    assert caught.value.status == 302
    assert len(world.seen) == 1


def stall(handler):
    handler.server.over.wait(5)


def stall_in_body(handler):
    handler.wfile.write(b'HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{"a"')
    handler.server.over.wait(5)


def drip_body(handler):
    handler.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n")
    while not handler.server.over.wait(0.05):
        handler.wfile.write(b" ")


def drip_headers(handler):
    handler.wfile.write(b"HTTP/1.1 200 OK\r\nX-Long: ")
    while not handler.server.over.wait(0.05):
        handler.wfile.write(b"x")


def drip_without_length(handler):
    handler.wfile.write(b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n")
    while not handler.server.over.wait(0.05):
        handler.wfile.write(b" ")


@pytest.mark.parametrize("reply", [stall, stall_in_body, drip_body, drip_headers, drip_without_length])
def test_no_server_holds_us_longer_than_the_total(world, reply):
    world.reply = reply
    started = time.monotonic()
    with pytest.raises(GobizUnavailable) as caught:
        get(world.url)
    assert time.monotonic() - started < 1.5
    assert (caught.value.code, caught.value.maybe_applied) == ("timeout", True)


def test_after_a_timeout_the_thread_can_call_again(world):
    world.reply = drip_body
    with pytest.raises(GobizUnavailable):
        get(world.url)
    world.reply = lambda handler: handler.answer({"fine": True})
    assert get(world.url).json() == {"fine": True}


@pytest.fixture
def tls_world(world, tmp_path, monkeypatch):
    """The world behind TLS, with a certificate that only this test trusts."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "gobiz of this test")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    pem = certificate.public_bytes(serialization.Encoding.PEM)
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    (tmp_path / "both.pem").write_bytes(pem + private)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(tmp_path / "both.pem")
    world.socket = context.wrap_socket(world.socket, server_side=True)
    monkeypatch.setattr("requests.adapters.DEFAULT_CA_BUNDLE_PATH", str(tmp_path / "both.pem"))
    world.url = world.url.replace("http:", "https:")
    return world


def test_over_tls_the_total_holds_and_the_thread_can_call_again(tls_world):
    assert get(tls_world.url).ok
    for reply in (drip_body, drip_without_length, drip_headers):
        tls_world.reply = reply
        started = time.monotonic()
        with pytest.raises(GobizUnavailable) as caught:
            get(tls_world.url)
        assert time.monotonic() - started < 1.5
        assert caught.value.code == "timeout"
    tls_world.reply = lambda handler: handler.answer({"fine": True})
    assert get(tls_world.url).json() == {"fine": True}


def test_a_certificate_that_is_not_trusted_was_not_applied(tls_world, monkeypatch):
    monkeypatch.undo()
    with pytest.raises(GobizUnavailable) as caught:
        get(tls_world.url)
    assert caught.value.maybe_applied is False
    assert not tls_world.seen


CUT = [
    b'HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{"a": 1}',
    b'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n8\r\n{"a": 1}\r\n',
    b'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n8\r\n{"a"',
    b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nnonsense\r\n",
    b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 9\r\n\r\nnot gzip!",
]


@pytest.mark.parametrize("data", CUT)
def test_a_body_that_is_cut_short_is_unreadable(world, data):
    world.reply = lambda handler: handler.raw(data)
    with pytest.raises(UnreadableAnswer) as caught:
        get(world.url)
    assert (caught.value.status, caught.value.transient, caught.value.maybe_applied) == (200, True, True)


def test_of_a_cut_refusal_the_status_still_counts(world):
    world.reply = lambda handler: handler.raw(b"HTTP/1.1 409 Conflict\r\nContent-Length: 50\r\n\r\n{")
    assert get(world.url).status == 409


@pytest.mark.parametrize("data", [b"", b"garbage\r\n\r\n", b"HTTP/1.1 2", b"HTTP/1.1 200 OK\r\n"])
def test_a_connection_that_breaks_after_sending_may_have_been_applied(world, data):
    world.reply = lambda handler: handler.raw(data)
    with pytest.raises((GobizUnavailable, UnreadableAnswer)) as caught:
        get(world.url).json()
    assert caught.value.maybe_applied


@pytest.mark.parametrize(
    "base",
    [
        "http://127.0.0.1:1",
        "http://gobiz.invalid",
        "nonsense",
        "http://",
        "https://a..b",
        "http://[1",
        "ftp://x",
    ],
)
def test_what_cannot_be_reached_was_not_applied(base):
    with pytest.raises(GobizUnavailable) as caught:
        get(base)
    assert caught.value.maybe_applied is False


def test_a_server_without_tls_was_not_applied(world):
    with pytest.raises(GobizUnavailable) as caught:
        get(world.url.replace("http:", "https:"))
    assert caught.value.maybe_applied is False
    assert not world.seen


def test_a_connect_timeout_was_not_applied():
    with socket.socket() as full:
        full.bind(("127.0.0.1", 0))
        full.listen(0)
        fillers = [socket.socket() for _ in range(4)]
        for filler in fillers:
            filler.setblocking(False)
            filler.connect_ex(full.getsockname())
        with pytest.raises(GobizUnavailable) as caught:
            get(f"http://127.0.0.1:{full.getsockname()[1]}", timeout=(0.2, 0.2))
        for filler in fillers:
            filler.close()
    assert caught.value.maybe_applied is False


def test_a_huge_answer_is_unreadable(world):
    world.reply = lambda handler: handler.answer(b" " * 200_000)
    with pytest.raises(UnreadableAnswer):
        get(world.url, max_body=100_000)


def test_a_small_answer_that_unpacks_to_a_huge_one_is_unreadable(world):
    bomb = gzip.compress(b" " * 50_000_000)
    world.reply = lambda handler: handler.answer(bomb, headers={"Content-Encoding": "gzip"})
    with pytest.raises(UnreadableAnswer):
        get(world.url, timeout=(1, 2, 3))


def test_a_large_body_is_sent_under_the_read_timeout_not_the_connect_timeout(world):
    read = threading.Event()

    def slow_reader():
        with listener.accept()[0] as peer:
            time.sleep(0.35)
            got = b""
            while b'"end"' not in got[-20:]:
                got = got[-20:] + peer.recv(1 << 20)
            peer.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}")
            read.set()

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=slow_reader)
        thread.start()
        body = {"menus": "x" * 8_000_000, "last": "end"}
        url = f"http://127.0.0.1:{listener.getsockname()[1]}/"
        assert http.send(
            "PUT", url, headers={}, json=[body["menus"], "end"], timeout=(0.2, 5), request_id="r"
        ).ok
        thread.join()
    assert read.is_set()


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("7", 7), ("0.5", 0.5), ("-3", 0), ("1e99", 86400), ("nan", None), ("soon", None), ("", None)],
)
def test_retry_after_in_seconds(text, seconds):
    assert http.Answer(429, {"retry-after": text}, b"").retry_after == seconds


def test_retry_after_as_a_date():
    assert http.Answer(503, {"retry-after": "Wed, 21 Oct 2015 07:28:00 GMT"}, b"").retry_after == 0
    later = http.Answer(503, {"retry-after": "Wed, 21 Oct 2099 07:28:00 GMT"}, b"").retry_after
    assert later == 86400


@pytest.mark.parametrize(
    ("body", "value"),
    [
        (b'\xef\xbb\xbf{"a": 1}', {"a": 1}),
        (b'{"a": NaN}', {"a": None}),
        (b'{"a": 1, "a": 2}', {"a": 2}),
        (b'{"a": "x\\u0000y\\ud800"}', {"a": "xy?"}),
        ('{"a": "🍜"}'.encode(), {"a": "🍜"}),
        (b'{"a": "\\ud83c\\udf5c"}', {"a": "🍜"}),
    ],
)
def test_json_is_read_leniently_and_can_be_stored(body, value):
    assert http.Answer(200, {}, body).json() == value


@pytest.mark.parametrize(
    "body", [b"", b"<html>", b'{"a":', b"\xff\xfe", b"[" * 100_000, b'{"a":' * 5_000, b"9" * 5_000]
)
def test_what_is_no_json_is_unreadable(body):
    with pytest.raises(UnreadableAnswer):
        http.Answer(200, {}, body).json()


def test_one_log_line_without_secrets(world, caplog):
    with caplog.at_level(logging.INFO, logger="gobiz"):
        get(world.url, path="/orders/F-1", params={"entity_id": "F-hidden"})
    lines = [record.getMessage() for record in caplog.records if record.name == "gobiz"]
    assert len(lines) == 1
    assert lines[0].startswith("GET /orders/F-1 200 ")
    assert lines[0].endswith("request_id=r-1")
    assert "hidden" not in lines[0]
    assert "s3cret" not in lines[0]


def test_a_failure_is_logged_as_one_line_too(caplog):
    with caplog.at_level(logging.INFO, logger="gobiz"), pytest.raises(GobizUnavailable):
        get("http://127.0.0.1:1", request_id="r-2\nforged line")
    lines = [record.getMessage() for record in caplog.records if record.name == "gobiz"]
    assert len(lines) == 1
    assert "\n" not in lines[0]


@pytest.mark.parametrize("header", ["Bearer s3cret\nX: y", "Bearer s3cret→"])
def test_a_header_that_cannot_be_sent_does_not_show(header):
    with pytest.raises(GobizError) as caught:
        get("http://127.0.0.1:1", headers={"Authorization": header})
    error = caught.value
    assert error.__context__ is None
    assert error.__cause__ is None
    assert "s3cret" not in "".join(traceback.format_exception(error))
    assert b"s3cret" not in pickle.dumps(error)


@given(st.binary(max_size=300), st.booleans())
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_bytes_raise_nothing_but_our_errors(world, data, framed):
    prefix = b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n" if framed else b""
    world.reply = lambda handler: handler.raw(prefix + data)
    with suppress(UnreadableAnswer, GobizUnavailable):
        get(world.url).json()
