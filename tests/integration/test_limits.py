"""Limits that clients meet: sizes, counts, timeouts, and what the server does on its own in time."""

import contextlib
import resource
import signal
import time

import pytest

from support import servers
from support.rawclient import (
    OPEN_ACL,
    ConnectionClosed,
    Err,
    OpCode,
    RawClient,
    encode_request,
    frame,
)
from support.servers import wait_until

TICK_MS = 500


def connected(port, **options):
    """A client with a session."""
    client = RawClient(port, timeout=60)
    client.connect(**options)
    return client


def closed_by_server(client):
    """True when the connection ends without another byte."""
    try:
        client.receive_payload()
    except ConnectionClosed:
        return True
    return False


# -- jute.maxbuffer --------------------------------------------------------------------------------


def create_of_size(path, size):
    """A create request whose payload has exactly `size` bytes."""
    empty = encode_request(1, OpCode.CREATE, path, b"")
    return encode_request(1, OpCode.CREATE, path, b"x" * (size - len(empty)))


@pytest.mark.parametrize(
    ("properties", "bound"), [({}, 0xFFFFF), ({"jute.maxbuffer": 4096}, 4096)], ids=["default", "4k"]
)
def test_the_largest_request(start_server, properties, bound):
    server = start_server(properties=properties)
    with connected(server.port) as client:
        client.send_bytes(frame(create_of_size("/largest", bound)))
        client.expect(1, OpCode.CREATE)
        assert client.receive_one().err == Err.OK
        client.send_bytes(frame(create_of_size("/larger", bound + 1)))
        assert closed_by_server(client)
        session = client.session_id, client.password
    with connected(server.port, session_id=session[0], password=session[1]) as client:
        assert client.session_id == session[0], "the session outlives the connection"
        assert client.call(OpCode.EXISTS, "/larger").err == Err.NO_NODE
        stat = client.call(OpCode.EXISTS, "/largest").body
        assert stat.data_length > bound - 100
    server.kill()
    server.start()  # what was accepted can be read back
    with connected(server.port) as client:
        assert client.call(OpCode.EXISTS, "/largest").body == stat


def test_replies_may_be_larger_than_requests(start_server):
    server = start_server(properties={"jute.maxbuffer": 4096})
    with connected(server.port) as client:
        names = [f"/{n:04}" + "n" * 500 for n in range(200)]
        replies = client.pipeline([(OpCode.CREATE, name) for name in names])
        assert all(reply.err == Err.OK for reply in replies)
        assert len(client.call(OpCode.GET_CHILDREN, "/").body) == 201


# -- connections -----------------------------------------------------------------------------------


def is_refused(port):
    """True when the server ends a fresh connection before answering a handshake."""
    try:
        with RawClient(port) as client:
            client.connect()
    except (ConnectionClosed, ConnectionResetError):
        return True
    return False


@pytest.mark.parametrize(("key", "limit"), [("maxClientCnxns", 5), ("maxCnxns", 7)])
def test_the_number_of_connections(start_server, key, limit):
    server = start_server(config={key: limit})
    with contextlib.ExitStack() as stack:
        clients = [stack.enter_context(connected(server.port)) for _ in range(limit)]
        assert is_refused(server.port)
        assert is_refused(server.port)
        for client in clients:
            assert client.call(OpCode.EXISTS, "/").err == Err.OK
        clients[0].disconnect()
        wait_until(lambda: not is_refused(server.port), 10, "room for another connection")


def test_no_limit_of_connections(start_server):
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    server = start_server(config={"maxClientCnxns": 0})
    with contextlib.ExitStack() as stack:
        clients = [stack.enter_context(connected(server.port)) for _ in range(300)]
        assert len({client.session_id for client in clients}) == 300


def test_a_connection_without_a_session_is_closed(start_server):
    """After nio.sessionlessCnxnTimeout, within twice of it."""
    timeout_ms = 1000
    server = start_server(config={"nio.sessionlessCnxnTimeout": timeout_ms})
    with RawClient(server.port) as silent, connected(server.port) as other:
        began = time.monotonic()
        assert closed_by_server(silent)
        lived_ms = (time.monotonic() - began) * 1000
        assert timeout_ms * 0.9 < lived_ms < timeout_ms * 2 + 1500
        assert other.call(OpCode.EXISTS, "/").err == Err.OK


# -- sessions --------------------------------------------------------------------------------------

DEFAULTS = {}
BOUNDED = {"minSessionTimeout": 3000, "maxSessionTimeout": 7000}


