"""A leader of one software brings learners of the other to its history: by DIFF, SNAP and TRUNC."""

import os
import pathlib
import shutil
import signal

import pytest

from mixed_ensemble import MixedEnsemble
from promises import create
from support import servers
from support.rawclient import Err, OpCode

pytestmark = pytest.mark.compat

if os.environ.get("DROVER_MIXED") == "all":
    RELEASES = ("apache-3.5", "apache-3.8", "apache-3.9")
else:
    RELEASES = ("apache-3.9",)
# (who leads, who learns)
PAIRS = [pair for name in RELEASES for pair in ((name, "drover"), ("drover", name))]
LATE = b"/never-agreed-upon"


def write(ensemble, top, count=30):
    with ensemble.connect(ensemble.wait_for_leader()) as client:
        create(client, top)
        requests = [(OpCode.CREATE, f"{top}/n{at:04d}", b"x" * 100) for at in range(count)]
        assert all(reply.err == Err.OK for reply in client.pipeline(requests))
        client.close_session()


def end(server):
    """Kills it; but an observer of Apache's has in its own buffers what it has not yet logged."""
    if server.observer and not isinstance(server, servers.Drover):
        server.stop()
    else:
        server.kill()


def wipe(server):
    shutil.rmtree(server.data_dir / "version-2")


@pytest.mark.parametrize(("leads", "learns"), PAIRS)
def test_learners_that_come_back(leads, learns):
    with MixedEnsemble([learns, leads, leads, f"{learns}:observer"]) as ensemble:
        write(ensemble, "/first")
        ensemble.assert_alike()
        for server in (ensemble.by_sid(1), ensemble.by_sid(4)):
            end(server)
        write(ensemble, "/few")
        for server in (ensemble.by_sid(1), ensemble.by_sid(4)):
            ensemble.restart(server)
            assert ensemble.plans(server)[-1] == "DIFF"
        assert "/few/n0029" in ensemble.assert_alike()
        for server in (ensemble.by_sid(1), ensemble.by_sid(4)):
            end(server)
            wipe(server)
        write(ensemble, "/many", 1500)
        for server in (ensemble.by_sid(1), ensemble.by_sid(4)):
            ensemble.restart(server)
            assert ensemble.plans(server)[-1] == "SNAP"
        assert "/many/n1499" in ensemble.assert_alike()
        write(ensemble, "/after")
        ensemble.assert_alike()
        # What they were given is also what they have on disk.
        for server in (ensemble.by_sid(1), ensemble.by_sid(4)):
            end(server)
            ensemble.restart(server)
            assert ensemble.plans(server)[-1] == "DIFF"
        assert "/after/n0029" in ensemble.assert_alike()


@pytest.mark.parametrize(("leads", "learns"), PAIRS)
def test_learners_that_are_far_behind(leads, learns):
    """More than a leader keeps in memory: what it then sends is its own affair."""
    with MixedEnsemble([learns, leads, leads, f"{learns}:observer"]) as ensemble:
        write(ensemble, "/first")
        for server in (ensemble.by_sid(1), ensemble.by_sid(4)):
            server.kill()
        write(ensemble, "/many", 4000)
        for server in (ensemble.by_sid(1), ensemble.by_sid(4)):
            ensemble.restart(server)
        assert "/many/n3999" in ensemble.assert_alike()


@pytest.mark.parametrize("meanwhile", [False, True], ids=["at-once", "after-writes"])
@pytest.mark.parametrize(("leads", "learns"), PAIRS)
def test_what_only_a_dead_leader_wrote_is_gone_when_it_comes_back(leads, learns, meanwhile):
    """A txn that no other has: cut by TRUNC, or covered by SNAP when a new epoch has txns."""
    with MixedEnsemble([leads, leads, learns]) as ensemble:
        *others, old = ensemble.members
        write(ensemble, "/agreed")
        ensemble.wait_until_level()
        leave_unagreed_txn(ensemble, old, others)
        for server in others:
            server.spawn()
        for server in others:
            ensemble.wait_until_serves(server)
        if meanwhile:
            write(ensemble, "/meanwhile")
        ensemble.restart(old)
        assert ensemble.leader() in others
        assert ensemble.plans(old)[-1] == ("SNAP" if meanwhile else "TRUNC")
        write(ensemble, "/after")
        tree = ensemble.assert_alike()
        assert "/after/n0029" in tree and LATE.decode() not in tree
        # Nor does it come back from that server's disk, nor when it is the next leader.
        old.kill()
        ensemble.restart(old)
        assert LATE.decode() not in ensemble.assert_alike()
        ensemble.wait_until_level()
        deposed = ensemble.leader()
        deposed.kill()
        ensemble.wait_for_leader()
        write(ensemble, "/led-by-another")
        ensemble.restart(deposed)
        assert LATE.decode() not in ensemble.assert_alike()


def leave_unagreed_txn(ensemble, old, others):
    """Kills all members; the leader has a txn on disk that the others never read."""
    with ensemble.connect(old) as client:
        for server in others:
            os.kill(server.pid, signal.SIGSTOP)
        servers.wait_until(lambda: all(map(is_frozen, others)), 10, "frozen followers")
        client.send(OpCode.CREATE, LATE.decode(), b"")
        servers.wait_until(lambda: on_disk(old, LATE), 10, "the log of the leader")
        assert client.buffered_payload() is None, "answered without a quorum"
        for server in others:
            server.kill()
        old.kill()


def is_frozen(server):
    """Every thread has stopped: the signal alone leaves those on another core a moment."""
    tasks = pathlib.Path(f"/proc/{server.pid}/task").glob("*/stat")
    return all(task.read_text().rpartition(")")[2].split()[0] == "T" for task in tasks)


def on_disk(server, text):
    logs = (server.data_dir / "version-2").glob("log.*")
    return any(text in log.read_bytes() for log in logs)
