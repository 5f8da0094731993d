"""Which pairs of peers meet on which servers, and the fixtures that all rows share.

DROVER_INTEROP=all runs every pair on both servers (`make test-interop`); otherwise a selection
that `make test-compat` has time for.
"""

import itertools
import os

import pytest

from compat.interop.eye import Eye
from compat.interop.peers import Peers
from support import servers

ALL = os.environ.get("DROVER_INTEROP") == "all"

# Whoever does the first part of a row comes first. Pairs without C prove the rows themselves.
PAIRS = ("C-J", "J-C", "C-C", "C-J54", "J54-C", "J-J", "J-J54", "J54-J")
SETTINGS = (
    [f"{server}/{pair}" for server in ("drover", "apache-3.9") for pair in PAIRS]
    if ALL
    else ["drover/C-J", "apache-3.9/J-C"]
)

# Whose znodes test_layout.py looks at.
LAYOUT_LETTERS = ("C", "J", "J54") if ALL else ("C",)

SERVER_OPTIONS = {
    "config": {"tickTime": 500, "maxSessionTimeout": 60_000, "extendedTypesEnabled": "true"},
    "properties": {"znode.container.checkIntervalMs": 60_000},
}

_roots = itertools.count(1)


def pytest_generate_tests(metafunc):
    """A test that takes `pair` runs in every setting, one that takes `server` alone on Drover.

    On every server when all is to be run.
    """
    if "pair" in metafunc.fixturenames:
        values = [setting.split("/") for setting in SETTINGS]
        metafunc.parametrize("server,pair", values, indirect=True, ids=SETTINGS, scope="session")
    elif "server" in metafunc.fixturenames:
        names = ("drover", "apache-3.9") if ALL else ("drover",)
        metafunc.parametrize("server", names, indirect=True, scope="session")
    if "kazoo" in metafunc.fixturenames:
        metafunc.parametrize("kazoo", ("K", "K28") if ALL else ("K",))


@pytest.fixture(scope="session", name="running")
def _running():
    """Servers by name, started when first needed; tests may restart them."""
    found = {}
    yield found
    for server in found.values():
        server.close()


@pytest.fixture
def server(request, running):
    """A server that serves: started again if the test before left it down."""
    name = request.param
    if name not in running:
        running[name] = servers.server_by_name(name, **SERVER_OPTIONS)
    if not running[name].is_serving():
        running[name].kill()
        running[name].start()
    return running[name]


@pytest.fixture
def pair(request):
    """Letters of the two peers."""
    return request.param.split("-")


@pytest.fixture(scope="session", name="all_peers")
def _all_peers(tmp_path_factory):
    with Peers(tmp_path_factory.mktemp("peers")) as peers:
        yield peers


@pytest.fixture
def peers(all_peers):
    """All that a test starts ends with it; what can be used again is kept."""
    yield all_peers
    all_peers.release()


@pytest.fixture
def session(peers, server):
    """Makes a session of a kind of peer on the server."""
    return lambda letter, **options: peers.session(letter, server.address, **options)


@pytest.fixture
def two(session, pair):
    """A session of each peer of the pair."""
    return tuple(session(letter) for letter in pair)


@pytest.fixture
def eye(server):
    return Eye(server)


@pytest.fixture
def root(server):
    """A path of the test's own; nothing is there."""
    del server
    return f"/interop{next(_roots)}"
