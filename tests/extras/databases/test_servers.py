"""The servers of tools/servers.py do start, and leave nothing behind."""

import socket
from pathlib import Path

import pytest
import sqlalchemy

from tools import servers


def ask(engine, query):
    with engine.connect() as connection:
        return connection.execute(sqlalchemy.text(query)).scalar()


def test_a_server_answers_by_the_url_that_sqlalchemy_is_given(engine):
    assert ask(engine, "SELECT 1 + 1") == 2
    assert ask(engine, "SELECT 'Zoë 陈'") == "Zoë 陈"


def test_mariadb_compares_text_as_it_does_by_default_so_that_tests_see_it(engine):
    same = ask(engine, "SELECT CASE WHEN 'Visit' = 'vísit ' THEN 1 ELSE 0 END")
    assert same == (1 if engine.dialect.name == "mysql" else 0)


@pytest.mark.parametrize("name", sorted(servers.SERVERS))
def test_a_server_ends_and_its_folder_goes_even_if_a_test_fails(name):
    before = set(Path("/tmp").glob("funnelkit-server-*"))
    context = servers.SERVERS[name]()
    try:
        url = sqlalchemy.make_url(context.__enter__())
    except servers.Unavailable as missing:
        pytest.skip(str(missing))
    made = set(Path("/tmp").glob("funnelkit-server-*")) - before
    assert made and servers.listens(url.port)
    failure = RuntimeError("a test failed")
    assert not context.__exit__(RuntimeError, failure, None)
    assert not servers.listens(url.port)
    assert not any(path.exists() for path in made)


def test_a_port_is_free_when_it_is_told():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", servers.free_port()))
