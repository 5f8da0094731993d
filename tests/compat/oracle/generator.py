"""Seeded random work for the oracle: steps, each by one session, each a plain Python literal.

    ("connect", slot, options)      a new session; options of encode_connect
    ("reattach", slot, options)     the session's next connection (the old one may still be up)
    ("disconnect", slot)            the connection goes, the session stays
    ("close", slot, requests)       requests ending with closeSession
    ("expire", slot)                the session is left alone until the server ends it
    ("burst", slot, requests)       requests in one write
    ("fatal", slot, requests)       requests after which the server hangs up
    ("bytes", slot, bytes)          bytes after which the server hangs up
    ("audit",)                      compare both trees and both digests

A request is (xid, op, arguments) or (xid, op, body bytes). The generator learns paths and versions
from the answers of the first server, so that requests hit, but a recorded list of steps stands for
itself: it can be replayed and shortened without the generator.
"""

import base64
import collections
import hashlib
import random

from support.rawclient import ADMIN, ALL, READ, Acl, Err, OpCode, encode_body

SLOTS = 5
NAMES = ("a", "b", "c", "d", "é", "名")
TREE_SIZE_MAX = 250  # Above this, deletions outweigh creations.
BURST_SIZES = (1, 1, 2, 3, 5, 8, 12, 20)
AUDIT_EVERY = 10000  # Requests.

USERS = (b"u1:p1", b"u2:p2", b"u1:p9")
SUPER = b"super:test"


def digest_id(user):
    """The digest scheme's id for b"name:password"."""
    name = user.split(b":")[0].decode()
    return f"{name}:{base64.b64encode(hashlib.sha1(user).digest()).decode()}"


DIGEST_IDS = tuple(map(digest_id, USERS))

BAD_PATHS = (
    None, "", "a", "a/b", "//", "/a//b", "/a/", "/.", "/..", "/a/./b", "/a/../b", "/...", "/.a",
    "/\x00", "/a\x00b", "/a\x01", "/a\x1f", "/a\x7f", "/a\x9f", "/a\xa0", "/\ud7ff", "/\ue000",
    "/\uf8ff", "/\uf900", "/\uffef", "/\ufff0", "/\uffff", "/\U0001f600",
)
MALFORMED_PATHS = (b"/\xff", b"/a\xc3", b"/\xed\xa0\x80", b"/\xc0\x80", b"\xff")
RESERVED_PATHS = ("/", "/zookeeper", "/zookeeper/quota", "/zookeeper/config", "/zookeeper/x")
ECHOING = {OpCode.SYNC, OpCode.ADD_WATCH, OpCode.SET_WATCHES, OpCode.SET_WATCHES2}

BAD_ACLS = (
    None,
    (),
    (Acl(ALL, "world", "someone"),),
    (Acl(ALL, "world", ""),),
    (Acl(ALL, "world", None),),
    (Acl(ALL, None, "anyone"),),
    (Acl(ALL, "", ""),),
    (Acl(ALL, "nosuch", "x"),),
    (Acl(ALL, "super", ""),),
    (Acl(ALL, "sasl", "a@B"),),
    (Acl(ALL, "x509", "CN=a"),),
    (Acl(ALL, "digest", "a"),),
    (Acl(ALL, "digest", ""),),
    (Acl(ALL, "digest", None),),
    (Acl(ALL, "digest", "a:b:c"),),
    (Acl(ALL, "digest", "a:"),),
    (Acl(ALL, "ip", "1.2.3"),),
    (Acl(ALL, "ip", "256.1.1.1"),),
    (Acl(ALL, "ip", "1.2.3.4/33"),),
    (Acl(ALL, "ip", "1.2.3.4/-1"),),
    (Acl(ALL, "ip", "1.2.3.4/x"),),
    (Acl(ALL, "ip", "localhost"),),
    (Acl(ALL, "ip", ""),),
    (Acl(ALL, "ip", None),),
)
ODD_ACLS = (
    (Acl(ALL, "digest", ":b"),),
    (Acl(ALL, "digest", "a:b:"),),
    (Acl(ALL, "digest", "a:b::"),),
    (Acl(0, "world", "anyone"), Acl(ALL, "world", "anyone")),
    (Acl(-1, "world", "anyone"),),
    (Acl(0x7F, "world", "anyone"),),
    (Acl(ALL, "world", "anyone"), Acl(ALL, "world", "anyone")),
    (Acl(ALL, "world", "anyone"), Acl(READ, "world", "anyone"), Acl(ALL, "world", "anyone")),
)
IP_V6_ACLS = (
    (Acl(ALL, "ip", "::1"),),
    (Acl(ALL, "ip", "fe80::/10"),),
    (Acl(ALL, "ip", "1:2:3:4:5:6:7:8/129"),),
    (Acl(ALL, "ip", "1::2::3"),),
    (Acl(ALL, "ip", "::ffff:1.2.3.4"),),
)

