"""watch_rules: one-shot watches and sessions, while the server changes, stops and comes back."""

import re

import pytest

from support.fault_proxy import FaultProxy
from support.servers import wait_until

CHANGED = "event NodeDataChanged /w"
# Enough for a pause of up to two seconds before the client tries again.
SHORT_MS = 4000
# What a JVM needs to start has to fit into this.
LONG_MS = 10_000


@pytest.fixture
def proxy(server):
    with FaultProxy(server.port) as between:
        yield between


def sessions(program):
    """The ids that it told of, in order."""
    return re.findall(r"session (0x[0-9a-f]+)", program.errors())


def has_watches(server, count):
    """Whether so many sessions have set all their watches: the one on /w/a is the last."""
    return server.four_letter_word("wchc").count(b"/w/a\n") == count


def test_watches_and_sessions(start, server, chroot, eye, proxy):
    # `stays` lives through a server that is stopped and started; `expires` is kept away for longer.
    stays = start("watch_rules", session_ms=LONG_MS)
    expires = start("watch_rules", connect=proxy.address + chroot, session_ms=SHORT_MS)
    both = (stays, expires)
    for each in both:
        each.expect("read /w nothing yet")
        assert each.lines.all()[:2] == ["CONNECTING", "CONNECTED"]
    wait_until(lambda: has_watches(server, 2), 20, "three watches each")

    # One watch, one event, and before the read that shows the change; the second change is silent.
    eye.set("/w", b"one")
    for each in both:
        each.expect("read /w one")
    eye.set("/w", b"two")
    for each in both:
        each.expect("read /w two")
        said = [line for line in each.lines.all() if line.endswith((CHANGED, "one", "two"))]
        assert said == [CHANGED, "read /w one", "read /w two"]

    # Away for less than the session: what happened meanwhile is told of.
    proxy.refuse()
    expires.expect("DISCONNECTED")
    eye.create("/w/b", b"")
    proxy.accept()
    expires.expect("event NodeChildrenChanged /w")
    assert expires.lines.all().count("CONNECTED") == 2
    assert len(set(sessions(expires))) == 1

    # The server goes for a while; one of the two does not reach it again before its session ends.
    proxy.refuse()
    heard = len(expires.lines.all())
    server.kill()
    stays.expect("DISCONNECTED")
    server.start()
    stays.lines.wait(lambda lines: lines.count("CONNECTED") == 2, "connected again")
    assert len(set(sessions(stays))) == 1
    expires.expect("EXPIRED", after=heard)
    assert "EXPIRED" not in stays.lines.all()
    proxy.accept()
    expires.lines.wait(lambda lines: lines.count("CONNECTED") == 3, "a new session")
    wait_until(lambda: len(set(sessions(expires))) == 2, 20, "another session")

    # The old session's watches are still there, the new session has its own.
    wait_until(lambda: eye.connected and has_watches(server, 2), 20, "one watch, and three")
    eye.create("/w/a", b"")
    stays.expect("event NodeCreated /w/a")
    expires.expect("event NodeCreated /w/a")
    heard = len(expires.lines.all())
    eye.set("/w", b"three")
    stays.expect("read /w three")
    expires.expect("read /w three", after=heard)
    assert stays.lines.all().count(CHANGED) == 1
    assert expires.lines.all()[heard:].count(CHANGED) == 1
    for each in both:
        assert each.terminate() == 0
