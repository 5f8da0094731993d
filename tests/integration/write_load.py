"""Seeded write load over several pipelined sessions, and the judgement of what survived a crash.

Each Writer has a session, a connection and a subtree of its own, so its model (subtree_model)
foretells every reply. All writers also create sequential znodes under one shared parent, where
only their requests' numbers, kept as data, tell whose they are.
"""

import collections
import random
import select
import time

from subtree_model import (
    CONTAINER,
    PERSISTENT_SEQUENTIAL,
    TTL,
    Check,
    CloseSession,
    Create,
    Delete,
    Multi,
    Outcome,
    SetAcl,
    SetData,
    Subtree,
    Workload,
)
from support import rawclient, sanitizers
from support.rawclient import Err, OpCode, RawClient

TOP = "/crash"
SHARED = "/crash/shared"
SESSION_TIMEOUT_MS = 60_000

Pending = collections.namedtuple("Pending", "number op outcome")


class Unfaithful(AssertionError):
    """The server broke a promise; the text says which."""


# -- requests on the wire ------------------------------------------------------------------------


def wire(op, number):
    """(op code, fields of its record) of a model operation."""
    if isinstance(op, Create):
        fields = (op.path, op.data, op.acl, op.mode)
        if op.mode == CONTAINER:
            return (OpCode.CREATE_CONTAINER, *fields)
        if op.mode >= TTL:
            return (OpCode.CREATE_TTL, *fields, op.ttl_ms)
        return (OpCode.CREATE2 if number % 2 else OpCode.CREATE, *fields)
    if isinstance(op, Delete):
        return (OpCode.DELETE, op.path, op.version)
    if isinstance(op, SetData):
        return (OpCode.SET_DATA, op.path, op.data, op.version)
    if isinstance(op, SetAcl):
        return (OpCode.SET_ACL, op.path, op.acl, op.version)
    if isinstance(op, Check):
        return (OpCode.CHECK, op.path, op.version)
    if isinstance(op, Multi):
        # Before 3.8.2 a create2 inside a multi is answered as a create: stay with create.
        return (OpCode.MULTI, [wire(sub_op, 0) for sub_op in op.ops])
    assert isinstance(op, CloseSession)
    return (OpCode.CLOSE_SESSION,)


def said(op, body):
    """The model's value of an Outcome from a reply body."""
    if isinstance(op, Create):
        return body[0] if isinstance(body, tuple) else body
    if isinstance(op, SetData):
        return body.version
    if isinstance(op, SetAcl):
        return body.aversion
    if isinstance(op, Multi):
        pairs = zip(op.ops, body, strict=True)
        return tuple(
            Outcome(result.body) if result.type == -1 else Outcome(0, said(sub_op, result.body))
            for sub_op, result in pairs
        )
    return None


# -- one session ---------------------------------------------------------------------------------


