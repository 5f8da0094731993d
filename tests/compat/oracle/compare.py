"""Brings answers of two servers to one form, leaving out only what must differ: session ids, clock
values, and orders that are unspecified."""

import re

from support.rawclient import Event, OpCode, Stat

DIGEST = "digest"


class Side:
    """What one server made up: which session id stands for which session, when each zxid was."""

    def __init__(self, allowed):
        self.allowed = allowed
        self._sessions = {}
        self._times = {0: 0}

    def name_session(self, session_id, name):
        """From now on this id appears as `name`."""
        self._sessions[session_id] = name

    def stat(self, stat):
        """A Stat without clock values. All times of one zxid on one server must be equal."""
        self._check_time(stat.czxid, stat.ctime)
        # Rewritten at every start, as no transaction, with the clock of that moment.
        is_config = "config-node" in self.allowed and stat.mzxid == 0 and stat.version == -1
        if not is_config:
            self._check_time(stat.mzxid, stat.mtime)
        owner = stat.ephemeral_owner
        return stat._replace(
            ctime=None, mtime=None, ephemeral_owner=self._sessions.get(owner, owner)
        )

    def reply(self, reply):
        """A Reply in comparable form."""
        body = reply.body
        if reply.op == OpCode.MULTI_READ and reply.err and "multi-read-error-body" in self.allowed:
            return reply._replace(body=None)
        if body is None or reply.op not in _NORMAL:
            return reply
        if isinstance(body, tuple) and body and body[0] in ("excess", "undecodable"):
            return reply
        return reply._replace(body=_NORMAL[reply.op](self, body))

    def data(self, data):
        """The data of a node; of the configuration everything but the ports."""
        if "config-node" in self.allowed and data and data.startswith(b"server.1="):
            return re.sub(rb":\d+:\d+:", b":::", data)
        return data

    def event(self, event):
        """An Event in comparable form."""
        return event._replace(zxid=None) if "event-zxid" in self.allowed else event

    def _check_time(self, zxid, time):
        known = self._times.setdefault(zxid, time)
        if known != time:
            raise InconsistentTime(f"zxid {zxid} was at {known}, now it is at {time}")


class InconsistentTime(Exception):
    """One server gave two clock values for one transaction."""


def first_difference(a, b, where=""):
    """Where two comparable answers differ, and how, in a few words."""
    if type(a) is type(b) and isinstance(a, (tuple, list)) and len(a) == len(b):
        names = getattr(a, "_fields", range(len(a)))
        for name, *pair in zip(names, a, b):
            if pair[0] != pair[1]:
                return first_difference(*pair, f"{where}.{name}")
    return f"{where or 'all'}: {a!r} or {b!r}"


def sorted_events(items):
    """The same items with every run of events sorted (for several deletions by one close)."""
    result, run = [], []
    for item in items:
        if isinstance(item, Event):
            run.append(item)
            continue
        result += sorted(run, key=repr) + [item]
        run = []
    return result + sorted(run, key=repr)


def _acl(side, body):
    # `auth` expands to the connection's ids in no particular order: sort runs of digest ids
    # with equal permissions, and nothing else.
    entries, stat = body
    result, run = [], []
    for entry in entries:
        if run and (entry.scheme != DIGEST or entry.perms != run[0].perms):
            result += sorted(run)
            run = []
        if entry.scheme == DIGEST:
            run.append(entry)
        else:
            result.append(entry)
    return result + sorted(run), side.stat(stat)


def _sorted(_, body):
    return None if body is None else sorted(body, key=repr)


def _multi(side, body):
    results = []
    for result in body:
        if isinstance(result.body, Stat):
            result = result._replace(body=side.stat(result.body))
        elif result.type == OpCode.GET_CHILDREN:
            result = result._replace(body=sorted(result.body))
        elif isinstance(result.body, tuple):
            first = result.body[0]
            first = side.data(first) if result.type == OpCode.GET_DATA else first
            result = result._replace(body=(first, side.stat(result.body[1])))
        if "multi-create2-result" in side.allowed and result.type == OpCode.CREATE2:
            result = result._replace(type=OpCode.CREATE, body=result.body[0])
        results.append(result)
    return results


_NORMAL = {
    OpCode.EXISTS: Side.stat,
    OpCode.SET_DATA: Side.stat,
    OpCode.SET_ACL: Side.stat,
    OpCode.GET_DATA: lambda side, body: (side.data(body[0]), side.stat(body[1])),
    OpCode.CREATE2: lambda side, body: (body[0], side.stat(body[1])),
    OpCode.CREATE_CONTAINER: lambda side, body: (body[0], side.stat(body[1])),
    OpCode.CREATE_TTL: lambda side, body: (body[0], side.stat(body[1])),
    OpCode.GET_ACL: _acl,
    OpCode.GET_CHILDREN: _sorted,
    OpCode.GET_CHILDREN2: lambda side, body: (sorted(body[0]), side.stat(body[1])),
    OpCode.GET_EPHEMERALS: _sorted,
    OpCode.WHO_AM_I: _sorted,
    OpCode.MULTI: _multi,
    OpCode.MULTI_READ: _multi,
}
