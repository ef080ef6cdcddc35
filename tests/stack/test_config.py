"""What the environment asks of a start, and what the parts are told."""

import socket

import pytest

from gobiz_admin.stack import ports
from gobiz_admin.stack.config import SANDBOX, Config, ConfigError, value_of
from gobiz_admin.stack.parts import build


@pytest.fixture
def listener():
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        server.listen()
        yield server.getsockname()[1]


def read(tmp_path, **environ):
    return Config.read({"GOBIZ_DATA_DIR": str(tmp_path), **environ})


def test_defaults(tmp_path):
    config = read(tmp_path)
    assert (config.port, config.sandbox_port, config.host, config.demo) == (8000, 8100, "127.0.0.1", True)


@pytest.mark.parametrize(
    ("environ", "sentence"),
    [
        ({"PORT": "http"}, "PORT must be a number"),
        ({"PORT": "70000"}, "PORT must be a number"),
        ({"PORT": "8100"}, "must be different"),
        ({"DEMO": "maybe"}, "DEMO must be 1 or 0"),
        ({"DATABASE_URL_FILE": "/does/not/exist"}, "DATABASE_URL_FILE cannot be read"),
    ],
)
def test_what_makes_no_sense_is_one_sentence(tmp_path, environ, sentence):
    with pytest.raises(ConfigError, match=sentence) as error:
        read(tmp_path, **environ)
    assert "\n" not in str(error.value)


def test_a_port_in_use_is_named_with_another_to_take(tmp_path, listener):
    config = read(tmp_path, PORT=str(listener), SANDBOX_PORT=str(ports.any_free()))
    with pytest.raises(ConfigError, match=rf"Port {listener} is in use.* make run PORT=\d+"):
        config.claim_ports()


def test_the_live_port_is_the_next_free_one_that_the_sandbox_does_not_have(tmp_path, monkeypatch):
    monkeypatch.setattr(ports, "is_free", lambda host, port: port != 9002)
    config = read(tmp_path, PORT="9000", SANDBOX_PORT="9001")
    config.claim_ports()
    assert config.live_port == 9003


def test_what_was_set_is_passed_through_and_the_rest_is_completed(tmp_path):
    config = read(tmp_path, PUBLIC_BASE_URL="https://warung.example", SECRET_KEY_FILE="/a/file", EXTRA="kept")
    config.live_port, config.secrets = 8001, {"SECRET_KEY": "generated", "DEMO_PASSWORD": "generated"}
    environment = config.child_environment("run")
    assert environment["EXTRA"] == "kept"
    assert environment["PUBLIC_BASE_URL"] == "https://warung.example"
    assert "warung.example" in environment["ALLOWED_HOSTS"].split(",")
    assert environment["LIVE_BASE_URL"] == "http://127.0.0.1:8001"
    assert "SECRET_KEY" not in environment
    assert environment["DEMO_PASSWORD"] == "generated"


def test_a_wildcard_host_is_reached_on_the_loopback(tmp_path):
    assert read(tmp_path, HOST="0.0.0.0").address(8000) == "http://127.0.0.1:8000"


def test_the_sandbox_gets_its_own_database_and_no_secret_of_ours(tmp_path):
    environment = {"DATABASE_URL": "ours", "SANDBOX_DATABASE_URL": "its", "SECRET_KEY": "x", "REDIS_URL": "r"}
    assert Config.for_settings(SANDBOX, environment) == {
        "DATABASE_URL": "its",
        "SANDBOX_DATABASE_URL": "its",
        "DJANGO_SETTINGS_MODULE": SANDBOX,
    }


def test_every_part_is_in_the_table_once(tmp_path):
    config = read(tmp_path)
    config.live_port = 8001
    environment = {"SANDBOX_DATABASE_URL": "its"}
    names = [part.name for first in (True, False) for part in build(config, environment, first)]
    assert sorted(names) == ["actions", "beat", "live", "publisher", "sandbox", "web", "worker"]


def test_a_value_may_come_from_a_file(tmp_path):
    (tmp_path / "url").write_text("postgresql://somewhere/x\n")
    assert (
        value_of({"DATABASE_URL_FILE": str(tmp_path / "url")}, "DATABASE_URL") == "postgresql://somewhere/x"
    )
