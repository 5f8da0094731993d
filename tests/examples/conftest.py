"""Fixtures of the example programs' tests: a server for a whole file, a chroot for each test.

Every test runs against Drover and, marked `compat`, against Debian's Apache 3.8.
"""

import itertools

import pytest
from kazoo.client import KazooClient

from examples.programs import Programs
from support import servers

SERVERS = ("drover", pytest.param("debian", marks=pytest.mark.compat))

_chroots = itertools.count(1)


@pytest.fixture(scope="module", params=SERVERS, name="running")
def _running(request):
    # Containers are looked at twice a second instead of once a minute.
    properties = {"znode.container.checkIntervalMs": 500}
    with servers.server_by_name(request.param, properties=properties) as server:
        yield server


@pytest.fixture
def server(running):
    """It serves: started again if the test before left it down."""
    if not running.is_serving():
        running.kill()
        running.start()
    return running


@pytest.fixture(name="chroot")
def _chroot(server):
    """A path of this test's own, empty and there."""
    path = f"/test-{next(_chroots)}"
    admin = KazooClient(server.address)
    admin.start(timeout=20)
    admin.create(path)
    admin.stop()
    admin.close()
    return path


@pytest.fixture
def eye(server, chroot):
    """A kazoo client in the same chroot, to look at znodes and to play the outsider."""
    client = KazooClient(server.address + chroot, timeout=10)
    client.start(timeout=20)
    yield client
    client.stop()
    client.close()


@pytest.fixture
def start(server, chroot, tmp_path):
    """start("naming", "orders", 3, id="n1"): a program on this test's chroot; see Programs.start."""
    with Programs(f"{server.address}{chroot}", tmp_path) as programs:
        yield programs.start
