"""Lost replies, changed sessions and frozen servers, met in the same way by every kind of peer."""

import contextlib
import os
import signal
import time

import pytest

from compat.interop.peers import SESSION_MS
from support import servers
from support.fault_proxy import FaultProxy

pytestmark = pytest.mark.compat

SECOND_NS = 1_000_000_000


@pytest.fixture(name="proxy")
def _proxy(server):
    with FaultProxy(server.port) as proxy:
        yield proxy


def test_mutex_whose_create_was_answered_in_vain_has_one_znode(peers, pair, proxy, eye, root):
    session = peers.session(pair[0], proxy.address)
    mutex = session.new("mutex", path=f"{root}/lock")
    assert mutex.ask("acquire")  # Its parents are there now: one create per acquisition.
    mutex.ask("release")
    for how in ("cut", "cut_within"):
        lost = proxy.on_reply("create", do=how)
        assert mutex.ask("acquire", timeout_ms=20_000)
        assert lost.struck()
        assert len(eye.children(f"{root}/lock")) == 1
        mutex.ask("release")
        servers.wait_until(lambda: not eye.children(f"{root}/lock"), 10, "it is released")


def test_mutex_whose_create_never_left_has_one_znode(peers, pair, proxy, eye, root):
    session = peers.session(pair[0], proxy.address)
    mutex = session.new("mutex", path=f"{root}/lock")
    assert mutex.ask("acquire")
    mutex.ask("release")
    lost = proxy.on_request("create", do="cut")
    assert mutex.ask("acquire", timeout_ms=20_000)
    assert lost.struck()
    assert len(eye.children(f"{root}/lock")) == 1


def test_release_whose_reply_was_lost_leaves_nothing(peers, pair, proxy, eye, root):
    session = peers.session(pair[0], proxy.address)
    mutex = session.new("mutex", path=f"{root}/lock")
    for how in (proxy.on_reply, proxy.on_request):
        assert mutex.ask("acquire", timeout_ms=20_000)
        lost = how("delete", do="cut")
        mutex.ask("release")
        lost.wait(10)
        servers.wait_until(lambda: not eye.children(f"{root}/lock"), 10, "it is released")


def test_protected_create_belongs_to_the_session_that_lives(peers, pair, proxy, eye, root):
    """Its reply is lost, and the session ends before the client is back."""
    session = peers.session(pair[0], proxy.address, retries=1000)
    path = f"{root}/node-"
    eye.create(root)
    lost = proxy.on_reply("create", do="cut")
    first = session.begin(
        "create", path=path, mode="EPHEMERAL_SEQUENTIAL", protect=True, thread="creates"
    )
    lost.wait(10)
    proxy.refuse()
    (old,) = eye.children(root)
    session.await_state("LOST", seconds=4 * SESSION_MS / 1000)
    proxy.accept()
    made = first.result(60)
    servers.wait_until(lambda: len(eye.children(root)) == 1, 10, "only one is left")
    assert [f"{root}/{name}" for name in eye.children(root)] == [made]
    assert made != f"{root}/{old}"
    owner = eye.get(made)[1].ephemeral_owner
    assert owner == session.ask("session", thread="asks") != session.id


@contextlib.contextmanager
def frozen(server):
    os.kill(server.pid, signal.SIGSTOP)
    try:
        yield time.monotonic_ns()
    finally:
        os.kill(server.pid, signal.SIGCONT)


# Curator counts a lost session from its suspension, Drover from the last byte that it heard.
LOST_AFTER = {"J": (4 / 3, 5 / 3), "J54": (4 / 3, 5 / 3), "C": (2 / 3, 1)}
SLACK_SECONDS = 1.5


def test_states_when_the_server_freezes_for_three_timeouts(session, pair, server):
    letters = list(dict.fromkeys(pair))
    sessions = {letter: session(letter) for letter in letters}
    unit = SESSION_MS / 1000
    with frozen(server) as begun:
        time.sleep(3 * unit)  # The freeze itself, which the client has to time.
    for letter, each in sessions.items():
        suspended = (each.await_state("SUSPENDED") - begun) / SECOND_NS
        lost = (each.await_state("LOST") - begun) / SECOND_NS
        # What was last heard may be a third older than the freeze.
        earliest, latest = LOST_AFTER[letter]
        assert unit / 3 - 0.2 <= suspended <= 2 / 3 * unit + SLACK_SECONDS, letter
        assert (earliest - 1 / 3) * unit - 0.2 <= lost <= latest * unit + SLACK_SECONDS, letter
        each.await_state("RECONNECTED")
