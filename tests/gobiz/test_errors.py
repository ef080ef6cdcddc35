import copy
import pickle
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gobiz_admin.gobiz import errors, scopes
from gobiz_admin.gobiz.errors import GobizError, clean_detail

KINDS = [
    errors.CredentialsRefused,
    errors.ScopeMissing,
    errors.TokenRefused,
    errors.OutletUnknown,
    errors.NotFound,
    errors.OrderMovedOn,
    errors.AlreadyExists,
    errors.RequestRefused,
    errors.GobizUnavailable,
    errors.UnreadableAnswer,
]


@pytest.mark.parametrize("kind", KINDS)
def test_an_error_survives_pickle_and_copies(kind):
    error = kind("why", status=418, request_id="r-1", retry_after=2.5)
    for twin in (pickle.loads(pickle.dumps(error)), copy.deepcopy(error), copy.copy(error)):
        assert type(twin) is kind
        assert vars(twin) == vars(error)
        assert (str(twin), twin.args, str(twin.words)) == (str(error), error.args, str(error.words))


@pytest.mark.parametrize("kind", KINDS)
def test_words_are_sentences_for_a_merchant(kind):
    words = str(kind("why", status=418, code="odd_code", request_id="r-1").words)
    assert words.endswith(".")
    assert len(words) > 40
    assert not re.search(r"!|HTTP|418|odd_code|r-1|\{", words)


def test_only_what_may_pass_is_transient():
    transient = {kind for kind in KINDS if kind().transient}
    assert transient == {errors.GobizUnavailable, errors.UnreadableAnswer}
    assert {kind for kind in KINDS if kind().maybe_applied} == transient
    assert errors.GobizUnavailable.never_sent().maybe_applied is False


@pytest.mark.parametrize("scope", scopes.ALL_SCOPES)
def test_a_missing_scope_is_told_as_a_feature(scope):
    words = str(errors.ScopeMissing(scope=scope).words)
    assert str(scopes.FEATURE_OF_SCOPE[scope]) in words
    assert scope not in words


def test_a_refusal_quotes_gobiz_even_with_braces():
    assert "price {x} is 0" in str(errors.RequestRefused("price {x} is 0").words)


@pytest.mark.parametrize(
    "text",
    [
        "no: Bearer s3cret-token",
        "no: basic s3cret-token",
        "no: eyJhbGciOiJIUzI1NiJ9.s3cret-token.x",
        'no: {"access_token": "s3cret-token"}',
        "no: client_secret=s3cret-token",
        "no: the known s3cret-token",
        "no: " + "s3cret-token" * 8,
    ],
)
def test_secrets_do_not_reach_the_detail(text):
    error = GobizError(text, secrets=["s3cret-token"])
    assert "s3cret" not in str(error) + repr(error) + error.detail + repr(error.args)
    assert error.detail.startswith("no:")


def test_a_detail_is_one_short_printable_line():
    detail = clean_detail("a\x00\nb\u202ec\ud800d " + "long " * 200)
    assert detail.startswith("a b c d long")
    assert len(detail) == 300
    assert detail.endswith("…")
    detail.encode()


@given(st.text(alphabet=st.characters(), max_size=50))
def test_any_text_becomes_a_printable_detail(text):
    assert clean_detail(text).isprintable()


@pytest.mark.parametrize("letter", ["\U0001019d", "\u2028", "\x85", "\ue000", "\u202e", "\ud800"])
def test_an_unprintable_letter_is_left_out(letter):
    assert clean_detail(f"a{letter}b") == "a b"


@pytest.mark.parametrize("odd", [None, 5, ["x"], {"a": 1}, b"bytes"])
def test_a_detail_that_is_no_text_is_left_out(odd):
    assert clean_detail(odd) == ""
