"""An ensemble under load whose servers are killed, frozen and started again, in any order.

Writers create znodes one after another and note what was acknowledged; after a lost connection they
go on at another server. Each round hurts somebody and then waits until more writes are
acknowledged, so that a round also proves that the ensemble lives. In the end every member must show
the same tree, and in it everything that was acknowledged and nothing that nobody asked for.

DROVER_CRASH_ROUNDS=300 for a long run, DROVER_CRASH_SEED=<printed seed> to draw the same again.
"""

import contextlib
import os
import random
import signal
import threading
import time

import pytest

from support import sanitizers, servers
from support.ensembles import Ensemble, synced
from support.rawclient import ConnectionClosed, Err, OpCode, RawClient
from tree_dump import dump

ROUNDS = int(os.environ.get("DROVER_CRASH_ROUNDS", "15"))
SEED = int(os.environ.get("DROVER_CRASH_SEED", str(random.SystemRandom().randrange(1 << 32))))
WRITERS = 4
PROGRESS = 20  # acknowledged writes that a round waits for
PROGRESS_SECONDS = 60


class Writer(threading.Thread):
    """Creates {folder}/0, /1, ... and reads its own writes; `acked` and `tried` are its account."""

    def __init__(self, ensemble, folder, seed):
        super().__init__(daemon=True)
        self._ports = [server.port for server in ensemble.members]
        self._random = random.Random(seed)
        self._folder = folder
        self._ending = threading.Event()
        self.acked = []
        self.tried = 0
        self.complaint = None

    def run(self):
        while not self._ending.is_set() and self.complaint is None:
            lost = (ConnectionClosed, ConnectionError, TimeoutError)
            with contextlib.suppress(*lost), RawClient(
                self._random.choice(self._ports), timeout=5
            ) as client:
                client.connect(timeout_ms=5_000)
                self._write(client)
            self._ending.wait(0.01)  # nobody serves there: not in a busy loop

    def _write(self, client):
        client.call(OpCode.CREATE, self._folder, b"")
        while not self._ending.is_set():
            path = f"{self._folder}/{self.tried}"
            self.tried += 1
            reply = client.call(OpCode.CREATE, path, path.encode())
            if reply.err != Err.OK:
                self.complaint = f"{path}: {reply}"
                return
            self.acked.append(path)
            if client.call(OpCode.EXISTS, path).err != Err.OK:
                self.complaint = f"{path}: does not read its own write"
                return

    def stop(self):
        self._ending.set()
        self.join()


class Tormentor:
    """Hurts one server after another; more than a minority only for a moment."""

    def __init__(self, ensemble, writers, seed):
        self._ensemble = ensemble
        self._writers = writers
        self._random = random.Random(seed)

    def progress(self, writes=PROGRESS):
        """Waits for acknowledged writes."""
        wanted = sum(len(writer.acked) for writer in self._writers) + writes

        def arrived():
            complaints = [writer.complaint for writer in self._writers if writer.complaint]
            assert not complaints, complaints
            return sum(len(writer.acked) for writer in self._writers) >= wanted

        seconds = PROGRESS_SECONDS * sanitizers.patience()
        try:
            servers.wait_until(arrived, seconds, f"{writes} writes")
        except TimeoutError as error:
            raise servers.ServerFailed(f"{error}\n{self._ensemble.log_tails()}") from error

    def round(self):
        name = self._random.choice(
            ["kill_one", "kill_leader", "freeze_one", "freeze_leader", "kill_all", "stop_one"]
        )
        getattr(self, name)()

    def _anyone(self):
        return self._random.choice(self._ensemble.members)

    def _back(self, server):
        server.spawn()
        if self._random.random() < 0.5:
            self._ensemble.wait_until_serves(server)

    def _kill(self, server):
        server.kill()
        self.progress()
        self._back(server)

    def kill_one(self):
        self._kill(self._anyone())

    def kill_leader(self):
        self._kill(self._ensemble.wait_for_leader())

    def stop_one(self):
        server = self._anyone()
        assert server.stop() == 0
        self.progress()
        self._back(server)

    def _freeze(self, server):
        os.kill(server.pid, signal.SIGSTOP)
        try:
            self.progress()
        finally:
            os.kill(server.pid, signal.SIGCONT)

    def freeze_one(self):
        self._freeze(self._anyone())

    def freeze_leader(self):
        self._freeze(self._ensemble.wait_for_leader())

    def kill_all(self):
        order = list(self._ensemble.members)
        self._random.shuffle(order)
        for server in order:
            server.kill()
        self._random.shuffle(order)
        for server in order:
            server.spawn()


@pytest.mark.parametrize("config", [{}, {"snapCount": 60, "reactors": 2}], ids=["", "snapshots"])
def test_nothing_acknowledged_is_lost(config):
    print(f"DROVER_CRASH_SEED={SEED}")
    began = time.monotonic()
    with Ensemble(config={"preAllocSize": 64, **config}) as ensemble:
        writers = [Writer(ensemble, f"/w{at}", f"{SEED}-{at}") for at in range(WRITERS)]
        tormentor = Tormentor(ensemble, writers, SEED)
        for writer in writers:
            writer.start()
        try:
            tormentor.progress()
            for _ in range(ROUNDS):
                tormentor.round()
                tormentor.progress()
        finally:
            for writer in writers:
                writer.stop()
        ensemble.wait_until_all_serve()
        trees = []
        for server in ensemble.members:
            with ensemble.connect(server) as client:
                trees.append(dump(synced(client)))
        for tree in trees[1:]:
            assert tree == trees[0]
        for writer in writers:
            assert writer.complaint is None
            missing = [path for path in writer.acked if path not in trees[0]]
            assert not missing, f"acknowledged and gone: {missing[:5]} of {len(missing)}"
        tried = {f"/w{at}/{n}" for at, writer in enumerate(writers) for n in range(writer.tried)}
        ours = {path for path in trees[0] if path.count("/") == 2 and path.startswith("/w")}
        assert ours <= tried
        for path in ours:
            assert trees[0][path].data == path.encode()
        print(f"{sum(len(w.acked) for w in writers)} writes, {time.monotonic() - began:.0f} s")
