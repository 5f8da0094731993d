"""Drover's client meets harm at every frame of a conversation, one at a time, and comes through.

Each time a session begins, watches, creates under protection, writes, reads and removes; whatever
is lost, each thing is done once and no change goes unnoticed.
"""

import pytest

from compat.interop import conftest
from compat.interop.peers import PeerFailed
from support import servers
from support.fault_proxy import FaultProxy

pytestmark = pytest.mark.compat

FRAMES = 14  # of one conversation, each way; what comes later is nothing but pings
SESSION_MS = 5000  # outlives every harm, also where the machine is slow
# ConnectionLoss, RequestTimeout: a versioned write is not repeated.
UNKNOWN = (-4, -122)
REFUSED = -103


@pytest.mark.parametrize("do", ["cut", "cut_within", "cut_after", "half_close", "delay", "drop"])
@pytest.mark.parametrize("direction", ["request", "reply"])
def test_harm_at_every_frame(peers, server, eye, root, direction, do):
    eye.create(f"{root}/watched")
    frames = range(FRAMES) if conftest.ALL or do.startswith("cut") else range(0, FRAMES, 3)
    for skip in frames:
        with FaultProxy(server.port) as proxy:
            arm = proxy.on_request if direction == "request" else proxy.on_reply
            # TCP loses no frame by itself; of a server that forgets one the client learns by its
            # request timeout, and never if it was an event.
            drops = do == "drop"
            arm("answer" if drops else None, do=do, skip=skip, seconds=0.2)
            options = {"request_ms": 500} if drops else {}
            session = peers.session("C", proxy.address, session_ms=SESSION_MS, **options)
            converse(session, eye, f"{root}/{skip}", f"{root}/watched")
            peers.release()


def converse(session, eye, path, watched):
    eye.create(path)
    session.ask("watch", path=watched, of="data")
    made = session.ask("create", path=f"{path}/n-", mode="EPHEMERAL_SEQUENTIAL", protect=True)
    assert [f"{path}/{name}" for name in eye.children(path)] == [made]
    assert eye.get(made)[1].ephemeral_owner == session.ask("session")
    _, stat = eye.get(watched)
    eye.set(watched, b"changed by another")
    session.await_event("watch")
    try:
        version = session.ask("set", path=watched, data=b"v".hex(), version=stat.version + 1)
        assert version["version"] == stat.version + 2
    except PeerFailed as failure:
        assert failure.code in (*UNKNOWN, REFUSED), failure
    assert eye.get(watched)[1].version in (stat.version + 1, stat.version + 2)
    assert session.ask("get", path=made)["data"] == ""
    assert session.ask("children", path=path) == [made.rsplit("/", 1)[1]]
    try:
        session.ask("delete", path=made)
    except PeerFailed as failure:
        assert failure.code == -101, failure  # The first try did it, and its answer was lost.
    servers.wait_until(lambda: not eye.children(path), 10, "it is removed")
