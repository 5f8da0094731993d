"""A well-behaved client that goes on working while a test abuses the server."""

import threading
import time

from support import sanitizers
from support.rawclient import Err, OpCode, RawClient

PAUSE_SECONDS = 0.02  # between two rounds of work: it is a witness, not a load


class Bystander:
    """Writes and reads back a counter from a thread of its own, and keeps the slowest answer.

    A connection that is refused, dropped or answers wrongly is kept as `failure`.
    """

    def __init__(self, port, path="/bystander"):
        self.failure = None
        self.slowest_seconds = 0.0
        self.rounds = 0
        self._path = path
        self._stop = threading.Event()
        self._client = RawClient(port, timeout=30)
        self._client.connect(timeout_ms=30_000)
        reply = self._client.call(OpCode.CREATE, path, b"0")
        assert reply.err in (Err.OK, Err.NODE_EXISTS), reply
        self._thread = threading.Thread(target=self._work, name="bystander", daemon=True)
        self._thread.start()

    def _work(self):
        try:
            while not self._stop.wait(PAUSE_SECONDS):
                began = time.monotonic()
                number = b"%d" % self.rounds
                written = self._client.call(OpCode.SET_DATA, self._path, number)
                read = self._client.call(OpCode.GET_DATA, self._path)
                assert written.err == read.err == Err.OK, (written, read)
                assert read.body[0] == number, read
                self.slowest_seconds = max(self.slowest_seconds, time.monotonic() - began)
                self.rounds += 1
                self._client.arrived.clear()
        except Exception as error:  # pylint: disable=broad-except
            self.failure = error

    def wait_for_rounds(self, count, seconds=30):
        """Returns when it has done `count` further rounds; raises what went wrong instead."""
        seconds *= sanitizers.patience()
        wanted = self.rounds + count
        deadline = time.monotonic() + seconds
        while self.rounds < wanted:
            if self.failure is not None:
                raise AssertionError("the bystander was not served") from self.failure
            assert time.monotonic() < deadline, f"{self.rounds} of {wanted} rounds in {seconds} s"
            self._thread.join(PAUSE_SECONDS)

    def dismiss(self):
        """Ends its work and its session."""
        self._stop.set()
        self._thread.join(60)
        if self.failure is None:
            self._client.close_session()
        self._client.disconnect()