class Writer:
    """One slot of the load: its session may be closed and replaced, its subtree stays."""

    def __init__(self, index, seed):
        self.index = index
        self.root = f"{TOP}/s{index}"
        self.client = None
        self.session_id = 0
        self.password = bytes(16)
        self.last_zxid = 0
        self.acknowledged = 0  # replies so far, over all sessions
        self.shared_paths = {}  # request number -> path of an acknowledged shared create
        self.pending = collections.deque()
        self._rng = random.Random(f"{seed}/{index}")
        self._zxid_of = {0: 0}  # request number -> zxid of its transaction
        self._next_number = 1
        self._sent = Subtree(self.root, b"", 0)  # after everything that was sent
        self._settled = self._sent.copy()  # after everything that was acknowledged
        self._workload = Workload(self._rng, self._sent)

    def adopt_root(self, zxid):
        """The root of the subtree was created by this transaction."""
        self._zxid_of[0] = zxid

    def open(self, port):
        """A new session for this slot, on a connection of its own."""
        client = RawClient(port)
        response = client.connect(timeout_ms=SESSION_TIMEOUT_MS, last_zxid_seen=self.last_zxid)
        if response.session_id == 0:
            raise Unfaithful(f"writer {self.index}: no session")
        self.client = client
        self.session_id, self.password = response.session_id, response.password
        self._sent.session_open = self._settled.session_open = True

    def reattach(self, port):
        """Takes up the session on a restarted server; True if the server still knows it."""
        self.client = RawClient(port)
        response = self.client.connect(
            self.session_id,
            self.password,
            timeout_ms=SESSION_TIMEOUT_MS,
            last_zxid_seen=self.last_zxid,
        )
        return response.session_id == self.session_id

    # -- load --------------------------------------------------------------------------------

    def fill(self, window):
        """Sends requests until `window` of them have no reply."""
        out = []
        while len(self.pending) < window and self._sent.session_open:
            number = self._next_number
            self._next_number += 1
            op = self._next_op(number)
            is_shared = isinstance(op, Create) and op.path.startswith(SHARED)
            outcome = None if is_shared else self._sent.apply(op, number)
            self.pending.append(Pending(number, op, outcome))
            out.append(rawclient.frame(rawclient.encode_request(number, *wire(op, number))))
        if out:
            self.client.send_bytes(b"".join(out))

    def _next_op(self, number):
        pick = self._rng.random()
        if pick < 0.001:
            return CloseSession()
        if pick < 0.03:
            label = f"{self.index}:{number}".encode()
            return Create(f"{SHARED}/q-", label, PERSISTENT_SEQUENTIAL)
        return self._workload.next_op()

    def take_replies(self):
        """Checks every reply that has arrived; returns how many."""
        count = 0
        while (payload := self.client.buffered_payload()) is not None:
            count += 1
            self._take_reply(payload)
        self.acknowledged += count
        return count

    def _take_reply(self, payload):
        number, op, outcome = self.pending.popleft()
        reply = rawclient.decode_reply(wire(op, number)[0], payload)
        where = f"writer {self.index} request {number} {op}"
        if reply.xid != number:
            raise Unfaithful(f"{where}: reply out of order: {reply}")
        if reply.zxid <= self.last_zxid:
            raise Unfaithful(f"{where}: zxid not above {self.last_zxid:#x}: {reply}")
        self.last_zxid = self._zxid_of[number] = reply.zxid
        if outcome is None:
            self._take_shared_reply(number, reply, where)
            return
        got = Outcome(reply.err, None if reply.err else said(op, reply.body))
        if got != outcome:
            raise Unfaithful(f"{where}: expected {outcome}, got {reply}")
        self._settled.apply(op, number)

    def _take_shared_reply(self, number, reply, where):
        if reply.err != Err.OK:
            raise Unfaithful(f"{where}: {reply}")
        path = said(Create("", b""), reply.body)
        self.shared_paths[number] = path

    # -- judgement ---------------------------------------------------------------------------

    def settle(self, tree, shared, session_known):
        """Finds how many unacknowledged requests took effect, and goes on from there.

        `tree` is {path: Znode} of everything, `shared` {request number: path} of this writer's
        shared znodes. Raises Unfaithful when no prefix of what was sent explains them.
        """
        for number, path in self.shared_paths.items():
            if shared.get(number) != path:
                raise Unfaithful(f"writer {self.index}: lost acknowledged {path}")
        mine = {
            path: znode
            for path, znode in tree.items()
            if path == self.root or path.startswith(self.root + "/")
        }
        first_difference = None
        for applied in range(len(self.pending) + 1):
            difference = self._difference(mine, shared, session_known, applied)
            if difference is None:
                self._forget_the_rest(shared)
                return applied
            first_difference = first_difference or difference
            if applied < len(self.pending) and self.pending[applied].outcome is not None:
                self._settled.apply(self.pending[applied].op, self.pending[applied].number)
        raise Unfaithful(
            f"writer {self.index} (session {self.session_id:#x}): no prefix of its"
            f" {len(self.pending)} unacknowledged requests explains what is there; against the"
            f" acknowledged state: {first_difference}; against all of them: {difference}"
        )

    def _forget_the_rest(self, shared):
        self.pending.clear()
        self.shared_paths = dict(shared)
        self.last_zxid = max(self._zxid_of.values())
        self._sent = self._settled.copy()
        self._workload.continue_on(self._sent)

    def _difference(self, mine, shared, session_known, applied):
        """None if the tree is what the model says after `applied` unacknowledged requests."""
        if session_known != self._settled.session_open:
            return f"session known to the server: {session_known}"
        for at, (number, _, outcome) in enumerate(self.pending):
            if outcome is None and (number in shared) != (at < applied):
                return f"shared znode of request {number} there: {number in shared}"
        nodes = self._settled.nodes
        if mine.keys() != nodes.keys():
            missing = sorted(nodes.keys() - mine.keys())[:3]
            invented = sorted(mine.keys() - nodes.keys())[:3]
            return f"missing {missing}, invented {invented}"
        zxids = {}  # of unacknowledged requests, as the Stats show them
        for path, node in nodes.items():
            if difference := self._node_difference(path, node, mine[path], zxids):
                return difference
        in_order = [self.last_zxid, *(zxids[number] for number in sorted(zxids))]
        if any(later <= earlier for earlier, later in zip(in_order, in_order[1:], strict=False)):
            return f"zxids of unacknowledged requests not in order: {in_order}"
        self._zxid_of.update(zxids)
        return None

    def _node_difference(self, path, node, znode, zxids):
        stat = znode.stat
        expected = {
            "data": (node.data, znode.data),
            "acl": (node.acl, znode.acl),
            "version": (node.version, stat.version),
            "aversion": (node.aversion, stat.aversion),
            "cversion": (2 * node.creates - len(node.children), stat.cversion),
            "children": (len(node.children), stat.num_children),
            "length": (len(node.data or b""), stat.data_length),
            "owner": (self.session_id if node.ephemeral else 0, stat.ephemeral_owner),
        }
        for what, (wanted, got) in expected.items():
            if wanted != got:
                return f"{path}: {what} {got}, expected {wanted}"
        changes = ((node.created_by, stat.czxid), (node.changed_by, stat.mzxid))
        for number, zxid in (*changes, (node.children_by, stat.pzxid)):
            wanted = self._zxid_of.get(number) or zxids.setdefault(number, zxid)
            if wanted != zxid:
                return f"{path}: {zxid:#x} where request {number} left {wanted:#x}: {stat}"
        return None


