"""Runs the same steps on two servers in lockstep and compares everything that comes back.

Lockstep: one session sends one burst to both servers, then all its answers are awaited. Watch
events for other sessions were queued on their connections before the writer got its reply, so they
are read ahead of the next reply there, and the order of everything is determined.
"""

import collections
import zlib

from support import rawclient
from support.rawclient import OP_NAMES, ConnectionClosed, Err, OpCode, RawClient
from support.servers import wait_until

import compare
from generator import SLOTS, SUPER

EXPIRY_SECONDS = 30
DIGEST_INTERVAL = 128  # Apache keeps the digest of each zxid that is a multiple of this.
CONTAINER_OWNER = -(2**63)


class Mismatch(Exception):
    """The two servers differ; the text says where and how."""


class _Slot:
    """One session, on both servers."""

    def __init__(self):
        self.clients = None  # Of A and B; None while there is no connection.
        self.session = None  # [(session id, password) of A, of B]


class Driver:
    """Two fresh servers, their sessions, and the comparison. `allowed` names differences."""

    def __init__(self, server_a, server_b, allowed):
        self.servers = (server_a, server_b)
        self.sides = (compare.Side(allowed), compare.Side(allowed))
        self.slots = [_Slot() for _ in range(SLOTS)]
        self.coverage = collections.Counter()  # (operation, outcome) -> how often A answered so
        self._session_count = 0
        self._owners = {}  # (path, czxid) -> owner of containers and TTL nodes, not on the wire
        self._run = {
            "connect": self._connect,
            "reattach": self._reattach,
            "disconnect": self._disconnect,
            "close": self._close,
            "expire": self._expire,
            "burst": self._burst,
            "fatal": self._fatal,
            "bytes": self._bytes,
            "audit": self._audit,
        }

    def close(self):
        """Drops all connections."""
        for slot in self.slots:
            self._drop(slot)

    def execute(self, step):
        """Runs a step; returns A's replies. Raises Mismatch. A step that does not apply (shrinking
        removes steps freely) does nothing."""
        return self._run[step[0]](*step[1:])

    # -- sessions ----------------------------------------------------------------------------

    def _connect(self, number, options):
        slot = self.slots[number]
        self._drop(slot)
        slot.session = None
        self._handshake(slot, [(0, None), (0, None)], {"password": bytes(16), **options})
        return []

    def _reattach(self, number, options):
        slot = self.slots[number]
        if slot.session is None:
            return []
        self._flush(slot)
        former, slot.clients = slot.clients, None
        if former and options.get("last_zxid_seen", 0) > 10**6 // 2:
            self._end(former)  # The server would not touch it: keep both sides alike.
            former = None
        accepted = self._handshake(slot, slot.session, options)
        if former:
            # The session has moved to its new connection: the server ends the old one.
            self._compare_rest(former)
        return [] if accepted else ["refused"]

    def _handshake(self, slot, sessions, options):
        try:
            clients = [RawClient(server.port) for server in self.servers]
        except ConnectionRefusedError as error:
            gone = [name for name, server in zip("AB", self.servers) if not server.is_serving()]
            raise Mismatch(f"no longer serving: {', '.join(gone)}") from error
        responses = []
        for client, (session_id, password) in zip(clients, sessions):
            mine = {"password": password, **options}
            password = mine.pop("password")
            client.send_bytes(
                rawclient.frame(rawclient.encode_connect(session_id, password, **mine))
            )
        for client in clients:
            try:
                responses.append(client.receive_connect())
            except ConnectionClosed:
                responses.append(None)
        new = sessions[0][0] == 0
        seen = [self._comparable_response(*pair) for pair in zip(responses, sessions)]
        if seen[0] != seen[1]:
            raise Mismatch(f"handshake\n  A: {responses[0]}\n  B: {responses[1]}")
        if responses[0] is None or responses[0].session_id == 0:
            self._compare_rest(clients)
            return False
        slot.clients = clients
        if new:
            self._session_count += 1
            slot.session = [(each.session_id, each.password) for each in responses]
            for side, each in zip(self.sides, responses):
                side.name_session(each.session_id, f"session {self._session_count}")
        return True

    @staticmethod
    def _comparable_response(response, session):
        if response is None:
            return None
        session_id, password = response.session_id, response.password
        expected = password_of(session_id) if session_id else bytes(16)
        return response._replace(
            session_id="same" if session_id == session[0] else "new" if session_id else 0,
            password="right" if password == expected else password,
        )

    def _disconnect(self, number):
        slot = self.slots[number]
        self._flush(slot)
        self._drop(slot)
        return []

    def _flush(self, slot, sort=False):
        # Whatever is on its way must not be lost, on one side only, with a connection that ends.
        if slot.clients:
            self._exchange(slot, [(-2, OpCode.PING, ())], False, sort)

    def _drop(self, slot):
        if slot.clients:
            self._end(slot.clients)
        slot.clients = None

    @staticmethod
    def _end(clients):
        for client in clients:
            client.disconnect()

    # -- requests ----------------------------------------------------------------------------

    def _burst(self, number, requests):
        slot = self.slots[number]
        if slot.clients is None or not requests:
            return []
        return self._exchange(slot, requests, False)

    def _fatal(self, number, requests):
        slot = self.slots[number]
        if slot.clients is None:
            return []
        self._flush(slot)
        replies = self._exchange(slot, requests, True)
        self._drop(slot)
        return replies

    def _close(self, number, requests):
        slot = self.slots[number]
        if slot.clients is None:
            return []
        # The order in which one close deletes ephemerals is unspecified, so its events are kept
        # apart from all others: everybody's events before, then everybody's because of it.
        replies = []
        if len(requests) > 1:
            replies += self._exchange(slot, requests[:-1], False)
        self._barrier(sort=False)
        replies += self._exchange(slot, requests[-1:], True, sort=True)
        self._drop(slot)
        slot.session = None
        self._barrier(sort=True)
        return replies

    def _expire(self, number):
        slot = self.slots[number]
        if slot.session is None:
            return []
        self._drop(slot)
        self._barrier(sort=False)
        if self._handshake(slot, slot.session, {"timeout_ms": 1}):
            before = [zxid_of(server) for server in self.servers]
            self._drop(slot)
            # The end of a session is a transaction, and nothing else is going on.
            for server, zxid in zip(self.servers, before):
                wait_until(
                    lambda server=server, zxid=zxid: zxid_of(server) != zxid,
                    EXPIRY_SECONDS, "end of an abandoned session",
                )
        self._barrier(sort=True)
        self._handshake(slot, slot.session, {"timeout_ms": 60000})
        if slot.clients:
            raise Mismatch("both servers took back an expired session")
        slot.session = None
        return []

    def _bytes(self, number, data):
        slot = self.slots[number]
        if slot.clients is None:
            return []
        self._flush(slot)
        for client in slot.clients:
            client.send_bytes(data)
        self._compare_rest(slot.clients)
        slot.clients = None
        return []

    def _barrier(self, sort):
        for slot in self.slots:
            self._flush(slot, sort)

    def _exchange(self, slot, requests, to_end, sort=False):
        """Sends requests to both, reads and compares the answers; returns A's replies."""
        out = b"".join(
            rawclient.frame(encode(request)) for request in requests
        )
        for client in slot.clients:
            client.send_bytes(out)
        answers = [self._read(client, len(requests), to_end) for client in slot.clients]
        replies = self._compare(requests, answers, sort)
        if answers[0][1]:
            self._drop(slot)
        self._note_owners(requests, replies)
        self._note_coverage(requests, replies)
        return replies

    def _compare_rest(self, clients):
        answers = [self._read(client, 0, True) for client in clients]
        self._compare([], answers, False)
        self._end(clients)

    @staticmethod
    def _read(client, replies, to_end):
        """(payloads, hung up): until so many replies are here, or until the end."""
        payloads = []
        while replies > 0 or to_end:
            try:
                payload = client.receive_payload()
            except ConnectionClosed:
                return payloads, True
            except TimeoutError:
                return payloads, "no answer in time"
            payloads.append(payload)
            if payload[:4] != b"\xff\xff\xff\xff":
                replies -= 1
        return payloads, False

    def _compare(self, requests, answers, sort):
        (payloads_a, end_a), (payloads_b, end_b) = answers
        items_a, next_request = [], 0
        same = end_a == end_b is not None and len(payloads_a) == len(payloads_b)
        for at, payload in enumerate(payloads_a):
            item, used = decode(payload, requests, next_request)
            items_a.append(item)
            if not same:
                next_request += used
                continue
            # Most answers are equal byte by byte; only others need a closer look.
            if payload != payloads_b[at]:
                other, _ = decode(payloads_b[at], requests, next_request)
                same = sort or self._normal(0, item) == self._normal(1, other)
            next_request += used
        if not same or sort:
            items_b, next_request = [], 0
            for payload in payloads_b:
                item, used = decode(payload, requests, next_request)
                items_b.append(item)
                next_request += used
            self._compare_items(requests, (items_a, end_a), (items_b, end_b), sort)
        self.coverage.update(
            ("event", item.type) for item in items_a if isinstance(item, rawclient.Event)
        )
        return [item for item in items_a if isinstance(item, rawclient.Reply)]

    def _compare_items(self, requests, a, b, sort):
        normal = [
            [self._normal(number, item) for item in items]
            for number, (items, _) in enumerate((a, b))
        ]
        if sort:
            normal = [compare.sorted_events(items) for items in normal]
        if normal[0] == normal[1] and a[1] == b[1]:
            if a[1] == "no answer in time":
                raise Mismatch(f"neither server answers\n{requests}")
            return
        first = next(
            (at for at, pair in enumerate(zip(*normal)) if pair[0] != pair[1]),
            min(map(len, normal)),
        )
        missing = "nothing"
        pair = [items[first] if first < len(items) else missing for items in normal]
        request = requests[min(first, len(requests) - 1)] if requests else None
        for item in pair:
            if isinstance(item, rawclient.Reply):
                request = next((each for each in requests if each[0] == item.xid), request)
        lines = [f"{len(requests)} requests, answer {first}", f"  request: {request}"]
        lines += [f"  {name}: {item}" for name, item in zip("AB", pair)]
        lines.append(f"  that is: {compare.first_difference(*pair)}")
        for name, items, (_, end) in (("A", normal[0], a), ("B", normal[1], b)):
            around = items[max(0, first - 2) : first + 4]
            lines += [f"  {name} around: {str(item)[:200]}" for item in around]
            if end:
                lines.append(f"  {name} {'hung up' if end is True else end}")
        raise Mismatch("\n".join(lines))

    def _normal(self, number, item):
        side = self.sides[number]
        try:
            if isinstance(item, rawclient.Event):
                return side.event(item)
            return side.reply(item)
        except compare.InconsistentTime as error:
            raise Mismatch(f"server {'AB'[number]}: {error}\n  {item}") from error

    # -- the whole tree ----------------------------------------------------------------------

    def _audit(self):
        """Compares the trees node by node, and each server's own digest with its tree."""
        self._barrier(sort=False)
        slot = _Slot()
        self._handshake(slot, [(0, bytes(16))] * 2, {"timeout_ms": 60000})
        self._exchange(slot, [(-4, OpCode.AUTH, ("digest", SUPER))], False)
        self._reach_digest_zxid(slot)
        trees = [walk(client) for client in slot.clients]
        self._compare_trees(trees)
        for name, server, tree in zip("AB", self.servers, trees):
            self._check_digest(name, server, tree)
        self._exchange(slot, [(1, OpCode.CLOSE_SESSION, ())], True)
        self._drop(slot)
        return []

    def _reach_digest_zxid(self, slot):
        zxid = 0
        for _ in range(DIGEST_INTERVAL):
            # Successful changes of a node that always is there.
            [reply] = self._exchange(slot, [(1, OpCode.SET_DATA, ("/", b"audit", -1))], False)
            if reply.err != Err.OK:
                raise Mismatch(f"the super user may not change the root: {reply}")
            zxid = reply.zxid
            if zxid % DIGEST_INTERVAL == 0:
                return zxid
        raise Mismatch(f"zxid {zxid} after {DIGEST_INTERVAL} transactions")

    def _compare_trees(self, trees):
        paths = [set(tree) for tree in trees]
        if paths[0] != paths[1]:
            raise Mismatch(
                f"tree\n  only A: {sorted(paths[0] - paths[1])}"
                f"\n  only B: {sorted(paths[1] - paths[0])}"
            )
        for path in sorted(paths[0]):
            nodes = [
                [self._normal(number, reply) for reply in tree[path]]
                for number, tree in enumerate(trees)
            ]
            if nodes[0] != nodes[1]:
                raise Mismatch(f"node {path!r}\n  A: {trees[0][path]}\n  B: {trees[1][path]}")

    def _check_digest(self, name, server, tree):
        zxid = tree["/"][0].zxid
        history = {}
        for line in server.four_letter_word("hash").decode().splitlines():
            key, _, value = line.partition(":")
            history[int(key, 16)] = int(value) % 2**64
        expected = sum(self._node_digest(path, replies[0].body) for path, replies in tree.items())
        expected %= 2**64
        if history.get(zxid) != expected:
            raise Mismatch(
                f"server {name}: digest of its tree at zxid {zxid} should be {expected}, "
                f"`hash` says {history.get(zxid)}"
            )

    def _node_digest(self, path, data_and_stat):
        if path.startswith("/zookeeper/"):
            return 0
        data, stat = data_and_stat
        owner = stat.ephemeral_owner or self._owners.get((path, stat.czxid), 0)
        # On the wire cversion counts deletions too; the server keeps the number of creations.
        creations = (stat.cversion + stat.num_children) // 2
        fields = rawclient.struct.pack(
            ">qqqqqiiiq",
            stat.czxid, stat.mzxid, stat.pzxid, stat.ctime, stat.mtime,
            stat.version, creations, stat.aversion, owner,
        )
        return zlib.crc32(("" if path == "/" else path).encode() + (data or b"") + fields)

    def _note_coverage(self, requests, replies):
        for (_, op, arguments), reply in zip(requests, replies):
            self.coverage[OP_NAMES.get(op, "unknown"), reply.err] += 1
            if isinstance(arguments, bytes):
                continue
            if op in (OpCode.MULTI, OpCode.MULTI_READ) and isinstance(reply.body, list):
                for (sub_op, *_), result in zip(arguments[0], reply.body):
                    name = f"{OP_NAMES[op]} {OP_NAMES[sub_op]}"
                    self.coverage[name, result.body if result.type == -1 else 0] += 1

    def _note_owners(self, requests, replies):
        for (_, op, arguments), reply in zip(requests, replies):
            if reply.err != Err.OK or isinstance(arguments, bytes):
                continue
            if op in (OpCode.CREATE_CONTAINER, OpCode.CREATE_TTL):
                self._note_owner(op, arguments, reply.body[0], reply.zxid)
            elif op == OpCode.MULTI and reply.body:
                for (sub_op, *rest), result in zip(arguments[0], reply.body):
                    if result.type == OpCode.CREATE2:
                        # Inside a multi flags 4 make a container of any create.
                        kind = OpCode.CREATE_CONTAINER if rest[3] == 4 else sub_op
                        self._note_owner(kind, rest, result.body[0], reply.zxid)

    def _note_owner(self, op, arguments, path, zxid):
        if op == OpCode.CREATE_CONTAINER:
            self._owners[path, zxid] = CONTAINER_OWNER
        elif op == OpCode.CREATE_TTL and arguments[3] in (5, 6):
            self._owners[path, zxid] = (0xFF << 56 | arguments[4]) - 2**64


