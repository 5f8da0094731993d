"""Is every kind of damage named, with file, offset, zxids and next step, as the server names it?

Each damage is done to a copy of a directory that a real server wrote, Debian's Apache or ours. Then
the tools are asked, and a server is started on the same bytes: whether it starts must be what the
check foretold, and what it says must be what the check says it would.
"""

import dataclasses
import gzip
import os
import pathlib
import re
import shutil
import struct
import zlib

import pytest

import txn_log_file
from file_tools import (
    AUTHORS, OK, PROBLEMS, WARNINGS, drover, logs, snapshots, write_directory,
)
from refusals import refusal
from support import servers
from support.rawclient import OpCode


@dataclasses.dataclass
class Expected:
    """What must be said about one damage."""

    code: str
    file: pathlib.Path = None  # None: the finding is about the folder
    offset: int = None  # None: not asked for
    zxids: tuple = None  # first, last
    starts: bool = False
    words: str = ""  # a pattern in `what`
    step: str = "."  # a pattern in `next_step`


class Copy:
    """A private copy of a directory, and the means to hurt it."""

    def __init__(self, folder):
        self.folder = folder
        self.logs = logs(folder)
        self.snapshots = snapshots(folder)
        self.version = txn_log_file.version_folder(folder)

    def only_oldest_snapshot(self):
        """From now on every log counts."""
        for newer in self.snapshots[1:]:
            newer.unlink()
        del self.snapshots[1:]

    def entries(self, log):
        return txn_log_file.read_entries(log)

    @staticmethod
    def put(path, offset, data):
        with open(path, "r+b") as file:
            file.seek(offset)
            file.write(data)

    @staticmethod
    def flip(path, offset, bit=0x01):
        with open(path, "r+b") as file:
            file.seek(offset)
            byte = file.read(1)[0]
        Copy.put(path, offset, bytes([byte ^ bit]))


@pytest.fixture(scope="module", params=AUTHORS)
def written(request, tmp_path_factory):
    return write_directory(request.param, tmp_path_factory.mktemp(request.param) / "data", runs=3)


@pytest.fixture
def copy(written, tmp_path):
    return Copy(shutil.copytree(written, tmp_path / "data"))


# -- logs: a middle entry of the middle log, so that much is behind it -----------------------------

MIDDLE = 6


def victim(copy):
    copy.only_oldest_snapshot()
    log = copy.logs[1]
    return log, copy.entries(log)[MIDDLE]


def log_bit_in_record(copy):
    log, entry = victim(copy)
    copy.flip(log, entry.payload_offset + 45)
    return Expected("log.record", log, entry.offset, (entry.zxid, entry.zxid),
                    words="wrong checksum", step="drover log repair")


def log_bit_in_checksum(copy):
    log, entry = victim(copy)
    copy.flip(log, entry.offset + 6)
    return Expected("log.checksum", log, entry.offset, (entry.zxid, entry.zxid),
                    words="the record is whole", step="nothing needs to be lost")


def log_high_bit_in_checksum(copy):
    log, entry = victim(copy)
    copy.flip(log, entry.offset, 0x80)
    return Expected("log.checksum", log, entry.offset, (entry.zxid, entry.zxid),
                    words="the checksum field is damaged", step="nothing needs to be lost")


def log_bit_in_length(copy):
    log, entry = victim(copy)
    copy.flip(log, entry.offset + 11, 0x04)
    return Expected("log.length", log, entry.offset, (entry.zxid, entry.zxid),
                    words="only the length field is wrong", step="nothing needs to be lost")


def log_giant_length(copy):
    log, entry = victim(copy)
    copy.put(log, entry.offset + 8, b"\x7f\xff\xff\xff")
    return Expected("log.length", log, entry.offset, (entry.zxid, entry.zxid),
                    words="an entry of length 2147483647", step="nothing needs to be lost")


