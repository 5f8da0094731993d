"""SIGKILL at random moments under a write load: nothing acknowledged is lost, nothing is invented.

Each round drives several pipelined sessions, kills the server at a random moment, sometimes kills
it once more while it recovers, starts it unattended, and checks that
  - every session that was acknowledged still exists and its ephemeral znodes are there,
  - each session's subtree is what some prefix of its requests made, at least the acknowledged ones,
    down to every field of every Stat; a multi is there whole or not at all,
  - zxids only grow, and the log files hold them without a gap.

A failure prints its seed; DROVER_CRASH_SEED=<seed> draws the same requests and the same moments
again (the machine's own timing cannot be replayed). DROVER_CRASH_ROUNDS sets the number of rounds.
"""

import contextlib
import os
import random
import secrets
import time

import pytest

import txn_log_file
import write_load
from support import servers
from support.rawclient import OPEN_ACL, ConnectionClosed, Err, OpCode, RawClient
from tree_dump import dump

ROUNDS = int(os.environ.get("DROVER_CRASH_ROUNDS", "40"))
WRITERS = 4
GUESTS_PER_ROUND = 2

# Sessions must outlive the time without a server; extended types let the load use TTL znodes.
CONFIG = {"tickTime": 500, "maxSessionTimeout": 120_000, "extendedTypesEnabled": "true"}

VARIANTS = {
    # name: (share of the rounds, further configuration)
    "one-log": (0.4, {}),
    "many-rolls": (0.4, {"snapCount": 40, "preAllocSize": 16}),
    "compressed-snapshots": (0.2, {"snapCount": 20, "snapshot.compression.method": "gz"}),
}


class CrashRun:
    """A server, its writers, and the sessions that only had to stay alive."""

    def __init__(self, server, seed):
        self.server = server
        self.rng = random.Random(seed)
        self.writers = [write_load.Writer(index, seed) for index in range(WRITERS)]
        self.guests = []  # (session id, password, path of its ephemeral znode)
        self.replies = self.survivors = 0

    def prepare(self):
        write_load.prepare(self.server.port, self.writers)

    def round(self):
        """Load, crash, restart, judge."""
        windows = [self.rng.choice((1, 4, 16, 64)) for _ in self.writers]
        replies = int(10 ** self.rng.uniform(0, 3.2))
        first_part = self.rng.randint(0, replies)
        self.replies += write_load.drive(self.writers, first_part, windows)
        self._receive_guests()
        self.replies += write_load.drive(self.writers, replies - first_part, windows)
        self._crash()
        write_load.collect_last_words(self.writers)
        self._restart()
        self.judge()

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
        for writer in self.writers:
            writer.client.disconnect()
        code = self.server.stop()
        assert code in (0, 143), f"exit code {code} on SIGTERM"
        zxids = [entry.zxid for entry in txn_log_file.all_entries(self.server.data_dir)]
        gaps = [(a, b) for a, b in zip(zxids, zxids[1:], strict=False) if b != a + 1]
        assert not gaps, f"zxids in the log are not consecutive: {gaps[:5]}"


@pytest.mark.parametrize("variant", VARIANTS)
def test_nothing_is_lost_or_invented(make_server, variant):
    share, config = VARIANTS[variant]
    seed = int(os.environ.get("DROVER_CRASH_SEED", secrets.randbits(32)))
    run = CrashRun(make_server(config={**CONFIG, **config}).start(), seed)
    done = 0
    try:
        run.prepare()
        for done in range(max(1, round(ROUNDS * share))):  # noqa: B007
            run.round()
        run.finish()
    except Exception as error:
        raise AssertionError(
            f"round {done} of DROVER_CRASH_SEED={seed}, variant {variant}: {error}\n"
            f"{run.server.log_tail()}"
        ) from error
    print(
        f"{variant}: {done + 1} crashes, seed {seed}, {run.replies} acknowledged writes,"
        f" {run.survivors} unacknowledged ones survived"
    )


# -- the judge itself must notice a crash that does lose or invent something -------------------


def crashed_run(make_server):
    """A run whose server has just been killed with everything acknowledged and on disk."""
    run = CrashRun(make_server(config=CONFIG).start(), seed=1)
    run.prepare()
    write_load.drive(run.writers, 200, windows=[1] * WRITERS)
    run.server.kill()
    write_load.collect_last_words(run.writers)
    return run


def test_the_judge_notices_a_lost_write(make_server):
    run = crashed_run(make_server)
    log = txn_log_file.log_files(run.server.data_dir)[-1]
    last = txn_log_file.read_entries(log)[-20]
    os.truncate(log, last.offset)
    run.server.start()
    with pytest.raises((write_load.Unfaithful, ConnectionClosed)):
        run.judge()


def test_the_judge_notices_an_invented_write(make_server):
    run = crashed_run(make_server)
    log = txn_log_file.log_files(run.server.data_dir)[-1]
    last = txn_log_file.read_entries(log)[-1]
    root = run.writers[0].root.encode()
    body = len(root).to_bytes(4, "big") + root + bytes([0, 0, 0, 1]) + b"!" + bytes([0, 0, 0, 99])
    forged = txn_log_file.encode_entry(1, 1, last.zxid + 1, last.time_ms, OpCode.SET_DATA, body)
    with open(log, "r+b") as file:
        file.seek(last.end)
        file.write(forged)
    run.server.start()
    with pytest.raises(write_load.Unfaithful):
        run.judge()
