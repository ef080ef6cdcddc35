import hashlib
import hmac
import shutil
import subprocess

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gobiz_admin.gobiz.signatures import matches, sign

SECRETS = st.text(alphabet=st.characters(exclude_categories=["Cs"]), min_size=1)


@given(SECRETS, st.binary())
def test_a_signature_is_the_hex_hmac_and_matches_in_either_case(secret, raw):
    signature = sign(secret, raw)
    assert signature == hmac.new(secret.encode(), raw, hashlib.sha256).hexdigest()
    assert matches([secret], raw, signature)
    assert matches(["another", secret], raw, signature.upper())


@given(SECRETS, SECRETS, st.binary(), st.binary())
def test_another_secret_or_another_body_does_not_match(secret, other, raw, body):
    assert matches([other], body, sign(secret, raw)) is ((other, body) == (secret, raw))


@given(st.binary(), st.text() | st.none())
def test_any_header_value_is_answered_without_an_exception(raw, signature):
    assert matches(["secret"], raw, signature) is False


@pytest.mark.parametrize("tail", ["\n", " ", "0", "\x00", "é"])
def test_a_signature_with_something_behind_it_is_refused(tail):
    assert not matches(["secret"], b"{}", sign("secret", b"{}") + tail)


@pytest.mark.parametrize("secrets", [[], [""]])
def test_no_secret_signs_nothing(secrets):
    assert not matches(secrets, b"{}", hmac.new(b"", b"{}", hashlib.sha256).hexdigest())


def test_fullwidth_digits_are_no_hex():
    assert not matches(["secret"], b"{}", "\uff10" * 64)


# What `openssl dgst -sha256 -mac HMAC -macopt hexkey:<the secret's bytes>` says of these bodies.
BY_OPENSSL = [
    ("secret", b"", "f9e66e179b6747ae54108f82f8ade8b3c25d76fd30afde6c395822c530196169"),
    ("k", b"{}", "add853b103fbcc936a194f9eb15e29c4ff08af6e47d5d1bca4f20218e31e4fff"),
    (
        "rahasia-é-😀",
        '{"name":"Ayam Geprek Sambal Matah – pedas 🌶"}'.encode(),
        "1efa11c55ecf703f227747a43f63f61d0b74204d805c475f88d12dd4698d6cb5",
    ),
    # As long as a block of SHA-256, and longer.
    ("x" * 64, b"a" * 63, "f266bfe662adb68ebcdb4c99367d185e07d25c8d6e86686f82a0aa7b814c3f38"),
    ("x" * 65, b"a" * 64, "785cb98a826c6d0b5b2e5c1924106b657be9b6905667b522ff3494d2274ad80b"),
    ("key", bytes(range(256)), "6ad0a89813f79e827359742225b46dc811d35e920192cfdf60f4955f14a93680"),
    ("spaces in it ", b"\x00\x00", "2b8bbeaa6450f05e7c55a2ec7b219bbc67b776da6366e319998111a50eea1ae4"),
]


@pytest.mark.parametrize(("secret", "raw", "signature"), BY_OPENSSL, ids=range(len(BY_OPENSSL)))
def test_what_openssl_signed_matches(secret, raw, signature):
    assert sign(secret, raw) == signature
    assert matches(["another", secret], raw, signature.upper())
    assert not matches([secret], raw + b" ", signature)


@pytest.mark.skipif(shutil.which("openssl") is None, reason="openssl is not installed; the recorded ones are")
@settings(max_examples=25, deadline=None)
@given(SECRETS, st.binary(max_size=5000))
def test_openssl_signs_alike(secret, raw):
    key = f"hexkey:{secret.encode().hex()}"
    command = ["openssl", "dgst", "-sha256", "-mac", "HMAC", "-macopt", key]
    output = subprocess.run(command, input=raw, capture_output=True, check=True).stdout
    assert matches([secret], raw, output.decode().split()[-1])