def log_negative_length(copy):
    log, entry = victim(copy)
    copy.put(log, entry.offset + 8, b"\xff\xff\xff\xff")
    return Expected("log.length", log, entry.offset, (entry.zxid, entry.zxid),
                    words="an entry of length -1", step="nothing needs to be lost")


def log_zero_length(copy):
    log, entry = victim(copy)
    copy.put(log, entry.offset + 8, bytes(4))
    return Expected("log.length", log, entry.offset, (entry.zxid, entry.zxid),
                    words="an entry of length 0", step="nothing needs to be lost")


def log_wrong_end_byte(copy):
    log, entry = victim(copy)
    copy.put(log, entry.end - 1, b"C")
    return Expected("log.end-byte", log, entry.offset, (entry.zxid, entry.zxid),
                    words="without its end byte", step="nothing needs to be lost")


def log_missing_end_byte(copy):
    """All that follows stands one byte too early."""
    log, entry = victim(copy)
    content = log.read_bytes()
    log.write_bytes(content[: entry.end - 1] + content[entry.end :])
    return Expected("log.end-byte", log, entry.offset, (entry.zxid, entry.zxid),
                    words="without its end byte", step="nothing needs to be lost")


def log_hole_of_zeros(copy):
    log, entry = victim(copy)
    last = copy.entries(log)[MIDDLE + 2]
    copy.put(log, entry.offset, bytes(last.end - entry.offset))
    return Expected("log.zeros", log, entry.offset, (entry.zxid, last.zxid),
                    words="zeros where an entry should begin", step="drover log repair")


def log_lost_sector(copy):
    """512 bytes of rubbish where some entries were."""
    log, entry = victim(copy)
    after = next(e for e in copy.entries(log) if e.offset >= entry.offset + 512)
    copy.put(log, entry.offset, (bytes(range(7, 135)) * 4))
    return Expected("log.unreadable", log, entry.offset, (entry.zxid, after.zxid - 1),
                    words="refusing|wrong|length|end byte")


def log_bad_magic(copy):
    log, _ = victim(copy)
    copy.put(log, 0, b"ZKLX")
    return Expected("log.magic", log, 0, words="magic ZKLG is missing", step="--ignore-header")


def log_truncated_header(copy):
    """Of a log in the middle: whatever was in it is gone."""
    log, _ = victim(copy)
    os.truncate(log, 9)
    return Expected("log.empty", log, 9, words="without a header")


def log_wrong_version(copy):
    """Nobody looks at it, so a server starts."""
    log, _ = victim(copy)
    copy.put(log, 4, struct.pack(">i", 3))
    return Expected("log.version", log, 4, starts=True, words="version is 3 instead of 2")


def log_wrong_dbid(copy):
    log, _ = victim(copy)
    copy.put(log, 8, struct.pack(">q", 42))
    return Expected("log.dbid", log, 8, starts=True, words="dbid is 0x2a")


def log_torn_tail(copy):
    copy.only_oldest_snapshot()
    log = copy.logs[-1]
    last = copy.entries(log)[-1]
    os.truncate(log, last.offset + 30)
    return Expected("log.torn", log, last.offset, starts=True, words="ends inside an entry",
                    step="nothing to do")


def log_torn_in_the_middle(copy):
    """An older log ends too early and the next goes on behind it: no unfinished write."""
    log, _ = victim(copy)
    last = copy.entries(log)[-1]
    os.truncate(log, last.offset + 30)
    return Expected("log.torn", log, last.offset, (last.zxid, last.zxid),
                    words="a later log goes on behind it", step="drover log repair")


def log_empty_newest(copy):
    copy.only_oldest_snapshot()
    last = copy.entries(copy.logs[-1])[-1]
    empty = copy.version / f"log.{last.zxid + 1:x}"
    empty.touch()
    return Expected("log.empty", empty, 0, starts=True, words="holds no txn", step="nothing to do")


