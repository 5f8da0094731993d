"""A ZooKeeper client that shows the wire: every request, reply and event as a plain value.

Written from the protocol alone, sharing nothing with Drover's own code, so the two cannot be wrong
together. It hides nothing: requests may be pipelined, malformed or sent as raw bytes; replies and
watch events stay in the order in which they arrived.

    with RawClient(port) as client:
        client.connect()
        reply = client.call(OpCode.CREATE, "/a", b"x", OPEN_ACL, 0)   # Reply(xid, zxid, err, body)
        client.send(OpCode.GET_DATA, "/a", True)                      # pipelined ...
        client.send(OpCode.PING)
        client.receive(2)                                             # ... and collected

Arguments of each operation are the fields of its record, in order (see ENCODERS). Strings are str,
bytes (sent as they are: malformed UTF-8 included) or None (null); buffers are bytes or None.
"""

import collections
import contextlib
import socket
import struct
import time

from support import sanitizers


class OpCode:
    """Request types."""

    CREATE = 1
    DELETE = 2
    EXISTS = 3
    GET_DATA = 4
    SET_DATA = 5
    GET_ACL = 6
    SET_ACL = 7
    GET_CHILDREN = 8
    SYNC = 9
    PING = 11
    GET_CHILDREN2 = 12
    CHECK = 13
    MULTI = 14
    CREATE2 = 15
    RECONFIG = 16
    CHECK_WATCHES = 17
    REMOVE_WATCHES = 18
    CREATE_CONTAINER = 19
    DELETE_CONTAINER = 20
    CREATE_TTL = 21
    MULTI_READ = 22
    AUTH = 100
    SET_WATCHES = 101
    SASL = 102
    GET_EPHEMERALS = 103
    GET_ALL_CHILDREN_NUMBER = 104
    SET_WATCHES2 = 105
    ADD_WATCH = 106
    WHO_AM_I = 107
    CREATE_SESSION = -10
    CLOSE_SESSION = -11


OP_NAMES = {value: name for name, value in vars(OpCode).items() if isinstance(value, int)}


class Err:
    """Error codes of the reply header."""

    OK = 0
    RUNTIME_INCONSISTENCY = -2
    MARSHALLING_ERROR = -5
    UNIMPLEMENTED = -6
    BAD_ARGUMENTS = -8
    UNKNOWN_SESSION = -12
    NEW_CONFIG_NO_QUORUM = -13
    RECONFIG_IN_PROGRESS = -14
    NO_NODE = -101
    NO_AUTH = -102
    BAD_VERSION = -103
    NO_CHILDREN_FOR_EPHEMERALS = -108
    NODE_EXISTS = -110
    NOT_EMPTY = -111
    SESSION_EXPIRED = -112
    INVALID_ACL = -114
    AUTH_FAILED = -115
    SESSION_MOVED = -118
    NOT_READ_ONLY = -119
    EPHEMERAL_ON_LOCAL_SESSION = -120
    NO_WATCHER = -121
    RECONFIG_DISABLED = -123
    SESSION_CLOSED_REQUIRE_SASL_AUTH = -124
    QUOTA_EXCEEDED = -125
    THROTTLED_OP = -127


Stat = collections.namedtuple(
    "Stat",
    "czxid mzxid ctime mtime version cversion aversion ephemeral_owner data_length num_children "
    "pzxid",
)
Acl = collections.namedtuple("Acl", "perms scheme id")
ConnectResponse = collections.namedtuple(
    "ConnectResponse", "protocol_version timeout session_id password read_only frame_size"
)
Reply = collections.namedtuple("Reply", "xid zxid err body op")
Event = collections.namedtuple("Event", "zxid type state path")
# Results inside a MultiResponse: type -1 carries an error code as its body.
OpResult = collections.namedtuple("OpResult", "type err body")

READ, WRITE, CREATE, DELETE, ADMIN, ALL = 1, 2, 4, 8, 16, 31
OPEN_ACL = (Acl(ALL, "world", "anyone"),)
EVENT_XID, PING_XID, AUTH_XID, SET_WATCHES_XID = -1, -2, -4, -8

