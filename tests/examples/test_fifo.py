"""fifo: each item once, in order; on the same znodes as Curator."""

import pytest

from compat.interop.peers import Peers
from support import servers


def got(consumers):
    """All items that these have taken out, consumer by consumer."""
    return [
        [line.removeprefix("got ") for line in each.lines.all() if line.startswith("got ")]
        for each in consumers
    ]


def await_items(consumers, count):
    """Until they have so many together."""
    servers.wait_until(lambda: sum(map(len, got(consumers))) >= count, 40, f"{count} items")
    return got(consumers)


def test_every_item_exactly_once(start, eye):
    consumers = [start("fifo", "get") for _ in range(3)]
    producers = [start("fifo", "put", 500), start("fifo", "put", 500, 501)]
    assert producers[0].finish(40) == [f"put {number}" for number in range(1, 501)]
    assert producers[1].finish(40) == [f"put {number}" for number in range(501, 1001)]
    await_items(consumers, 1000)
    for each in consumers:
        assert each.terminate() == 0
    items = [item for each in consumers for item in each.lines.wait_over()]
    assert sorted(items) == sorted(f"got {number}" for number in range(1, 1001))
    assert eye.get_children("/queue") == []


def test_one_consumer_sees_the_order_of_the_queue(start, eye):
    producers = [start("fifo", "put", 100), start("fifo", "put", 100, 101)]
    for each in producers:
        each.finish()
    names = sorted(eye.get_children("/queue"))
    assert all(name.startswith("qn-") for name in names)
    stored = [eye.get(f"/queue/{name}")[0].decode() for name in names]
    consumer = start("fifo", "get")
    (taken,) = await_items([consumer], 200)
    assert taken == stored


@pytest.mark.compat
def test_curator_at_the_other_end(start, server, chroot, tmp_path):
    with Peers(tmp_path) as peers:
        java = peers.session("J", server.address + chroot).new("simple_queue", path="/queue")
        start("fifo", "put", 20).finish()
        for number in range(1, 21):
            assert bytes.fromhex(java.ask("take")) == str(number).encode()
        for number in range(20):
            java.ask("offer", item=f"from Java {number}".encode().hex())
        consumer = start("fifo", "get")
        (taken,) = await_items([consumer], 20)
        assert taken == [f"from Java {number}" for number in range(20)]