LIMITS = (
    b"count=4,bytes=-1", b"count=-1,bytes=20", b"count=3,bytes=30", b"count=1000,bytes=100000",
    b"count=4,bytes=5=;byteHardLimit=10;countHardLimit=10",
    b"count=-1,bytes=-1=;byteHardLimit=40;countHardLimit=-1",
    b"count=-1,bytes=-1=;byteHardLimit=-1;countHardLimit=5",
    b"count=2,bytes=2=;byteHardLimit=50;countHardLimit=6", b"count=5", b"bytes=9",
)
BAD_LIMITS = (b"", None, b"count=,bytes=", b"nonsense", b"count=x,bytes=y", b"count=4;;,bytes=3")
QUOTA_NODES = ("/a", "/b", "/a/b", "/c")
STATS = (b"count=1,bytes=2", b"count=3,bytes=0", b"count=0,bytes=0")

CREATE_OPS = (OpCode.CREATE, OpCode.CREATE2)
# Top-level requests and how often they come.
WEIGHTS = {
    OpCode.CREATE: 90, OpCode.CREATE2: 50, OpCode.CREATE_CONTAINER: 15, OpCode.CREATE_TTL: 15,
    OpCode.DELETE: 90, OpCode.EXISTS: 50, OpCode.GET_DATA: 60, OpCode.SET_DATA: 80,
    OpCode.GET_ACL: 30, OpCode.SET_ACL: 30, OpCode.GET_CHILDREN: 25, OpCode.GET_CHILDREN2: 25,
    OpCode.SYNC: 12, OpCode.PING: 12, OpCode.MULTI: 70, OpCode.MULTI_READ: 25,
    OpCode.CHECK_WATCHES: 15, OpCode.REMOVE_WATCHES: 15, OpCode.SET_WATCHES: 8,
    OpCode.SET_WATCHES2: 8, OpCode.ADD_WATCH: 25, OpCode.GET_EPHEMERALS: 15,
    OpCode.GET_ALL_CHILDREN_NUMBER: 15, OpCode.WHO_AM_I: 8, OpCode.RECONFIG: 2,
}
# Writes whose checks read only what is applied: what follows them in one burst would race.
UNSEEN_UNTIL_APPLIED = {OpCode.SET_ACL}
READS = {OpCode.EXISTS, OpCode.GET_DATA, OpCode.GET_CHILDREN, OpCode.GET_CHILDREN2}
WRITES = {
    OpCode.CREATE, OpCode.CREATE2, OpCode.CREATE_CONTAINER, OpCode.CREATE_TTL, OpCode.DELETE,
    OpCode.SET_DATA, OpCode.SET_ACL, OpCode.MULTI, OpCode.RECONFIG,
}


