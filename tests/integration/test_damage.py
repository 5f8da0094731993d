"""Damaged data directories: a torn tail is cut, anything worse is refused by name, never guessed at.

The directories are written by Apache and by our server; every damage is done to a copy. "Starts"
means that every write before the damage is there, that new writes survive another restart, and,
for damage at the tail, that Apache opens the directory afterwards.
"""

import collections
import os
import re
import shutil

import pytest

import txn_log_file
from refusals import refusal
from support import servers
from support.rawclient import OPEN_ACL, ConnectionClosed, Err, OpCode, RawClient
from tree_dump import dump

RUNS = 3
NODES_PER_RUN = 25

Original = collections.namedtuple("Original", "folder tree")


# -- the directories to damage ---------------------------------------------------------------------


def write_original(server):
    """Several runs, so several logs and snapshots. The last write sets /last from `old` to `new`."""
    for run in range(RUNS):
        server.start()
        with RawClient(server.port) as client:
            client.connect()
            requests = [(OpCode.CREATE, f"/run{run}")]
            for n in range(NODES_PER_RUN):
                requests.append((OpCode.CREATE, f"/run{run}/n{n}", b"data %d" % n * 9))
            if run == RUNS - 1:
                requests.append((OpCode.CREATE, "/last", b"old"))
            assert all(reply.err == Err.OK for reply in client.pipeline(requests))
            tree = dump(client)
            if run == RUNS - 1:
                assert client.call(OpCode.SET_DATA, "/last", b"new").err == Err.OK
        # The session is left open: closing it would write behind the last setData.
        server.kill()
    return tree


@pytest.fixture(scope="module", params=["theirs", "ours"])
def original(request, server_name, tmp_path_factory):
    """A directory as its author left it, and its tree before the last write."""
    folder = tmp_path_factory.mktemp(request.param) / "data"
    author = "debian" if request.param == "theirs" else server_name
    # Little preallocation: every test copies the logs.
    server = servers.server_by_name(author, data_dir=folder, config={"preAllocSize": 64})
    try:
        return Original(folder, write_original(server))
    finally:
        server.close()


class Copy:
    """A private copy of an original with only its oldest snapshot, so that every log counts."""

    def __init__(self, original, folder, make_server):
        shutil.copytree(original.folder, folder)
        self.folder = folder
        self.tree = original.tree
        self.make_server = make_server
        for newer in txn_log_file.snapshot_files(folder)[1:]:
            newer.unlink()

    @property
    def logs(self):
        return txn_log_file.log_files(self.folder)

    @property
    def last_log(self):
        return self.logs[-1]

    @property
    def version_folder(self):
        return txn_log_file.version_folder(self.folder)

    def entries(self, log=None):
        return txn_log_file.read_entries(log or self.last_log)

    def overwrite(self, file, offset, data):
        with open(file, "r+b") as opened:
            opened.seek(offset)
            opened.write(data)

    def cut(self, offset):
        """The last log ends at `offset`."""
        os.truncate(self.last_log, offset)

    def must_start(self, last, then_apache=False):
        """The server starts with everything, /last holding `last`; returns its log text."""
        server = self.make_server(data_dir=self.folder).start()
        said = server.log_tail(100_000)
        self._check(server, last)
        server.kill()
        server.start()
        self._check(server, last)
        with RawClient(server.port) as client:
            client.connect()
            assert client.call(OpCode.GET_DATA, "/new").body[0] == b"after"
        server.stop()
        if then_apache:
            with servers.DebianApache(data_dir=self.folder) as apache:
                self._check(apache, last)
        return said

    def _check(self, server, last):
        with RawClient(server.port) as client:
            client.connect()
            found = dump(client)
            client.call(OpCode.CREATE, "/new", b"after")
        assert found["/last"].data == last
        for path, znode in self.tree.items():
            if path not in ("/", "/last"):  # "/" has a new child
                assert found[path] == znode, path

    def must_refuse(self):
        """The server refuses, leaving every byte as it is; returns what it says."""
        before = self._contents()
        line = refusal(self.make_server(data_dir=self.folder))
        assert self._contents() == before, "a refused directory must not be touched"
        return line

    def _contents(self):
        files = [file for file in self.version_folder.rglob("*") if file.is_file()]
        return {file.name: file.read_bytes().rstrip(b"\0") for file in files if file.stat().st_size}


@pytest.fixture
def copy(original, tmp_path, make_server):
    return Copy(original, tmp_path / "data", make_server)


def test_the_undamaged_directory_starts(copy):
    copy.must_start(b"new")


