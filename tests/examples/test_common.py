"""What holds for every program: wrong calls, nobody there, SIGTERM, a session that is gone."""

import signal

import pytest
from kazoo.exceptions import NoNodeError

from examples import programs
from support import sanitizers, servers

NAMES = sorted(file.stem for file in (sanitizers.REPOSITORY / "examples").glob("*.cc"))

# How to call those that need words.
WORDS = {
    "barrier_queue": ["merge"],
    "config_center": ["sub", "key"],
    "dns": ["provide", "web", "10.0.0.1:80"],
    "dns_status": ["provide", "web", "10.0.0.1:80", "1", "0.5"],
    "fifo": ["get"],
    "log_collect": ["collector"],
    "mysql_bus": ["replicator", "task"],
    "naming": ["orders", "1"],
    "server_monitor": ["server", "host"],
    "xs_lock": ["host", "w", "60000"],
}
# With these words they have an ephemeral znode after this line, until they are told to end.
REGISTERED = {
    "dns": r"registered .*",
    "dns_status": r"status .*",
    "log_collect": r".* assigned \[\]",
    "mysql_bus": r".* applied 1",
    "server_monitor": r"host is online",
    "xs_lock": r".* granted",
}


@pytest.fixture(scope="module", name="nowhere")
def _nowhere(tmp_path_factory):
    """Starts programs that find no server."""
    address = f"127.0.0.1:{servers.free_port()}"
    with programs.Programs(address, tmp_path_factory.mktemp("logs")) as started:
        yield started.start


@pytest.mark.parametrize("name", NAMES)
def test_a_wrong_call_is_one_line_and_exit_code_2(name, nowhere):
    for program in (
        nowhere(name, "--no-such-option", "x"),
        nowhere(name, *"abcdefgh"),
        nowhere(name, *WORDS.get(name, []), session_ms="soon"),
        nowhere(name, *WORDS.get(name, []), id="a/b"),
        nowhere(name, *WORDS.get(name, []), connect="127.0.0.1:no-port"),
    ):
        assert program.wait() == 2, program
        assert program.lines.wait_over() == []
        assert len(program.errors().splitlines()) == 1


def test_nobody_to_connect_to_is_exit_code_4(nowhere):
    for program in [nowhere(name, *WORDS.get(name, [])) for name in NAMES]:
        assert program.wait() == 4, program
        assert len(program.errors().splitlines()) == 1


def registered(start):
    """All that hold something, with an ephemeral znode each, under an id of their own."""
    found = [start(name, *WORDS[name], id=f"{name}-1") for name in REGISTERED]
    for program, line in zip(found, REGISTERED.values(), strict=True):
        program.expect(line)
    return found


def ephemerals(eye):
    """Paths of all ephemeral znodes below this test's chroot."""
    found, unread = [], ["/"]
    while unread:
        path = unread.pop()
        try:
            children, stat = eye.get_children(path, include_data=True)
        except NoNodeError:
            continue  # it went meanwhile
        if stat.ephemeralOwner:
            found.append(path)
        unread += [f"{path.rstrip('/')}/{name}" for name in children]
    return found


def test_sigterm_closes_the_session(start, eye):
    found = registered(start)
    assert len(ephemerals(eye)) >= len(found)
    for program in found:
        assert program.terminate() == 0, program
        assert program.errors() == ""
    # At once: none of them is waited for.
    assert ephemerals(eye) == []


def test_a_session_lost_for_good_is_exit_code_3(start, eye):
    found = registered(start)
    for program in found:
        program.send(signal.SIGSTOP)
    seconds = programs.SESSION_SECONDS + 5
    servers.wait_until(lambda: ephemerals(eye) == [], seconds, "the sessions expire")
    for program in found:
        program.send(signal.SIGCONT)
    for program in found:
        assert program.wait() == 3, program
        assert program.errors().splitlines()