def log_duplicate_zxid(copy):
    copy.only_oldest_snapshot()
    log = copy.logs[-1]
    last = copy.entries(log)[-1]
    txn_log_file.append_entry(log, last.session, last.zxid, OpCode.CREATE, last.body)
    return Expected("log.duplicate", log, last.end, (last.zxid, last.zxid),
                    words="the log goes back")


def log_zxid_backwards(copy):
    copy.only_oldest_snapshot()
    log = copy.logs[-1]
    last = copy.entries(log)[-1]
    txn_log_file.append_entry(log, last.session, last.zxid - 3, OpCode.CREATE, last.body)
    return Expected("log.backwards", log, last.end, (last.zxid - 3, last.zxid),
                    words="the log goes back")


def log_gap_inside(copy):
    copy.only_oldest_snapshot()
    log = copy.logs[-1]
    last = copy.entries(log)[-1]
    txn_log_file.append_entry(log, last.session, last.zxid + 5, OpCode.CREATE, last.body)
    return Expected("log.gap", log, last.end, (last.zxid + 1, last.zxid + 4),
                    words="the txns in between are missing")


def log_unknown_type(copy):
    copy.only_oldest_snapshot()
    log = copy.logs[-1]
    last = copy.entries(log)[-1]
    txn_log_file.append_entry(log, last.session, last.zxid + 1, 77, b"")
    return Expected("log.unknown-type", log, last.end, (last.zxid + 1, last.zxid + 1),
                    words="type 77")


def log_record_too_short(copy):
    copy.only_oldest_snapshot()
    log = copy.logs[-1]
    last = copy.entries(log)[-1]
    txn_log_file.append_entry(log, last.session, last.zxid + 1, OpCode.SET_DATA, b"\0\0\0\5/r")
    return Expected("log.short-record", log, last.end, (last.zxid + 1, last.zxid + 1),
                    words="too short for a setData")


def log_missing(copy):
    copy.only_oldest_snapshot()
    lost = copy.entries(copy.logs[1])
    copy.logs[1].unlink()
    return Expected("log.missing", copy.logs[2], 16, (lost[0].zxid, lost[-1].zxid),
                    words="the txns in between are missing", step="moved away")


def log_gap_between_files(copy):
    """The end of a log was cut off cleanly, as a chop does."""
    copy.only_oldest_snapshot()
    entries = copy.entries(copy.logs[1])
    os.truncate(copy.logs[1], entries[-3].offset)
    return Expected("log.missing", copy.logs[2], 16, (entries[-3].zxid, entries[-1].zxid),
                    words="the txns in between are missing")


def log_named_too_high(copy):
    """A start would look for the txns of its front in the file before it."""
    copy.only_oldest_snapshot()
    entries = copy.entries(copy.logs[1])
    renamed = copy.logs[1].rename(copy.version / f"log.{entries[3].zxid:x}")
    return Expected("log.name", renamed, 16, (entries[0].zxid, entries[-1].zxid), starts=True,
                    words="named for", step="mv ")


def log_copied_under_another_name(copy):
    copy.only_oldest_snapshot()
    entries = copy.entries(copy.logs[-1])
    double = copy.version / f"log.{entries[-1].zxid + 1:x}"
    shutil.copy(copy.logs[-1], double)
    return Expected("log.overlap", double, 16, (entries[0].zxid, entries[-1].zxid), starts=None,
                    words="already goes up to", step="drover log compare")


def log_stray_copy(copy):
    stray = copy.logs[0].with_name(copy.logs[0].name + ".bak")
    shutil.copy(copy.logs[0], stray)
    return Expected("dir.stray", stray, starts=True, words="ignored", step="move it")


# -- snapshots -------------------------------------------------------------------------------------


def newest(copy):
    return copy.snapshots[-1]


def covers(snapshot):
    return (0, int(snapshot.name.split(".")[1], 16))


