"""Rounds of load, SIGKILL, unattended restart and judgement over one data directory."""

import contextlib
import os
import random
import secrets
import time

import txn_log_file
import write_load
from support import servers
from support.rawclient import OPEN_ACL, Err, OpCode, RawClient
from tree_dump import dump

WRITERS = 4
GUESTS_PER_ROUND = 2

# Sessions must outlive the time without a server; extended types let the load use TTL znodes.
CONFIG = {"tickTime": 500, "maxSessionTimeout": 120_000, "extendedTypesEnabled": "true"}


class CrashRun:
    """A server, its writers, and the sessions that only had to stay alive.

    Without a seed, DROVER_CRASH_SEED or else chance gives one; `reporting` tells it on failure.
    """

    def __init__(self, server, seed=None):
        self.server = server
        self.seed = seed or int(os.environ.get("DROVER_CRASH_SEED", secrets.randbits(32)))
        self.rounds = 0
        self.rng = random.Random(self.seed)
        self.writers = [write_load.Writer(index, self.seed) for index in range(WRITERS)]
        self.guests = []  # (session id, password, path of its ephemeral znode)
        self.replies = self.survivors = 0

    @contextlib.contextmanager
    def reporting(self):
        """Adds to any failure what is needed to look into it."""
        try:
            yield
        except Exception as error:
            raise AssertionError(
                f"round {self.rounds} of DROVER_CRASH_SEED={self.seed}: {error}\n"
                f"{self.server.log_tail()}"
            ) from error
        print(
            f"{self.rounds} crashes, seed {self.seed}, {self.replies} acknowledged writes,"
            f" {self.survivors} unacknowledged ones survived"
        )

    def prepare(self):
        """Creates the parents and the writers' sessions."""
        write_load.prepare(self.server.port, self.writers)

    def round(self, successor=None):
        """Load, crash, restart, judge. A `successor` is another server on the same directory."""
        windows = [self.rng.choice((1, 4, 16, 64)) for _ in self.writers]
        replies = int(10 ** self.rng.uniform(0, 3.2))
        first_part = self.rng.randint(0, replies)
        self.replies += write_load.drive(self.writers, first_part, windows)
        self._receive_guests()
        self.replies += write_load.drive(self.writers, replies - first_part, windows)
        self._crash()
        write_load.collect_last_words(self.writers)
        self.server = successor or self.server
        self._restart()
        self.judge()
        self.rounds += 1

    def _receive_guests(self):
        for _ in range(self.rng.randint(0, GUESTS_PER_ROUND)):
            with RawClient(self.server.port) as client:
                session = client.connect(timeout_ms=write_load.SESSION_TIMEOUT_MS)
                path = f"{write_load.TOP}/guest-{session.session_id:x}"
                reply = client.call(OpCode.CREATE, path, b"", OPEN_ACL, 1)
                assert reply.err == Err.OK, reply
                self.guests.append((session.session_id, session.password, path))

    def _crash(self):
        until = time.monotonic() + self.rng.choice((0, 0.0005, 0.002, 0.01)) * self.rng.random()
        while time.monotonic() < until:
            pass
        self.server.kill()

    def _restart(self):
        while self.rng.random() < 0.25:
            with contextlib.suppress(servers.ServerFailed):  # the expected end: killed by us
                code = self.server.start_expecting_exit(self.rng.uniform(0, 0.15))
                raise write_load.Unfaithful(f"gave up while recovering: exit code {code}")
        self.server.start()

    def judge(self):
        """Compares what the restarted server has with what it must have, and tidies up."""
        known = [writer.reattach(self.server.port) for writer in self.writers]
        with RawClient(self.server.port) as client:
            client.connect(last_zxid_seen=max(writer.last_zxid for writer in self.writers))
            tree = dump(client, write_load.TOP)
            shared = self._sort_shared(tree)
            for writer, session_known in zip(self.writers, known, strict=True):
                mine = shared.pop(writer.index, {})
                self.survivors += writer.settle(tree, mine, session_known)
            assert not shared, f"shared znodes that nobody sent: {shared}"
            self._judge_guests(tree)
            self._tidy_up(client)
            client.close_session()
        for writer, session_known in zip(self.writers, known, strict=True):
            if not session_known:
                writer.open(self.server.port)

    @staticmethod
    def _sort_shared(tree):
        """{writer: {request number: path}}; two znodes of one request are an invention."""
        found = {}
        for path, znode in tree.items():
            if path.startswith(write_load.SHARED + "/"):
                writer, number = map(int, znode.data.split(b":"))
                twice = found.setdefault(writer, {}).setdefault(number, path)
                assert twice == path, f"one request made {twice} and {path}"
        return found

    def _judge_guests(self, tree):
        expected = {path: session_id for session_id, _, path in self.guests}
        there = {
            path: znode.stat.ephemeral_owner
            for path, znode in tree.items()
            if path.startswith(f"{write_load.TOP}/guest-")
        }
        lost = expected.items() - there.items()
        assert not lost, f"ephemeral znodes of living sessions lost: {lost}"
        for session_id, password, path in self.guests:
            with RawClient(self.server.port) as client:
                response = client.connect(session_id, password)
                assert response.session_id == session_id, f"session of {path} is gone"
                client.close_session()
        self.guests.clear()

    def _tidy_up(self, client):
        """Deletes the shared znodes, so that the next round's tree stays small."""
        for writer in self.writers:
            paths = list(writer.shared_paths.values())
            replies = client.pipeline([(OpCode.DELETE, path) for path in paths])
            assert all(reply.err == Err.OK for reply in replies)
            writer.shared_paths.clear()

    def finish(self):
        """Stops the server normally and reads its logs."""
        for writer in self.writers:
            writer.client.disconnect()
        code = self.server.stop()
        assert code in (0, 143), f"exit code {code} on SIGTERM"
        zxids = [entry.zxid for entry in txn_log_file.all_entries(self.server.data_dir)]
        gaps = [(a, b) for a, b in zip(zxids, zxids[1:], strict=False) if b != a + 1]
        assert not gaps, f"zxids in the log are not consecutive: {gaps[:5]}"
