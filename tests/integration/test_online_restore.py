"""POST /commands/restore: does a running server take over an uploaded snapshot, whole or not at all?

Snapshots come from the servers' own /commands/snapshot. Whoever was connected is watched meanwhile,
and the server is killed at any moment of it.
"""

import contextlib
import gzip
import pathlib
import random
import re
import secrets
import threading
import time

import pytest

from support import servers, web
from support.ensembles import Ensemble
from support.rawclient import OPEN_ACL, ConnectionClosed, Err, OpCode, RawClient
from tree_dump import dump

WHO = {"Authorization": "digest operator:secret"}
ROUNDS = 12


def with_admin(server, **config):
    server.admin_port = servers.free_port()
    server.config.update(
        {
            "admin.enableServer": "true",
            "admin.serverPort": str(server.admin_port),
            "admin.serverAddress": "127.0.0.1",
            "admin.rateLimiterIntervalInMS": "0",
            "maxSessionTimeout": "300000",
        }
    )
    server.config.update({key: str(value) for key, value in config.items()})
    return server


def take_snapshot(server):
    answer = web.request(server.admin_port, "/commands/snapshot", headers=WHO)
    assert answer.status == 200, answer.text
    return answer.body


def restore(server, body, headers=None, timeout=60):
    return web.request(
        server.admin_port, "/commands/restore", method="POST", body=body,
        headers={"Content-Type": "application/octet-stream", **(WHO if headers is None else headers)},
        timeout=timeout,
    )  # fmt: skip


@pytest.fixture
def drover():
    with with_admin(servers.Drover(), reactors=2) as server:
        yield server


def connected(server, **options):
    client = RawClient(server.port)
    client.connect(**{"timeout_ms": 60_000, **options})
    return client


def fill(client, marker, nodes=50):
    calls = [(OpCode.CREATE, "/marker", marker, OPEN_ACL, 0), (OpCode.CREATE, "/n", b"")]
    calls += [(OpCode.CREATE, f"/n/{i}", marker * 3, OPEN_ACL, 0) for i in range(nodes)]
    for reply in client.pipeline(calls):
        assert reply.err == Err.OK


def marker(server):
    with RawClient(server.port) as client:
        client.connect()
        return client.call(OpCode.GET_DATA, "/marker").body[0]


def tree_of(server):
    with RawClient(server.port) as client:
        client.connect()
        return dump(client)


def newest_zxid(tree):
    return max(max(znode.stat.czxid, znode.stat.mzxid, znode.stat.pzxid) for znode in tree.values())


def test_the_tree_goes_back_and_history_goes_on(drover):
    with connected(drover) as client:
        fill(client, b"then")
        before = tree_of(drover)
        body = take_snapshot(drover)
        assert client.call(OpCode.SET_DATA, "/marker", b"now", -1).err == Err.OK
        last = client.call(OpCode.CREATE, "/later", b"").zxid
    answer = restore(drover, body)
    assert answer.status == 200, answer.text
    assert answer.json["error"] is None and answer.json["command"] == "restore"
    zxid = answer.json["last_zxid"]
    assert zxid > last
    assert tree_of(drover) == before
    with connected(drover) as client:
        written = client.call(OpCode.CREATE, "/after", b"")
        assert written.err == Err.OK and written.zxid > zxid
    after = tree_of(drover)
    drover.restart()
    assert tree_of(drover) == after
    drover.kill()
    drover.start()
    assert tree_of(drover) == after
    # What was there lies aside, as it was: taken back, it is the old state.
    version_2 = drover.data_dir / "version-2"
    (aside,) = drover.data_dir.glob("version-2.before-0x*")
    drover.stop()
    version_2.rename(drover.data_dir / "given-up")
    aside.rename(version_2)
    drover.start()
    assert marker(drover) == b"now"


