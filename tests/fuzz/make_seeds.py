"""Writes a small seed corpus for every fuzz target: make_seeds.py FOLDER.

Seeds are encoded here by hand, so that a fuzzer starts from bytes that get past the first checks.
"""

import gzip
import struct
import sys
import zlib
from pathlib import Path

OPEN_ACL = struct.pack(">i", 1) + struct.pack(">i", 31)
OPEN_ACL += b"\0\0\0\5world" + b"\0\0\0\6anyone"
STAT = bytes(60)


def buffer(content):
    return struct.pack(">i", len(content)) + content


def create(path, data=b"d", flags=0, ttl=None):
    body = buffer(path) + buffer(data) + OPEN_ACL + struct.pack(">i", flags)
    return body if ttl is None else body + struct.pack(">q", ttl)


def watches(lists):
    return struct.pack(">q", 0) + (struct.pack(">i", 1) + buffer(b"/a")) * lists


def multi(*ops):
    body = b"".join(struct.pack(">i?i", op, False, -1) + record for op, record in ops)
    return body + struct.pack(">i?i", -1, True, -1)


def version(path, number=-1):
    return buffer(path) + struct.pack(">i", number)


# (op code, body)
REQUESTS = [
    (1, create(b"/a")),
    (1, create(b"/a/e", flags=1)),
    (15, create(b"/a/s-", flags=2)),
    (19, create(b"/c", flags=4)),
    (21, create(b"/t", flags=5, ttl=1000)),
    (21, create(b"/bad", flags=0, ttl=-5)),
    (2, version(b"/a/e")),
    (13, version(b"/a", 0)),
    (5, buffer(b"/a") + buffer(b"new") + struct.pack(">i", -1)),
    (7, buffer(b"/a") + OPEN_ACL + struct.pack(">i", -1)),
    (3, buffer(b"/a") + b"\1"),
    (4, buffer(b"/a") + b"\1"),
    (6, buffer(b"/a")),
    (8, buffer(b"/") + b"\1"),
    (12, buffer(b"/") + b"\0"),
    (9, buffer(b"/a")),
    (14, multi((1, create(b"/m")), (13, version(b"/m")), (2, version(b"/m")))),
    (14, multi((1, create(b"/m")), (2, version(b"/nothing")))),
    (22, multi((4, buffer(b"/a") + b"\0"), (8, buffer(b"/") + b"\0"))),
    (100, struct.pack(">i", 0) + buffer(b"digest") + buffer(b"user:pass")),
    (101, watches(3)),
    (105, watches(5)),
    (106, buffer(b"/a") + struct.pack(">i", 1)),
    (17, buffer(b"/a") + struct.pack(">i", 3)),
    (18, buffer(b"/a") + struct.pack(">i", 3)),
    (103, buffer(b"/")),
    (104, buffer(b"/")),
    (107, b""),
    (16, buffer(b"") * 3 + struct.pack(">q", -1)),
    (-11, b""),
    (11, b""),
]


def request(xid, op, body):
    return struct.pack(">ii", xid, op) + body


def txn(zxid, kind, body, session=0x100001AF2BE0000):
    return struct.pack(">qiqqi", session, 1, zxid, 1_700_000_000_000, kind) + body


def create_txn(path, ephemeral=False):
    return buffer(path) + buffer(b"d") + OPEN_ACL + struct.pack(">?i", ephemeral, 1)


TXNS = [
    txn(1, -10, struct.pack(">i", 30000)),
    txn(2, 1, create_txn(b"/a")),
    txn(3, 15, create_txn(b"/a/e", True)),
    txn(4, 19, buffer(b"/c") + buffer(b"") + OPEN_ACL + struct.pack(">i", 2)),
    txn(5, 21, buffer(b"/t") + buffer(b"") + OPEN_ACL + struct.pack(">iq", 3, 1000)),
    txn(6, 5, buffer(b"/a") + buffer(b"new") + struct.pack(">i", 1)),
    txn(7, 7, buffer(b"/a") + OPEN_ACL + struct.pack(">i", 1)),
    txn(8, 14, struct.pack(">i", 1) + struct.pack(">i", 2) + buffer(buffer(b"/c"))),
    txn(9, -1, struct.pack(">i", -110)),
    txn(10, -11, struct.pack(">i", 1) + buffer(b"/a/e")),
    txn(11, 20, buffer(b"/t")),
    txn(12, 13, version(b"/a")),
]


def log(dbid):
    content = b"ZKLG" + struct.pack(">iq", 2, dbid)
    for payload in TXNS:
        content += struct.pack(">qi", zlib.adler32(payload), len(payload)) + payload + b"B"
    return content + bytes(100)


def node(path, acl=-1):
    return buffer(path) + buffer(b"data") + struct.pack(">q", acl) + STAT


def snapshot_body():
    body = struct.pack(">iqi", 1, 7, 4000) + struct.pack(">iq", 1, 1) + OPEN_ACL
    return body + node(b"") + node(b"/a", 1) + node(b"/a/b")


def seal(content):
    return content + struct.pack(">q", zlib.adler32(content)) + buffer(b"/")


def snapshot():
    content = seal(b"ZKSN" + struct.pack(">iq", 2, -1) + snapshot_body() + buffer(b"/"))
    return seal(seal(content + struct.pack(">qiq", 0, 2, 0)) + struct.pack(">q", 1))