@pytest.mark.parametrize(
    ("config", "asked", "given"),
    [
        (DEFAULTS, 0, 2 * TICK_MS),
        (DEFAULTS, -5, 2 * TICK_MS),
        (DEFAULTS, 2 * TICK_MS - 1, 2 * TICK_MS),
        (DEFAULTS, 3333, 3333),
        (DEFAULTS, 20 * TICK_MS, 20 * TICK_MS),
        (DEFAULTS, 20 * TICK_MS + 1, 20 * TICK_MS),
        (DEFAULTS, 2**31 - 1, 20 * TICK_MS),
        (DEFAULTS, -(2**31), 2 * TICK_MS),
        (BOUNDED, 2999, 3000),
        (BOUNDED, 3001, 3001),
        (BOUNDED, 7001, 7000),
    ],
)
def test_session_timeouts_are_negotiated(bounded_servers, config, asked, given):
    server = bounded_servers[bool(config)]
    with RawClient(server.port) as client:
        assert client.connect(timeout_ms=asked).timeout == given
        client.close_session()


@pytest.fixture(scope="module")
def bounded_servers(server_name):
    """Servers with the default bounds and with those of BOUNDED."""
    with contextlib.ExitStack() as stack:
        yield [
            stack.enter_context(
                servers.server_by_name(server_name, config={"tickTime": TICK_MS, **config})
            )
            for config in (DEFAULTS, BOUNDED)
        ]


@pytest.mark.parametrize("tick_ms", [200, 1000])
@pytest.mark.parametrize("ticks", [2, 3.5])
def test_a_silent_session_expires(start_server, tick_ms, ticks):
    """Its ephemeral znode vanishes in (timeout, timeout + tick] after the last request."""
    server = start_server(config={"tickTime": tick_ms, "maxSessionTimeout": 60_000})
    timeout_ms = int(tick_ms * ticks)
    with connected(server.port, timeout_ms=30_000) as observer, RawClient(server.port) as silent:
        assert silent.connect(timeout_ms=timeout_ms).timeout == timeout_ms
        assert observer.call(OpCode.EXISTS, "/e", True).err == Err.NO_NODE
        sent = time.monotonic()
        assert silent.call(OpCode.CREATE, "/e", b"", OPEN_ACL, 1).err == Err.OK
        answered = time.monotonic()
        assert observer.receive_one().type == 1
        assert observer.call(OpCode.EXISTS, "/e", True).err == Err.OK
        deleted = observer.receive_one()
        gone = time.monotonic()
        assert (deleted.type, deleted.path) == (2, "/e")
        assert (gone - sent) * 1000 > timeout_ms
        # The bound is the server's; what the machine adds is not.
        assert (gone - answered) * 1000 < timeout_ms + tick_ms + 700
        assert closed_by_server(silent), "the connection of an expired session ends"
        with RawClient(server.port) as late:
            assert late.connect(silent.session_id, silent.password).session_id == 0


def test_pings_keep_a_session(start_server):
    server = start_server(config={"tickTime": 200})
    timeout_ms = 400
    with connected(server.port, timeout_ms=timeout_ms) as client:
        assert client.call(OpCode.CREATE, "/e", b"", OPEN_ACL, 1).err == Err.OK
        until = time.monotonic() + 4 * timeout_ms / 1000
        while time.monotonic() < until:
            client.call(OpCode.PING)
            time.sleep(timeout_ms / 1000 / 8)  # the rhythm of a client, not a wait for anything
        assert client.call(OpCode.EXISTS, "/e").err == Err.OK


# -- what the server deletes on its own ------------------------------------------------------------

REAPER = {"znode.container.checkIntervalMs": 100}


def test_an_emptied_container_is_reaped(start_server):
    server = start_server(properties=REAPER)
    with connected(server.port) as client:
        for path in ("/used", "/unused"):
            reply = client.call(OpCode.CREATE_CONTAINER, path, b"", OPEN_ACL, 4)
            assert reply.err == Err.OK
        assert client.call(OpCode.CREATE, "/used/child").err == Err.OK
        assert client.call(OpCode.EXISTS, "/used", True).err == Err.OK
        assert client.call(OpCode.DELETE, "/used/child").err == Err.OK
        event = client.receive_one()
        assert (event.type, event.path) == (2, "/used")
        assert client.call(OpCode.EXISTS, "/unused").err == Err.OK, "it never had a child"


@pytest.mark.parametrize("ttl_ms", [1, 600])
def test_a_ttl_node_is_reaped(start_server, ttl_ms):
    server = start_server(properties=REAPER, config={"extendedTypesEnabled": "true"})
    with connected(server.port) as client:
        began = time.monotonic()
        reply = client.call(OpCode.CREATE_TTL, "/ttl", b"", OPEN_ACL, 5, ttl_ms)
        assert reply.err == Err.OK
        assert client.call(OpCode.CREATE_TTL, "/busy", b"", OPEN_ACL, 5, ttl_ms).err == Err.OK
        assert client.call(OpCode.CREATE, "/busy/child").err in (Err.OK, Err.NO_NODE)
        has_child = client.call(OpCode.EXISTS, "/busy/child").err == Err.OK
        wait_until(lambda: client.call(OpCode.EXISTS, "/ttl").err == Err.NO_NODE, 10, "reaping")
        assert (time.monotonic() - began) * 1000 >= ttl_ms
        if has_child:
            assert client.call(OpCode.EXISTS, "/busy").err == Err.OK


