import json
import logging
import multiprocessing
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from urllib.parse import parse_qs

import pytest
import redis
from cryptography.fernet import Fernet

from gobiz_admin.gobiz import errors, oauth, tokens
from gobiz_admin.gobiz.scopes import ALL_SCOPES, CATALOG_READ, ORDER_READ, ORDER_WRITE, PARTNER_OUTLET_READ
from gobiz_admin.gobiz.tokens import Token, TokenStore, missing


def grants(world, pause=0.0, **fields):
    """The world grants tok-1, tok-2 … with these fields."""

    def reply(handler):
        time.sleep(pause)
        handler.answer({"access_token": f"tok-{len(world.seen)}", "expires_in": 3599, **fields})

    world.reply = reply


def grants_only(world, allowed, status=400):
    """The world refuses any request that asks for more than `allowed`."""

    def reply(handler):
        asked = asked_scopes({"body": handler.sent})
        if set(asked) <= set(allowed) and asked:
            handler.answer(
                {"access_token": f"tok-{len(world.seen)}", "expires_in": 60, "scope": " ".join(asked)}
            )
        else:
            handler.answer({"error": "invalid_scope", "error_description": "not allowed"}, status)

    world.reply = reply


def asked_scopes(request):
    return parse_qs(request["body"].decode())["scope"][0].split()


def stored_keys(connection, store):
    return [key for key in connection.scan_iter(f"{store._prefix}*") if not key.endswith(b":lock")]


def test_the_request_is_what_gobiz_asks_for(world, store, credentials):
    grants(world)
    token = store.get(credentials)
    request = world.seen[0]
    assert (request["method"], request["path"]) == ("POST", "/oauth2/token")
    assert request["headers"]["Authorization"] == "Basic YW4tYXBwOnMzY3JldC1vZi10aGUtYXBw"
    assert request["headers"]["Content-Type"] == "application/x-www-form-urlencoded"
    assert parse_qs(request["body"].decode())["grant_type"] == ["client_credentials"]
    assert asked_scopes(request) == list(ALL_SCOPES)
    assert (token.access_token, token.scopes) == ("tok-1", ALL_SCOPES)
    assert token.expires_at == pytest.approx(time.time() + 3599, abs=5)


def test_a_token_is_shared_encrypted_and_ends_in_redis_too(world, store, credentials, connection, cipher):
    grants(world)
    token = store.get(credentials)
    assert TokenStore(connection, cipher, prefix=store._prefix).get(credentials) == token
    assert len(world.seen) == 1
    (key,) = stored_keys(connection, store)
    assert b"tok-1" not in connection.get(key)
    assert 3500 < connection.ttl(key) <= 3599
    assert credentials.app_secret.encode() not in key


def test_changed_credentials_never_get_the_old_token(world, store, credentials):
    grants(world)
    changed = [
        credentials,
        replace(credentials, app_secret="new"),
        replace(credentials, app_id="new"),
        replace(credentials, environment=replace(credentials.environment, name="sandbox")),
    ]
    assert len({store.get(each).access_token for each in changed}) == 4
    assert store.get(credentials, scopes=(ORDER_READ,)).access_token == "tok-5"


def test_neither_secret_nor_token_shows_in_a_repr(credentials):
    shown = repr(credentials) + repr(Token("tok-1", (), 0.0))
    assert "s3cret" not in shown
    assert "tok-1" not in shown


@pytest.mark.parametrize(
    ("lifetime", "early"), [(3599, 60), (300, 30), ("300", 30), (None, 30), (10, 1), (10**12, 60), (-5, 30)]
)
def test_a_token_is_refreshed_shortly_before_its_end(world, store, credentials, lifetime, early):
    grants(world, expires_in=lifetime)
    token = store.get(credentials)
    assert token.expires_at - token.refresh_at == pytest.approx(early)


@pytest.mark.parametrize("stated", ["soon", "nan", float("inf"), True, [], {}, "", 10**400])
def test_an_absurd_lifetime_is_survived(stated):
    assert oauth._lifetime(stated) in (oauth.DEFAULT_LIFETIME, oauth.MAX_LIFETIME)


def test_an_expired_token_is_replaced(world, store, credentials):
    grants(world, expires_in=0.2)
    assert store.get(credentials).access_token == "tok-1"
    time.sleep(0.21)
    assert store.get(credentials).access_token == "tok-2"


def test_a_refused_token_is_replaced_once(world, store, credentials):
    grants(world)
    store.get(credentials)
    assert store.get(credentials, refresh_of="tok-1").access_token == "tok-2"
    # Another worker got its 401 with the same old token: what is stored is newer.
    assert store.get(credentials, refresh_of="tok-1").access_token == "tok-2"
    assert len(world.seen) == 2


def test_many_threads_make_one_request(world, credentials, connection, cipher, store):
    grants(world, pause=0.2)
    stores = [TokenStore(connection, cipher, prefix=store._prefix) for _ in range(12)]
    with ThreadPoolExecutor(12) as pool:
        got = set(pool.map(lambda each: each.get(credentials).access_token, stores))
    assert got == {"tok-1"}
    with ThreadPoolExecutor(12) as pool:
        got = set(pool.map(lambda each: each.get(credentials, refresh_of="tok-1").access_token, stores))
    assert got == {"tok-2"}
    assert len(world.seen) == 2