def zxid_of(server):
    """The last zxid a server applied."""
    for line in server.four_letter_word("srvr").decode().splitlines():
        if line.startswith("Zxid: "):
            return int(line[6:], 16)
    raise Mismatch(f"no zxid from the server on port {server.port}")


def encode(request):
    """Payload of a request (xid, op, arguments or body bytes)."""
    xid, op, arguments = request
    if isinstance(arguments, bytes):
        return rawclient.struct.pack(">ii", xid, op) + arguments
    return rawclient.encode_request(xid, op, *arguments)


def decode(payload, requests, at):
    """(Event or Reply, number of requests it answers); replies answer requests in order."""
    if payload[:4] == b"\xff\xff\xff\xff":
        return rawclient.decode_event(payload), 0
    op = requests[at][1] if at < len(requests) else None
    return rawclient.decode_reply(op, payload), 1


def walk(client):
    """{path: (getData reply, getACL reply)} of every node, level by level, pipelined."""
    tree, level = {}, ["/"]
    while level:
        below = []
        for start in range(0, len(level), 200):
            part = level[start : start + 200]
            requests = []
            for path in part:
                requests += [
                    (OpCode.GET_DATA, path), (OpCode.GET_ACL, path), (OpCode.GET_CHILDREN, path)
                ]
            replies = client.pipeline(requests)
            for path, data, acl, children in zip(part, *(replies[i::3] for i in range(3))):
                # xids are counted, not compared.
                tree[path] = (data._replace(xid=0), acl._replace(xid=0))
                below += [f"{path.rstrip('/')}/{name}" for name in children.body]
        level = below
    return tree


def password_of(session_id):
    """The password every server derives from a session id (java.util.Random's generator)."""
    mask = 2**48 - 1
    state = (session_id ^ 0xB3415C00 ^ 0x5DEECE66D) & mask
    password = b""
    for _ in range(4):
        state = (state * 0x5DEECE66D + 0xB) & mask
        password += (state >> 16 & 0xFFFFFFFF).to_bytes(4, "little")
    return password