class Generator:
    """Draws steps from a seed. `profile` is "plain", "extended" or "super"; `avoid` holds the names
    of differences (differences.py) that must not be provoked."""

    def __init__(self, seed, profile, avoid, burst_max=20):
        self.random = random.Random(f"{seed} {profile}")
        self.profile = profile
        self.avoid = avoid
        self.burst_sizes = [size for size in BURST_SIZES if size <= burst_max]
        self.requests = 0  # Sent so far.
        self._audited = 0
        self._known = {}  # path -> [version, aversion] as last seen at the first server
        self._paths = []
        self._zxid = 0
        self._xids = [0] * SLOTS
        self._state = ["none"] * SLOTS  # none, open, away (session without connection)
        self._planned = []  # Steps that were decided on already.
        self._watched = [collections.deque(maxlen=12) for _ in range(SLOTS)]

    # -- steps -------------------------------------------------------------------------------

    def next_step(self):
        """The next step, given everything learnt so far."""
        if self.requests - self._audited >= AUDIT_EVERY:
            self._audited = self.requests
            return ("audit",)
        if self._planned:
            return self._planned.pop(0)
        slot = self.random.randrange(SLOTS)
        state = self._state[slot]
        if state == "none":
            return self._connect(slot)
        if state == "away":
            return self._reattach(slot)
        draw = self.random.random()
        if draw < 0.955:
            return self._burst(slot)
        if draw < 0.960:
            self._plan_quota(slot)
            return self._planned.pop(0)
        if draw < 0.980:
            return self._authenticate(slot)
        if draw < 0.985:
            return self._close(slot)
        if draw < 0.990:
            self._state[slot] = "away"
            return ("disconnect", slot)
        if draw < 0.9902:
            self._state[slot] = "none"
            return ("expire", slot)
        if draw < 0.994:
            return self._reattach(slot)
        return self._fatal(slot)

    def learn(self, step, replies):
        """Takes in the first server's replies to the requests of a step, in order."""
        kind, slot = step[0], step[1] if len(step) > 1 else None
        if kind == "reattach" and replies == ["refused"]:
            self._state[slot] = "away"
            return
        if kind not in ("burst", "close", "fatal"):
            return
        for (_, op, arguments), reply in zip(step[2], replies):
            if reply.zxid > self._zxid:
                self._zxid = reply.zxid
            if reply.err == Err.OK and not isinstance(arguments, bytes):
                self._learn_reply(op, arguments, reply)

    def _connect(self, slot):
        self._state[slot] = "open"
        self._xids[slot] = 0
        options = {"timeout_ms": self.random.choice((30000, 40000, 60000, 10**9))}
        draw = self.random.random()
        if draw < 0.1:
            options["read_only"] = None
        elif draw < 0.2:
            options["read_only"] = True
        elif draw < 0.3:
            options["password"] = self.random.choice((None, b"", b"short", bytes(40)))
        elif draw < 0.4:
            options["protocol_version"] = self.random.choice((7, -1))
        elif draw < 0.5:
            options["last_zxid_seen"] = self.random.choice((0, -1, self._zxid))
        return ("connect", slot, options)

    def _reattach(self, slot):
        away = self._state[slot] == "away"
        options = {"timeout_ms": self.random.choice((30000, 60000))}
        draw = self.random.random()
        if draw < 0.1:
            options["read_only"] = None
        elif draw < 0.2:
            options["last_zxid_seen"] = self._zxid
        elif draw < 0.25 and (away or "wrong-password-beside-a-connection" not in self.avoid):
            options["password"] = bytes(16)
            self._state[slot] = "away"
            return ("reattach", slot, options)
        elif draw < 0.3:
            options["last_zxid_seen"] = self._zxid + 10**6
            return ("reattach", slot, options)
        self._state[slot] = "open"
        return ("reattach", slot, options)

    def _close(self, slot):
        self._state[slot] = "none"
        requests = self._requests(slot, self.random.choice((0, 0, 1, 3)))
        requests.append((self._xid(slot), OpCode.CLOSE_SESSION, ()))
        self.requests += 1
        return ("close", slot, requests)

    def _burst(self, slot):
        return ("burst", slot, self._requests(slot, self._choice(self.burst_sizes)))

    def _authenticate(self, slot):
        # On its own: authentication takes effect when it is parsed, ahead of what is in flight.
        xid = self.random.choice((-4, self._xid(slot)))
        self.requests += 1
        draw = self.random.random()
        if draw < 0.10:
            return ("burst", slot, [(xid, OpCode.SASL, (b"",))])
        if draw < 0.15:
            return ("burst", slot, [(xid, OpCode.AUTH, ("ip", self._choice((b"none", b"", None))))])
        if draw < 0.25:
            data = self._choice((b"", b"nocolon", b"a:b:c", b":", b"x:"))
        elif draw < 0.45 and self.profile == "super":
            data = SUPER
        else:
            data = self._choice(USERS)
        return ("burst", slot, [(xid, OpCode.AUTH, ("digest", data))])

    def _plan_quota(self, slot):
        # Chance alone seldom builds the three levels and then fills them. One request for each step:
        # quotas are checked against what is applied.
        everyone = (Acl(ALL, "world", "anyone"),)
        node = self._choice(QUOTA_NODES)
        limits = f"/zookeeper/quota{node}/zookeeper_limits"
        stats = f"/zookeeper/quota{node}/zookeeper_stats"
        requests = [(OpCode.SET_ACL, ("/zookeeper/quota", everyone, -1))]
        parts = limits.split("/")
        for end in range(4, len(parts) + 1):
            path = "/".join(parts[:end])
            requests.append((OpCode.CREATE, (path, self._data(path), everyone, 0)))
        requests.append((OpCode.CREATE, (stats, self._data(stats), everyone, 0)))
        requests.append((OpCode.SET_DATA, (limits, self._choice(LIMITS), -1)))
        requests.append((OpCode.CREATE2, (node, b"1234567", everyone, 0)))
        for name in self.random.sample(NAMES, 4):
            requests.append((OpCode.CREATE, (f"{node}/{name}", b"12", everyone, 0)))
        requests.append((OpCode.SET_DATA, (node, self.random.randbytes(30), -1)))
        requests.append((OpCode.GET_DATA, (stats, False)))
        self.requests += len(requests)
        self._planned = [("burst", slot, [(self._xid(slot), *request)]) for request in requests]

    def _fatal(self, slot):
        self._state[slot] = "away"
        draw = self.random.random()
        if draw < 0.3:
            choices = [
                b"\x00\x00\x00\x00",  # No room for a request header.
                b"\x00\x00\x00\x07abcdefg",
                b"\xff\xff\xff\xff",  # A negative length.
                b"\x7f\xff\xff\xff",  # Beyond jute.maxbuffer.
                (0x100000).to_bytes(4, "big") + bytes(64),
                b"ruok",  # A four-letter word, but not at the start of a connection.
            ]
            return ("bytes", slot, self._choice(choices))
        self.requests += 1
        xid = self._xid(slot)
        if draw < 0.6:
            scheme, data = self._choice((
                ("world", b"anyone"), ("sasl", b"x"), ("nosuch", b"x"), (None, b"x"), ("", b""),
                ("digest", None), ("super", b"super:test"),
            ))
            return ("fatal", slot, [(xid, OpCode.AUTH, (scheme, data))])
        if draw < 0.7:
            return ("fatal", slot, [(xid, OpCode.AUTH, b"\x00\x00")])
        if draw < 0.75:
            return ("fatal", slot, [(xid, OpCode.SASL, (None,))])
        unknown = [0, -1, 10, 23, 99, 108, 888, 2**31 - 1, -(2**31), 110, 66]
        if draw < 0.85 and "check-at-top-level" not in self.avoid:
            return ("fatal", slot, [(xid, OpCode.CHECK, (self._path(), -1))])
        return ("fatal", slot, [(xid, self._choice(unknown), b"")])

    # -- requests ----------------------------------------------------------------------------

    def _requests(self, slot, size):
        requests = []
        writes = 0
        for _ in range(size):
            op = self._draw_op()
            if op in WRITES:
                # Quotas are checked against what is applied, so a second write would race.
                while self.profile == "extended" and writes and op in WRITES:
                    op = self._draw_op()
                writes += op in WRITES
            requests.append((self._xid(slot), op, self._arguments(op, slot)))
            self.requests += 1
            if op in UNSEEN_UNTIL_APPLIED:
                break
        return requests

    def _draw_op(self):
        if not hasattr(self, "_ops"):
            self._ops, self._op_weights = zip(*WEIGHTS.items())
        return self.random.choices(self._ops, self._op_weights)[0]

    def _xid(self, slot):
        if self.random.random() < 0.02:
            # Any value is legal, and the same value twice; -1 and -2 would read as something else.
            return self._choice((0, 1, -3, -8, -4, 2**31 - 1, -(2**31)))
        self._xids[slot] += 1
        return self._xids[slot]

    def _arguments(self, op, slot):
        arguments = self._decent_arguments(op, slot)
        if op in WRITES and "undecodable-write" in self.avoid:
            return arguments
        if self.random.random() < 0.01:
            body = encode_body(op, *arguments)
            draw = self.random.random()
            # The audit must know which nodes are containers, so their requests stay readable.
            if draw < 0.6 or op in _NODE_KINDS:
                return body[: self.random.randrange(max(1, len(body)))]
            if draw < 0.8:
                return body + b"junk"
            return b"\xff\xff\xff\xfe" + body[4:]  # A length that is neither null nor a size.
        return arguments

    def _decent_arguments(self, op, slot):
        if op in (OpCode.PING, OpCode.WHO_AM_I):
            return ()
        if op in (OpCode.CREATE, OpCode.CREATE2, OpCode.CREATE_CONTAINER, OpCode.CREATE_TTL):
            return self._create(op)
        if op == OpCode.DELETE:
            path = self._path(op, leaf=True)
            return path, self._version(path, 0)
        if op == OpCode.SET_DATA:
            path = self._path(op)
            return path, self._data(path), self._version(path, 0)
        if op == OpCode.SET_ACL:
            path = self._path(op)
            return path, self._acl(path), self._version(path, 1)
        if op == OpCode.MULTI:
            return self._multi()
        if op == OpCode.MULTI_READ:
            return self._multi_read()
        if op in (OpCode.CHECK_WATCHES, OpCode.REMOVE_WATCHES):
            watched = self._watched[slot]
            path = self._choice(watched) if watched and self._rarely(0.6) else self._path(op)
            if op == OpCode.CHECK_WATCHES and "check-watches-of-others" in self.avoid:
                return path, self._choice((0, 6))
            return path, self._watch_type(slot)
        if op == OpCode.ADD_WATCH:
            return self._add_watch(slot)
        if op in (OpCode.SET_WATCHES, OpCode.SET_WATCHES2):
            return self._set_watches(op, slot)
        if op == OpCode.GET_EPHEMERALS:
            return (self._choice((None, "", "/", " ", "/a", "/b", self._path())),)
        if op == OpCode.RECONFIG:
            return (None, self._choice(("", None, "1")), None, -1)
        if op == OpCode.GET_ALL_CHILDREN_NUMBER and "number-of-all-below-nothing" in self.avoid:
            return (self._path(op) or "/",)
        if op in (OpCode.SYNC, OpCode.GET_ACL, OpCode.GET_ALL_CHILDREN_NUMBER):
            return (self._path(op),)
        # exists, getData, getChildren, getChildren2
        path = self._path(op)
        watch = self._rarely(0.3) and not self._only_modes(slot)
        if watch:
            self._watched[slot].append(path)
        return path, watch

    def _create(self, op, in_multi=False):
        path = self._new_path()
        flags = self._choice((0, 0, 0, 0, 1, 1, 2, 3))
        if op == OpCode.CREATE_TTL:
            flags = self._choice((5, 5, 6))
        elif self.random.random() < 0.05:
            flags = 4
        if flags in (2, 3, 6) and isinstance(path, str) and self._rarely(0.3):
            path = self._choice(("/", f"{path}/", f"{path}/.", f"{path}/.."))
        lasting = (op == OpCode.CREATE_CONTAINER and "ephemeral-container" in self.avoid) or (
            _is_quota(path) and "ephemeral-quota" in self.avoid
        )
        if lasting and flags in (1, 3):
            flags -= 1
        if in_multi and op == OpCode.CREATE_CONTAINER and "multi-container-flags" in self.avoid:
            flags = 4
        acl = self._acl(path)
        bad_in_multi = in_multi and "multi-bad-create" in self.avoid
        if self.random.random() < 0.01 and not bad_in_multi:
            flags = self._choice((5, 6, 7, -1, 99))
        if acl is None and bad_in_multi:
            acl = ()
        if op != OpCode.CREATE_TTL:
            return path, self._data(path), acl, flags
        ttl = self._choice((1, 10**6, 10**9, 2**40 - 1))
        if self.random.random() < 0.1:
            ttl = self._choice((0, -1, -(2**63), 2**40, 2**63 - 1))
        if self.random.random() < 0.05 and not bad_in_multi:
            flags, ttl = self._choice((0, 2, 4, 0 if lasting else 1)), abs(ttl) & (2**62 - 1)
        return path, self._data(path), acl, flags, ttl

    def _multi(self):
        operations = []
        for _ in range(self._choice((0, 1, 1, 2, 2, 3, 4, 6))):
            op = self._choice((
                OpCode.CREATE, OpCode.CREATE, OpCode.CREATE2, OpCode.CREATE_CONTAINER,
                OpCode.CREATE_TTL, OpCode.DELETE, OpCode.DELETE, OpCode.SET_DATA, OpCode.SET_DATA,
                OpCode.CHECK, OpCode.CHECK,
            ))
            if op == OpCode.CREATE_TTL and self.profile != "extended" and self._rarely(0.8):
                op = OpCode.CREATE
            operations.append((op, *self._multi_arguments(op)))
        # Operations on one path: versions and children that exist only inside the transaction.
        if operations and self._rarely(0.3):
            path = self._new_path()
            if isinstance(path, str) and not path.startswith("/zookeeper"):
                operations[0] = (OpCode.CREATE, path, b"in", (Acl(ALL, "world", "anyone"),), 0)
                operations.append((OpCode.CREATE2, f"{path}/x", None, self._acl("/"), 2))
                operations.append((OpCode.SET_DATA, path, b"inside", self._choice((-1, 0, 1))))
                operations.append((OpCode.CHECK, path, self._choice((1, 1, 0))))
        if self._rarely(0.03):
            stranger = self._choice((
                (OpCode.SET_ACL, "/a"), (OpCode.EXISTS, "/a"), (OpCode.GET_DATA, "/a"),
                (OpCode.MULTI, ()), (OpCode.GET_CHILDREN, "/"), (77, b""),
            ))
            operations.insert(self.random.randrange(len(operations) + 1), stranger)
        operations = [self._without_nulls(*operation) for operation in operations]
        return (operations, not self._rarely(0.01))

    def _without_nulls(self, op, path="", *rest):
        if path is None and "null-inside-multi" in self.avoid:
            path = ""
        if op in _CREATES:
            data, acl, *rest = rest
            if acl is None and "multi-bad-create" in self.avoid:
                acl = ()
            if acl and "null-inside-multi" in self.avoid:
                acl = tuple(each for each in acl if None not in each or each.scheme == "auth")
            rest = (data, acl, *rest)
        return (op, path, *rest)

    def _multi_arguments(self, op):
        if op in (OpCode.CREATE, OpCode.CREATE2, OpCode.CREATE_CONTAINER, OpCode.CREATE_TTL):
            return self._create(op, in_multi=True)
        path = self._path(op, leaf=op == OpCode.DELETE)
        version = self._choice((-1, -1, self._version(path, 0)))
        if op == OpCode.SET_DATA:
            return path, self._data(path), version
        return path, version

    def _multi_read(self):
        operations = []
        for _ in range(self._choice((0, 1, 2, 3, 5))):
            op = self._choice((OpCode.GET_DATA, OpCode.GET_CHILDREN))
            operations.append((op, self._path(op), self._rarely(0.2)))
        return (operations, not self._rarely(0.01))

    def _add_watch(self, slot):
        if "watch-modes-share-a-path" in self.avoid:
            if not self._only_modes(slot):
                return "/nowhere", self._choice((2, -1))
            mode = slot
        else:
            mode = self._choice((0, 0, 0, 1, 1, 1, 2, -1))
        self._watched[slot].append(self._path(OpCode.ADD_WATCH))
        return self._watched[slot][-1], mode

    def _only_modes(self, slot):
        # Where a connection has one mode for each path, two slots use one addWatch mode each (0
        # and 1), the others only one-shot watches.
        return "watch-modes-share-a-path" in self.avoid and slot < 2

    def _watch_type(self, slot):
        if self._only_modes(slot):
            return 3
        if "remove-persistent-watches" in self.avoid:
            return self._choice((1, 2, 3, 0, 6))
        return self._choice((1, 2, 3, 4, 5, 1, 2, 3, 4, 5, 0, 6, -1))

    def _set_watches(self, op, slot):
        zxid = self._choice((0, self._zxid, max(0, self._zxid - self.random.randrange(200)), -1))
        lists = []
        for position in range(5 if op == OpCode.SET_WATCHES2 else 3):
            paths = [self._path(op) for _ in range(self._choice((0, 0, 1, 2, 4)))]
            if "watch-modes-share-a-path" in self.avoid:
                # Slot 0 is persistent (list 3), slot 1 recursive (list 4), others one-shot.
                mine = (position == slot + 3) if slot < 2 else position < 3
                paths = paths if mine else []
            anywhere = "set-watches-null-behind-others" not in self.avoid
            if not anywhere:
                paths = ["" if path is None else path for path in paths]
            null = self._rarely(0.005) and (anywhere or not lists)
            lists.append(None if null else tuple(paths))
        return (zxid, *lists)

    # -- values ------------------------------------------------------------------------------

    def _choice(self, values):
        return values[int(self.random.random() * len(values))]

    def _rarely(self, probability):
        return self.random.random() < probability

    def _path(self, op=None, leaf=False):
        draw = self.random.random()
        if draw < 0.75 and self._paths:
            if leaf:
                # The latest are most often leaves.
                spread = min(len(self._paths), 40)
                return self._paths[-1 - int(self.random.random() * spread)]
            return self._choice(self._paths)
        if draw < 0.90:
            return self._child("/" if self._rarely(0.6) or not self._paths
                               else self._choice(self._paths))
        if draw < 0.94:
            return self._choice(RESERVED_PATHS)
        if draw < 0.96:
            return self._quota_path()
        if draw < 0.99:
            return self._bad_path(op)
        return f"/s{self.random.randrange(50):010d}"

    def _bad_path(self, op):
        if self._rarely(0.2):
            if op in ECHOING and "malformed-utf8-echoed" in self.avoid:
                return "/nowhere"
            return self._choice(MALFORMED_PATHS)
        path = self._choice(BAD_PATHS)
        if path is None and "undecodable-write" in self.avoid and op not in READS:
            return ""
        if path == BAD_PATHS[-1] and op in ECHOING and "malformed-utf8-echoed" in self.avoid:
            return ""
        return path

    def _child(self, parent):
        return f"{'' if parent == '/' else parent}/{self._choice(NAMES)}"

    def _new_path(self):
        draw = self.random.random()
        if len(self._paths) > TREE_SIZE_MAX and draw < 0.7:
            return self._choice(self._paths)  # Exists: the tree stays small.
        if draw < 0.12:
            return self._quota_path()
        if draw < 0.4 or not self._paths:
            return self._child("/")
        if draw < 0.5:
            return self._child(f"/{self._choice(NAMES)}")
        if draw < 0.95:
            parent = self._choice(self._paths)
            return self._child(parent if parent.count("/") < 5 else "/")
        return self._path()

    def _quota_path(self):
        node = self._choice(QUOTA_NODES)
        tail = self._choice(("", "", "/zookeeper_limits", "/zookeeper_limits", "/zookeeper_stats"))
        return f"/zookeeper/quota{node}{tail}"

    def _version(self, path, which):
        draw = self.random.random()
        if draw < 0.5:
            return -1
        if draw < 0.85 and path in self._known:
            return self._known[path][which]
        return self._choice((0, 0, 1, 2, 3, -2, 2**31 - 1, -(2**31)))

    def _data(self, path):
        if isinstance(path, str) and path.startswith("/zookeeper/quota/"):
            if path.endswith("/zookeeper_stats"):
                return self._choice(STATS)
            if path.endswith("/zookeeper_limits"):
                return self._choice(BAD_LIMITS if self._rarely(0.03) else LIMITS)
        draw = self.random.random()
        if draw < 0.1:
            return None
        if draw < 0.2:
            return b""
        if draw < 0.97:
            return self.random.randbytes(self.random.randrange(1, 24))
        return self.random.randbytes(self.random.randrange(200, 3000))

    def _acl(self, path):
        acl = self._any_acl()
        if path in RESERVED_PATHS and acl:
            # Nobody but a super user could undo a lock here.
            perms = ALL if self._rarely(0.8) else ADMIN | self.random.randrange(32)
            perms |= READ if "unreadable-nodes" in self.avoid else 0
            return (Acl(perms, "world", "anyone"),)
        if acl and "unreadable-nodes" in self.avoid and Acl(ALL, "world", "anyone") not in acl:
            return (Acl(READ, "world", "anyone"), *acl)
        return acl

    def _any_acl(self):
        draw = self.random.random()
        everyone = Acl(ALL, "world", "anyone")
        if draw < 0.70:
            return (everyone,)
        if draw < 0.75:
            return (Acl(self.random.randrange(32), "world", "anyone"),)
        if draw < 0.82:
            ids = [Acl(self._choice((ALL, READ, 15, self.random.randrange(32))), "digest", id_)
                   for id_ in self.random.sample(DIGEST_IDS, 2)]
            return tuple(ids[: self._choice((1, 2))])
        if draw < 0.88:
            return (Acl(self._choice((ALL, ALL, 23)), "auth", self._choice((None, "", "x"))),)
        if draw < 0.91:
            return (Acl(READ, "world", "anyone"), Acl(ALL, "auth", ""))
        if draw < 0.94:
            address = self._choice(("127.0.0.1", "127.0.0.0/8", "10.0.0.0/8", "0.0.0.0/0"))
            return (Acl(ALL, "ip", address),)
        if draw < 0.96:
            return self._choice(ODD_ACLS)
        if draw < 0.97 and "ip-v6-acl" not in self.avoid:
            return self._choice(IP_V6_ACLS)
        return self._choice(BAD_ACLS)

    # -- learning ----------------------------------------------------------------------------

    def _learn_reply(self, op, arguments, reply):
        body = reply.body
        if op == OpCode.CREATE:
            self._add(body)
        elif op in _CREATES:
            self._add(body[0])
        elif op == OpCode.DELETE:
            self._remove(arguments[0])
        elif op in (OpCode.SET_DATA, OpCode.EXISTS, OpCode.SET_ACL):
            self._see(arguments[0], body)
        elif op in (OpCode.GET_DATA, OpCode.GET_CHILDREN2, OpCode.GET_ACL):
            self._see(arguments[0], body[1])
        elif op == OpCode.GET_CHILDREN and arguments[0] == "/":
            for name in sorted(body):
                self._add(f"/{name}")
        elif op == OpCode.MULTI:
            for (sub_op, *rest), result in zip(arguments[0], body):
                if result.type == OpCode.CREATE:
                    self._add(result.body)
                elif result.type == OpCode.CREATE2:
                    self._add(result.body[0])
                elif result.type == OpCode.DELETE:
                    self._remove(rest[0])
                elif result.type == OpCode.SET_DATA:
                    self._see(rest[0], result.body)
                del sub_op

    def _add(self, path):
        if path not in self._known and not path.startswith("/zookeeper"):
            self._paths.append(path)
        self._known[path] = [0, 0]

    def _see(self, path, stat):
        if path in self._known:
            self._known[path] = [stat.version, stat.aversion]

    def _remove(self, path):
        if self._known.pop(path, None) is not None and not path.startswith("/zookeeper"):
            self._paths.remove(path)


def _is_quota(path):
    return isinstance(path, str) and path.startswith("/zookeeper/quota")


_NODE_KINDS = {OpCode.CREATE_CONTAINER, OpCode.CREATE_TTL, OpCode.MULTI}
_CREATES = {OpCode.CREATE, OpCode.CREATE2, OpCode.CREATE_CONTAINER, OpCode.CREATE_TTL}