_INT = struct.Struct(">i")
_LONG = struct.Struct(">q")
_HEADER = struct.Struct(">ii")
_REPLY_HEADER = struct.Struct(">iqi")
_STAT = struct.Struct(">qqqqiiiqiiq")
_MULTI_HEADER = struct.Struct(">i?i")


class ConnectionClosed(Exception):
    """The server closed the connection; what had arrived before is in `RawClient.arrived`."""


# -- encoding ------------------------------------------------------------------------------------


def buffer(value):
    """jute buffer: length and bytes, -1 for None."""
    if value is None:
        return b"\xff\xff\xff\xff"
    return _INT.pack(len(value)) + value


def ustring(value):
    """jute string; str is sent as UTF-8, bytes as they are, None as null."""
    return buffer(value.encode("utf-8", "surrogatepass") if isinstance(value, str) else value)


def vector(values, encode):
    """jute vector, -1 for None."""
    if values is None:
        return b"\xff\xff\xff\xff"
    return _INT.pack(len(values)) + b"".join(map(encode, values))


def acl_entry(entry):
    """One ACL record from (perms, scheme, id)."""
    perms, scheme, id_ = entry
    return _INT.pack(perms) + ustring(scheme) + ustring(id_)


def strings(values):
    """Vector of strings."""
    return vector(values, ustring)


def acls(entries):
    """Vector of ACL records."""
    return vector(entries, acl_entry)


def _nothing():
    return b""


def _path_flag(path, flag=False):
    return ustring(path) + (b"\x01" if flag else b"\x00")


def _path_int(path, number=-1):
    return ustring(path) + _INT.pack(number)


def _create(path, data=b"", acl=OPEN_ACL, flags=0):
    return ustring(path) + buffer(data) + acls(acl) + _INT.pack(flags)


def _create_ttl(path, data=b"", acl=OPEN_ACL, flags=5, ttl=1000):
    return _create(path, data, acl, flags) + _LONG.pack(ttl)


def _set_data(path, data=b"", version=-1):
    return ustring(path) + buffer(data) + _INT.pack(version)


def _set_acl(path, acl=OPEN_ACL, version=-1):
    return ustring(path) + acls(acl) + _INT.pack(version)


def _multi(operations=(), terminator=True):
    parts = []
    for operation, *arguments in operations:
        parts.append(_MULTI_HEADER.pack(operation, False, -1))
        parts.append(encode_body(operation, *arguments))
    if terminator:
        parts.append(_MULTI_HEADER.pack(-1, True, -1))
    return b"".join(parts)


def _reconfig(joining=None, leaving=None, new_members=None, config_id=-1):
    return ustring(joining) + ustring(leaving) + ustring(new_members) + _LONG.pack(config_id)


def _auth(scheme, data, type_=0):
    return _INT.pack(type_) + ustring(scheme) + buffer(data)


def _set_watches(zxid, data=(), exist=(), child=()):
    return _LONG.pack(zxid) + strings(data) + strings(exist) + strings(child)


def _set_watches2(zxid, data=(), exist=(), child=(), persistent=(), recursive=()):
    return (
        _set_watches(zxid, data, exist, child) + strings(persistent) + strings(recursive)
    )


def _raw(body=b""):
    return body


ENCODERS = {
    OpCode.CREATE: _create,
    OpCode.DELETE: _path_int,
    OpCode.EXISTS: _path_flag,
    OpCode.GET_DATA: _path_flag,
    OpCode.SET_DATA: _set_data,
    OpCode.GET_ACL: ustring,
    OpCode.SET_ACL: _set_acl,
    OpCode.GET_CHILDREN: _path_flag,
    OpCode.SYNC: ustring,
    OpCode.PING: _nothing,
    OpCode.GET_CHILDREN2: _path_flag,
    OpCode.CHECK: _path_int,
    OpCode.MULTI: _multi,
    OpCode.CREATE2: _create,
    OpCode.RECONFIG: _reconfig,
    OpCode.CHECK_WATCHES: _path_int,
    OpCode.REMOVE_WATCHES: _path_int,
    OpCode.CREATE_CONTAINER: _create,
    OpCode.DELETE_CONTAINER: ustring,
    OpCode.CREATE_TTL: _create_ttl,
    OpCode.MULTI_READ: _multi,
    OpCode.AUTH: _auth,
    OpCode.SET_WATCHES: _set_watches,
    OpCode.SASL: buffer,
    OpCode.GET_EPHEMERALS: ustring,
    OpCode.GET_ALL_CHILDREN_NUMBER: ustring,
    OpCode.SET_WATCHES2: _set_watches2,
    OpCode.ADD_WATCH: _path_int,
    OpCode.WHO_AM_I: _nothing,
    OpCode.CREATE_SESSION: _INT.pack,
    OpCode.CLOSE_SESSION: _nothing,
}