def names(text, log, entry, level=""):
    """True when one line names the file and the offset, in decimal, at that level of logging."""
    return any(
        log.name in line
        and re.search(rf"\b{entry.offset}\b", line)
        and re.search(level, line, re.IGNORECASE)
        for line in text.splitlines()
    )


# -- the tail: what a crash can leave --------------------------------------------------------------


def tear(copy, kept, filler):
    """Leaves the first `kept` bytes of the last entry; `filler` stands where the rest was."""
    last = copy.entries()[-1]
    if filler is None:
        copy.cut(last.offset + kept)
    else:
        copy.overwrite(copy.last_log, last.offset + kept, filler * (last.end - last.offset - kept))


@pytest.mark.parametrize("filler", [None, b"\0"], ids=["end-of-file", "zeros"])
@pytest.mark.parametrize("kept", [1, 10, 12, 30, -1])
def test_a_torn_last_record_is_dropped(copy, kept, filler):
    log, last = copy.last_log, copy.entries()[-1]
    kept = kept if kept > 0 else last.end - last.offset + kept
    tear(copy, kept, filler)
    said = copy.must_start(b"old", then_apache=kept == 30 and filler is None)
    assert names(said, log, last)


def test_a_wrong_end_byte_on_the_last_record_drops_it(copy):
    log, last = copy.last_log, copy.entries()[-1]
    copy.overwrite(log, last.end - 1, b"C")
    said = copy.must_start(b"old", then_apache=True)
    assert names(said, log, last)


def test_a_wrong_checksum_of_the_last_record_drops_it(copy):
    """A torn write of an unsynced batch; Apache refuses to start here."""
    log, last = copy.last_log, copy.entries()[-1]
    copy.overwrite(log, last.payload_offset + 40, b"\xff\xff")
    said = copy.must_start(b"old", then_apache=True)
    assert names(said, log, last, "warn")


def test_junk_behind_the_last_record_is_cut(copy):
    last = copy.entries()[-1]
    copy.overwrite(copy.last_log, last.end, bytes(range(1, 256)) * 8)
    copy.must_start(b"new", then_apache=True)


@pytest.mark.parametrize("size", [0, 4, 15])
def test_an_empty_or_short_newest_log_is_ignored(copy, size):
    """Apache 3.8 refuses to start on it."""
    name = f"log.{copy.entries()[-1].zxid + 1:x}"
    (copy.version_folder / name).write_bytes(copy.last_log.read_bytes()[:size])
    copy.must_start(b"new", then_apache=size == 0)


def test_a_newest_log_of_only_a_header_is_fine(copy):
    name = f"log.{copy.entries()[-1].zxid + 1:x}"
    (copy.version_folder / name).write_bytes(copy.last_log.read_bytes()[:16])
    copy.must_start(b"new")


# -- before the tail: refused ----------------------------------------------------------------------


@pytest.mark.parametrize("which", [0, 1, 2], ids=["oldest-log", "middle-log", "newest-log"])
def test_a_wrong_checksum_before_the_tail_is_refused(copy, which):
    log = copy.logs[which]
    entry = copy.entries(log)[5]
    copy.overwrite(log, entry.payload_offset + 33, b"\xff")
    line = copy.must_refuse()
    assert names(line, log, entry), line


def test_the_last_record_of_an_older_log_is_not_the_tail(copy):
    log = copy.logs[0]
    entry = copy.entries(log)[-1]
    copy.overwrite(log, entry.payload_offset + 33, b"\xff")
    line = copy.must_refuse()
    assert log.name in line, line


@pytest.mark.parametrize("size", [1, 512])
def test_a_zeroed_region_before_the_tail_is_refused(copy, size):
    """Apache ends the file there without a word and loses the rest."""
    entry = copy.entries()[8]
    copy.overwrite(copy.last_log, entry.offset, bytes(max(size, entry.end - entry.offset)))
    line = copy.must_refuse()
    assert names(line, copy.last_log, entry), line


@pytest.mark.parametrize("length", [-1, 0, 31, 0x7FFFFFFF])
def test_a_wrong_length_before_the_tail_is_refused(copy, length):
    entry = copy.entries()[8]
    copy.overwrite(copy.last_log, entry.offset + 8, length.to_bytes(4, "big", signed=True))
    line = copy.must_refuse()
    assert names(line, copy.last_log, entry), line


def test_an_unknown_transaction_type_is_refused(copy):
    last = copy.entries()[-1]
    txn_log_file.append_entry(copy.last_log, last.session, last.zxid + 1, 77, b"")
    line = copy.must_refuse()
    assert copy.last_log.name in line
    assert re.search(rf"\b{last.end}\b", line), line


