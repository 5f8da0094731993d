"""A tree with one of everything that a data directory can hold, and sessions that live in it."""

import collections

from support.rawclient import ADMIN, ALL, OPEN_ACL, READ, Acl, Err, OpCode, RawClient

SUPER_DIGEST = "super:D/InIHSb7yEEbrWz8b9l71RjZJU="  # of super:test

SESSION_TIMEOUT_MS = 600_000  # longer than any test under a sanitizer

CONFIG = {
    "extendedTypesEnabled": "true",
    "maxSessionTimeout": SESSION_TIMEOUT_MS,
    "DigestAuthenticationProvider.superDigest": SUPER_DIGEST,
}

LONG_TTL_MS = 0xFFFFFFFFFF  # the longest there is

EPHEMERAL, SEQUENTIAL, EPHEMERAL_SEQUENTIAL, CONTAINER, TTL, TTL_SEQUENTIAL = 1, 2, 3, 4, 5, 6

LiveSession = collections.namedtuple("LiveSession", "session_id password ephemerals")


def open_as_super(port):
    """A connection that may read and write everything; the caller closes its session."""
    client = RawClient(port)
    client.connect()
    reply = client.call(OpCode.AUTH, "digest", b"super:test", xid=-4)
    assert reply.err == Err.OK, reply
    return client


def write_sample(port, top):
    """Writes the whole sample under the new znode `top`; returns the LiveSessions left behind.

    Their connections are dropped without closing the sessions.
    """
    with RawClient(port) as client:
        client.connect()
        _must(client, OpCode.CREATE, top)
        _must(client, OpCode.AUTH, "digest", b"user:secret", xid=-4)
        for write in (_kinds, _data, _acls, _quota, _shapes, _history, _failures, _multis):
            folder = f"{top}/{write.__name__.strip('_')}"
            _must(client, OpCode.CREATE, folder)
            write(client, folder)
        client.close_session()
    return _sessions(port, top)


def _must(client, *request, xid=None):
    reply = client.call(*request, xid=xid)
    assert reply.err == Err.OK, f"{request}: {reply}"
    return reply


def _must_all(client, requests):
    for request, reply in zip(requests, client.pipeline(requests), strict=True):
        assert reply.err == Err.OK, f"{request}: {reply}"


def _kinds(client, folder):
    _must(client, OpCode.CREATE, f"{folder}/persistent", b"p")
    _must(client, OpCode.CREATE2, f"{folder}/create2", b"p2")
    # Not here: op create with the container flag. It makes a plain znode, for which Apache logs a
    # digest that it does not itself arrive at.
    _must(client, OpCode.CREATE_CONTAINER, f"{folder}/container", b"c", OPEN_ACL, CONTAINER)
    _must(client, OpCode.CREATE, f"{folder}/container/child")
    for name, ttl_ms in (("ttl", LONG_TTL_MS), ("short-ttl", 10_000_000)):
        _must(client, OpCode.CREATE_TTL, f"{folder}/{name}", b"t", OPEN_ACL, TTL, ttl_ms)
    _must(client, OpCode.CREATE_TTL, f"{folder}/seq-", b"", OPEN_ACL, TTL_SEQUENTIAL, LONG_TTL_MS)
    for _ in range(3):
        _must(client, OpCode.CREATE, f"{folder}/seq-", b"s", OPEN_ACL, SEQUENTIAL)
    _must(client, OpCode.CREATE, f"{folder}/", b"only a number", OPEN_ACL, SEQUENTIAL)


def _data(client, folder):
    contents = {
        "null": None,
        "empty": b"",
        "binary": bytes(range(256)) * 4,
        "large": b"\xa5" * 1_000_000,
    }
    for name, data in contents.items():
        _must(client, OpCode.CREATE, f"{folder}/{name}", data)
        _must(client, OpCode.CREATE, f"{folder}/set-{name}", b"before")
        _must(client, OpCode.SET_DATA, f"{folder}/set-{name}", data)
    for name in ("žluťoučký", "ツリー", " blank ", "a" * 2000, "…", "/".join("deep")):
        path = folder
        for part in name.split("/"):
            path += f"/{part}"
            _must(client, OpCode.CREATE, path, name.encode())


def _acls(client, folder):
    lists = {
        "open": OPEN_ACL,
        "read": [Acl(READ, "world", "anyone")],
        "none": [Acl(0, "world", "anyone")],
        "unknown-bits": [Acl(0x7FFFFFFF, "world", "anyone")],
        "digest": [Acl(ALL, "digest", "a:b"), Acl(READ, "digest", "c:d")],
        "auth": [Acl(ALL, "auth", "")],
        "auth-null": [Acl(ADMIN | READ, "auth", None)],
        "ip": [Acl(ALL, "ip", "127.0.0.1"), Acl(READ, "ip", "10.0.0.0/8")],
        "long": [Acl(ALL, "digest", f"user{n}:x") for n in range(200)],
        "unicode": [Acl(ALL, "digest", "uživatel:heslo")],
    }
    for name, acl in lists.items():
        _must(client, OpCode.CREATE, f"{folder}/{name}", b"", acl)
        _must(client, OpCode.CREATE, f"{folder}/set-{name}")
        _must(client, OpCode.SET_ACL, f"{folder}/set-{name}", acl)


