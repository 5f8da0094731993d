"""An ensemble of real processes under load while servers are killed, frozen and cut off at random.

DROVER_CHAOS_SECONDS (15) is how long each kind of trouble goes on, DROVER_CHAOS_SEED which trouble.
Afterwards: every acknowledged write is there, each client's order was kept, no client saw a znode go
back, all trees are equal.
"""

import contextlib
import os
import random
import signal
import socket
import threading
import time

import pytest

from support.ensembles import Ensemble, synced
from support.partitions import PartitionedEnsemble, can_partition
from support.rawclient import OPEN_ACL, ConnectionClosed, Err, OpCode, RawClient
from tree_dump import dump

SECONDS = float(os.environ.get("DROVER_CHAOS_SECONDS", "15"))
SEED = int(os.environ.get("DROVER_CHAOS_SEED", random.randrange(2**32)))
WRITERS = 6
TIMEOUT_MS = 20_000
LOST = (ConnectionClosed, OSError, TimeoutError, socket.timeout)


class Writer(threading.Thread):
    """Counts up in a znode of its own and makes sequential ones, on whatever server takes it.

    `acked`: the highest count that was acknowledged; `made`: names acknowledged, in that order.
    """

    def __init__(self, ensemble, number, seed):
        super().__init__(daemon=True)
        self.ensemble = ensemble
        self.path = f"/writer-{number}"
        self.random = random.Random(seed)
        self.acked = 0
        self.sent = 0
        self.seen = 0
        self.made = []
        self.complaints = []
        self.stopping = threading.Event()
        self.session = (0, bytes(16))
        self.sessions = 0

    def run(self):
        while not self.stopping.is_set():
            with contextlib.suppress(*LOST):
                self._serve_one_connection()
            self.stopping.wait(0.01)

    def _open(self):
        server = self.random.choice(self.ensemble.members)
        enter = getattr(self.ensemble, "enter", lambda _: contextlib.nullcontext())
        with enter(server):
            client = RawClient(server.port, timeout=3.0)
        return client

    def _serve_one_connection(self):
        client = self._open()
        try:
            client.connect(*self.session, timeout_ms=TIMEOUT_MS)
            if client.session_id == 0:
                self.session = (0, bytes(16))  # expired: begin anew
                return
            if self.session[0] == 0:
                self.sessions += 1
            self.session = (client.session_id, client.password)
            self._check_present(client)
            while not self.stopping.is_set():
                self._write(client)
                if self.random.random() < 0.02:
                    return  # moves to another server, with its session
        finally:
            client.disconnect()

    def _check_present(self, client):
        if self.acked == 0:
            client.call(OpCode.CREATE, self.path, b"0", OPEN_ACL, 0)
        # Without a sync: the session's own view must not go back, wherever it is now.
        reply = client.call(OpCode.GET_DATA, self.path, False)
        if reply.err != Err.OK:
            if self.acked:
                self.complaints.append(f"{self.path}: error {reply.err} after {self.acked} was acked")
            return
        self._see(int(reply.body[0]))

    def _see(self, value):
        if value < self.seen:
            self.complaints.append(f"{self.path} went back from {self.seen} to {value}")
        if value < self.acked:
            self.complaints.append(f"{self.path} is {value} although {self.acked} was acknowledged")
        self.seen = max(self.seen, value)

    def _write(self, client):
        self.sent += 1
        count = self.sent
        if client.call(OpCode.SET_DATA, self.path, str(count).encode(), -1).err == Err.OK:
            self.acked = max(self.acked, count)
            self.seen = max(self.seen, count)
        if count % 5 == 0:
            reply = client.call(OpCode.CREATE, f"/seq/{self.path[1:]}-", b"", OPEN_ACL, 2)
            if reply.err == Err.OK:
                self.made.append(reply.body)
        if count % 3 == 0:
            self._see(int(client.call(OpCode.GET_DATA, self.path, False).body[0]))
        time.sleep(0.002)


def kill_one(ensemble, chance):
    server = chance.choice(ensemble.members)
    server.kill()
    time.sleep(chance.uniform(0.0, 1.0))
    server.spawn()


def freeze_one(ensemble, chance):
    server = chance.choice(ensemble.members)
    os.kill(server.pid, signal.SIGSTOP)
    try:
        time.sleep(chance.uniform(0.1, 2.5))
    finally:
        os.kill(server.pid, signal.SIGCONT)


def stop_one(ensemble, chance):
    server = chance.choice(ensemble.members)
    server.stop()
    time.sleep(chance.uniform(0.0, 0.5))
    server.spawn()


def cut_network(ensemble, chance):
    sids = [server.sid for server in ensemble.members]
    kind = chance.choice(("alone", "one way", "one link"))
    if kind == "alone":
        ensemble.isolate(chance.choice(sids))
    else:
        ensemble.cut(*chance.sample(sids, 2), both=kind == "one link")
    try:
        time.sleep(chance.uniform(0.1, 4.0))
    finally:
        ensemble.heal()


def wreak(ensemble, troubles):
    """Load, trouble, peace; then everything is looked at."""
    print(f"DROVER_CHAOS_SEED={SEED}")
    chance = random.Random(SEED)
    with ensemble:
        with ensemble.connect(ensemble.leader()) as client:
            assert client.call(OpCode.CREATE, "/seq", b"", OPEN_ACL, 0).err == Err.OK
            client.close_session()
        writers = [Writer(ensemble, number, chance.random()) for number in range(WRITERS)]
        for writer in writers:
            writer.start()
        end = time.monotonic() + SECONDS
        befell = 0
        while time.monotonic() < end:
            chance.choice(troubles)(ensemble, chance)
            befell += 1
            time.sleep(chance.uniform(0.0, 1.5))
        ensemble.wait_until_all_serve()
        before = [writer.acked for writer in writers]
        time.sleep(2)  # all write again
        for writer in writers:
            writer.stopping.set()
        for writer in writers:
            writer.join(60)
        ensemble.wait_until_all_serve()
        assert not [complaint for writer in writers for complaint in writer.complaints]
        assert all(writer.acked > acked for writer, acked in zip(writers, before))
        trees = []
        for server in ensemble.running():
            with ensemble.connect(server) as client:
                trees.append(dump(synced(client)))
        check_kept(trees[0], writers)
        strip = [{path: z for path, z in tree.items() if path != "/zookeeper/config"} for tree in trees]
        assert all(tree == strip[0] for tree in strip)
        print(f"{befell} troubles, {sum(w.acked for w in writers)} writes acknowledged, "
              f"{sum(w.sessions for w in writers)} sessions")


def check_kept(tree, writers):
    for writer in writers:
        value = int(tree[writer.path].data)
        assert writer.acked <= value <= writer.sent, (writer.path, writer.acked, value, writer.sent)
        missing = [path for path in writer.made if path not in tree]
        assert not missing
        numbers = [int(path[-10:]) for path in writer.made]
        assert numbers == sorted(numbers), "one client's creates were reordered"


def test_servers_are_killed_frozen_and_stopped():
    wreak(Ensemble(["drover"] * 3), [kill_one, kill_one, freeze_one, stop_one])


@pytest.mark.skipif(not can_partition(), reason="may not make network namespaces")
def test_the_network_is_cut():
    wreak(PartitionedEnsemble(["drover"] * 3), [cut_network, cut_network, kill_one])
