"""native_lock and reentrant_lock: one holder at a time, whatever happens in the queue.

Where a test has to look at a moment, a proxy holds the program's next request: no time is
measured.
"""

import re

import pytest

from compat.interop.peers import Peers
from examples.programs import shared_lines
from support.fault_proxy import FaultProxy
from support.servers import wait_until

LONG_MS = 10_000  # a session that no stalled request ends


@pytest.fixture
def proxy(server):
    with FaultProxy(server.port) as between:
        yield between


@pytest.fixture
def start_behind(start, proxy, chroot):
    """start() through the proxy."""

    def start_it(name, *words):
        return start(name, *words, connect=proxy.address + chroot, session_ms=LONG_MS)

    return start_it


def queue_up(eye, prefix):
    """A contender of the test's own; returns its path."""
    return eye.create(prefix, b"", ephemeral=True, sequence=True, makepath=True)


def children(eye):
    return eye.get_children("/locks") if eye.exists("/locks") else []


# -- native_lock ---------------------------------------------------------------------------------


def test_one_thread_then_the_other(start, eye):
    assert start("native_lock").finish() == [
        "thread 1 locked",
        "thread 1 unlocked",
        "thread 2 locked",
        "thread 2 unlocked",
    ]
    assert eye.get("/locks")[0] == b"locks"
    assert children(eye) == []


def test_no_two_hold_it(start):
    writing, lines = shared_lines()
    with writing:
        programs = [start("native_lock", stdout=writing) for _ in range(3)]
    said = lines.wait_over()
    assert [program.wait() for program in programs] == [0, 0, 0]
    assert len(said) == 12
    for locked, unlocked in zip(said[::2], said[1::2]):
        assert unlocked == locked.replace("locked", "unlocked"), said


def test_the_one_before_goes_between_list_and_watch(start_behind, proxy, eye):
    before = queue_up(eye, "/locks/seq-")
    watching = proxy.on_request("exists", do="stall")
    program = start_behind("native_lock")
    watching.wait(20)  # it has read the list, and its watch is on its way
    eye.delete(before)
    proxy.release()
    program.expect("thread 2 unlocked")


def test_woken_is_not_yet_first(start_behind, proxy, eye):
    first, second = queue_up(eye, "/locks/seq-"), queue_up(eye, "/locks/seq-")
    watches = proxy.on_reply("exists")
    watches_again = proxy.on_reply("exists")
    program = start_behind("native_lock")
    watches.wait(20)
    eye.delete(second)  # which never had the lock
    watches_again.wait(20)
    assert program.lines.all() == []
    eye.delete(first)
    program.expect("thread 2 unlocked")


def test_a_place_that_is_gone_is_no_lock(start_behind, proxy, eye):
    before = queue_up(eye, "/locks/seq-")
    watches = proxy.on_reply("exists")
    program = start_behind("native_lock")
    watches.wait(20)
    (own,) = {f"/locks/{name}" for name in children(eye)} - {before}
    eye.delete(own)
    eye.delete(before)
    assert program.wait() == 3
    assert program.lines.wait_over() == ["thread 2 locked", "thread 2 unlocked"]
    assert program.errors() == "our place in the queue is gone\n"
    assert children(eye) == []


def test_sigterm_leaves_the_queue_at_once(start_behind, proxy, eye):
    before = queue_up(eye, "/locks/seq-")
    watches = proxy.on_reply("exists")
    program = start_behind("native_lock")
    watches.wait(20)
    assert len(children(eye)) == 2
    assert program.terminate() == 0
    assert [f"/locks/{name}" for name in children(eye)] == [before]
    assert program.lines.all() == []


# -- reentrant_lock ------------------------------------------------------------------------------

CURATORS = re.compile(r"_c_[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}-lock-\d{10}")
STEPS = ("acquired", "acquired again", "released", "released again")


def whole_turn(number):
    return [f"thread {number} {step}" for step in STEPS]


def test_one_znode_for_each_thread_and_none_for_reentry(start_behind, proxy, eye):
    before = queue_up(eye, "/locks/_c_test-lock-")
    program = start_behind("reentrant_lock")
    wait_until(lambda: len(children(eye)) == 3, 20, "both threads queue")
    assert program.lines.all() == []
    first_release = proxy.on_request("delete", do="stall")
    eye.delete(before)
    first_release.wait(20)
    # One has acquired twice and released twice, and the other still waits.
    names = children(eye)
    assert len(names) == 2
    assert all(CURATORS.fullmatch(name) for name in names), names
    said = program.lines.wait(lambda lines: len(lines) >= 4 and lines, "a whole turn")
    number = int(said[0].split()[1])
    assert said == whole_turn(number)

    second_release = proxy.on_request("delete", do="stall")
    proxy.release()
    second_release.wait(20)
    assert len(children(eye)) == 1
    proxy.release()
    assert program.finish() == whole_turn(number) + whole_turn(3 - number)
    assert children(eye) == []


@pytest.mark.compat
def test_the_second_thread_is_java(start_behind, proxy, server, chroot, eye, tmp_path):
    with Peers(tmp_path) as peers:
        java = peers.session("J", server.address + chroot, session_ms=LONG_MS)
        mutex = java.new("mutex", path="/locks")
        assert mutex.ask("acquire")
        assert mutex.ask("acquire")
        assert len(children(eye)) == 1
        program = start_behind("reentrant_lock", 1)
        wait_until(lambda: len(children(eye)) == 2, 20, "the program queues")
        mutex.ask("release")
        assert program.lines.all() == []

        released = proxy.on_request("delete", do="stall")
        mutex.ask("release")
        program.expect("thread 1 acquired again")
        waiting = mutex.begin("acquire")
        released.wait(20)
        assert program.lines.all() == whole_turn(1)
        wait_until(lambda: len(children(eye)) == 2, 20, "Java queues")
        waiting.stays_unanswered(0.3)
        proxy.release()
        assert waiting.result(20)
        assert program.finish() == whole_turn(1)