def edited(snapshot, edit):
    """Rewrites the nodes of a snapshot: `edit` maps its bytes up to the first seal."""
    content = snapshot.read_bytes()
    # The end marker is the first "/" path whose seal fits.
    at = 0
    while True:
        at = content.index(b"\0\0\0\1/", at) + 5
        (seal,) = struct.unpack_from(">q", content, at)
        if seal == zlib.adler32(content[:at]):
            break
    body = edit(content[: at - 5]) + b"\0\0\0\1/"
    snapshot.write_bytes(body + struct.pack(">q", zlib.adler32(body)) + b"\0\0\0\1/")


def ustring(text):
    return struct.pack(">i", len(text)) + text


def node(path, acl_key=-1):
    return ustring(path) + ustring(b"x") + struct.pack(">q", acl_key) + bytes(60)


def snapshot_cut(copy):
    snapshot = newest(copy)
    size = snapshot.stat().st_size
    os.truncate(snapshot, size // 2)
    return Expected("snapshot.truncated", snapshot, size // 2, covers(snapshot), starts=True,
                    words="ends too early; \\d+ znodes can be read", step="next older")


def snapshot_empty(copy):
    snapshot = newest(copy)
    os.truncate(snapshot, 0)
    return Expected("snapshot.truncated", snapshot, 0, covers(snapshot), starts=True,
                    words="ends too early")


def snapshot_bit_in_data(copy):
    snapshot = newest(copy)
    content = snapshot.read_bytes()
    copy.flip(snapshot, content.index(b"data 3") + 2)
    return Expected("snapshot.seal", snapshot, None, covers(snapshot), starts=True,
                    words="CRC corruption.*no telling which", step="drover snapshot repair")


def snapshot_bad_adler(copy):
    snapshot = newest(copy)
    size = snapshot.stat().st_size
    copy.flip(snapshot, size - 6)
    return Expected("snapshot.seal", snapshot, size - 5, covers(snapshot), starts=True,
                    words="CRC corruption: the seal says")


def snapshot_without_its_last_mark(copy):
    snapshot = newest(copy)
    size = snapshot.stat().st_size
    os.truncate(snapshot, size - 5)
    return Expected("snapshot.truncated", snapshot, size - 5, covers(snapshot), starts=True,
                    words="ends too early.*no telling|ends too early")


def snapshot_wrong_last_mark(copy):
    """Apache skips such a file; nothing that counts is missing, so we load it."""
    snapshot = newest(copy)
    size = snapshot.stat().st_size
    copy.put(snapshot, size - 1, b"x")
    return Expected("snapshot.end-mark", snapshot, size, starts=True, words="Apache skips it",
                    step="drover snapshot repair")


def snapshot_bad_magic(copy):
    snapshot = newest(copy)
    copy.put(snapshot, 0, b"ZKLG")
    return Expected("snapshot.magic", snapshot, 0, covers(snapshot), starts=True,
                    words="magic ZKSN is missing")


def snapshot_giant_count(copy):
    snapshot = newest(copy)
    copy.put(snapshot, 16, b"\x7f\xff\xff\xff")
    return Expected("snapshot.truncated", snapshot, None, covers(snapshot), starts=True,
                    words="ends too early")


def snapshot_negative_length(copy):
    snapshot = newest(copy)
    content = snapshot.read_bytes()
    at = content.index(b"/run0/n5") - 4
    copy.put(snapshot, at, b"\xff\xff\xff\xf0")
    return Expected("snapshot.length", snapshot, at + 4, covers(snapshot), starts=True,
                    words="unreasonable length -16")


def snapshot_broken_gzip(copy):
    snapshot = newest(copy)
    packed = snapshot.with_name(snapshot.name + ".gz")
    content = bytearray(gzip.compress(snapshot.read_bytes()))
    content[len(content) // 2] ^= 0xFF
    packed.write_bytes(content)
    snapshot.unlink()
    return Expected("snapshot.gzip", packed, None, covers(snapshot), starts=True, words="gzip")


def snapshot_cut_gzip(copy):
    snapshot = newest(copy)
    packed = snapshot.with_name(snapshot.name + ".gz")
    packed.write_bytes(gzip.compress(snapshot.read_bytes())[:-20])
    snapshot.unlink()
    return Expected("snapshot.gzip", packed, None, covers(snapshot), starts=True,
                    words="gzip stream ends too early|damaged gzip")


def snapshot_broken_snappy(copy):
    snapshot = newest(copy)
    assert drover("snapshot", "convert", snapshot, "--to", "snappy", "--replace").code == OK
    packed = snapshot.with_name(snapshot.name + ".snappy")
    content = bytearray(packed.read_bytes())
    content[20] ^= 0xFF  # The length that the block tells.
    packed.write_bytes(content)
    return Expected("snapshot.snappy", packed, None, covers(snapshot), starts=True, words="snappy")


def snapshot_dangling_acl(copy):
    snapshot = newest(copy)
    edited(snapshot, lambda body: body + node(b"/open", acl_key=99))
    return Expected("snapshot.acl", snapshot, starts=True, words="znode /open: .* key 99",
                    step="setAcl")


def snapshot_orphan(copy):
    snapshot = newest(copy)
    edited(snapshot, lambda body: body + node(b"/nobody/child"))
    return Expected("snapshot.orphan", snapshot, starts=True,
                    words="znode /nobody/child: its parent is not", step="snapshot repair")


def snapshot_duplicate_path(copy):
    snapshot = newest(copy)
    edited(snapshot, lambda body: body + node(b"/run0"))
    return Expected("snapshot.duplicate", snapshot, starts=True, words="znode /run0: .* twice",
                    step="snapshot repair")


def snapshot_no_path(copy):
    snapshot = newest(copy)
    edited(snapshot, lambda body: body + node(b"run0/x"))
    return Expected("snapshot.path", snapshot, starts=True, words="znode run0/x: not a path")


def snapshot_named_too_high(copy):
    """Apache would take the name for true, and skip the txns up to there."""
    snapshot = copy.snapshots[0]
    if "last_zxid" not in drover("snapshot", "check", snapshot, "--json").json:
        # Of 3.8: with the part that 3.9 writes.
        content = snapshot.read_bytes() + struct.pack(">q", 0)
        content += struct.pack(">q", zlib.adler32(content)) + b"\0\0\0\1/"
        snapshot.write_bytes(content)
    for other in copy.snapshots[1:]:
        other.unlink()
    zxid = copy.entries(copy.logs[0])[4].zxid
    promised = copy.version / f"snapshot.{zxid:x}"
    shutil.copy(snapshot, promised)
    return Expected("snapshot.name", promised, starts=True,
                    words=f"named for {zxid:#x} and written at 0x0", step="mv ")


def snapshot_ephemeral_of_nobody(copy):
    snapshot = newest(copy)
    owner = bytes(44) + struct.pack(">q", 0x77) + bytes(8)
    stray = ustring(b"/eph") + ustring(b"") + struct.pack(">q", -1) + owner
    edited(snapshot, lambda body: body + stray)
    return Expected("snapshot.session", snapshot, starts=True, words="session 0x77", step="")


def snapshots_all_damaged(copy):
    for snapshot in copy.snapshots:
        copy.put(snapshot, 0, b"nope")
    return Expected("snapshot.magic", copy.snapshots[-1], 0, covers(copy.snapshots[-1]),
                    words="magic")


def snapshots_gone(copy):
    for snapshot in copy.snapshots:
        snapshot.unlink()
    return Expected("dir.no-snapshot", words="no snapshot found", step="trust.empty")


DAMAGES = [
    log_bit_in_record, log_bit_in_checksum, log_high_bit_in_checksum, log_bit_in_length,
    log_giant_length, log_negative_length, log_zero_length, log_wrong_end_byte,
    log_missing_end_byte, log_hole_of_zeros, log_lost_sector, log_bad_magic, log_truncated_header,
    log_wrong_version, log_wrong_dbid, log_torn_tail, log_torn_in_the_middle, log_empty_newest,
    log_duplicate_zxid, log_zxid_backwards, log_gap_inside, log_unknown_type, log_record_too_short,
    log_missing, log_gap_between_files, log_named_too_high, log_copied_under_another_name,
    log_stray_copy, snapshot_cut, snapshot_empty, snapshot_bit_in_data, snapshot_bad_adler,
    snapshot_without_its_last_mark, snapshot_wrong_last_mark, snapshot_bad_magic,
    snapshot_giant_count, snapshot_negative_length, snapshot_broken_gzip, snapshot_cut_gzip,
    snapshot_broken_snappy, snapshot_dangling_acl, snapshot_orphan, snapshot_duplicate_path,
    snapshot_no_path, snapshot_named_too_high, snapshot_ephemeral_of_nobody, snapshots_all_damaged,
    snapshots_gone,
]


def find(findings, expected):
    """The finding that `expected` describes."""
    files = [found for found in findings if found["code"] == expected.code]
    if expected.file is not None:
        files = [found for found in files if found["file"] == str(expected.file)]
    assert files, f"no {expected.code} of {expected.file} in {findings}"
    found = files[0]
    if expected.offset is not None:
        assert found["offset"] == expected.offset, found
    if expected.zxids is not None:
        told = tuple(int(found[name], 16) for name in ("first_zxid", "last_zxid"))
        assert told == expected.zxids, found
    assert re.search(expected.words, found["what"], re.S), found
    assert re.search(expected.step, found.get("next_step", "")), found
    return found


@pytest.mark.parametrize("damage", DAMAGES, ids=lambda damage: damage.__name__)
def test_damage_is_named_and_the_server_agrees(copy, damage, make_server):
    expected = damage(copy)

    # The tool on the file itself, when the file alone can show it.
    if expected.file is not None and expected.code.startswith(("log.", "snapshot.")):
        tool = expected.code.split(".")[0]
        alone = drover(tool, "check", expected.file, "--json")
        needs_neighbours = expected.code in ("log.missing", "log.overlap")
        if not needs_neighbours and damage is not log_torn_in_the_middle:
            assert alone.code in (WARNINGS, PROBLEMS), alone.out
            found = find(alone.json["findings"], expected)
            # The text says the same as the JSON.
            text = drover(tool, "check", expected.file)
            assert text.code == alone.code
            flat = re.sub(r"\s+", " ", text.out)
            assert str(expected.file) in flat
            assert re.sub(r"\s+", " ", found["what"]) in flat
            if "offset" in found:
                assert f"at offset {found['offset']}:" in flat

    # The tool on the directory: what a start would make of it.
    whole = drover("log", "check", copy.folder, "--json")
    find(whole.json["findings"], expected)
    if expected.starts is not None:
        assert whole.json["starts"] is expected.starts, whole.out
    assert whole.code == (WARNINGS if whole.json["starts"] else PROBLEMS)
    for said in drover("snapshot", "check", copy.folder, "--json").json["findings"]:
        assert said in whole.json["findings"]

    # The server on the same bytes.
    server = make_server(data_dir=copy.folder)
    if whole.json["starts"]:
        server.start()
        said = server.log_tail(100_000)
        restored = re.search(r"restored \d+ znodes.* up to zxid (0x[0-9a-f]+)", said)
        assert restored.group(1) == whole.json["last_zxid"]
        server.stop()
    else:
        said = refusal(server)
    for words in whole.json["server_says"]:
        assert words in said, f"the check foretold: {words}\nthe server says: {said}"


# -- what a member of an ensemble has besides: epoch files and myid --------------------------------


def member(folder, make_server):
    """A server of an ensemble of one on this folder."""
    quorum, election = servers.free_port(), servers.free_port()
    return make_server(
        data_dir=folder,
        config={
            "server.1": f"127.0.0.1:{quorum}:{election}", "standaloneEnabled": "false",
            "initLimit": 10, "syncLimit": 5,
        },
    )


EPOCHS = [
    # current, accepted, code, words
    ("banana", "0", "epoch.unreadable", "must be one decimal number"),
    ("0", "", "epoch.unreadable", "must be one decimal number"),
    ("5", "4", "epoch.accepted-behind", "accepted epoch, 4, is less than the current epoch, 5"),
    (" 1", "1", "epoch.unreadable", "must be one decimal number"),
]


@pytest.mark.parametrize(("current", "accepted", "code", "words"), EPOCHS)
def test_wrong_epoch_files_are_named(copy, make_server, current, accepted, code, words):
    (copy.version / "currentEpoch").write_text(current)
    (copy.version / "acceptedEpoch").write_text(accepted)
    (copy.folder / "myid").write_text("1")
    whole = drover("log", "check", copy.folder, "--json")
    assert whole.code == PROBLEMS
    found = find(whole.json["findings"], Expected(code, words=words))
    assert "currentEpoch" in found["what"] or "acceptedEpoch" in found["what"]
    said = refusal(member(copy.folder, make_server))
    assert whole.json["server_says"][-1] in said


def test_an_epoch_behind_the_log_is_named(copy, make_server):
    copy.only_oldest_snapshot()
    last = copy.entries(copy.logs[-1])[-1]
    zxid = (2 << 32) + 1
    header = copy.logs[-1].read_bytes()[:16]
    entry = txn_log_file.encode_entry(last.session, 0, zxid, last.time_ms, OpCode.CREATE, last.body)
    (copy.version / f"log.{zxid:x}").write_bytes(header[:8] + bytes(8) + entry)
    (copy.version / "currentEpoch").write_text("1")
    (copy.version / "acceptedEpoch").write_text("1")
    (copy.folder / "myid").write_text("1")
    whole = drover("log", "check", copy.folder, "--json")
    assert whole.code == PROBLEMS
    find(whole.json["findings"],
         Expected("epoch.behind", zxids=(zxid, zxid), words="older than the last zxid"))
    said = refusal(member(copy.folder, make_server))
    assert whole.json["server_says"][-1] in said


def test_a_lonely_epoch_file_is_named(copy):
    (copy.version / "currentEpoch").write_text("0")
    whole = drover("log", "check", copy.folder, "--json")
    assert whole.code == WARNINGS
    find(whole.json["findings"],
         Expected("epoch.missing", copy.version / "acceptedEpoch", step="cp -p"))


def test_an_unreadable_myid_is_named(copy):
    (copy.folder / "myid").write_text("one\n")
    whole = drover("log", "check", copy.folder, "--json")
    assert whole.code == PROBLEMS
    find(whole.json["findings"], Expected("myid.unreadable", words="myid: the first line"))


def test_swapped_folders_are_named(copy, tmp_path, make_server):
    """dataDir and dataLogDir, given the wrong way round."""
    other = tmp_path / "logs"
    (other / "version-2").mkdir(parents=True)
    for log in copy.logs:
        shutil.move(log, other / "version-2")
    right = drover("log", "check", copy.folder, "--log-dir", other, "--json")
    assert (right.code, right.json["starts"]) == (OK, True)
    swapped = drover("log", "check", other, "--log-dir", copy.folder, "--json")
    assert swapped.code == PROBLEMS
    found = find(swapped.json["findings"], Expected("dir.mixed", words="has snapshot files"))
    said = refusal(make_server(data_dir=other, config={"dataLogDir": copy.folder}))
    assert found["what"] in said


def test_the_undamaged_directory_has_no_findings(copy, make_server):
    whole = drover("log", "check", copy.folder, "--json")
    assert (whole.code, whole.json["findings"], whole.json["starts"]) == (OK, [], True)
    server = make_server(data_dir=copy.folder).start()
    assert f"up to zxid {whole.json['last_zxid']} in" in server.log_tail(100_000)
    server.stop()


def test_there_are_more_than_twenty_kinds():
    assert len(DAMAGES) + len(EPOCHS) > 40
