"""What one session's writes must do to a subtree that it alone writes to.

Because no other session writes there and a session's requests run in the order they were sent,
the outcome of every request is known when it is sent, and the state after a crash must be the state
after some prefix of what was sent that is at least as long as what was acknowledged.

The model knows only ZooKeeper's rules; it shares no code with any server.
"""

import copy
import dataclasses

OK = 0
BAD_ARGUMENTS = -8
NO_NODE = -101
BAD_VERSION = -103
NO_CHILDREN_FOR_EPHEMERALS = -108
NODE_EXISTS = -110
NOT_EMPTY = -111
ROLLED_BACK = -2  # sub-operations of a failed multi that stand after the failing one

PERSISTENT, EPHEMERAL, PERSISTENT_SEQUENTIAL, EPHEMERAL_SEQUENTIAL = 0, 1, 2, 3
CONTAINER, TTL, SEQUENTIAL_TTL = 4, 5, 6
SEQUENTIAL_MODES = (PERSISTENT_SEQUENTIAL, EPHEMERAL_SEQUENTIAL, SEQUENTIAL_TTL)
EPHEMERAL_MODES = (EPHEMERAL, EPHEMERAL_SEQUENTIAL)

WORLD = ((31, "world", "anyone"),)


@dataclasses.dataclass(frozen=True)
class Create:
    path: str
    data: bytes | None
    mode: int = PERSISTENT
    acl: tuple = WORLD
    ttl_ms: int = 0


@dataclasses.dataclass(frozen=True)
class Delete:
    path: str
    version: int = -1


@dataclasses.dataclass(frozen=True)
class SetData:
    path: str
    data: bytes | None
    version: int = -1


@dataclasses.dataclass(frozen=True)
class SetAcl:
    path: str
    acl: tuple
    version: int = -1


@dataclasses.dataclass(frozen=True)
class Check:
    """Only inside a Multi: a server does not accept it alone."""

    path: str
    version: int = -1


@dataclasses.dataclass(frozen=True)
class Multi:
    ops: tuple


@dataclasses.dataclass(frozen=True)
class CloseSession:
    pass


@dataclasses.dataclass(frozen=True)
class Outcome:
    """What the reply must say. `value`: created path, new version, or outcomes of a multi."""

    err: int
    value: object = None


@dataclasses.dataclass
class Node:
    """A znode. The three *_by fields hold the number of the request whose zxid the Stat shows."""

    data: bytes | None
    acl: tuple
    ephemeral: bool
    created_by: int
    changed_by: int
    children_by: int
    version: int = 0
    aversion: int = 0
    creates: int = 0  # children ever created: the sequence counter
    children: set = dataclasses.field(default_factory=set)


def parent_of(path):
    return path.rpartition("/")[0] or "/"


class Subtree:
    """The znodes at and under `root`, which request number `created_by` made."""

    def __init__(self, root, data, created_by):
        self.root = root
        self.nodes = {root: Node(data, WORLD, False, created_by, created_by, created_by)}
        self.session_open = True

    def copy(self):
        twin = copy.copy(self)
        twin.nodes = self._copy_nodes()
        return twin

    def _copy_nodes(self):
        return {
            path: dataclasses.replace(node, children=set(node.children))
            for path, node in self.nodes.items()
        }

    def apply(self, op, number):
        """Runs request `number`; returns its Outcome. A request that fails changes nothing."""
        if isinstance(op, Multi):
            return self._apply_multi(op, number)
        if isinstance(op, CloseSession):
            return self._close_session(number)
        return getattr(self, f"_apply_{type(op).__name__.lower()}")(op, number)

    def _apply_multi(self, op, number):
        before = self._copy_nodes()
        outcomes = []
        for sub_op in op.ops:
            outcome = self.apply(sub_op, number)
            outcomes.append(outcome)
            if outcome.err:
                self.nodes = before
                failed_at = len(outcomes) - 1
                codes = [OK] * failed_at + [outcome.err]
                codes += [ROLLED_BACK] * (len(op.ops) - len(codes))
                return Outcome(OK, tuple(Outcome(code) for code in codes))
        return Outcome(OK, tuple(outcomes))

    def _close_session(self, number):
        for path in [p for p, node in self.nodes.items() if node.ephemeral]:
            self._remove(path, number)
        self.session_open = False
        return Outcome(OK)

    def _apply_create(self, op, number):
        parent = self.nodes.get(parent_of(op.path))
        if parent is None:
            return Outcome(NO_NODE)
        path = op.path
        if op.mode in SEQUENTIAL_MODES:
            path += f"{parent.creates:010d}"
        if path in self.nodes:
            return Outcome(NODE_EXISTS)
        if parent.ephemeral:
            return Outcome(NO_CHILDREN_FOR_EPHEMERALS)
        parent.creates += 1
        parent.children_by = number
        parent.children.add(path)
        ephemeral = op.mode in EPHEMERAL_MODES
        self.nodes[path] = Node(op.data, op.acl, ephemeral, number, number, number)
        return Outcome(OK, path)

    def _apply_delete(self, op, number):
        node = self.nodes.get(op.path)
        if node is None:
            return Outcome(NO_NODE)
        if op.version not in (-1, node.version):
            return Outcome(BAD_VERSION)
        if node.children:
            return Outcome(NOT_EMPTY)
        self._remove(op.path, number)
        return Outcome(OK)

    def _apply_setdata(self, op, number):
        node = self.nodes.get(op.path)
        if node is None:
            return Outcome(NO_NODE)
        if op.version not in (-1, node.version):
            return Outcome(BAD_VERSION)
        node.data = op.data
        node.version += 1
        node.changed_by = number
        return Outcome(OK, node.version)

    def _apply_setacl(self, op, _number):
        node = self.nodes.get(op.path)
        if node is None:
            return Outcome(NO_NODE)
        if op.version not in (-1, node.aversion):
            return Outcome(BAD_VERSION)
        node.acl = op.acl
        node.aversion += 1
        return Outcome(OK, node.aversion)

    def _apply_check(self, op, _number):
        node = self.nodes.get(op.path)
        if node is None:
            return Outcome(NO_NODE)
        if op.version not in (-1, node.version):
            return Outcome(BAD_VERSION)
        return Outcome(OK)

    def _remove(self, path, number):
        del self.nodes[path]
        parent = self.nodes[parent_of(path)]
        parent.children.discard(path)
        parent.children_by = number


