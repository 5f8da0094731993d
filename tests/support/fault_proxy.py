"""A loopback proxy that knows ZooKeeper's frames and does harm at a chosen one.

It stands between one or more clients and a server. Rules say which frame to meet (direction, op,
xid, how many before it) and what to do with it; a rule strikes once unless told otherwise:

    with FaultProxy(server.port) as proxy:
        lost = proxy.on_reply("create", do="cut")     # the reply never arrives, the connection ends
        ...
        lost.wait(5)                                   # until it struck

| `do`        | the frame                             | the connection                            |
|-------------|---------------------------------------|-------------------------------------------|
| pass        | goes on                               | goes on (the rule only tells that it came)|
| drop        | is swallowed                          | goes on                                   |
| delay       | goes on `seconds` later               | this direction waits for it               |
| cut         | is swallowed                          | both ends are closed                      |
| cut_after   | goes on                               | both ends are closed                      |
| cut_within  | half of its bytes go on               | both ends are closed                      |
| half_close  | is swallowed                          | its receiver sees the end of the stream   |
| stall       | is held                               | this direction stands until release()     |

refuse() and accept() close and open the door for new connections; freeze() and release() hold and
let go everything; cut_all() ends what is open.
"""

import contextlib
import itertools
import socket
import struct
import threading
import time

OPS = {
    "create": (1, 15, 19, 21), "delete": (2,), "exists": (3,), "get": (4,), "set": (5,),
    "children": (8, 12), "sync": (9,), "ping": (11,), "multi": (14,), "remove_watches": (18,),
    "multi_read": (22,), "auth": (100,), "set_watches": (101, 105), "add_watch": (106,),
    "close": (-11,), "connect": ("connect",), "event": ("event",),
}  # fmt: skip
PING_XID, AUTH_XID, EVENT_XID, SET_WATCHES_XID = -2, -4, -1, -8
FIXED = {EVENT_XID: "event", PING_XID: 11, AUTH_XID: 100, SET_WATCHES_XID: 101}
CHUNK = 1 << 16
ACTIONS = ("pass", "drop", "delay", "cut", "cut_after", "cut_within", "half_close", "stall")


class Rule:
    """What to do with which frame. `seen` are (direction, op, xid) of the frames it struck."""

    def __init__(self, direction, op, do, xid, skip, times, seconds):
        if do not in ACTIONS:
            raise ValueError(f"no such fault: {do}")
        if op not in (None, "answer", *OPS):
            raise ValueError(f"no such op: {op}")
        self.do = do
        self.seconds = seconds
        self.seen = []
        self._direction = direction
        self._op = op
        self._xid = xid
        self._skip = skip
        self._left = times
        self._struck = threading.Event()

    def wait(self, seconds):
        """Until it struck for the first time; raises TimeoutError."""
        if not self._struck.wait(seconds):
            raise TimeoutError(f"nothing to {self.do} came within {seconds} s")

    def struck(self):
        return self._struck.is_set()

    def meets(self, direction, op, xid):
        """Whether this frame is the one; counts what it skips. Under the proxy's lock."""
        if self._left == 0 or direction != self._direction:
            return False
        if not self._is_for(op):
            return False
        if self._xid is not None and xid != self._xid:
            return False
        if self._skip > 0:
            self._skip -= 1
            return False
        self._left -= 1
        self.seen.append((direction, op, xid))
        self._struck.set()
        return True

    def _is_for(self, op):
        if self._op == "answer":
            return op != "event"
        return self._op is None or op in OPS[self._op]


