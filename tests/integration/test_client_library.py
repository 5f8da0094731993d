"""The public C++ client against real servers: Drover and Debian's Apache.

The tests themselves are C++ (tests/client_library); here their servers are started, stopped when
the program asks for it, and the program run.
"""

import os
import subprocess

import pytest

from support import sanitizers, servers
from support.ensembles import Ensemble

BINARY = sanitizers.binary().with_name("client_library_test")
SESSION_MS = 2000
CONFIG = {"tickTime": 500}
SECONDS = 600
READ_ONLY = {"readonlymode.enabled": "true"}
# Since 3.5 a read-only server makes local sessions only.
LOCAL_SESSIONS = {"localSessionsEnabled": "true", "localSessionsUpgradingEnabled": "true"}


@pytest.mark.parametrize("server_class", [servers.Drover, servers.DebianApache])
def test_one_server(server_class):
    assert BINARY.exists(), f"{BINARY} is not built"
    with server_class(config=CONFIG) as server:
        environment = dict(
            os.environ,
            DROVER_TEST_SERVER=f"127.0.0.1:{server.port}",
            DROVER_TEST_SESSION_MS=str(SESSION_MS),
        )
        done = subprocess.run(
            [BINARY, "--gtest_brief=1", "--gtest_filter=-EnsembleTest.*"],
            env=environment,
            capture_output=True,
            text=True,
            timeout=SECONDS * sanitizers.patience(),
            check=False,
        )
        assert done.returncode == 0, done.stdout[-8000:] + done.stderr[-8000:]
        assert "SKIPPED" not in done.stdout


def converse(ensemble, test, commands):
    """Runs one C++ test, and for each command that it prints, what `commands` says."""
    environment = dict(
        os.environ,
        DROVER_TEST_ENSEMBLE=",".join(f"127.0.0.1:{member.port}" for member in ensemble.members),
    )
    output = []
    with subprocess.Popen(
        [BINARY, f"--gtest_filter=EnsembleTest.{test}"],
        env=environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as program:
        for line in program.stdout:
            output.append(line)
            if line.startswith("> "):
                commands[line[2:].strip()]()
                program.stdin.write("done\n")
                program.stdin.flush()
    assert program.returncode == 0, "".join(output)
    assert "[  PASSED  ] 1 test" in "".join(output)


@pytest.mark.parametrize("name", ["drover", "debian"])
def test_failover(name):
    with Ensemble([name] * 3) as ensemble:

        def restart_leader():
            leader = ensemble.leader()
            leader.kill()
            ensemble.wait_for_leader()
            ensemble.restart(leader)

        converse(ensemble, "TheSessionOutlivesItsServer", {"restart leader": restart_leader})


def test_read_only():
    with Ensemble(["debian"] * 3, config=LOCAL_SESSIONS, properties=READ_ONLY) as ensemble:
        survivor = ensemble.followers()[0]
        others = [member for member in ensemble.members if member is not survivor]

        def stop_two():
            for member in others:
                member.kill()

        def start_two():
            for member in others:
                member.start()

        converse(
            ensemble,
            "AServerWithoutQuorumIsReadUntilThereIsABetterOne",
            {"stop two": stop_two, "start two": start_two},
        )
