"""Which server the suites of this folder drive, and how they start it."""

import os

import pytest

from support import servers


@pytest.fixture(scope="session")
def server_name():
    """`drover`, unless DROVER_TEST_SERVER names another (debian, apache-3.9, ...).

    Suites whose expectations hold for Apache too can thus be proven against it.
    """
    return os.environ.get("DROVER_TEST_SERVER", "drover")


@pytest.fixture
def make_server(server_name):
    """Makes servers under test that are not yet started; all are closed at the end."""
    made = []

    def make(**options):
        made.append(servers.server_by_name(server_name, **options))
        return made[-1]

    yield make
    for server in made:
        server.close()


@pytest.fixture
def start_server(make_server):
    """Makes and starts servers under test."""
    return lambda **options: make_server(**options).start()
