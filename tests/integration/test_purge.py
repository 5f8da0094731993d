"""Old logs and snapshots go away on their own, and never one that a recovery could need."""

import pytest

import txn_log_file
from support.rawclient import Err, OpCode, RawClient
from support.servers import wait_until
from tree_dump import dump

SNAPSHOTS_KEPT = 3
MANY = {"snapCount": 20, "preAllocSize": 64}
STRAYS = ["snapshot.backup", "log.old", "log.1.bak", "notes.txt"]


def write_many(server, rounds=400):
    """Enough txns for a dozen snapshots; returns the tree."""
    with RawClient(server.port) as client:
        client.connect()
        client.call(OpCode.CREATE, "/n")
        for _ in range(rounds // 10):
            replies = client.pipeline([(OpCode.SET_DATA, "/n", b"x")] * 10)
            assert all(reply.err == Err.OK for reply in replies)
        return dump(client)


def names(data_dir):
    """(snapshots, logs) by name."""
    snapshots = [file.name for file in txn_log_file.snapshot_files(data_dir)]
    return snapshots, [file.name for file in txn_log_file.log_files(data_dir)]


@pytest.fixture
def crowded(make_server):
    """A stopped server whose folder holds many snapshots and logs, and its tree."""
    server = make_server(config={**MANY, "autopurge.purgeInterval": 0}).start()
    tree = write_many(server)
    wait_until(lambda: len(names(server.data_dir)[0]) > 2 * SNAPSHOTS_KEPT, 10, "snapshots")
    server.stop()
    return server, tree


def test_switched_off_nothing_is_purged(crowded):
    server, _ = crowded
    before = names(server.data_dir)
    server.start()
    write_many(server, 10)
    snapshots, logs = names(server.data_dir)
    assert set(before[0]) <= set(snapshots)
    assert set(before[1]) <= set(logs)


@pytest.mark.parametrize("interval", ["1", None], ids=["hourly", "default"])
def test_old_files_are_purged(crowded, server_name, interval):
    """At once when the server starts; by default too, unlike Apache."""
    server, tree = crowded
    if interval is None:
        if server_name != "drover":
            pytest.skip("off by default")
        del server.config["autopurge.purgeInterval"]
    else:
        server.config["autopurge.purgeInterval"] = interval
    folder = txn_log_file.version_folder(server.data_dir)
    if server_name == "drover":  # Apache deletes such files.
        for name in STRAYS:
            (folder / name).write_text("somebody's")
    newest = names(server.data_dir)[0][-SNAPSHOTS_KEPT + 1 :]  # and the one that the start adds
    server.start()
    few = SNAPSHOTS_KEPT + 1  # The start may add one before or after the purge.
    wait_until(lambda: len(names(server.data_dir)[0]) <= few, 10, "purge")
    snapshots, logs = names(server.data_dir)
    assert set(newest) <= set(snapshots)
    assert len(snapshots) >= SNAPSHOTS_KEPT
    if server_name == "drover":
        assert {name for name in STRAYS if (folder / name).exists()} == set(STRAYS)
    needed_from = int(snapshots[0].split(".")[1], 16)
    assert int(logs[0].split(".")[1], 16) <= needed_from + 1
    server.kill()
    for snapshot in snapshots[1:]:
        (folder / snapshot).unlink()  # The oldest that is kept must still do.
    server.start()
    with RawClient(server.port) as client:
        client.connect()
        assert dump(client)["/n"] == tree["/n"]
