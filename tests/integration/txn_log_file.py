"""Reads and forges ZooKeeper transaction log files, independently of the server under test.

The layout is Apache's: a 16-byte header ("ZKLG", version 2, database id), then entries of
{Adler-32 of the payload as a long, payload length, payload, 0x42}, then zeros to the end of the
preallocated file. A payload starts with {session id, cxid, zxid, time in ms, type}.
Numbers are big-endian.
"""

import dataclasses
import pathlib
import re
import struct
import zlib

HEADER = struct.Struct(">4siq")
ENTRY_PREFIX = struct.Struct(">qi")
TXN_HEADER = struct.Struct(">qiqqi")
END_BYTE = b"B"

OP_CHECK = 13
OP_CREATE_SESSION = -10
OP_CLOSE_SESSION = -11
OP_ERROR = -1


@dataclasses.dataclass(frozen=True)
class Entry:
    """One intact entry: `offset` is where its checksum starts, `end` the first byte after it."""

    offset: int
    end: int
    session: int
    cxid: int
    zxid: int
    time_ms: int
    type: int
    body: bytes

    @property
    def payload_offset(self):
        return self.offset + ENTRY_PREFIX.size


def encode_entry(session, cxid, zxid, time_ms, op, body):
    """The bytes of one well-formed entry."""
    payload = TXN_HEADER.pack(session, cxid, zxid, time_ms, op) + body
    return ENTRY_PREFIX.pack(zlib.adler32(payload), len(payload)) + payload + END_BYTE


def read_entries(path):
    """The intact entries of a log file, up to the first byte that is not part of one.

    Raises ValueError when the file does not start with a log header: every file a server has left
    behind, however it ended, must have one (an empty file has no entries).
    """
    raw = pathlib.Path(path).read_bytes()
    if not raw:
        return []
    if len(raw) < HEADER.size or HEADER.unpack_from(raw)[:2] != (b"ZKLG", 2):
        raise ValueError(f"{path}: not a transaction log header: {raw[:16].hex()}")
    entries = []
    offset = HEADER.size
    while offset + ENTRY_PREFIX.size <= len(raw):
        checksum, length = ENTRY_PREFIX.unpack_from(raw, offset)
        payload_start = offset + ENTRY_PREFIX.size
        end = payload_start + length + 1
        if length < TXN_HEADER.size or end > len(raw) or raw[end - 1 : end] != END_BYTE:
            break
        payload = raw[payload_start : end - 1]
        if zlib.adler32(payload) != checksum:
            break
        header = TXN_HEADER.unpack_from(payload)
        entries.append(Entry(offset, end, *header, payload[TXN_HEADER.size :]))
        offset = end
    return entries


def append_entry(path, session, zxid, op, body):
    """Adds a well-formed entry behind the last intact one, over whatever stands there."""
    last = read_entries(path)[-1]
    with open(path, "r+b") as log:
        log.seek(last.end)
        log.write(encode_entry(session, 0, zxid, last.time_ms, op, body))


def _numbered(folder, prefix):
    """Files named prefix.<hex>, oldest first."""
    pattern = re.compile(rf"{prefix}\.[0-9a-f]{{1,16}}(\.gz|\.snappy)?$")
    found = [p for p in pathlib.Path(folder).iterdir() if pattern.match(p.name)]
    return sorted(found, key=lambda p: int(p.name.split(".")[1], 16))


def version_folder(data_dir):
    """The folder inside a data directory that holds the logs and snapshots."""
    return pathlib.Path(data_dir) / "version-2"


def log_files(data_dir):
    """Transaction log files of a data directory, oldest first."""
    return _numbered(version_folder(data_dir), "log")


def snapshot_files(data_dir):
    """Snapshot files of a data directory (compressed ones too), oldest first."""
    return _numbered(version_folder(data_dir), "snapshot")


def all_entries(data_dir):
    """Every intact entry of every log of a data directory, in file order."""
    return [entry for log in log_files(data_dir) for entry in read_entries(log)]