def test_ttl_nodes_need_extended_types(start_server):
    server = start_server()
    with connected(server.port) as client:
        reply = client.call(OpCode.CREATE_TTL, "/ttl", b"", OPEN_ACL, 5, 1000)
        assert reply.err == Err.UNIMPLEMENTED
        assert client.call(OpCode.EXISTS, "/").err == Err.OK


def test_reaping_goes_on_after_a_restart(start_server):
    server = start_server(config={"extendedTypesEnabled": "true"})
    with connected(server.port) as client:
        client.call(OpCode.CREATE_CONTAINER, "/used", b"", OPEN_ACL, 4)
        client.call(OpCode.CREATE, "/used/child")
        client.call(OpCode.DELETE, "/used/child")
        client.call(OpCode.CREATE_TTL, "/ttl", b"", OPEN_ACL, 5, 1)
        assert client.call(OpCode.EXISTS, "/used").err == Err.OK
        client.close_session()
    server.kill()
    server.properties.update({key: str(value) for key, value in REAPER.items()})
    server.start()
    with connected(server.port) as client:
        for path in ("/used", "/ttl"):
            wait_until(
                lambda path=path: client.call(OpCode.EXISTS, path).err == Err.NO_NODE,
                10,
                f"reaping of {path}",
            )


# -- outstanding requests --------------------------------------------------------------------------


@pytest.mark.parametrize("limit", [1, 10, 1000])
def test_more_requests_than_may_be_outstanding_are_all_answered(start_server, limit):
    server = start_server(config={"globalOutstandingLimit": limit})
    count = 3000 if limit > 10 else 500
    with contextlib.ExitStack() as stack:
        clients = [stack.enter_context(connected(server.port)) for _ in range(4)]
        for index, client in enumerate(clients):
            assert client.call(OpCode.CREATE, f"/n{index}").err == Err.OK
            for n in range(count):
                if n % 3 == 0:
                    client.queue(OpCode.GET_DATA, f"/n{index}")
                else:
                    client.queue(OpCode.SET_DATA, f"/n{index}", b"%d" % n)
        for client in clients:
            client.flush()
        for client in clients:
            replies = client.receive(count)
            assert all(reply.err == Err.OK for reply in replies)
            assert [reply.xid for reply in replies] == list(range(2, count + 2))
            versions = [reply.body.version for reply in replies if reply.op == OpCode.SET_DATA]
            assert versions == list(range(1, len(versions) + 1))


# -- the end ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("word", ["SIGTERM", "SIGINT"])
def test_a_stop_is_clean(start_server, server_name, word):
    """Exit code 0, every acknowledged write kept, the sessions too."""
    server = start_server(config={"maxSessionTimeout": 60_000})
    with connected(server.port, timeout_ms=60_000) as client:
        replies = client.pipeline([(OpCode.CREATE, f"/n{n}") for n in range(500)])
        assert all(reply.err == Err.OK for reply in replies)
        assert client.call(OpCode.CREATE, "/e", b"", OPEN_ACL, 1).err == Err.OK
        number = getattr(signal, word)
        server.process.send_signal(number)
        code = server.process.wait(20)
        assert code == (0 if server_name == "drover" else 128 + number)
        assert closed_by_server(client)
    server.kill()
    server.start()
    with RawClient(server.port) as again:
        assert again.connect(client.session_id, client.password).session_id == client.session_id
        assert len(again.call(OpCode.GET_CHILDREN, "/").body) == 502
        assert again.call(OpCode.EXISTS, "/e").body.ephemeral_owner == client.session_id


def test_a_stop_under_load_answers_or_keeps_nothing_half_done(start_server):
    """SIGTERM with requests in flight: what was answered is kept, and the exit is as clean."""
    server = start_server()
    with connected(server.port) as client:
        for n in range(5000):
            client.queue(OpCode.CREATE, f"/n{n:05}")
        client.flush()
        client.receive_one()
        server.stop()
        answered = 1 + len([got for got in client.receive_until_closed() if got.err == Err.OK])
    server.start()
    with connected(server.port) as client:
        kept = sorted(set(client.call(OpCode.GET_CHILDREN, "/").body) - {"zookeeper"})
    assert len(kept) >= answered
    assert kept == [f"n{n:05}" for n in range(len(kept))]