def _quota(client, folder):
    place = "/zookeeper/quota"
    for part in folder.strip("/").split("/"):
        place += f"/{part}"
        client.call(OpCode.CREATE, place)  # may exist already
    _must(client, OpCode.CREATE, f"{place}/zookeeper_limits", b"count=100,bytes=5000")
    _must(client, OpCode.CREATE, f"{place}/zookeeper_stats", b"count=0,bytes=0")
    for n in range(5):
        _must(client, OpCode.CREATE, f"{folder}/n{n}", b"x" * n)
    _must(client, OpCode.SET_DATA, f"{folder}/n0", b"longer than it was")
    _must(client, OpCode.DELETE, f"{folder}/n1")


def _shapes(client, folder):
    deep = f"{folder}/deep"
    chain = [(OpCode.CREATE, deep + "/d" * level) for level in range(150)]
    wide = [(OpCode.CREATE, f"{folder}/wide")]
    wide += [(OpCode.CREATE, f"{folder}/wide/child-{n}", b"%d" % n) for n in range(1500)]
    _must_all(client, chain)
    _must_all(client, wide)


def _history(client, folder):
    """Versions, child versions and zxids that only a history of changes gives."""
    path = f"{folder}/node"
    _must(client, OpCode.CREATE, path)
    for version in range(7):
        _must(client, OpCode.SET_DATA, path, b"%d" % version, version)
    for aversion in range(3):
        _must(client, OpCode.SET_ACL, path, [Acl(ALL, "world", "anyone")], aversion)
    for n in range(9):
        _must(client, OpCode.CREATE, f"{path}/c{n}")
    for n in range(5):
        _must(client, OpCode.DELETE, f"{path}/c{n}", 0)
    _must(client, OpCode.CREATE, f"{path}/c0", b"born again")
    _must(client, OpCode.CREATE, f"{path}/seq-", b"", OPEN_ACL, SEQUENTIAL)


def _failures(client, folder):
    """Writes that fail are transactions too."""
    _must(client, OpCode.CREATE, f"{folder}/node")
    failures = [
        (Err.NODE_EXISTS, OpCode.CREATE, f"{folder}/node"),
        (Err.NO_NODE, OpCode.CREATE, f"{folder}/missing/child"),
        (Err.BAD_ARGUMENTS, OpCode.CREATE, f"{folder}/control\x01"),
        (Err.INVALID_ACL, OpCode.CREATE, f"{folder}/acl", b"", []),
        (Err.BAD_VERSION, OpCode.SET_DATA, f"{folder}/node", b"", 7),
        (Err.BAD_VERSION, OpCode.DELETE, f"{folder}/node", 7),
        (Err.NO_NODE, OpCode.DELETE, f"{folder}/missing"),
        (Err.BAD_VERSION, OpCode.SET_ACL, f"{folder}/node", OPEN_ACL, 7),
        (Err.NOT_EMPTY, OpCode.DELETE, folder),
    ]
    for err, *request in failures:
        reply = client.call(*request)
        assert reply.err == err, f"{request}: {reply}"


def _multis(client, folder):
    _must(client, OpCode.MULTI, [])
    good = [
        (OpCode.CREATE, f"{folder}/a", b"1"),
        (OpCode.CREATE, f"{folder}/a/b", None),
        (OpCode.CREATE, f"{folder}/seq-", b"", OPEN_ACL, SEQUENTIAL),
        (OpCode.CREATE_CONTAINER, f"{folder}/container", b"", OPEN_ACL, CONTAINER),
        (OpCode.CREATE_TTL, f"{folder}/ttl", b"", OPEN_ACL, TTL, LONG_TTL_MS),
        (OpCode.SET_DATA, f"{folder}/a", b"2", 0),
        (OpCode.SET_DATA, f"{folder}/a", b"3", 1),
        (OpCode.CHECK, f"{folder}/a", 2),
        (OpCode.CREATE, f"{folder}/gone"),
        (OpCode.DELETE, f"{folder}/gone", 0),
    ]
    reply = _must(client, OpCode.MULTI, good)
    assert all(result.type != -1 for result in reply.body), reply
    bad = [(OpCode.CREATE, f"{folder}/never"), (OpCode.CHECK, f"{folder}/a", 77), *good[:1]]
    reply = _must(client, OpCode.MULTI, bad)
    assert [result.body for result in reply.body] == [0, Err.BAD_VERSION, -2]


def _sessions(port, top):
    """Two sessions that live on with ephemeral znodes, one without, one that is closed."""
    live = []
    folder = f"{top}/sessions"
    for name, count in (("first", 3), ("second", 1), ("idle", 0), ("closed", 2)):
        with RawClient(port) as client:
            session = client.connect(timeout_ms=SESSION_TIMEOUT_MS)
            if not live:
                _must(client, OpCode.CREATE, folder)
            paths = []
            for n in range(count):
                mode = EPHEMERAL_SEQUENTIAL if n else EPHEMERAL
                request = (OpCode.CREATE, f"{folder}/{name}-", b"e", OPEN_ACL, mode)
                paths.append(_must(client, *request).body)
            if name == "closed":
                client.close_session()
            else:
                live.append(LiveSession(session.session_id, session.password, sorted(paths)))
    return live
