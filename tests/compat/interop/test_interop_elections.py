"""Leaders and barriers among peers of several kinds."""

import pytest

from compat.interop.peers import SESSION_MS, assert_apart, sequence
from support import servers

pytestmark = pytest.mark.compat

LEFT_BY_THE_DEAD_SECONDS = SESSION_MS / 1000 + 2


def test_latches_lead_one_after_the_other_by_their_znodes(session, pair, eye, root):
    """Three of each kind; the leader is killed, three times."""
    latches = []
    for number in range(6):
        latch = session(pair[number % 2]).new("latch", path=f"{root}/latch", id=f"id-{number}")
        latch.ask("start")
        servers.wait_until(
            lambda: len(eye.children(f"{root}/latch")) == number + 1, 10, "its znode"
        )
        latches.append(latch)
    while True:
        at, _, leads = latches[0].await_event("leader", seconds=LEFT_BY_THE_DEAD_SECONDS)
        assert leads
        expected = [(latch_id(eye, root, name)) for name in by_sequence(eye, root)]
        for latch in latches:
            told = [each["id"] for each in latch.ask("participants")]
            assert told == expected
            leading = [each["id"] for each in latch.ask("participants") if each["leader"]]
            assert leading == expected[:1]
            assert latch.ask("leader") == expected[0]
            assert latch.ask("is_leader") == (latch is latches[0])
        if len(latches) == 3:
            return
        assert not any(entry[0] < at for latch in latches[1:] for entry in latch.events())
        latches.pop(0).session.peer.kill()


def by_sequence(eye, root):
    return sorted(eye.children(f"{root}/latch"), key=sequence)


def latch_id(eye, root, name):
    return eye.data(f"{root}/latch/{name}").decode()


def test_a_latch_that_closes_hands_on(two, root):
    first, second = [each.new("latch", path=f"{root}/latch", id=each.letter) for each in two]
    first.ask("start")
    first.await_event("leader", seconds=10)
    second.ask("start")
    awaited = second.begin("await", timeout_ms=20_000)
    awaited.stays_unanswered(0.3)
    first.ask("close")
    assert awaited.result(10)
    assert [value for *_, value in first.events("leader")] == [True, False]


def test_selectors_take_turns_in_order_of_sequence(two, eye, root):
    selectors = [
        each.new("selector", path=f"{root}/select", id=each.letter, requeue=True) for each in two
    ]
    selectors[0].ask("start")
    selectors[0].await_event("taken", seconds=10)
    selectors[1].ask("start")
    servers.wait_until(lambda: len(eye.children(f"{root}/select")) == 2, 10, "both stand")
    turns = []
    for turn in range(10):
        selector, other = selectors[turn % 2], selectors[(turn + 1) % 2]
        selector.await_event("taken", turn // 2 + 1, seconds=10)
        servers.wait_until(lambda: len(eye.children(f"{root}/select")) == 2, 10, "both stand")
        first = min(eye.children(f"{root}/select"), key=sequence)
        assert eye.data(f"{root}/select/{first}").decode() == selector.session.letter
        turns.append((first, selector))
        selector.ask("yield", thread="yields")
        other.await_event("taken", (turn + 1) // 2 + 1, seconds=10)
    spans = []
    for selector in selectors:
        taken, given = selector.events("taken"), selector.events("given")
        spans += [(begin[0], end[0], selector.name) for begin, end in zip(taken, given)]
    assert len(spans) == 10
    assert_apart(spans)
    numbers = [sequence(name) for name, _ in turns]
    assert numbers == sorted(numbers)


def test_barrier_holds_all_until_it_is_removed(session, two, kazoo, eye, root):
    path = f"{root}/barrier"
    setter, *others = [each.new("barrier", path=path) for each in (*two, session(kazoo))]
    setter.ask("set")
    assert eye.exists(path)
    waiting = [each.begin("wait", timeout_ms=20_000) for each in others]
    for each in waiting:
        each.stays_unanswered(0.2)
    removal = setter.begin("remove")
    removal.result()
    for each in waiting:
        assert each.result(10)
        assert each.end > removal.start
    assert not eye.exists(path)
    assert all(each.ask("wait", timeout_ms=1000) for each in (setter, *others))


def test_double_barrier_is_entered_and_left_by_all_together(session, two, kazoo, eye, root):
    path = f"{root}/double"
    eye.create(path)
    members = [
        each.new("double_barrier", path=path, members=3) for each in (*two, session(kazoo))
    ]
    for op in ("enter", "leave"):
        begun = []
        for member in members:
            for waiting in begun:
                waiting.stays_unanswered(0.2)
            begun.append(member.begin(op, timeout_ms=20_000))
        assert all(each.result(20) for each in begun)
        assert min(each.end for each in begun) >= max(each.start for each in begun)
        if op == "enter":
            assert "ready" in eye.children(path)
    assert eye.children(path) == []


def test_double_barrier_entrant_in_vain_leaves_its_znode(two, eye, root):
    path = f"{root}/double"
    for number, each in enumerate(two, 1):
        barrier = each.new("double_barrier", path=path, members=5)
        assert not barrier.ask("enter", timeout_ms=300)
        assert len(eye.children(path)) == number