# -- all sessions --------------------------------------------------------------------------------


def prepare(port, writers):
    """Creates the parents and opens every writer's session."""
    with RawClient(port) as client:
        client.connect()
        for path in (TOP, SHARED, *(writer.root for writer in writers)):
            reply = client.call(OpCode.CREATE2, path, b"")
            assert reply.err == Err.OK, reply
            for writer in writers:
                if writer.root == path:
                    writer.adopt_root(reply.zxid)
        client.close_session()
    for writer in writers:
        writer.open(port)


def drive(writers, replies_wanted, windows, seconds=60.0):
    """Keeps each writer's pipeline full until so many replies have come; returns their number.

    `windows` holds the depth of each writer's pipeline. Ends early when every session is closed.
    """
    deadline = time.monotonic() + seconds * sanitizers.patience()
    replies = 0
    while replies < replies_wanted:
        active = [w for w in writers if w.client is not None]
        for writer in active:
            writer.fill(windows[writer.index])
        waiting = [writer.client for writer in active if writer.pending]
        if not waiting:
            break
        if time.monotonic() > deadline:
            raise Unfaithful(f"only {replies} of {replies_wanted} replies in {seconds} s")
        readable, _, _ = select.select(waiting, [], [], 1.0)
        for writer in active:
            if writer.client in readable:
                writer.client.read_more(1.0)
                replies += writer.take_replies()
                hung_up = writer.client.closed and writer.pending
                if hung_up:
                    raise Unfaithful(f"writer {writer.index}: connection closed by the server")
    return replies


def collect_last_words(writers):
    """Reads what a killed server had already sent: those requests are acknowledged too."""
    for writer in writers:
        while not writer.client.closed:
            writer.client.read_more(5.0)
        writer.take_replies()
        writer.client.disconnect()
