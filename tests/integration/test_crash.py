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
import re
import resource

import pytest

import txn_log_file
import write_load
from crash_run import CONFIG, WRITERS, CrashRun
from refusals import error_lines
from support.rawclient import ConnectionClosed, Err, OpCode, RawClient, encode_body

ROUNDS = int(os.environ.get("DROVER_CRASH_ROUNDS", "40"))
VARIANTS = {
    # name: (share of the rounds, further configuration)
    "one-log": (0.4, {}),
    "many-rolls": (0.4, {"snapCount": 40, "preAllocSize": 16}),
    "compressed-snapshots": (0.2, {"snapCount": 20, "snapshot.compression.method": "gz"}),
}


@pytest.mark.parametrize("variant", VARIANTS)
def test_nothing_is_lost_or_invented(make_server, variant):
    share, config = VARIANTS[variant]
    run = CrashRun(make_server(config={**CONFIG, **config}).start())
    with run.reporting():
        run.prepare()
        for _ in range(max(1, round(ROUNDS * share))):
            run.round()
        run.finish()


def test_a_full_disk_loses_nothing(make_server, server_name):
    """The log cannot grow any more: the server stops by itself, and what it answered is there.

    A limit on the size of files stands for the full disk.
    """
    server = make_server(config={"preAllocSize": 64, **CONFIG}).start()
    answered = 0
    with RawClient(server.port) as client:
        session = client.connect(timeout_ms=60_000)
        resource.prlimit(server.pid, resource.RLIMIT_FSIZE, (1 << 20, 1 << 20))
        with contextlib.suppress(ConnectionClosed):
            for n in range(0, 3000, 10):
                names = [f"/n{n + k:05}" for k in range(10)]
                replies = client.pipeline([(OpCode.CREATE, name, b"x" * 1000) for name in names])
                answered += sum(reply.err == Err.OK for reply in replies)
    code = server.process.wait(20)
    if server_name == "drover":  # Apache says 0 here, so nobody restarts it.
        assert code > 0, f"ended with {code}\n{server.log_tail()}"
        assert re.search(r"log\.[0-9a-f]+\b", "\n".join(error_lines(server.log_tail())))
    assert 0 < answered < 3000
    server.start()
    with RawClient(server.port) as client:
        assert client.connect(session.session_id, session.password).session_id != 0
        names = sorted(client.call(OpCode.GET_CHILDREN, "/").body)
    assert len(names) - 1 >= answered
    assert names == [f"n{n:05}" for n in range(len(names) - 1)] + ["zookeeper"]


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
    body = encode_body(OpCode.SET_DATA, run.writers[0].root, b"!", 99)  # the txn looks the same
    txn_log_file.append_entry(log, last.session, last.zxid + 1, OpCode.SET_DATA, body)
    run.server.start()
    with pytest.raises(write_load.Unfaithful):
        run.judge()
