"""The embedded servers, for real: made, reached, recovered after a crash."""

import os
import signal
import stat
import time

import psycopg
import pytest

from gobiz_admin.stack import database, unprivileged
from gobiz_admin.stack.postgres import Postgres, ServerError
from gobiz_admin.stack.supervisor import Part, Supervisor


@pytest.fixture
def supervisor(tmp_path):
    supervisor = Supervisor(tmp_path / "logs")
    yield supervisor
    supervisor.killing = True
    supervisor.stop()


def start(supervisor, server, name="postgres"):
    server.prepare()
    command, folder = tuple(server.command()), server.data.parent
    supervisor.start(Part(name, command, dict(os.environ), folder, signal.SIGINT, 8.0, server.account))
    deadline = time.monotonic() + 20
    while not server.is_ready():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_a_cluster_under_a_deep_closed_folder_starts_and_survives_a_crash(supervisor, tmp_path):
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o700)
    secret = closed / "secret.env"
    secret.write_text("x")
    secret.chmod(0o600)
    server = Postgres(closed / ("deep" * 25) / "postgres")
    start(supervisor, server)
    assert server.socket_dir != server.data
    assert database.create_database(server.url("postgres"), "gobiz")
    assert database.create_database(server.url("postgres"), "gobiz")
    with psycopg.connect(server.url("gobiz"), autocommit=True) as connection:
        connection.execute("CREATE TABLE kept (n int)")
    supervisor.killing = True
    supervisor.stop()
    supervisor.killing = False
    start(supervisor, server)
    with psycopg.connect(server.url("gobiz")) as connection:
        assert connection.execute("SELECT count(*) FROM kept").fetchone() == (0,)
    assert stat.S_IMODE(server.data.stat().st_mode) == 0o700
    # Others can neither list nor enter the closed folder, also where PostgreSQL's user was let through.
    assert closed.stat().st_mode & 0o007 == 0
    supervisor.stop()
    server.clean_up()
    assert not server.socket_dir.exists()


def test_a_pid_file_whose_number_belongs_to_another_program_is_removed(tmp_path):
    server = Postgres(tmp_path / "postgres")
    server.data.mkdir()
    (server.data / "postmaster.pid").write_text(f"{os.getpid()}\n{server.data}\n")
    server.remove_leftover()
    assert not (server.data / "postmaster.pid").exists()


def test_a_folder_with_something_else_in_it_is_not_touched(tmp_path):
    server = Postgres(tmp_path / "postgres")
    server.data.mkdir()
    (server.data / "letter.txt").write_text("mine")
    with pytest.raises(ServerError, match="is not empty"):
        server.prepare()
    assert (server.data / "letter.txt").read_text() == "mine"


@pytest.mark.skipif(os.geteuid() != 0, reason="only root runs PostgreSQL as somebody else")
def test_passage_is_for_one_user_and_given_once(tmp_path):
    folder = tmp_path / "closed"
    folder.mkdir(mode=0o700)
    account = unprivileged.server_account()
    assert account is not None
    assert not unprivileged.may_pass(folder, account)
    unprivileged.grant_passage(folder, account)
    assert unprivileged.may_pass(folder, account)
    assert folder.stat().st_mode & 0o007 == 0
    unprivileged.grant_passage(folder, account)
    assert len(unprivileged.entries_of(folder)) == 5


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("postgresql://u:p%40@h:5/db?conn_max_age=5&host=/a", "postgresql://u:p%40@h:5/db?host=/a"),
        ("psql://u@h/db", "postgresql://u@h/db"),
    ],
)
def test_addresses_as_libpq_reads_them(url, expected):
    assert database.libpq_url(url) == expected


def test_another_database_on_the_same_server():
    assert (
        database.with_database("postgresql://u@/a?host=/s", "a_sandbox")
        == "postgresql://u@/a_sandbox?host=/s"
    )