@pytest.mark.parametrize("which", [0, 2], ids=["oldest-log", "newest-log"])
@pytest.mark.parametrize("header", [b"ZKSN", b"\0\0\0\0"])
def test_bad_magic_is_refused(copy, which, header):
    log = copy.logs[which]
    copy.overwrite(log, 0, header)
    line = copy.must_refuse()
    assert log.name in line, line


@pytest.mark.parametrize("which", [0, 1], ids=["after-the-snapshot", "between-logs"])
def test_a_missing_log_is_refused(copy, which):
    before_gap = copy.logs[which].name
    after_gap = copy.logs[which + 1].name
    copy.logs[which].unlink()
    line = copy.must_refuse()
    assert after_gap in line and not re.search(rf"{before_gap}\b", line), line


def test_a_gap_inside_a_log_is_refused(copy):
    last = copy.entries()[-1]
    body = b"\0\0\0\5/last" + b"\0\0\0\1x" + bytes([0, 0, 0, 2])
    txn_log_file.append_entry(copy.last_log, last.session, last.zxid + 3, OpCode.SET_DATA, body)
    line = copy.must_refuse()
    assert names(line, copy.last_log, txn_log_file.read_entries(copy.last_log)[-1]), line


# -- what only looks like damage -------------------------------------------------------------------


def test_a_new_epoch_is_no_gap(copy):
    """A leader that took office numbers its transactions from (epoch << 32) + 1."""
    last = copy.entries()[-1]
    body = b"\0\0\0\5/last" + b"\0\0\0\1x" + bytes([0, 0, 0, 2])
    zxid = (1 << 32) + 1
    header = copy.last_log.read_bytes()[:16]
    entry = txn_log_file.encode_entry(last.session, 0, zxid, last.time_ms, OpCode.SET_DATA, body)
    (copy.version_folder / f"log.{zxid:x}").write_bytes(header + entry)
    copy.must_start(b"x")


def test_an_error_that_repeats_a_zxid_is_accepted(copy):
    """Apache since 3.9 logs a request that it cannot decode under the zxid before it."""
    last = copy.entries()[-1]
    body = (-5).to_bytes(4, "big", signed=True)
    txn_log_file.append_entry(
        copy.last_log, last.session, last.zxid, txn_log_file.OP_ERROR, body
    )
    copy.must_start(b"new")


def test_a_wrong_digest_is_counted_but_does_not_stop_the_start(copy):
    last = copy.entries()[-1]
    digest = b"\0\0\0\2" + b"\1" * 8
    body = b"\0\0\0\5/last" + b"\0\0\0\1x" + bytes([0, 0, 0, 2]) + digest
    txn_log_file.append_entry(copy.last_log, last.session, last.zxid + 1, OpCode.SET_DATA, body)
    server = copy.make_server(data_dir=copy.folder).start()
    mntr = server.four_letter_word("mntr").decode()
    count = re.search(r"^zk_digest_mismatches_count\t(\d+)", mntr, re.M)
    assert int(count.group(1)) == 1
    server.kill()
    copy.must_start(b"x")


@pytest.mark.parametrize("suffix", ["bak", "chopped5"])
def test_stray_log_files_are_ignored(copy, suffix):
    """Apache takes `log.1.bak` for a log and replays it."""
    stray = copy.version_folder / f"{copy.last_log.name}.{suffix}"
    shutil.copy(copy.logs[0], stray)
    said = copy.must_start(b"new")
    warnings = [line for line in said.splitlines() if stray.name in line]
    assert len(warnings) == 1, said
    assert stray.exists()


# -- snapshots -------------------------------------------------------------------------------------


@pytest.fixture
def with_snapshots(original, copy):
    """The copy with all of its snapshots, at least two (a start writes one if none has been)."""
    for snapshot in txn_log_file.snapshot_files(original.folder):
        shutil.copy(snapshot, copy.version_folder / snapshot.name)
    if len(txn_log_file.snapshot_files(copy.folder)) < 2:
        server = copy.make_server(data_dir=copy.folder, config={"snapCount": 4}).start()
        with RawClient(server.port) as client:
            client.connect()
            for _ in range(20):
                client.call(OpCode.SET_DATA, "/last", b"new")
            found = dump(client)
        servers.wait_until(
            lambda: len(txn_log_file.snapshot_files(copy.folder)) > 1, 10, "a second snapshot"
        )
        server.kill()
        copy.tree = found
    return copy


