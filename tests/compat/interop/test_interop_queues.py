"""Queues that peers of several kinds fill and empty: bytes, names, order, items of the dead."""

import re
import time

import pytest

from compat.interop.peers import SESSION_MS
from support import servers

pytestmark = pytest.mark.compat

VERSION, ITEM, END = "00010001", "01", "02"


def frame(*items):
    """The bytes of a queue's znode: version, each item with its length, the end."""
    return bytes.fromhex(
        VERSION + "".join(f"{ITEM}{len(item):08x}{item.hex()}" for item in items) + END
    )


def queue(session, root, flavour, **options):
    return session.new("queue", path=f"{root}/queue", flavour=flavour, **options)


def await_items(consumer, count, seconds=20):
    """The first so many items that it was given, in order."""
    consumer.await_event("item", count, seconds=seconds)
    return [bytes.fromhex(value) for *_, value in consumer.events("item")]


def both_ways(two):
    return ((two[0], two[1]), (two[1], two[0]))


def test_plain_queue_keeps_order(two, eye, root):
    for way, (giver, taker) in enumerate(both_ways(two)):
        at = f"{root}/{way}"
        producer = queue(giver, at, "plain")
        items = [f"item {number}".encode() for number in range(20)] + [b""]
        for item in items:
            producer.ask("put", item=item.hex())
        producer.ask("put_many", items=[b"a".hex(), b"bc".hex()])
        names = eye.children(f"{at}/queue")
        assert all(re.fullmatch(r"queue-\d{10}", name) for name in names)
        stored = [eye.data(f"{at}/queue/{name}") for name in names]
        assert stored == [*(frame(item) for item in items), frame(b"a", b"bc")]
        consumer = queue(taker, at, "plain", consume=True)
        assert await_items(consumer, 23) == [*items, b"a", b"bc"]
        servers.wait_until(lambda: eye.children(f"{at}/queue") == [], 10, "all are taken")
        consumer.ask("close")


def test_id_queue_orders_by_sequence_and_removes_by_id(two, eye, root):
    for way, (giver, taker) in enumerate(both_ways(two)):
        at = f"{root}/{way}"
        producer = queue(giver, at, "id")
        for name in ("zebra", "ant", "a/b|c", "ant"):
            producer.ask("put", item=name.encode().hex(), id=name)
        names = sorted(eye.children(f"{at}/queue"), key=lambda name: name[-10:])
        assert [name[:-10] for name in names] == [
            "queue-|zebra|", "queue-|ant|", "queue-|a_b_c|", "queue-|ant|",
        ]  # fmt: skip
        remover = queue(taker, at, "id")
        assert remover.ask("remove", id="ant") == 2
        # Curator compares what is stored, and so finds such an id under its other name alone.
        found = 0 if taker.letter.startswith("J") else 1
        assert remover.ask("remove", id="a/b|c") == found
        assert remover.ask("remove", id="a_b_c") == 1 - found
        consumer = queue(taker, at, "id", consume=True)
        assert await_items(consumer, 1) == [b"zebra"]
        consumer.ask("close")


PRIORITIES = {
    5: "100000005", -1: "0FFFFFFFF", -(2**31): "080000000", 2**31 - 1: "17FFFFFFF", 0: "100000000",
}  # fmt: skip


def test_priority_queue_orders_by_priority(two, eye, root):
    for way, (giver, taker) in enumerate(both_ways(two)):
        at = f"{root}/{way}"
        producer = queue(giver, at, "priority")
        for priority in PRIORITIES:
            producer.ask("put", item=str(priority).encode().hex(), priority=priority)
        names = {name[: -len("0000000000")] for name in eye.children(f"{at}/queue")}
        assert names == {f"queue-{text}" for text in PRIORITIES.values()}
        consumer = queue(taker, at, "priority", consume=True)
        assert [int(item) for item in await_items(consumer, 5)] == sorted(PRIORITIES)
        consumer.ask("close")


def test_delay_queue_gives_each_item_when_it_is_due(two, eye, root):
    for way, (giver, taker) in enumerate(both_ways(two)):
        at = f"{root}/{way}"
        producer = queue(giver, at, "delay")
        now = int(time.time() * 1000)
        due = {b"far": 1700000000000 + 10**12, b"soon": now + 1500, b"now": now - 1000}
        for item, when in due.items():
            producer.ask("put", item=item.hex(), due_ms=when)
        names = {name[:-10] for name in eye.children(f"{at}/queue")}
        assert names == {f"queue-|{when:08X}|" for when in due.values()}
        consumer = queue(taker, at, "delay", consume=True)
        assert await_items(consumer, 2) == [b"now", b"soon"]
        assert int(time.time() * 1000) >= due[b"soon"]
        consumer.ask("close")


