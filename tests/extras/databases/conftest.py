"""The servers that these tests run against: each is started once, and stopped at the end."""

import os

import pytest
import sqlalchemy

from tools import servers


@pytest.fixture(scope="session", params=sorted(servers.SERVERS))
def server_url(request):
    """The URL of a real server; skipped where there is none, but not where the variable CI is."""
    context = servers.SERVERS[request.param]()
    try:
        url = context.__enter__()
    except servers.Unavailable as missing:
        (pytest.fail if os.environ.get("CI") else pytest.skip)(str(missing))
    yield url
    context.__exit__(None, None, None)


@pytest.fixture
def engine(server_url):
    """An engine on a database that is empty before the test, and afterwards."""
    engine = sqlalchemy.create_engine(server_url)
    yield engine
    left = sqlalchemy.MetaData()
    left.reflect(engine)
    left.drop_all(engine)
    engine.dispose()