def flip_a_byte(snapshot):
    content = bytearray(snapshot.read_bytes())
    content[len(content) // 2] ^= 0x10
    snapshot.write_bytes(content)


def cut_in_half(snapshot):
    os.truncate(snapshot, snapshot.stat().st_size // 2)


def empty(snapshot):
    os.truncate(snapshot, 0)


def wrong_magic(snapshot):
    snapshot.write_bytes(b"ZKLG" + snapshot.read_bytes()[4:])


def wrong_seal(snapshot):
    content = snapshot.read_bytes()
    seal = content.rindex(b"\0\0\0\1/", 0, len(content) - 5) - 1
    snapshot.write_bytes(content[:seal] + bytes([content[seal] ^ 1]) + content[seal + 1 :])


def huge_count(snapshot):
    """A node count, here the number of sessions, that no file of this size can hold."""
    content = snapshot.read_bytes()
    snapshot.write_bytes(content[:16] + b"\x7f\xff\xff\xff" + content[20:])


DAMAGES = [flip_a_byte, cut_in_half, empty, wrong_magic, wrong_seal, huge_count]


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_newest_snapshot_falls_back(with_snapshots, damage):
    newest = txn_log_file.snapshot_files(with_snapshots.folder)[-1]
    damage(newest)
    said = with_snapshots.must_start(b"new")
    assert any(newest.name in line and re.search("warn", line, re.I) for line in said.splitlines())


@pytest.mark.parametrize("damage", DAMAGES)
def test_all_snapshots_damaged_is_refused(with_snapshots, damage):
    for snapshot in txn_log_file.snapshot_files(with_snapshots.folder):
        damage(snapshot)
    assert "snapshot" in with_snapshots.must_refuse()


def test_logs_without_a_snapshot_are_refused(copy):
    for snapshot in txn_log_file.snapshot_files(copy.folder):
        snapshot.unlink()
    assert "snapshot" in copy.must_refuse()


def test_logs_without_a_snapshot_start_when_told_to_trust_that(copy):
    for snapshot in txn_log_file.snapshot_files(copy.folder):
        snapshot.unlink()
    make_server = copy.make_server
    config = {"snapshot.trust.empty": "true"}
    copy.make_server = lambda **options: make_server(config=config, **options)
    copy.must_start(b"new")


def test_an_unfinished_snapshot_is_ignored(with_snapshots):
    """Apache loads snapshot.N.tmp as if it were finished."""
    oldest, *_ = txn_log_file.snapshot_files(with_snapshots.folder)
    stray = with_snapshots.version_folder / "snapshot.7fffffff.tmp"
    shutil.copy(oldest, stray)
    with_snapshots.must_start(b"new")


@pytest.mark.parametrize("kept", [0, 33], ids=["no-trailer", "digest-only"])
def test_a_snapshot_of_an_older_release_is_read(with_snapshots, kept):
    """Before 3.6 nothing followed the first seal, before 3.9 only the digest (33 bytes) did."""
    for snapshot in txn_log_file.snapshot_files(with_snapshots.folder):
        content = snapshot.read_bytes()
        end_of_nodes = trailer_start(content)
        assert len(content) >= end_of_nodes + kept
        os.truncate(snapshot, end_of_nodes + kept)
    with_snapshots.must_start(b"new")


def trailer_start(content):
    """Where the bytes after the first seal start: the trailer has 54 bytes, 33, or none."""
    for size in (54, 33, 0):
        at = len(content) - size
        if content[at - 5 : at] == b"\0\0\0\1/" and content[at - 18 : at - 13] == b"\0\0\0\1/":
            return at
    raise AssertionError("no seal found")


# -- logs that Apache cannot start from ------------------------------------------------------------


def make_deadly_log(folder, request):
    """Apache 3.8.0 itself writes the log, dies of the request or will not start again."""
    with servers.DebianApache(data_dir=folder) as apache:
        with RawClient(apache.port, timeout=3) as client:
            client.connect()
            assert client.call(OpCode.CREATE, "/last", b"new").err == Err.OK
            tree = dump(client)
            try:
                client.call(*request)
            except (ConnectionClosed, TimeoutError):
                pass
    apache = servers.DebianApache(data_dir=folder)
    try:
        assert apache.start_expecting_exit() != 0, "Apache survives it after all"
    finally:
        apache.close()
    return tree


@pytest.mark.parametrize(
    "request_",
    [
        (OpCode.CREATE_TTL, "/deadly", b"", OPEN_ACL, 0, -1),
        (OpCode.CHECK, "/last", 0),
    ],
    ids=["ttl", "check"],
)
def test_a_log_that_apache_cannot_read_back_starts(tmp_path, make_server, request_):
    tree = make_deadly_log(tmp_path / "theirs", request_)
    copy = Copy(Original(tmp_path / "theirs", tree), tmp_path / "data", make_server)
    copy.must_start(b"new")
