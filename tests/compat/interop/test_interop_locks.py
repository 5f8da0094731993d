"""Locks that peers of several kinds share: mutual exclusion, order, revocation, limits."""


import pytest

from compat.interop.peers import SESSION_MS, assert_apart, most_at_once, sequence
from support import servers

pytestmark = pytest.mark.compat

SECTIONS = 500
LEFT_BY_THE_DEAD_SECONDS = SESSION_MS / 1000 + 2


def run_sections(locks, counter, count, **fields):
    """Critical sections of all at once: [(taken, given, who, node)] in order of time."""
    begun = [lock.begin("sections", count=count, counter=counter, **fields) for lock in locks]
    found = []
    for who, pending in enumerate(begun):
        found += [(taken, given, who, node) for taken, given, node in pending.result(180)]
    return sorted(found)


def test_mutex_sections_are_apart_and_in_order_of_sequence(two, eye, root):
    counter = f"{root}/counter"
    eye.create(counter, b"0")
    locks = [each.new("mutex", path=f"{root}/lock") for each in two]
    sections = run_sections(locks, counter, SECTIONS)
    assert_apart(sections)
    assert eye.data(counter) == str(2 * SECTIONS).encode()
    order = [sequence(node) for *_, node in sections]
    assert order == sorted(order)
    turns = sum(a[2] != b[2] for a, b in zip(sections, sections[1:]))
    assert turns > SECTIONS, f"they hardly met: {turns} turns"
    assert eye.children(f"{root}/lock") == []


def test_mutex_of_the_dead_is_given_on(two, root):
    held, waiting = [each.new("mutex", path=f"{root}/lock") for each in two]
    assert held.ask("acquire")
    acquired = waiting.begin("acquire")
    acquired.stays_unanswered(0.3)
    two[0].peer.kill()
    assert acquired.result(LEFT_BY_THE_DEAD_SECONDS)


STRAYS = {
    "aaa": True,
    "!x": False,
    "0000000000": False,
    "zzz": True,
    "lock-": False,
    "lock-!": False,
    "lock-9999999999": True,
    "_c_00000000-0000-0000-0000-000000000000-lock-0000000000": False,
    "_c_00000000000000000000000000000000-lock-0000000000": False,
    "_c_00000000-0000-0000-0000-000000000000-latch-0000000000": True,
    "a3f10000000000000000000000000000__lock__0000000000": True,
    "0000a3f1000000000000000000000000__lock__0000000000": True,
    "00000000000000000000000000000000__lock__0000000000": False,
}


def test_mutex_decides_among_stray_children_as_curator_does(two, eye, root):
    """Whether it is acquired although the stray child is there: by name, as the strings sort."""
    for number, (stray, expected) in enumerate(STRAYS.items()):
        path = f"{root}/{number}"
        eye.create(f"{path}/{stray}")
        for each in two:
            mutex = each.new("mutex", path=path)
            acquired = mutex.ask("acquire", timeout_ms=2000 if expected else 200)
            assert acquired == expected, f"{each.letter} beside {stray}"
            if acquired:
                mutex.ask("release")
        assert eye.children(path) == [stray]


def test_kazoo_lock_that_knows_curators_names_waits_for_a_mutex(session, pair, kazoo, root):
    holder = session(pair[0])
    mutex = holder.new("mutex", path=f"{root}/lock")
    lock = session(kazoo).new("kazoo_lock", path=f"{root}/lock", patterns=["-lock-"])
    assert mutex.ask("acquire")
    assert not lock.ask("acquire", timeout_ms=500)
    waiting = lock.begin("acquire")
    waiting.stays_unanswered(0.2)
    mutex.ask("release")
    assert waiting.result(10)


def test_holder_is_asked_to_revoke(two, eye, root):
    holder = two[0].new("mutex", path=f"{root}/lock", revocable=True)
    other = two[1].new("mutex", path=f"{root}/lock")
    assert holder.ask("acquire")
    (node,) = other.ask("participants")
    assert eye.data(node) == b""
    other.ask("revoke", node=node)
    holder.await_event("revoked", seconds=10)
    assert eye.data(node) == b"__REVOKE__"
    waiting = other.begin("acquire")
    holder.ask("release")
    assert waiting.result(10)


