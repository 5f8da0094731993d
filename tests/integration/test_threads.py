"""Every thread of a server at work on the same znodes at once: what a race detector has to see.

Clients of all reactors send every kind of request, shuffled, at the same few znodes, while the log
rolls, snapshots are written, sessions end and four-letter words are asked. Every request must be
answered, versions must never run backwards for anybody, and the server must stop cleanly. Under
ThreadSanitizer a data race fails the test; without it this is a small load.
"""

import contextlib
import random
import signal

import valid_requests
from support.rawclient import Err, OpCode, RawClient, Reply
from valid_requests import FOLDER

NODE = f"{FOLDER}/node"
CLIENTS = 8
ROUNDS = 12
COPIES = 4  # of each kind, in what one client sends in one round
CONFIG = {"reactors": 4, "snapCount": 200, "preAllocSize": 64, "extendedTypesEnabled": "true"}
PROPERTIES = {"znode.container.checkIntervalMs": 50}

# A connection may not survive them, or their replies carry another xid.
LEFT_OUT = {
    OpCode.AUTH,
    OpCode.CHECK,
    OpCode.CLOSE_SESSION,
    OpCode.CREATE_SESSION,
    OpCode.DELETE_CONTAINER,
    OpCode.SASL,
    OpCode.SET_WATCHES,
    OpCode.SET_WATCHES2,
}
WORDS = "conf cons crst dirs dump envi hash isro mntr ruok srst srvr stat wchc wchp wchs".split()


class Worker:
    """One client that keeps its eye on the versions of NODE."""

    def __init__(self, port, stack):
        self._client = stack.enter_context(RawClient(port, timeout=60))
        self._client.connect(timeout_ms=60_000)
        self._sent = 0
        self._version = 0

    def send(self, requests):
        for request in requests:
            self._client.queue(*request)
        self._client.flush()
        self._sent = len(requests)

    def receive(self):
        for got in self._client.receive(self._sent):
            if isinstance(got, Reply) and got.op in (OpCode.SET_DATA, OpCode.EXISTS):
                assert got.err == Err.OK
                assert got.body.version >= self._version, "versions run backwards"
                self._version = got.body.version
        self._client.arrived.clear()

    def leave(self):
        self._client.close_session()


def test_everything_at_once(start_server, server_name):
    rng = random.Random(1)
    server = start_server(config=CONFIG, properties=PROPERTIES)
    kinds = [kind for kind in valid_requests.all_kinds().values() if kind[0] not in LEFT_OUT]
    with contextlib.ExitStack() as stack:
        workers = [Worker(server.port, stack) for _ in range(CLIENTS)]
        workers[0].send([(OpCode.CREATE, path) for path in (FOLDER, NODE)])
        workers[0].receive()
        for n in range(ROUNDS):
            for worker in workers:
                worker.send(rng.sample(kinds * COPIES, len(kinds) * COPIES))
            for word in rng.sample(WORDS, 4):
                assert server.four_letter_word(word), word
            for worker in workers:
                worker.receive()
            workers.pop(n % CLIENTS).leave()
            workers.append(Worker(server.port, stack))
        for worker in workers:
            worker.send(rng.sample(kinds, len(kinds)))
        assert server.stop() == (0 if server_name == "drover" else 128 + signal.SIGTERM)
