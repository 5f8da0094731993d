"""The public C++ client against real servers: Drover and Debian's Apache.

The tests themselves are C++ (tests/client_library); here their server is started and their program
run.
"""

import os
import subprocess

import pytest

from support import sanitizers, servers

BINARY = sanitizers.binary().with_name("client_library_test")
SESSION_MS = 2000
CONFIG = {"tickTime": 500}


@pytest.mark.parametrize("server_class", [servers.Drover, servers.DebianApache])
def test_client_library(server_class):
    assert BINARY.exists(), f"{BINARY} is not built"
    with server_class(config=CONFIG) as server:
        environment = dict(
            os.environ,
            DROVER_TEST_SERVER=f"127.0.0.1:{server.port}",
            DROVER_TEST_SESSION_MS=str(SESSION_MS),
        )
        done = subprocess.run(
            [BINARY, "--gtest_brief=1"],
            env=environment,
            capture_output=True,
            text=True,
            timeout=600 * sanitizers.patience(),
            check=False,
        )
        assert done.returncode == 0, done.stdout[-8000:] + done.stderr[-8000:]
        assert "SKIPPED" not in done.stdout