class Workload:
    """Draws one session's requests from a seeded generator.

    Most succeed; some must fail (wrong version, missing node, node with children), because a
    failed write is a transaction too.
    """

    MAX_NODES = 120
    MAX_DEPTH = 5

    def __init__(self, rng, subtree):
        self._rng = rng
        self._subtree = subtree
        self._names = 0

    def continue_on(self, subtree):
        """Draws from now on against another state of the subtree; names stay unique."""
        self._subtree = subtree

    def next_op(self):
        """The next request; apply it to the subtree before asking for another."""
        pick = self._rng.random()
        full = len(self._subtree.nodes) > self.MAX_NODES
        if pick < 0.12:
            return self._multi()
        if pick < (0.20 if full else 0.45):
            return self._create()
        if pick < (0.65 if full else 0.60):
            return self._delete()
        if pick < 0.92:
            return self._set_data()
        return self._set_acl()

    def _any_path(self):
        return self._rng.choice(list(self._subtree.nodes))

    def _data(self):
        size = self._rng.choice((0, 3, 20, 100, 700))
        if size == 3:
            return None
        return self._rng.randbytes(size)

    def _new_path(self):
        """A fresh name under a node that is not too deep; sometimes under an ephemeral one."""
        parents = [p for p in self._subtree.nodes if p.count("/") < self.MAX_DEPTH]
        self._names += 1
        return f"{self._rng.choice(parents)}/n{self._names}"

    def _create(self):
        taken = [path for path in self._subtree.nodes if path != self._subtree.root]
        if taken and self._rng.random() < 0.05:
            return Create(self._rng.choice(taken), self._data())
        mode = self._rng.choice((0, 0, 0, 1, 1, 2, 3, CONTAINER, TTL, SEQUENTIAL_TTL))
        ttl_ms = 3_600_000 if mode in (TTL, SEQUENTIAL_TTL) else 0
        return Create(self._new_path(), self._data(), mode, WORLD, ttl_ms)

    def _delete(self):
        nodes = self._subtree.nodes
        leaves = [p for p in nodes if not nodes[p].children and p != self._subtree.root]
        pick = self._rng.random()
        if pick < 0.05 or not leaves:
            return Delete(f"{self._subtree.root}/missing")
        if pick < 0.10:
            return Delete(self._any_path(), 1_000_000)
        if pick < 0.15 and nodes[self._subtree.root].children:
            return Delete(self._subtree.root)  # has children
        return Delete(self._rng.choice(leaves))

    def _set_data(self):
        path = self._any_path()
        version = self._rng.choice((-1, self._subtree.nodes[path].version))
        if self._rng.random() < 0.05:
            version = 1_000_000
        return SetData(path, self._data(), version)

    def _set_acl(self):
        perms = self._rng.choice((31, 17, 19))
        acl = ((31, "world", "anyone"), (perms, "ip", "127.0.0.1"))
        return SetAcl(self._any_path(), acl[: self._rng.choice((1, 2))])

    def _multi(self):
        """Sub-operations drawn against a scratch copy, so that later ones may use earlier ones."""
        scratch = self._subtree.copy()
        original, self._subtree = self._subtree, scratch
        ops = []
        for _ in range(self._rng.randint(1, 6)):
            draw = self._rng.choice((self._create, self._set_data, self._delete, self._check))
            op = draw()
            ops.append(op)
            if scratch.apply(op, 0).err:
                break
        self._subtree = original
        return Multi(tuple(ops))

    def _check(self):
        path = self._any_path()
        return Check(path, self._subtree.nodes[path].version)