def encode_body(op, *arguments):
    """The record of a request. An op this table does not know takes its body as bytes."""
    return ENCODERS.get(op, _raw)(*arguments)


def encode_request(xid, op, *arguments):
    """A whole request payload, without the frame length."""
    return _HEADER.pack(xid, op) + encode_body(op, *arguments)


def encode_connect(
    session_id=0,
    password=bytes(16),
    timeout_ms=10000,
    last_zxid_seen=0,
    read_only=False,
    protocol_version=0,
):
    """ConnectRequest payload; read_only=None leaves the byte out, as clients before 3.4 do."""
    start = struct.pack(">iqiq", protocol_version, last_zxid_seen, timeout_ms, session_id)
    end = b"" if read_only is None else struct.pack(">?", read_only)
    return start + buffer(password) + end


def frame(payload):
    """Length word and payload."""
    return _INT.pack(len(payload)) + payload


# -- decoding ------------------------------------------------------------------------------------


class Reader:
    """Decodes jute values from one reply payload; raises struct.error past its end."""

    __slots__ = ("_bytes", "_at")

    def __init__(self, data, at=0):
        self._bytes = data
        self._at = at

    def unpack(self, form):
        """Fields of a struct.Struct."""
        values = form.unpack_from(self._bytes, self._at)
        self._at += form.size
        return values

    def int(self):
        return self.unpack(_INT)[0]

    def long(self):
        return self.unpack(_LONG)[0]

    def buffer(self):
        size = self.int()
        if size < 0:
            return None
        end = self._at + size
        if end > len(self._bytes):
            raise struct.error("buffer runs past the end of the frame")
        value = bytes(self._bytes[self._at : end])
        self._at = end
        return value

    def string(self):
        value = self.buffer()
        return None if value is None else value.decode("utf-8", "surrogateescape")

    def vector(self, decode):
        count = self.int()
        return None if count < 0 else [decode() for _ in range(count)]

    def strings(self):
        return self.vector(self.string)

    def stat(self):
        return Stat._make(self.unpack(_STAT))

    def acl(self):
        return Acl(self.int(), self.string(), self.string())

    def rest(self):
        """Everything not decoded yet."""
        value = bytes(self._bytes[self._at :])
        self._at = len(self._bytes)
        return value


def _multi_response(reader):
    results = []
    while True:
        type_, done, err = reader.unpack(_MULTI_HEADER)
        if done:
            return results
        results.append(OpResult(type_, err, _MULTI_RESULTS[type_](reader)))


_MULTI_RESULTS = {
    -1: Reader.int,
    OpCode.CREATE: Reader.string,
    OpCode.CREATE2: lambda reader: (reader.string(), reader.stat()),
    OpCode.DELETE: lambda reader: None,
    OpCode.SET_DATA: Reader.stat,
    OpCode.CHECK: lambda reader: None,
    OpCode.GET_DATA: lambda reader: (reader.buffer(), reader.stat()),
    OpCode.GET_CHILDREN: Reader.strings,
}

_PATH_AND_STAT = _MULTI_RESULTS[OpCode.CREATE2]

