"""One data directory, two owners in turn: Apache and us, each opening what the other left.

After a normal stop and after SIGKILL under load, in both directions and there and back, every znode
(data, Stat, ACL), every live session with its ephemeral znodes and every digest must be the same.
"""

import re

import pytest

import sample_tree
import txn_log_file
from crash_run import CONFIG as CRASH_CONFIG
from crash_run import CrashRun
from support import servers
from support.rawclient import OpCode, RawClient, encode_body
from tree_dump import dump

OTHERS = [
    "debian",
    pytest.param("apache-3.8", marks=pytest.mark.compat),
    pytest.param("apache-3.9", marks=pytest.mark.compat),
]

ROLLING = {"snapCount": 40, "preAllocSize": 16}


class Estate:
    """A data directory and the server that has it now."""

    def __init__(self, folder):
        self._folder = folder
        self.server = None
        self.sessions = []
        self.tree = {}

    def hand_to(self, name, **config):
        """Stops the present owner, if any, and starts `name` on the directory."""
        self.release()
        options = {**sample_tree.CONFIG, **config}
        self.server = servers.server_by_name(name, config=options, data_dir=self._folder)
        self.server.start()

    def release(self):
        """Normal stop."""
        if self.server is not None:
            self.server.stop()
            self.server.close()
            self.server = None

    def write(self, top):
        """Adds the sample tree under `top` and remembers how everything looks now."""
        self.sessions += sample_tree.write_sample(self.server.port, top)
        self.tree = self._dump()

    def wait_for_snapshots(self):
        """Apache writes them beside its work and its end cuts short the one under way."""
        servers.wait_until(self._has_no_snapshot_under_way, 30, "every snapshot begun is done")

    def _has_no_snapshot_under_way(self):
        # One at a time: every server has its own and says so in the same words.
        log = self.server.log.read_text(errors="replace")
        return log.rfind("Snapshot taken in ") > log.rfind("Snapshotting: ")

    def check(self):
        """The present owner must show what its predecessor left."""
        tree = self._dump()
        assert tree.keys() == self.tree.keys()
        different = [path for path in tree if tree[path] != self.tree[path]]
        assert not different, "\n".join(
            f"{path}\n  was {self.tree[path]}\n  is  {tree[path]}" for path in different[:5]
        )
        self._check_sessions()
        self._check_digests()

    def _dump(self):
        with RawClient(self.server.port) as client:
            # No session of its own: it would take a zxid, but it changes no znode.
            client.connect()
            client.call(OpCode.AUTH, "digest", b"super:test", xid=-4)
            tree = dump(client)
            client.close_session()
        return tree

    def check_tree(self):
        """What its predecessor left, as far as any release can show it."""
        assert self._dump() == self.tree

    def _check_sessions(self):
        for session in self.sessions:
            with RawClient(self.server.port) as client:
                # Who comes back negotiates anew: with less, the session would not outlive the next
                # silence on a slow machine.
                response = client.connect(
                    session.session_id, session.password, timeout_ms=sample_tree.SESSION_TIMEOUT_MS
                )
                assert response.session_id == session.session_id
                assert response.timeout == sample_tree.SESSION_TIMEOUT_MS
                reply = client.call(OpCode.GET_EPHEMERALS, "/")
                assert sorted(reply.body) == session.ephemerals

    def _check_digests(self):
        mntr = self.server.four_letter_word("mntr").decode()
        assert re.search(r"^zk_digest_mismatches_count\t0(\.0)?$", mntr, re.MULTILINE)
        said = self.server.log.read_text()
        assert "not matching" not in said  # Apache's words
        assert "digest is not that of" not in said


@pytest.fixture
def estate(tmp_path):
    """An empty data directory."""
    made = Estate(tmp_path / "data")
    yield made
    if made.server is not None:
        made.server.close()


def in_order(direction, other, ours):
    return (other, ours) if direction == "theirs-to-ours" else (ours, other)


@pytest.mark.parametrize("other", OTHERS)
@pytest.mark.parametrize("direction", ["theirs-to-ours", "ours-to-theirs"])
def test_there_and_back_with_normal_stops(estate, server_name, direction, other):
    author, heir = in_order(direction, other, server_name)
    estate.hand_to(author)
    estate.write("/first")
    digests = digests_of(estate.server)
    estate.hand_to(heir)
    estate.check()
    assert_same_digests(digests, digests_of(estate.server))
    estate.write("/second")
    estate.hand_to(author)
    estate.check()
    estate.hand_to(heir)
    estate.check()


