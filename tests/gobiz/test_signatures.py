import hashlib
import hmac
import shutil
import subprocess

import pytest
from hypothesis import given
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


@pytest.mark.skipif(shutil.which("openssl") is None, reason="openssl is not installed")
def test_openssl_signs_alike():
    raw = b'{"body": {"order": {"order_number": "F-1"}}}\n'
    command = ["openssl", "dgst", "-sha256", "-hmac", "relay-secret"]
    output = subprocess.run(command, input=raw, capture_output=True, check=True).stdout
    assert output.decode().split()[-1] == sign("relay-secret", raw)