def test_item_of_a_killed_consumer_is_done_by_the_other(two, eye, root):
    lock = {"lock_path": f"{root}/locks"}
    producer = queue(two[1], root, "plain", **lock)
    doomed = queue(two[0], root, "plain", consume=True, hold=True, **lock)
    producer.ask("put", item=b"half done".hex())
    assert await_items(doomed, 1) == [b"half done"]
    (name,) = eye.children(f"{root}/queue")
    assert eye.children(f"{root}/locks") == [name]
    heir = queue(two[1], root, "plain", consume=True, **lock)
    producer.ask("put", item=b"other".hex())
    assert await_items(heir, 1) == [b"other"]
    two[0].peer.kill()
    seconds = SESSION_MS / 1000 + 2
    servers.wait_until(lambda: not eye.children(f"{root}/locks"), seconds, "its lock is gone")
    producer.ask("put", item=b"wakes the heir".hex())
    items = await_items(heir, 3)
    assert sorted(items) == [b"half done", b"other", b"wakes the heir"]
    servers.wait_until(lambda: not eye.children(f"{root}/queue"), 10, "all are done")
    heir.ask("close")


def test_item_that_failed_is_queued_again(two, eye, root):
    """Its bytes come back as a plain item, under a lock path only."""
    lock = {"lock_path": f"{root}/locks"}
    for giver, taker in both_ways(two):
        producer = queue(giver, root, "plain", **lock)
        consumer = queue(taker, root, "plain", consume=True, hold=True, **lock)
        producer.ask("put", item=b"twice".hex())
        await_items(consumer, 1)
        consumer.ask("finish", fail=True)
        assert await_items(consumer, 2) == [b"twice"] * 2
        consumer.ask("finish", fail=False)
        servers.wait_until(lambda: not eye.children(f"{root}/queue"), 10, "it is done")
        consumer.ask("close")


def test_sharders_share_their_queues(two, eye, root):
    """One makes the first queue, whoever leads the next ones; both take from all of them."""
    options = {"path": f"{root}/queues", "leader_path": f"{root}/leader"}
    options |= {"threshold": 4, "check_ms": 100, "queues_max": 3}
    sharders = [session.new("queue_sharder", **options) for session in two]
    (first,) = sharders[0].ask("paths")
    assert re.fullmatch(rf"{root}/queues/queue-[0-9a-f-]{{36}}", first)
    assert sharders[1].ask("paths") == [first]
    items = [f"item {number}".encode() for number in range(30)]
    for number, item in enumerate(items):
        sharders[number % 2].ask("put", item=item.hex())
        if number == 3:  # one is full: each check adds one more
            paths = servers.wait_until(lambda: _same_paths(sharders, 3), 10, "3 queues")
            assert paths == [f"{root}/queues/{name}" for name in eye.children(f"{root}/queues")]
    consumers = [session.new("queue_sharder", consume=True, **options) for session in two]
    servers.wait_until(lambda: sum(len(c.events("item")) for c in consumers) >= 30, 20, "all taken")
    taken = [bytes.fromhex(value) for c in consumers for *_, value in c.events("item")]
    assert sorted(taken) == sorted(items)
    for sharder in sharders + consumers:
        sharder.ask("close")
    servers.wait_until(lambda: not eye.children(f"{root}/leader"), 10, "nobody stands for leader")


def _same_paths(sharders, count):
    """What all of them know, once it is so many."""
    known = [sharder.ask("paths") for sharder in sharders]
    return known[0] if known[0] == known[1] and len(known[0]) == count else None


def test_simple_queue_is_zookeepers_recipe_queue(session, pair, eye, root):
    path = f"{root}/queue"
    simple = session(pair[0]).new("simple_queue", path=path)
    recipe = session("J").new("zookeeper_queue", path=path)
    eye.create(path)
    items = [b"", b"one", b"\x00\xff" * 50]
    for giver, taker in ((simple, recipe), (recipe, simple)):
        for item in items:
            assert giver.ask("offer", item=item.hex())
        assert all(re.fullmatch(r"qn-\d{10}", name) for name in eye.children(path))
        assert taker.ask("peek") == items[0].hex()
        assert [bytes.fromhex(taker.ask("poll")) for _ in items] == items
        assert giver.ask("poll") is None
    waiting = simple.begin("take")
    waiting.stays_unanswered(0.2)
    recipe.ask("offer", item=b"late".hex())
    assert waiting.result(10) == b"late".hex()