def test_sessions_of_the_snapshot_live_on_and_others_end(drover):
    kept = connected(drover)
    fill(kept, b"then")
    assert kept.call(OpCode.CREATE, "/mine", b"", OPEN_ACL, 1).err == Err.OK
    session = (kept.session_id, kept.password)
    body = take_snapshot(drover)
    lost = connected(drover)
    assert lost.call(OpCode.CREATE, "/theirs", b"", OPEN_ACL, 1).err == Err.OK
    assert kept.call(OpCode.SET_DATA, "/marker", b"now", -1).err == Err.OK
    assert kept.call(OpCode.GET_DATA, "/marker", True).body[0] == b"now"
    seen = kept.call(OpCode.GET_CHILDREN, "/", True).zxid
    assert restore(drover, body).status == 200
    for client in (kept, lost):
        client.receive_until_closed()
        client.disconnect()
    with RawClient(drover.port) as again:
        answer = again.connect(*session, timeout_ms=60_000, last_zxid_seen=seen)
        assert answer.session_id == session[0]
        # A tree of earlier zxids, but all of it is news to this client.
        again.call(OpCode.SET_WATCHES, seen, ["/marker"], [], ["/"])
        assert sorted((event.type, event.path) for event in again.events()) == [
            (3, "/marker"), (4, "/"),
        ]  # fmt: skip
        assert again.call(OpCode.EXISTS, "/mine").err == Err.OK
        assert again.call(OpCode.EXISTS, "/theirs").err == Err.NO_NODE
    with RawClient(drover.port) as gone:
        assert gone.connect(lost.session_id, lost.password).session_id == 0


@pytest.mark.parametrize("method", ["", "gz", "snappy"])
def test_compressed_as_the_server_streams_it(method):
    with with_admin(servers.Drover(), **{"snapshot.compression.method": method}) as server:
        with connected(server) as client:
            fill(client, b"then")
            body = take_snapshot(server)
            client.call(OpCode.SET_DATA, "/marker", b"now", -1)
        assert body[:2] == {"": b"ZK", "gz": b"\x1f\x8b", "snappy": b"\x82S"}[method]
        assert restore(server, body).status == 200
        assert marker(server) == b"then"


def flipped(body, at):
    return body[:at] + bytes([body[at] ^ 1]) + body[at + 1 :]