class FaultProxy:
    """Relays 127.0.0.1:`port` to 127.0.0.1:`server_port`; a context manager, harmless at first."""

    def __init__(self, server_port):
        self._server_port = server_port
        self._lock = threading.Lock()
        self._passing = threading.Event()
        self._passing.set()
        self._rules = []
        self._links = set()
        self._refuses = False
        self._counts = {"request": 0, "reply": 0}
        self._connections = 0
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    @property
    def address(self):
        """host:port as clients take it."""
        return f"127.0.0.1:{self.port}"

    def frames(self, direction):
        """How many frames came so far: `request` or `reply` (events and handshakes included)."""
        with self._lock:
            return self._counts[direction]

    def connections(self):
        """How many were accepted so far."""
        with self._lock:
            return self._connections

    # -- faults ------------------------------------------------------------------------------

    def on_request(self, op=None, do="pass", *, xid=None, skip=0, times=1, seconds=0.0):
        """Does `do` to the next request of that op (any if None) after `skip` others."""
        return self._add(Rule("request", op, do, xid, skip, times, seconds))

    def on_reply(self, op=None, do="pass", *, xid=None, skip=0, times=1, seconds=0.0):
        """The same for replies (by the op they answer) and events ("event"); "answer" is any reply."""
        return self._add(Rule("reply", op, do, xid, skip, times, seconds))

    def clear(self):
        """Forgets all rules."""
        with self._lock:
            self._rules.clear()

    def freeze(self):
        """Holds everything, both ways, until release()."""
        self._passing.clear()

    def release(self):
        """Lets go what freeze() or a stall holds."""
        self._passing.set()

    def refuse(self):
        """Ends every connection and each new one at once, until accept()."""
        with self._lock:
            self._refuses = True
        self.cut_all()

    def accept(self):
        """New connections are served again."""
        with self._lock:
            self._refuses = False

    def cut_all(self):
        """Ends every connection."""
        with self._lock:
            links = list(self._links)
        for link in links:
            link.cut()

    # -- life --------------------------------------------------------------------------------

    def close(self):
        with contextlib.suppress(OSError):
            # Wakes the thread that waits in accept(); close() alone does not.
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self.cut_all()
        self._passing.set()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    # -- inside ------------------------------------------------------------------------------

    def _add(self, rule):
        with self._lock:
            self._rules.append(rule)
        return rule

    def verdict(self, direction, op, xid):
        """The rule that this frame meets, or None."""
        with self._lock:
            self._counts[direction] += 1
            return next((rule for rule in self._rules if rule.meets(direction, op, xid)), None)

    def wait_while_frozen(self):
        self._passing.wait()

    def stall(self):
        self._passing.clear()

    def forget(self, link):
        with self._lock:
            self._links.discard(link)

    def _accept(self):
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            with self._lock:
                refused = self._refuses
                self._connections += 1
            try:
                server = None if refused else socket.create_connection(
                    ("127.0.0.1", self._server_port), timeout=5
                )  # fmt: skip
            except OSError:
                server = None  # It is down, as a direct connection would have found.
            if server is None:
                _hang_up(client)
                continue
            for each in (client, server):
                each.settimeout(None)
                each.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            link = _Link(self, client, server)
            with self._lock:
                self._links.add(link)
            link.start()


class _Link:
    """One client's connection: two directions, and which op each outstanding xid is."""

    def __init__(self, proxy, client, server):
        self._proxy = proxy
        self._client = client
        self._server = server
        self._ops = {}

    def start(self):
        for direction in ("request", "reply"):
            threading.Thread(target=self._relay, args=(direction,), daemon=True).start()

    def cut(self):
        _hang_up(self._client)
        _hang_up(self._server)
        self._proxy.forget(self)

    def _relay(self, direction):
        asks = direction == "request"
        source, sink = (self._client, self._server) if asks else (self._server, self._client)
        with contextlib.suppress(OSError):
            for number, frame in zip(itertools.count(), _frames(source)):
                self._proxy.wait_while_frozen()
                if not self._pass(direction, number, frame, sink):
                    return
            self._proxy.wait_while_frozen()  # An end of stream is held like any packet.
        self.cut()

    def _pass(self, direction, number, frame, sink):
        """False when this direction is over."""
        op, xid = self._identify(direction, number, frame)
        rule = self._proxy.verdict(direction, op, xid)
        do = rule.do if rule else "pass"
        if do == "delay":
            time.sleep(rule.seconds)
        elif do == "stall":
            self._proxy.stall()
            self._proxy.wait_while_frozen()
        if do in ("pass", "delay", "stall", "cut_after"):
            sink.sendall(frame)
        elif do == "cut_within":
            sink.sendall(frame[: len(frame) // 2])
        elif do == "half_close":
            sink.shutdown(socket.SHUT_WR)
            return False
        if do.startswith("cut"):
            self.cut()
            return False
        return True

    def _identify(self, direction, number, frame):
        """(op, xid): the op's number, or "connect" or "event"."""
        if number == 0:
            return "connect", 0
        if len(frame) < 8:
            return None, None
        (xid,) = struct.unpack_from(">i", frame, 4)
        if direction == "request":
            (op,) = struct.unpack_from(">i", frame, 8)
            self._ops[xid] = op
            return op, xid
        return FIXED.get(xid) or self._ops.pop(xid, None), xid


def _frames(source):
    """Whole frames, length word included. Four-letter words are none: they end the connection."""
    kept = bytearray()
    while chunk := source.recv(CHUNK):
        kept += chunk
        while len(kept) >= 4:
            size = 4 + struct.unpack_from(">i", kept)[0]
            if len(kept) < size:
                break
            yield bytes(kept[:size])
            del kept[:size]


def _hang_up(connection):
    with contextlib.suppress(OSError):
        connection.shutdown(socket.SHUT_RDWR)
    connection.close()