DECODERS = {
    OpCode.CREATE: Reader.string,
    OpCode.EXISTS: Reader.stat,
    OpCode.GET_DATA: _MULTI_RESULTS[OpCode.GET_DATA],
    OpCode.SET_DATA: Reader.stat,
    OpCode.GET_ACL: lambda reader: (reader.vector(reader.acl), reader.stat()),
    OpCode.SET_ACL: Reader.stat,
    OpCode.GET_CHILDREN: Reader.strings,
    OpCode.SYNC: Reader.string,
    OpCode.GET_CHILDREN2: lambda reader: (reader.strings(), reader.stat()),
    OpCode.MULTI: _multi_response,
    OpCode.CREATE2: _PATH_AND_STAT,
    OpCode.RECONFIG: lambda reader: (reader.buffer(), reader.stat()),
    OpCode.CREATE_CONTAINER: _PATH_AND_STAT,
    OpCode.CREATE_TTL: _PATH_AND_STAT,
    OpCode.MULTI_READ: _multi_response,
    OpCode.SASL: Reader.buffer,
    OpCode.GET_EPHEMERALS: Reader.strings,
    OpCode.GET_ALL_CHILDREN_NUMBER: Reader.int,
    OpCode.ADD_WATCH: Reader.int,
    OpCode.WHO_AM_I: lambda reader: reader.vector(lambda: (reader.string(), reader.string())),
}


def decode_reply(op, payload):
    """Reply from a payload whose request had type `op`; bytes nobody expected stay as bytes.

    The body is None for a reply of the header alone. Bytes left over after a body make the body
    a tuple ("excess", body, bytes); bytes that do not decode, ("undecodable", bytes).
    """
    xid, zxid, err = _REPLY_HEADER.unpack_from(payload)
    if len(payload) == _REPLY_HEADER.size:
        return Reply(xid, zxid, err, None, op)
    reader = Reader(payload, _REPLY_HEADER.size)
    if err != 0 or op not in DECODERS:
        return Reply(xid, zxid, err, ("excess", None, reader.rest()), op)
    try:
        body = DECODERS[op](reader)
    except (struct.error, KeyError):
        return Reply(xid, zxid, err, ("undecodable", bytes(payload[_REPLY_HEADER.size :])), op)
    excess = reader.rest()
    return Reply(xid, zxid, err, ("excess", body, excess) if excess else body, op)


def decode_event(payload):
    """Event from a payload whose xid is -1."""
    _, zxid, _ = _REPLY_HEADER.unpack_from(payload)
    reader = Reader(payload, _REPLY_HEADER.size)
    return Event(zxid, reader.int(), reader.int(), reader.string())


def decode_connect(payload):
    """ConnectResponse; read_only is None when the server left the byte out."""
    version, timeout, session_id = struct.unpack_from(">iiq", payload)
    reader = Reader(payload, 16)
    password = reader.buffer()
    rest = reader.rest()
    return ConnectResponse(
        version, timeout, session_id, password, bool(rest[0]) if rest else None, len(payload)
    )


# -- the connection ------------------------------------------------------------------------------