def test_readers_share_and_a_writer_excludes(two, eye, root):
    first, second = [each.new("rwlock", path=f"{root}/lock") for each in two]
    assert first.ask("acquire", side="read")
    assert second.ask("acquire", side="read", timeout_ms=5000)
    writer = two[1].new("rwlock", path=f"{root}/lock")
    assert not writer.ask("acquire", side="write", timeout_ms=300)
    written = writer.begin("acquire", side="write")
    servers.wait_until(lambda: len(eye.children(f"{root}/lock")) == 3, 10, "the writer queues")
    late = two[0].new("rwlock", path=f"{root}/lock")
    late_read = late.begin("acquire", side="read")
    first.ask("release", side="read")
    written.stays_unanswered(0.2)
    second.ask("release", side="read")
    assert written.result(10)
    late_read.stays_unanswered(0.3)
    writer.ask("release", side="write")
    assert late_read.result(10)


def test_write_sections_are_apart(two, eye, root):
    counter = f"{root}/counter"
    eye.create(counter, b"0")
    locks = [each.new("rwlock", path=f"{root}/lock") for each in two]
    sections = run_sections(locks, counter, 50, side="write")
    assert_apart(sections)
    assert eye.data(counter) == b"100"


def test_writer_waits_for_a_downgraded_reader(two, eye, root):
    """Curator 5.4.0 lets the writer in beside its downgraded reader: recorded here, not wanted."""
    holder, writer = [each.new("rwlock", path=f"{root}/lock") for each in two]
    assert holder.ask("acquire", side="write")
    written = writer.begin("acquire", side="write")
    servers.wait_until(lambda: len(eye.children(f"{root}/lock")) == 2, 10, "the writer queues")
    assert holder.ask("acquire", side="read", timeout_ms=5000)
    holder.ask("release", side="write")
    if two[0].letter == "J54":
        assert written.result(10)
        holder.ask("release", side="read")
        return
    written.stays_unanswered(0.5)
    holder.ask("release", side="read")
    assert written.result(10)


def test_semaphore_is_never_over_its_limit(two, eye, root):
    semaphores = [
        each.new("semaphore", path=f"{root}/semaphore", leases=3) for each in two for _ in range(3)
    ]
    sections = run_sections(semaphores, None, 10, hold_ms=20)
    assert most_at_once(sections) == 3
    assert eye.children(f"{root}/semaphore/leases") == []
    assert eye.children(f"{root}/semaphore/locks") == []


def test_semaphore_waiter_wakes_when_the_shared_limit_rises(two, eye, root):
    counts = [each.new("shared_count", path=f"{root}/limit", seed=3) for each in two]
    for count in counts:
        count.ask("start")
    first, second = [
        each.new("semaphore", path=f"{root}/semaphore", count=count.name)
        for each, count in zip(two, counts)
    ]
    assert len(first.ask("acquire", count=2)) == 2
    assert len(second.ask("acquire", count=1)) == 1
    assert second.ask("acquire", count=1, timeout_ms=300) is None
    waiting = second.begin("acquire", count=1)
    waiting.stays_unanswered(0.3)
    counts[0].ask("set", value=4)
    assert len(waiting.result(10)) == 1
    assert len(eye.children(f"{root}/semaphore/leases")) == 4
    counts[0].ask("set", value=2)
    servers.wait_until(lambda: counts[1].ask("get") == 2, 10, "both know the lower limit")
    first.ask("release", count=2)
    assert first.ask("acquire", count=1, timeout_ms=300) is None
    second.ask("release", count=1)
    assert len(first.ask("acquire", count=1, timeout_ms=5000)) == 1


def test_semaphore_mutex_sections_are_apart(two, eye, root):
    counter = f"{root}/counter"
    eye.create(counter, b"0")
    locks = [each.new("semaphore_mutex", path=f"{root}/lock") for each in two]
    assert_apart(run_sections(locks, counter, 50))
    assert eye.data(counter) == b"100"


def test_multi_locks_in_opposite_order_end_by_their_timeouts(two, eye, root):
    paths = [f"{root}/x", f"{root}/y"]
    locks = [
        two[0].new("multi_lock", paths=paths),
        two[1].new("multi_lock", paths=paths[::-1]),
    ]
    held = []
    for _ in range(10):
        begun = [lock.begin("acquire", timeout_ms=300) for lock in locks]
        for lock, acquired in zip(locks, begun):
            if acquired.result(10):
                release = lock.begin("release")
                release.result(10)
                held.append((acquired.end, release.start))
    assert_apart(held)
    assert all(eye.children(path) == [] for path in paths)
    for lock in locks:
        assert lock.ask("acquire", timeout_ms=5000)
        lock.ask("release")