def digests_of(server):
    """{zxid: digest} from the `hash` word."""
    lines = server.four_letter_word("hash").decode().splitlines()
    return {int(zxid, 16): int(digest) for zxid, digest in (line.split(": ") for line in lines)}


def assert_same_digests(author, heir):
    """Every digest that the heir replayed is the author's."""
    assert len(author) > 10, "the sample is long enough to leave digests"
    common = author.keys() & heir.keys()
    assert {zxid: author[zxid] for zxid in common} == {zxid: heir[zxid] for zxid in common}


@pytest.mark.parametrize("other", OTHERS)
@pytest.mark.parametrize("direction", ["theirs-to-ours", "ours-to-theirs"])
def test_logs_in_a_folder_of_their_own(estate, server_name, direction, other, tmp_path):
    author, heir = in_order(direction, other, server_name)
    config = {"dataLogDir": tmp_path / "logs", "snapCount": 300}
    estate.hand_to(author, **config)
    estate.write("/apart")
    estate.hand_to(heir, **config)
    estate.check()
    for folder, kind in ((tmp_path / "data", "snapshot"), (tmp_path / "logs", "log")):
        files = {file.name.split(".")[0] for file in (folder / "version-2").iterdir()}
        assert files & {"snapshot", "log"} == {kind}


@pytest.mark.compat
def test_a_directory_of_3_5(estate, server_name):
    """Before 3.6 there were no digests, and a closed session was logged without its record."""
    estate.hand_to("apache-3.5")
    estate.write("/old")
    estate.hand_to(server_name)
    estate.check()
    estate.write("/new")
    estate.hand_to("apache-3.5")
    estate.check_tree()


@pytest.mark.parametrize("method", ["gz", "snappy"])
@pytest.mark.parametrize("other", OTHERS)
@pytest.mark.parametrize("direction", ["theirs-to-ours", "ours-to-theirs"])
def test_compressed_snapshots(estate, server_name, direction, other, method, tmp_path):
    author, heir = in_order(direction, other, server_name)
    estate.hand_to(author, **{"snapshot.compression.method": method, "snapCount": 200})
    estate.write("/compressed")
    estate.wait_for_snapshots()
    estate.release()
    keep_only_the_newest_snapshot(tmp_path / "data", f".{method}")
    estate.hand_to(heir)
    estate.check()


def keep_only_the_newest_snapshot(data_dir, suffix):
    """Leaves no other way to the state than through the newest snapshot and the logs after it."""
    *older, newest = txn_log_file.snapshot_files(data_dir)
    assert newest.suffix == suffix
    assert int(newest.name.split(".")[1], 16) > 100, "the snapshot holds something"
    for file in older:
        file.unlink()


@pytest.mark.parametrize("other", OTHERS)
@pytest.mark.parametrize("config", [{}, ROLLING], ids=["log", "rolls"])
def test_relay_of_killed_servers(server_name, other, config, tmp_path):
    """Each server is killed under load, the other one recovers its directory and carries on."""
    options = {"config": {**CRASH_CONFIG, **config}, "data_dir": tmp_path / "data"}
    runners = [servers.server_by_name(name, **options) for name in (server_name, other)]
    try:
        run = CrashRun(runners[0].start())
        with run.reporting():
            run.prepare()
            for lap in range(1, 7):
                run.round(successor=runners[lap % 2])
            run.finish()
    finally:
        for runner in runners:
            runner.close()


def test_the_comparison_notices_a_difference(estate, server_name, tmp_path):
    """A directory that says more than its last owner did must not pass."""
    estate.hand_to(server_name)
    estate.write("/sample")
    estate.release()
    log = txn_log_file.log_files(tmp_path / "data")[-1]
    last = txn_log_file.read_entries(log)[-1]
    body = encode_body(OpCode.SET_DATA, "/sample", b"never said", 1)
    txn_log_file.append_entry(log, last.session, last.zxid + 1, OpCode.SET_DATA, body)
    estate.hand_to(server_name)
    with pytest.raises(AssertionError, match="never said"):
        estate.check()