class RawClient:
    """One connection. Not thread-safe. Every wait ends after `timeout` seconds (TimeoutError).

    A build that a sanitizer slows down gets more of them.
    """

    def __init__(self, port, host="127.0.0.1", timeout=20.0):
        self.timeout = timeout * sanitizers.patience()
        self.session_id = 0
        self.password = bytes(16)
        self.arrived = []  # Every Reply and Event, in order of arrival.
        self.closed = False  # The server has hung up.
        self._xid = 0
        self._expected = []  # (xid, op) of requests without a reply, in order of sending.
        self._input = bytearray()
        self._read_at = 0
        self._out = []
        self._socket = socket.create_connection((host, port), timeout=self.timeout)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.disconnect()

    def disconnect(self):
        """Drops the TCP connection; the session lives on at the server."""
        self._socket.close()

    def fileno(self):
        """For select()."""
        return self._socket.fileno()

    # -- session -----------------------------------------------------------------------------

    def connect(self, session_id=0, password=bytes(16), **options):
        """Handshake; see encode_connect for `options`. The response is also remembered.

        Raises ConnectionClosed when the server hangs up without a response.
        """
        self.send_bytes(frame(encode_connect(session_id, password, **options)))
        return self.receive_connect()

    def receive_connect(self):
        """Reads a ConnectResponse (for handshakes sent as raw bytes)."""
        response = decode_connect(self.receive_payload())
        self.session_id = response.session_id
        self.password = response.password
        return response

    def close_session(self):
        """closeSession, its reply, and the end of the connection."""
        reply = self.call(OpCode.CLOSE_SESSION)
        self.receive_until_closed()
        return reply

    # -- requests ----------------------------------------------------------------------------

    def next_xid(self):
        """The next ordinary xid."""
        self._xid += 1
        return self._xid

    def queue(self, op, *arguments, xid=None):
        """Encodes a request to go with the next flush(); returns its xid."""
        xid = self.next_xid() if xid is None else xid
        self._out.append(frame(encode_request(xid, op, *arguments)))
        self.expect(xid, op)
        return xid

    def flush(self):
        """Sends everything queued in one write."""
        out, self._out = b"".join(self._out), []
        self.send_bytes(out)

    def send(self, op, *arguments, xid=None):
        """Sends one request without waiting; returns its xid."""
        xid = self.queue(op, *arguments, xid=xid)
        self.flush()
        return xid

    def send_bytes(self, data):
        """Sends arbitrary bytes. Tell expect() of the replies they should bring."""
        try:
            self._socket.sendall(data)
        except (BrokenPipeError, ConnectionResetError):
            pass  # What was answered before the server hung up can still be read.

    def half_close(self):
        """Tells the server that nothing more will come; replies can still be read."""
        with contextlib.suppress(OSError):  # The server may have hung up already.
            self._socket.shutdown(socket.SHUT_WR)

    def expect(self, xid, op):
        """Notes that a reply with this xid is to be decoded as an answer to `op`."""
        self._expected.append((PING_XID if op == OpCode.PING else xid, op))

    def call(self, op, *arguments, xid=None):
        """Sends one request and returns its reply. Events meanwhile are in `arrived`."""
        xid = self.send(op, *arguments, xid=xid)
        wanted = PING_XID if op == OpCode.PING else xid
        while True:
            got = self.receive_one()
            if isinstance(got, Reply) and got.xid == wanted:
                return got

    def pipeline(self, requests):
        """Sends [(op, *arguments), ...] in one write; returns the replies in order of arrival."""
        for op, *arguments in requests:
            self.queue(op, *arguments)
        self.flush()
        return [got for got in self.receive(len(requests)) if isinstance(got, Reply)]

    # -- replies and events ------------------------------------------------------------------

    def receive(self, replies):
        """Everything that arrives up to and including the given number of replies."""
        got = []
        while replies > 0:
            got.append(self.receive_one())
            replies -= isinstance(got[-1], Reply)
        return got

    def receive_one(self):
        """The next Reply or Event. Raises ConnectionClosed or TimeoutError."""
        payload = self.receive_payload()
        xid = _INT.unpack_from(payload)[0]
        got = decode_event(payload) if xid == EVENT_XID else self._match(xid, payload)
        self.arrived.append(got)
        return got

    def receive_until_closed(self):
        """Everything that arrives until the server hangs up."""
        got = []
        try:
            while True:
                got.append(self.receive_one())
        except ConnectionClosed:
            return got

    def events(self):
        """All events so far, in order, after a ping has flushed those on their way."""
        self.call(OpCode.PING)
        return [got for got in self.arrived if isinstance(got, Event)]

    def receive_payload(self):
        """One frame, undecoded."""
        deadline = time.monotonic() + self.timeout
        while True:
            payload = self.buffered_payload()
            if payload is not None:
                return payload
            if self.closed:
                raise ConnectionClosed(f"{len(self._expected)} replies outstanding")
            self.read_more(max(0.001, deadline - time.monotonic()))

    def buffered_payload(self):
        """A frame that is already here, or None."""
        available = len(self._input) - self._read_at
        if available < 4:
            return None
        size = _INT.unpack_from(self._input, self._read_at)[0]
        if available < 4 + size:
            return None
        start = self._read_at + 4
        payload = bytes(self._input[start : start + size])
        self._read_at = start + size
        if self._read_at == len(self._input):
            self._input.clear()
            self._read_at = 0
        return payload

    def read_more(self, seconds):
        """One read from the socket; sets `closed` at its end. Raises TimeoutError."""
        self._socket.settimeout(seconds)
        try:
            chunk = self._socket.recv(1 << 18)
        except (ConnectionResetError, BrokenPipeError):
            chunk = b""
        if chunk:
            self._input += chunk
        else:
            self.closed = True

    def _match(self, xid, payload):
        # Servers may answer auth and unknown types ahead of earlier requests, so look by xid.
        for at, (expected, op) in enumerate(self._expected):
            if expected == xid:
                del self._expected[at]
                return decode_reply(op, payload)
        return decode_reply(None, payload)