BAD = {
    "nothing of the kind": lambda body: (b"#!/bin/sh\n" * 100, "at byte 0.*ZKSN is missing"),
    "its first half": lambda body: (body[: len(body) // 2], f"byte {len(body) // 2}.*ends too early"),
    "without its last byte": lambda body: (body[:-1], f"byte {len(body) - 1}.*ends too early"),
    "a flipped bit": lambda body: (flipped(body, len(body) // 2), "damaged at byte"),
    "a flipped mark": lambda body: (flipped(body, len(body) - 1), "mark at its end is missing"),
    "more behind it": lambda body: (body + b"more", "damaged at byte"),
    "half of a gzip stream": lambda body: (
        gzip.compress(body)[:-40], r"\(uncompressed\).*gzip stream ends too early"
    ),
}  # fmt: skip


@pytest.mark.parametrize("kind", BAD)
def test_a_bad_upload_changes_nothing_and_says_where(drover, kind):
    with connected(drover) as client:
        fill(client, b"then")
        body = take_snapshot(drover)
        client.call(OpCode.SET_DATA, "/marker", b"now", -1)
        files = sorted(path.name for path in (drover.data_dir / "version-2").iterdir())
        bad, said = BAD[kind](body)
        answer = restore(drover, bad)
        assert answer.status == 500
        assert re.search(said, answer.json["error"]), answer.json
        assert str(drover.data_dir) not in answer.text
        # Nobody was disturbed, and nothing is left lying about.
        assert client.call(OpCode.GET_DATA, "/marker").body[0] == b"now"
        assert sorted(path.name for path in (drover.data_dir / "version-2").iterdir()) == files
    metrics = web.request(drover.admin_port, "/commands/monitor").json
    assert metrics["restore_error_count"] == 1
    assert restore(drover, body).status == 200
    assert web.request(drover.admin_port, "/commands/monitor").json["cnt_restore_time"] == 1


def test_who_may_and_when(drover):
    with connected(drover) as client:
        fill(client, b"then")
    body = take_snapshot(drover)
    assert restore(drover, body, headers={}).status == 401
    assert restore(drover, body, headers={"Authorization": "nosuch x:y"}).status == 401
    assert restore(drover, b"").status == 400
    assert web.request(drover.admin_port, "/commands/restore", headers=WHO).status == 405
    with connected(drover) as client:
        acl = [(31, "digest", "boss:" + "x" * 27 + "=")]
        assert client.call(OpCode.SET_ACL, "/", acl, -1).err == Err.OK
    assert restore(drover, body).status == 403
    assert not list(drover.data_dir.glob("version-2/tmp.*"))


def test_switched_off_and_too_often():
    with with_admin(servers.Drover(), **{"admin.restore.enabled": "false"}) as server:
        body = take_snapshot(server)
        assert restore(server, body).status == 503
    with with_admin(servers.Drover(), **{"admin.rateLimiterIntervalInMS": "300000"}) as server:
        body = take_snapshot(server)
        assert restore(server, body).status == 200
        answer = restore(server, body)
        assert answer.status == 429
        assert "300000 ms" in answer.json["error"]


def test_not_on_a_member_of_an_ensemble():
    ensemble = Ensemble(["drover"] * 3)
    with contextlib.closing(ensemble):
        for member in ensemble.members:
            with_admin(member)
        ensemble.start()
        for member in ensemble.members:
            answer = restore(member, take_snapshot(member))
            assert answer.status == 409
            assert "member of an ensemble" in answer.json["error"]


def test_clients_that_come_and_go_meanwhile(drover):
    """Every acknowledged write is before the restore or after it, and nothing in between."""
    with connected(drover) as client:
        fill(client, b"then", nodes=3000)
        client.call(OpCode.CREATE, "/w", b"")
        body = take_snapshot(drover)
    writers = [Writer(drover, index) for index in range(4)]
    for _ in range(3):
        for writer in writers:
            writer.wait_for_more(50)
        answer = restore(drover, body)
        assert answer.status == 200
        for writer in writers:
            writer.wait_until_after(answer.json["last_zxid"], 50)
    for writer in writers:
        writer.stop()
    zxid = answer.json["last_zxid"]
    with RawClient(drover.port) as client:
        client.connect()
        there = set(client.call(OpCode.GET_CHILDREN, "/w").body)
    acknowledged = {name: at for writer in writers for name, at in writer.acknowledged.items()}
    assert {name for name, at in acknowledged.items() if at > zxid} <= there
    assert not {name for name, at in acknowledged.items() if at < zxid} & there


class Writer:
    """Creates /w/<index>-0, -1, ... and reconnects whenever it is sent away."""

    def __init__(self, server, index):
        self._server = server
        self._index = index
        self._stopping = threading.Event()
        self.acknowledged = {}  # name: zxid
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def _run(self):
        count = 0
        while not self._stopping.is_set():
            with contextlib.suppress(OSError, ConnectionClosed):
                with RawClient(self._server.port, timeout=5) as client:
                    client.connect()
                    while not self._stopping.is_set():
                        name = f"{self._index}-{count}"
                        count += 1
                        reply = client.call(OpCode.CREATE, f"/w/{name}", b"")
                        if reply.err == Err.OK:
                            self.acknowledged[name] = reply.zxid

    def wait_for_more(self, count):
        goal = len(self.acknowledged) + count
        servers.wait_until(lambda: len(self.acknowledged) >= goal, 60, "writes")

    def wait_until_after(self, zxid, count):
        def after():
            return sum(at > zxid for at in list(self.acknowledged.values())) >= count

        servers.wait_until(after, 60, "writes after the restore")

    def stop(self):
        self._stopping.set()
        self._thread.join()


def test_killed_at_any_moment_it_is_the_old_state_or_the_new_one(drover):
    seed = secrets.randbits(32)
    rng = random.Random(seed)
    with connected(drover) as client:
        fill(client, b"then", nodes=15_000)
        body = take_snapshot(drover)
    then = tree_of(drover)
    began = time.monotonic()
    assert restore(drover, body).status == 200
    lasts = time.monotonic() - began
    outcomes = {b"then": 0, b"now": 0}
    for number in range(ROUNDS):
        with connected(drover) as client:
            client.call(OpCode.SET_DATA, "/marker", b"now", -1)
            client.call(OpCode.CREATE, f"/round-{number}", b"")
        now = tree_of(drover)
        begun = threading.Event()

        def upload():
            begun.set()
            with contextlib.suppress(OSError):
                restore(drover, body, timeout=20)

        thread = threading.Thread(target=upload)
        thread.start()
        begun.wait()
        threading.Event().wait(rng.uniform(0, 1.2 * lasts))  # any moment of it
        drover.kill()
        thread.join()
        drover.start()
        found = marker(drover)
        assert tree_of(drover) == (then if found == b"then" else now), f"round {number}, seed {seed}"
        outcomes[found] += 1
        assert not list(drover.data_dir.glob("version-2/tmp.*"))
        with connected(drover) as client:
            written = client.call(OpCode.CREATE, f"/proof-{number}", b"")
            assert written.err == Err.OK
            assert written.zxid > newest_zxid(now)
            client.call(OpCode.DELETE, f"/proof-{number}", -1)
        # Back to the state of the rounds' beginning, for all that may have been left.
        if found == b"now":
            assert restore(drover, body).status == 200
    print(f"seed {seed}: {outcomes}, a restore lasts {lasts:.3f} s")


@pytest.mark.compat
@pytest.mark.parametrize("there, back", [("apache-3.9", "drover"), ("drover", "apache-3.9")])
def test_what_one_streams_the_other_restores(there, back):
    with contextlib.ExitStack() as stack:
        source = stack.enter_context(with_admin(servers.server_by_name(there)))
        target = stack.enter_context(with_admin(servers.server_by_name(back)))
        client = connected(source)
        stack.callback(client.disconnect)
        fill(client, b"then")
        client.call(OpCode.CREATE, "/mine", b"", OPEN_ACL, 1)
        client.call(OpCode.CREATE, "/secret", b"s", [(31, "digest", "u:" + "x" * 27 + "=")], 0)
        with RawClient(source.port) as reader:
            reader.connect()
            paths = ["/marker", "/n", "/n/7", "/mine", "/secret"]
            calls = [(OpCode.EXISTS, path) for path in paths]
            stats = [reply.body for reply in reader.pipeline(calls)]
        body = take_snapshot(source)
        with connected(target) as writer:
            fill(writer, b"other")
        answer = restore(target, body)
        assert answer.status == 200, answer.text
        assert isinstance(answer.json["last_zxid"], int)
        with RawClient(target.port) as reader:
            reader.connect()
            assert [reply.body for reply in reader.pipeline(calls)] == stats
            assert reader.call(OpCode.GET_DATA, "/marker").body[0] == b"then"
        # The session of the snapshot may be taken up here.
        with RawClient(target.port) as again:
            answer = again.connect(client.session_id, client.password, timeout_ms=60_000)
            assert answer.session_id == client.session_id


@pytest.mark.compat
def test_apache_opens_what_a_restore_left(drover):
    with connected(drover) as client:
        fill(client, b"then")
        body = take_snapshot(drover)
        client.call(OpCode.SET_DATA, "/marker", b"now", -1)
    assert restore(drover, body).status == 200
    with connected(drover) as client:
        client.call(OpCode.CREATE, "/after", b"")
        client.close_session()
    ours = tree_of(drover)
    drover.stop()
    data = pathlib.Path(drover.data_dir)
    with servers.server_by_name("apache-3.9", data_dir=data) as apache:
        theirs = tree_of(apache)
        assert {path: znode.data for path, znode in theirs.items()} == {
            path: znode.data for path, znode in ours.items()
        }
