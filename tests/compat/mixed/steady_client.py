"""A client that writes without pause, wherever it finds a server, and keeps book of every answer."""

import contextlib
import socket
import threading
import time

from support import servers
from support.rawclient import ConnectionClosed, Err, OpCode, RawClient

EPHEMERAL = 1
SESSION_TIMEOUT_MS = 10_000
ANSWER_SECONDS = 4.0
BURSTS_EVERY_SECONDS = 0.05  # so that the tree stays small enough to be read as a whole
PINGS_EVERY_SECONDS = 1.0


class SteadyClient:
    """One session with an ephemeral znode, writing on a thread of its own until stop().

    Its znodes are numbered and created in order, `window` requests at a time; numbers whose answers
    were lost are sent again. `acknowledged` counts them; `complaint` is the first promise that was
    broken; `longest_pause` is in seconds.
    """

    def __init__(self, name, ports, window):
        self.root = f"/{name}"
        self.acknowledged = 0
        self.moves = 0
        self.longest_pause = 0.0
        self.complaint = None
        self._ports = ports
        self._window = window
        self._answered_at = time.monotonic()
        self._at = 0
        self._session = None  # (id, password)
        self._last_zxid = 0
        self._resting = threading.Event()
        self._rests = False
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name=name)

    @property
    def ephemeral(self):
        return f"{self.root}/alive"

    @property
    def session_id(self):
        return self._session[0]

    def node(self, number):
        return f"{self.root}/n{number:06d}"

    def start(self):
        self._thread.start()
        self.wait_for_more(1)
        return self

    def rest(self):
        """Ends the writing; the session is kept alive until stop()."""
        self._resting.set()
        try:
            servers.wait_until(lambda: self._rests or self.complaint, 30, f"{self.root} rests")
        finally:
            assert self.complaint is None, self.complaint

    def stop(self):
        """Ends the thread; the session is left to expire."""
        self._resting.set()
        self._stopping.set()
        if self._thread.ident is not None:
            self._thread.join(60)
            assert not self._thread.is_alive(), f"{self.root} does not end"

    def wait_for_more(self, bursts, seconds=45):
        """Until so many more bursts of writes are acknowledged."""
        wanted = self.acknowledged + bursts * self._window

        def enough():
            assert self.complaint is None, self.complaint
            return self.acknowledged >= wanted

        servers.wait_until(enough, seconds, f"more writes of {self.root}")

    def check(self, tree):
        """Everything that was acknowledged is in this tree of some member, and nothing else."""
        missing = [n for n in range(self.acknowledged) if self.node(n) not in tree]
        assert not missing, f"lost acknowledged writes {missing[:5]} of {self.root}"
        surplus = self.node(self.acknowledged + self._window)
        assert surplus not in tree, "a write that was never sent"
        assert tree[self.ephemeral].stat.ephemeral_owner == self.session_id

    # -- the thread --------------------------------------------------------------------------

    def _run(self):
        try:
            while not self._stopping.is_set():
                with contextlib.suppress(ConnectionClosed, OSError):  # TimeoutError is one
                    self._write_on_one_connection()
        except Exception as error:  # pylint: disable=broad-except
            self.complaint = f"{self.root} after {self.acknowledged} writes: {error!r}"

    def _write_on_one_connection(self):
        port = self._ports[self._at % len(self._ports)]
        self._at += 1
        try:
            client = RawClient(port, timeout=ANSWER_SECONDS)
        except (ConnectionError, socket.timeout):
            time.sleep(0.05)  # nobody there: do not spin
            raise
        with client:
            self._attach(client)
            while not self._resting.wait(BURSTS_EVERY_SECONDS):
                self._write(client)
            self._rests = True
            while not self._stopping.wait(PINGS_EVERY_SECONDS):
                client.call(OpCode.PING)

    def _attach(self, client):
        session_id, password = self._session or (0, bytes(16))
        try:
            client.connect(
                session_id, password, timeout_ms=SESSION_TIMEOUT_MS, last_zxid_seen=self._last_zxid
            )
        except (ConnectionClosed, OSError):
            time.sleep(0.05)  # not serving
            raise
        if client.session_id == 0:
            raise AssertionError(f"session {session_id:#x} expired")
        if self._session is None:
            self._session = (client.session_id, client.password)
            self._must_create(client, self.root, b"", 0)
            self._must_create(client, self.ephemeral, b"", EPHEMERAL)
            return
        self.moves += 1
        if self.acknowledged:
            # A server that lets us in has all that we saw.
            self._expect(client.call(OpCode.EXISTS, self.node(self.acknowledged - 1)), Err.OK)
        self._expect(client.call(OpCode.EXISTS, self.ephemeral), Err.OK)

    def _write(self, client):
        """One burst of requests, and their answers one by one."""
        first = self.acknowledged
        for number in range(first, first + self._window):
            client.queue(OpCode.CREATE, self.node(number), str(number).encode())
        client.flush()
        for _ in range(self._window):
            self._take(client.receive_one())

    def _take(self, reply):
        if reply.err == Err.SESSION_MOVED:
            raise ConnectionClosed("moved")
        self._expect(reply, Err.OK, Err.NODE_EXISTS)
        if reply.body not in (None, self.node(self.acknowledged)):
            raise AssertionError(f"{reply} for {self.node(self.acknowledged)}")
        if reply.zxid <= self._last_zxid and reply.err == Err.OK:
            raise AssertionError(f"{reply} not above zxid {self._last_zxid:#x}")
        self._last_zxid = max(self._last_zxid, reply.zxid)
        self.acknowledged += 1
        now = time.monotonic()
        self.longest_pause = max(self.longest_pause, now - self._answered_at)
        self._answered_at = now

    def _must_create(self, client, path, data, flags):
        reply = client.call(OpCode.CREATE, path, data, ((31, "world", "anyone"),), flags)
        self._expect(reply, Err.OK)
        self._last_zxid = reply.zxid

    @staticmethod
    def _expect(reply, *allowed):
        if reply.err not in allowed:
            raise AssertionError(f"answered {reply}")
