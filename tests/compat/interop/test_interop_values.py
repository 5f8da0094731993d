"""Counters and values that peers of several kinds change at once."""

import json
import struct

import pytest

from compat.interop.conftest import ALL
from support import servers

pytestmark = pytest.mark.compat

INCREMENTS = 10_000 if ALL else 500


def test_shared_count_loses_no_update(two, eye, root):
    counts = [each.new("shared_count", path=f"{root}/count", seed=7) for each in two]
    for count in counts:
        count.ask("start")
    begun = [count.begin("add", count=200) for count in counts]
    refused = [each.result(120) for each in begun]
    assert eye.data(f"{root}/count") == struct.pack(">i", 7 + 400), refused
    for count in counts:
        servers.wait_until(lambda: count.ask("get") == 407, 10, "it knows the last value")
        count.await_events(
            lambda events: events and events[-1][2] == 407, "the last value is told", 10
        )


def test_shared_value_converges(two, eye, root):
    values = [each.new("shared_value", path=f"{root}/value", seed=b"s".hex()) for each in two]
    for value in values:
        value.ask("start")
        assert value.ask("get") == b"s".hex()
    for turn in range(20):
        text = f"turn {turn}".encode().hex()
        writer, reader = values[turn % 2], values[(turn + 1) % 2]
        assert writer.ask("try_set" if turn % 4 else "set", value=text) in (True, None)
        assert bytes.fromhex(text) == eye.data(f"{root}/value")
        for each in (writer, reader):
            servers.wait_until(lambda: each.ask("get") == text, 10, "both know it")
    for value in values:
        last = b"turn 19".hex()
        value.await_events(lambda events: events and events[-1][2] == last, "it is told", 10)


@pytest.mark.parametrize("promoted", [False, True], ids=["optimistic", "promoted"])
def test_atomic_long_sums_are_exact(two, eye, root, promoted):
    # Without promotion a failed increment is repeated by the peer; with it none may fail.
    options = {"promote": f"{root}/lock", "tries": 1} if promoted else {"tries": 3}
    count = INCREMENTS // 10 if promoted else INCREMENTS
    longs = [each.new("atomic_long", path=f"{root}/long", **options) for each in two]
    begun = [each.begin("increments", count=count) for each in longs]
    failed = [each.result(600) for each in begun]
    assert eye.data(f"{root}/long") == struct.pack(">q", 2 * count), failed
    if promoted:
        assert failed == [0, 0]


def test_atomic_long_operations_agree(two, eye, root):
    path = f"{root}/long"
    for turn in range(2):
        first, second = [each.new("atomic_long", path=path) for each in (two[turn], two[1 - turn])]
        assert first.ask("get") == {"succeeded": True, "pre": 0, "post": 0}
        assert not first.ask("compare_and_set", expected=0, value=1)["succeeded"]
        assert first.ask("initialize", value=40)
        assert not second.ask("initialize", value=41)
        assert second.ask("add", value=3) == {"succeeded": True, "pre": 40, "post": 43}
        assert first.ask("subtract", value=100) == {"succeeded": True, "pre": 43, "post": -57}
        assert not second.ask("compare_and_set", expected=1, value=2)["succeeded"]
        assert second.ask("compare_and_set", expected=-57, value=2**40)["succeeded"]
        assert first.ask("get")["post"] == 2**40
        second.ask("force_set", value=2**63 - 1)
        assert first.ask("add", value=1)["post"] == -(2**63)
        eye.set(path, b"")
        assert second.ask("get")["post"] == 0
        second.session.ask("delete", path=path)


def test_cached_longs_hand_out_no_number_twice(two, eye, root):
    caches = [each.new("cached_long", path=f"{root}/cached", factor=3) for each in two]
    given = []
    for _ in range(10):
        for cache in caches:
            given += [tuple(pair) for pair in cache.ask("next", count=2)]
    assert all(post == pre + 1 for pre, post in given)
    assert len({pre for pre, _ in given}) == len(given) == 40
    (stored,) = struct.unpack(">q", eye.data(f"{root}/cached"))
    assert stored == 42


def test_kazoo_counts_in_four_bytes_beside_atomic_integers(session, pair, kazoo, eye, root):
    path = f"{root}/count"
    eye.create(path, struct.pack(">i", 0))
    integers = [session(letter).new("atomic_int", path=path, tries=3) for letter in pair]
    counter = session(kazoo).new("kazoo_counter", path=path, curator=True)
    begun = [each.begin("increments", count=200) for each in integers]
    begun.append(counter.begin("add", count=100))
    for each in begun:
        each.result(60)
    assert eye.data(path) == struct.pack(">i", 500)
    assert counter.ask("get") == integers[0].ask("get")["post"] == 500


def test_floats_are_counted_as_python_spells_them(session, kazoo, eye, root):
    path = f"{root}/float"
    ours, theirs = (
        session(letter).new("kazoo_counter", path=path, float=True) for letter in ("C", kazoo)
    )
    total = 0.0
    for number, by in enumerate((1.0, 0.1, 1e-05, 1e15, 1e16, -1.1e16, 5e-324, 1.5e300, -1.5e300)):
        total += by
        assert (ours, theirs)[number % 2].ask("change", by=by) == total
        assert eye.data(path) == repr(total).encode()
        assert ours.ask("get") == theirs.ask("get") == total


def test_leases_have_one_holder_among_both(session, kazoo, eye, root):
    one = {"path": f"{root}/one", "seconds": 3600}
    two = {"path": f"{root}/two", "seconds": 3600, "count": 2}
    clients = (session("C"), session(kazoo))

    def obtains(client, name, **options):
        return client.new("kazoo_lease", id=name, **options).ask("obtain")

    for first, second in (clients, clients[::-1]):
        assert obtains(first, "first", **one)
        holder = json.loads(eye.data(f"{root}/one/lease_holder"))
        assert (holder["version"], holder["holder"]) == (1, "first")
        assert eye.data(f"{root}/one/lease_holder") == json.dumps(holder).encode()
        assert not obtains(second, "second", **one)
        assert obtains(second, "first", **one), "the same identifier, renewed by the other"
        assert obtains(first, "a", **two)
        assert obtains(second, "b", **two)
        assert not obtains(first, "c", **two)
        assert eye.children(f"{root}/two") == ["0", "1"]
        for path in ("one", "two/0", "two/1"):
            clients[0].ask("delete", path=f"{root}/{path}/lease_holder")


def test_a_set_is_divided_among_both(session, kazoo, eye, root):
    items = ["a", "b", "c", "d", "e"]
    path = f"{root}/set"
    options = {"path": path, "items": items, "boundary_ms": 500}

    def give_up(member):
        servers.wait_until(lambda: member.ask("changed"), 20, "the members have changed")
        member.ask("release")

    for first, second in (("C", kazoo), (kazoo, "C")):
        one_session, two_session = session(first), session(second)
        one = one_session.new("kazoo_set_partitioner", id="1", **options)
        assert one.ask("acquire") == items
        two = two_session.new("kazoo_set_partitioner", id="2", **options)
        waiting = two.begin("acquire")
        give_up(one)
        assert one.ask("acquire") == ["a", "c", "e"]
        assert waiting.result() == ["b", "d"]
        assert sorted(name[32:] for name in eye.children(f"{path}/party")) == ["-1", "-2"]
        for item in items:
            (lock,) = eye.children(f"{path}/locks/{item}")
            assert lock[32:42] == "__lock__00", "both contend as kazoo's Lock does"
        one_session.ask("close")
        give_up(two)
        assert two.ask("acquire") == items
        two_session.ask("close")