def counted(content):
    return struct.pack(">H", len(content)) + content


def lane_steps(requests, commit):
    """A connection, then each request on it; kinds of step as in lane_fuzz.cc."""
    steps = b"\0" + counted(b"")
    for xid, (op, body) in enumerate(requests, 1):
        steps += bytes([16]) + counted(request(xid, op, body))
        if commit:
            steps += bytes([12])
    return steps + bytes([12, 8, 200, 12, 4])


def packet(kind, zxid, data=None, ids=None):
    body = struct.pack(">iq", kind, zxid) + (struct.pack(">i", -1) if data is None else buffer(data))
    if ids is None:
        return body + struct.pack(">i", -1)
    return body + struct.pack(">i", len(ids)) + b"".join(buffer(s) + buffer(i) for s, i in ids)


def learner_info(sid):
    return struct.pack(">qiq", sid, 0x10000, 0)


EPOCH = 2 << 32
LEARNER_PACKETS = [
    packet(11, 1 << 32, learner_info(2)),
    packet(16, 1 << 32, learner_info(9)),
    packet(18, 1 << 32 | 1, struct.pack(">i", 1)),
    packet(3, EPOCH),
    packet(3, EPOCH | 1),
    packet(5, EPOCH, struct.pack(">qi", 7, 4000) * 2),
    packet(6, -1, struct.pack(">qi", 7, 4000)),
    packet(1, -1, struct.pack(">qii", 7, 1, 5) + b"body", [(b"digest", b"user:hash"), (b"ip", b"127.0.0.1")]),
]
LEADER_PACKETS = [
    packet(17, EPOCH, struct.pack(">i", 0x10000)),
    packet(13, 1),
    packet(14, 1),
    packet(15, 1),
    packet(2, 1, TXNS[0]),
    packet(4, 1),
    packet(8, 2, TXNS[1]),
    packet(10, EPOCH, b"server.1=a:1:2:participant\nversion=0"),
    packet(12, -1),
    packet(7, 0),
    packet(6, -1, struct.pack(">q?", 7, True)),
]


def leader_steps(*packets):
    """A follower joins as the leader wants it, a txn is proposed and acked, then the packets come; kinds of step as in
    leader_fuzz.cc."""
    joined = bytes([0, 4, 0, 4, 9, 4, 2, 4, 2, 3, 1, 4, 7])
    return joined + b"".join(bytes([5]) + counted(one) for one in packets)


CONNECT = struct.pack(">iqiq", 0, 0, 30000, 0) + buffer(bytes(16))

def notification(state, leader, zxid, round_number, config=b"version=0"):
    return struct.pack(">iqqqqi", state, leader, zxid, round_number, 1, 2) + buffer(config)


FIRST_MESSAGE = struct.pack(">qq", -65536, 4) + buffer(b"d:2")
NOTIFICATIONS = [notification(0, 4, 0x100000009, 1), notification(2, 4, 0x100000009, 1), notification(0, 3, 7, 9)]


SEEDS = {
    "connect_request_fuzz": [CONNECT, CONNECT + b"\1"],
    "client_request_fuzz": [request(1, op, body) for op, body in REQUESTS],
    "txn_record_fuzz": [b"".join(counted(t) for t in TXNS), *(counted(t) for t in TXNS)],
    "log_reader_fuzz": [log(0), log(0x4452 << 48 | 60), log(0x4452 << 48 | 300)],
    "snapshot_reader_fuzz": [b"\0" + snapshot(), b"\1" + gzip.compress(snapshot(), mtime=0), b"\3" + snapshot_body()],
    "snapshot_stream_fuzz": [
        bytes([piece]) + snapshot_body() + buffer(b"/") + buffer(b"BenWasHere") + b"behind" for piece in (0, 1, 50)
    ],
    "notification_fuzz": [
        NOTIFICATIONS[0],
        NOTIFICATIONS[0][:40],
        NOTIFICATIONS[0][:28],
        FIRST_MESSAGE,
        struct.pack(">qq", -65535, 3) + buffer(b"[::1]:2|0.0.0.0:3"),
        struct.pack(">q", 3),
        *(bytes([piece]) + FIRST_MESSAGE + b"".join(map(buffer, NOTIFICATIONS)) for piece in (0, 1, 0x87)),
        b"\0" + FIRST_MESSAGE + struct.pack(">i", 524289),
    ],
    "quorum_packet_fuzz": [b"".join(LEARNER_PACKETS), b"".join(LEADER_PACKETS)],
    "leader_fuzz": [
        leader_steps(*LEARNER_PACKETS[4:]),
        b"\0" + b"".join(bytes([5]) + counted(one) for one in LEARNER_PACKETS),
        bytes([0, 4, 0, 4, 1, 4, 2, 3, 1, 4, 7, 2, 200, 8, 12, 0, 12, 5, 12, 2, 12, 7, 1]),
    ],
    "lane_fuzz": [
        lane_steps(REQUESTS, True),
        lane_steps(REQUESTS, False),
        *(lane_steps([REQUESTS[0], one], True) for one in REQUESTS),
    ],
}

for target, seeds in SEEDS.items():
    folder = Path(sys.argv[1]) / target
    folder.mkdir(parents=True, exist_ok=True)
    for number, content in enumerate(seeds):
        (folder / f"seed-{number:02}").write_bytes(content)
