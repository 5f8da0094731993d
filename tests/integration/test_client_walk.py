"""The walks' own machinery: a walk that fails, falls silent or leaves checks out does not pass."""

import socket

import pytest

from compat.clients.gate import Gate
from compat.clients.walk import Walk
from support import servers


@pytest.fixture(scope="module")
def walk(request, tmp_path_factory):
    """Runs a walk that is a line of shell; it never talks to its server, but may restart it."""
    with servers.server_by_name(request.config.getoption("--server")) as server:
        errors = tmp_path_factory.mktemp("walk") / "stderr"
        yield lambda script, required, seconds=20: Walk(
            server, ["sh", "-c", script, "sh"], errors
        ).run(required, seconds)


def test_a_walk_that_shows_all_passes(walk):
    walk("echo ok a; echo restart kill; read answer; [ $answer = done ] && echo ok b", {"a", "b"})


@pytest.mark.parametrize(
    "script, finding",
    [
        ("echo ok a", "never passed: b"),
        ("echo ok a; echo ok b; echo FAIL c: broken; exit 1", "FAIL c: broken"),
        ("echo ok a; echo ok b; exit 3", "exit code 3"),
        ("echo ok a; echo ok b; echo what", "'what', which means nothing"),
        ("echo ok a; echo ok b; echo hint >&2; exit 3", "hint"),
    ],
)
def test_a_walk_that_does_not_is_caught(walk, script, finding):
    with pytest.raises(AssertionError, match=finding):
        walk(script, {"a", "b"})


def test_a_walk_that_hangs_is_ended(walk):
    with pytest.raises(AssertionError, match="did not end in time; last check passed: a"):
        walk("echo ok a; read never", {"a"}, seconds=0.5)


def test_a_gate_shuts_freezes_and_opens():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        with Gate(listener.getsockname()[1]) as gate:
            client = socket.create_connection(("127.0.0.1", gate.port), timeout=5)
            server, _ = listener.accept()
            gate.freeze()
            client.sendall(b"held")
            server.settimeout(0.2)
            with pytest.raises(TimeoutError):
                server.recv(16)
            gate.open()
            server.settimeout(5)
            assert server.recv(16) == b"held"
            gate.shut()
            assert server.recv(16) == b""
            assert client.recv(16) == b""
