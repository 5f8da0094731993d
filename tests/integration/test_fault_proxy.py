"""The fault proxy does what its rules say, seen by the raw client on a real server."""

import pytest

from support.fault_proxy import FaultProxy
from support.rawclient import OPEN_ACL, ConnectionClosed, OpCode, RawClient


@pytest.fixture(name="proxy")
def _proxy(start_server):
    with FaultProxy(start_server().port) as proxy:
        yield proxy


def connected(proxy, timeout=20.0):
    client = RawClient(proxy.port, timeout=timeout)
    client.connect()
    return client


def create(client, path):
    return client.call(OpCode.CREATE, path, b"x", OPEN_ACL, 0)


@pytest.mark.parametrize("do, created", [("cut", True), ("cut_within", True)])
def test_reply_is_lost_though_done(proxy, do, created):
    rule = proxy.on_reply("create", do=do)
    with connected(proxy) as client, pytest.raises(ConnectionClosed):
        create(client, "/a")
    assert rule.seen == [("reply", 1, 1)]
    with connected(proxy) as client:
        assert (client.call(OpCode.EXISTS, "/a", False).err == 0) == created


def test_request_is_lost_and_nothing_done(proxy):
    proxy.on_request("create", do="cut")
    with connected(proxy) as client, pytest.raises(ConnectionClosed):
        create(client, "/a")
    with connected(proxy) as client:
        assert client.call(OpCode.EXISTS, "/a", False).err == -101


def test_reply_is_swallowed_and_the_next_comes(proxy):
    proxy.on_reply("create", do="drop", skip=1)
    with connected(proxy) as client:
        assert create(client, "/a").err == 0
        client.send(OpCode.CREATE, "/b", b"", OPEN_ACL, 0)
        assert client.call(OpCode.EXISTS, "/b", False).err == 0


def test_cut_after_lets_the_reply_through(proxy):
    proxy.on_reply("create", do="cut_after")
    with connected(proxy) as client:
        assert create(client, "/a").err == 0
        assert client.receive_until_closed() == []


def test_half_close_ends_one_direction(proxy):
    proxy.on_reply("exists", do="half_close")
    with connected(proxy) as client:
        client.send(OpCode.EXISTS, "/", False)
        assert client.receive_until_closed() == []


def test_stall_holds_until_released(proxy):
    rule = proxy.on_reply("exists", do="stall")
    with connected(proxy, timeout=0.3) as client:
        client.send(OpCode.EXISTS, "/", False)
        rule.wait(5)
        with pytest.raises(TimeoutError):
            client.receive_one()
        proxy.release()
        client.timeout = 20
        assert client.receive_one().err == 0


def test_handshakes_and_events_are_frames_too(proxy):
    handshake = proxy.on_request("connect")
    event = proxy.on_reply("event")
    with connected(proxy) as client:
        client.call(OpCode.EXISTS, "/w", True)
        create(client, "/w")
        client.call(OpCode.PING)
    assert handshake.struck() and event.struck()
    assert proxy.frames("reply") == 5 and proxy.frames("request") == 4


def test_refused_until_accepted(proxy):
    with connected(proxy) as client:
        proxy.refuse()
        assert client.receive_until_closed() == []
    with pytest.raises((ConnectionClosed, OSError)):
        connected(proxy)
    proxy.accept()
    with connected(proxy) as client:
        assert create(client, "/a").err == 0