def fetch_in_a_process(url, key, prefix, credentials, barrier, results):
    store = TokenStore(redis.Redis.from_url(url), Fernet(key), prefix=prefix)
    barrier.wait(10)
    results.put(store.get(credentials).access_token)


def test_two_processes_make_one_request(world, store, credentials, redis_url):
    grants(world, pause=0.3)
    fork = multiprocessing.get_context("fork")
    barrier, results = fork.Barrier(2), fork.Queue()
    arguments = (redis_url, Fernet.generate_key(), store._prefix, credentials, barrier, results)
    workers = [fork.Process(target=fetch_in_a_process, args=arguments) for _ in range(2)]
    for worker in workers:
        worker.start()
    assert [results.get(timeout=10), results.get(timeout=10)] == ["tok-1", "tok-1"]
    for worker in workers:
        worker.join(10)
    assert len(world.seen) == 1


def hold_lock(store, credentials, connection, owner=b"someone"):
    lock = store._key(credentials, ALL_SCOPES) + ":lock"
    connection.set(lock, owner, px=30_000)
    return lock


def test_waiting_for_another_process_is_bounded(world, connection, cipher, store, credentials):
    impatient = TokenStore(connection, cipher, prefix=store._prefix, wait_seconds=0.2)
    lock = hold_lock(store, credentials, connection)
    with pytest.raises(errors.GobizUnavailable) as caught:
        impatient.get(credentials)
    assert caught.value.maybe_applied is False
    assert not world.seen
    assert connection.get(lock) == b"someone"


def test_when_the_lock_holder_dies_a_waiter_takes_over(world, connection, store, credentials):
    grants(world)
    lock = hold_lock(store, credentials, connection)
    threading.Timer(0.15, connection.delete, [lock]).start()
    assert store.get(credentials).access_token == "tok-1"


def test_a_lock_that_passed_to_another_is_not_released(world, connection, store, credentials):
    lock = store._key(credentials, ALL_SCOPES) + ":lock"

    def reply(handler):
        connection.set(lock, b"another", px=30_000)
        handler.answer({"access_token": "tok-1"})

    world.reply = reply
    store.get(credentials)
    assert connection.get(lock) == b"another"


def test_who_wins_the_lock_just_after_another_was_done_does_not_ask_again(
    world, connection, store, credentials, monkeypatch
):
    key = store._key(credentials, ALL_SCOPES)
    real = store._redis.set

    def set_after_another(name, value, **options):
        if options.get("nx"):
            end = time.time() + 3599
            store._write(key, Token("another's", ALL_SCOPES, end, end - 60))
        return real(name, value, **options)

    monkeypatch.setattr(store._redis, "set", set_after_another)
    assert store.get(credentials).access_token == "another's"
    assert not world.seen
    assert not connection.exists(f"{key}:lock")


def test_the_lock_is_free_after_a_failure(world, connection, store, credentials):
    world.reply = lambda handler: handler.answer({"error": "invalid_client"}, 401)
    with pytest.raises(errors.CredentialsRefused):
        store.get(credentials)
    assert not list(connection.scan_iter(f"{store._prefix}*"))


def nearly_ended(store, credentials):
    key = store._key(credentials, ALL_SCOPES)
    store._write(key, Token("old", ALL_SCOPES, time.time() + 30, time.time() - 1))


def test_while_another_refreshes_the_old_token_serves(world, connection, store, credentials):
    nearly_ended(store, credentials)
    hold_lock(store, credentials, connection)
    assert store.get(credentials).access_token == "old"
    assert not world.seen


def test_while_gobiz_is_away_the_old_token_serves_to_its_end(world, store, credentials):
    nearly_ended(store, credentials)
    world.reply = lambda handler: handler.answer({}, 503)
    assert store.get(credentials).access_token == "old"
    assert len(world.seen) == 1
    with pytest.raises(errors.GobizUnavailable) as caught:
        store.get(credentials, refresh_of="old")
    assert caught.value.maybe_applied is False


@pytest.mark.parametrize("value", [b"garbage", b""])
def test_a_stored_value_that_cannot_be_read_is_replaced(world, connection, store, credentials, value):
    grants(world)
    connection.set(store._key(credentials, ALL_SCOPES), value)
    assert store.get(credentials).access_token == "tok-1"
    assert store.get(credentials).access_token == "tok-1"


def test_without_redis_a_token_is_kept_in_memory(world, dead_connection, cipher, credentials, caplog):
    grants(world)
    store = TokenStore(dead_connection, cipher)
    with caplog.at_level(logging.WARNING, logger="gobiz"):
        assert store.get(credentials).access_token == "tok-1"
    assert "Redis is away" in caplog.text
    with ThreadPoolExecutor(4) as pool:
        got = {pool.submit(store.get, credentials, refresh_of="tok-1") for _ in range(4)}
    assert {each.result().access_token for each in got} == {"tok-2"}
    assert len(world.seen) == 2


def test_a_redis_that_cannot_be_written_at_the_end_costs_one_request(world, store, credentials, monkeypatch):
    grants(world)
    real = store._redis.set

    def refuse_values(key, value, **options):
        if options.get("nx"):
            return real(key, value, **options)
        raise redis.exceptions.ResponseError("OOM command not allowed")

    monkeypatch.setattr(store._redis, "set", refuse_values)
    assert store.get(credentials).access_token == "tok-1"
    assert store.get(credentials).access_token == "tok-1"


# --- scopes ------------------------------------------------------------------------------------


@pytest.mark.parametrize("stated", ["{0} {1}", ["{0}", "{1}"], " {1}   {0} {0}"])
def test_a_token_with_fewer_scopes_says_what_is_missing(world, store, credentials, stated):
    def fill(text):
        return text.format(CATALOG_READ, ORDER_READ)

    grants(world, scope=fill(stated) if isinstance(stated, str) else [fill(each) for each in stated])
    token = store.get(credentials)
    assert token.scopes == (CATALOG_READ, ORDER_READ)
    assert missing(token) == tuple(each for each in ALL_SCOPES if each not in token.scopes)


@pytest.mark.parametrize("scope", [None, 5])
def test_an_unstated_scope_means_what_was_asked(world, store, credentials, scope):
    grants(world, scope=scope)
    assert missing(store.get(credentials)) == ()


@pytest.mark.parametrize("status", [400, 401, 403])
def test_refused_scopes_are_found_one_by_one_and_the_rest_asked_together(world, store, credentials, status):
    grants_only(world, [ORDER_READ, CATALOG_READ], status)
    token = store.get(credentials)
    assert token.scopes == (CATALOG_READ, ORDER_READ)
    asked = [asked_scopes(request) for request in world.seen]
    assert asked == [list(ALL_SCOPES), *[[scope] for scope in ALL_SCOPES], [CATALOG_READ, ORDER_READ]]
    assert token.access_token == f"tok-{len(asked)}"


def test_no_scope_at_all_is_a_missing_scope(world, store, credentials):
    grants_only(world, [])
    with pytest.raises(errors.ScopeMissing) as caught:
        store.get(credentials)
    assert len(world.seen) == 1 + len(ALL_SCOPES)
    assert caught.value.scope == ""
    with pytest.raises(errors.ScopeMissing) as caught:
        store.get(credentials, scopes=(PARTNER_OUTLET_READ,))
    assert caught.value.scope == PARTNER_OUTLET_READ
    assert len(world.seen) == 2 + len(ALL_SCOPES)


def test_an_outage_in_the_search_is_not_taken_for_a_refused_scope(world, store, credentials):
    def reply(handler):
        if asked_scopes({"body": handler.sent}) == [ORDER_WRITE]:
            handler.answer({}, 502)
        else:
            handler.answer({"error": "invalid_scope"}, 400)

    world.reply = reply
    with pytest.raises(errors.GobizUnavailable):
        store.get(credentials)


@pytest.mark.parametrize(
    ("status", "body", "kind"),
    [
        (
            401,
            {"error": "invalid_client", "error_description": "no s3cret-of-the-app"},
            errors.CredentialsRefused,
        ),
        (400, {"error": "invalid_client"}, errors.CredentialsRefused),
        (401, b"", errors.CredentialsRefused),
        (403, b"<html>", errors.RequestRefused),
        (400, {"error": "unsupported_grant_type"}, errors.RequestRefused),
        (404, b"", errors.NotFound),
        (429, {"error": "invalid_client"}, errors.GobizUnavailable),
        (500, {"error": "invalid_client"}, errors.GobizUnavailable),
        (503, b"<html>", errors.GobizUnavailable),
        (302, b"", errors.UnreadableAnswer),
        (200, b"<html>", errors.UnreadableAnswer),
        (200, [], errors.UnreadableAnswer),
        (200, {"expires_in": 5}, errors.UnreadableAnswer),
        (200, {"access_token": ""}, errors.UnreadableAnswer),
        (200, {"access_token": "line\nbreak"}, errors.UnreadableAnswer),
        (200, {"access_token": 7}, errors.UnreadableAnswer),
    ],
)
def test_what_a_failed_token_request_means(world, store, credentials, status, body, kind):
    world.reply = lambda handler: handler.answer(body, status)
    with pytest.raises(errors.GobizError) as caught:
        store.get(credentials)
    assert type(caught.value) is kind
    assert caught.value.maybe_applied is False
    assert "s3cret" not in str(caught.value)
    assert len(world.seen) == 1


def test_the_stored_form_is_json_of_the_token(world, store, credentials, connection, cipher):
    grants(world)
    token = store.get(credentials)
    stored = json.loads(cipher.decrypt(connection.get(store._key(credentials, ALL_SCOPES))))
    assert tokens.Token(**{**stored, "scopes": tuple(stored["scopes"])}) == token
