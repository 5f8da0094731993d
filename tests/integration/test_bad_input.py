"""Whatever comes in: a clear answer or a closed connection, and everybody else is served meanwhile.

A bystander works on the same server during every test. Afterwards it must have been served all the
time, the process must be alive and its memory must not have grown without bound.
"""

import contextlib
import itertools
import random
import resource
import select
import signal
import socket
import struct
import time

import pytest

import valid_requests
from bystander import Bystander
from first_bytes import exchange
from support import rawclient, sanitizers, servers
from support.rawclient import (
    OPEN_ACL,
    ConnectionClosed,
    Err,
    OpCode,
    RawClient,
    encode_connect,
    encode_request,
    frame,
)
from valid_requests import FOLDER

SESSIONLESS_TIMEOUT_MS = 2000
MAX_BUFFER = 0xFFFFF
CONFIG = {"nio.sessionlessCnxnTimeout": SESSIONLESS_TIMEOUT_MS, "extendedTypesEnabled": "true"}

# Generous: the machine may be busy with other tests.
SLOWEST_ANSWER_SECONDS = 10 * sanitizers.patience()
MEMORY_GROWTH_MAX_KIB = 400 * 1024 * sanitizers.memory_factor()

# Apache 3.8.0 does not survive these (see test_deadly_requests), so they are left out for it.
DEADLY_OPS = {OpCode.CREATE_TTL, OpCode.CHECK}


def memory_kib(pid, field):
    """A field of /proc/<pid>/status in KiB: VmRSS is now, VmHWM the highest so far."""
    with open(f"/proc/{pid}/status", encoding="ascii") as status:
        for line in status:
            if line.startswith(field + ":"):
                return int(line.split()[1])
    raise KeyError(field)


@pytest.fixture(scope="module")
def victim(server_name):
    """The one server of this file; it must still stop cleanly when everything is over."""
    allow_many_connections()
    with servers.server_by_name(server_name, config=CONFIG) as server:
        with RawClient(server.port) as client:
            client.connect()
            assert client.call(OpCode.CREATE, FOLDER).err == Err.OK
            client.close_session()
        yield server
        code = server.stop()
        assert code == (0 if server_name == "drover" else 128 + signal.SIGTERM)
        server.start()
        with RawClient(server.port) as client:
            client.connect()
            assert client.call(OpCode.EXISTS, FOLDER).err == Err.OK


def allow_many_connections():
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


@pytest.fixture
def port(victim, server_name):
    """The victim's port, with a bystander at work and the promises checked afterwards."""
    before = memory_kib(victim.pid, "VmRSS")
    bystander = Bystander(victim.port)
    yield victim.port
    try:
        bystander.wait_for_rounds(3)
    finally:
        bystander.dismiss()
    assert bystander.slowest_seconds < SLOWEST_ANSWER_SECONDS
    assert victim.process.poll() is None
    if server_name == "drover":  # A Java heap grows as it likes.
        assert memory_kib(victim.pid, "VmHWM") - before < MEMORY_GROWTH_MAX_KIB


def connected(port, **options):
    """A client with a session."""
    client = RawClient(port, **options)
    client.connect(timeout_ms=10_000)
    return client


def bytes_until_closed(client, seconds=15):
    """What the server sends until it hangs up; TimeoutError if it does not."""
    received = b""
    deadline = time.monotonic() + seconds * sanitizers.patience()
    while not client.closed:
        client.read_more(max(0.01, deadline - time.monotonic()))
    while (payload := client.buffered_payload()) is not None:
        received += payload
    return received


def answered_or_closed(client):
    """Pings behind a bad request: the reply must come, unless the server hangs up.

    Returns the payloads that arrived before the ping's reply, or None when it hung up.
    """
    client.send_bytes(frame(encode_request(-2, OpCode.PING)))
    payloads = []
    with contextlib.suppress(ConnectionClosed):
        while True:
            payload = client.receive_payload()
            if payload[:4] == b"\xff\xff\xff\xfe" and len(payload) == 16:
                return payloads
            payloads.append(payload)
    return None


# -- frames ----------------------------------------------------------------------------------------

BAD_LENGTHS = [-1, -2, -(2**31), 2**31 - 1, MAX_BUFFER + 1, 0x16030100, 0x47455420]


@pytest.mark.parametrize("length", BAD_LENGTHS)
@pytest.mark.parametrize("state", ["before-connect", "in-session"])
def test_impossible_lengths_close(port, length, state):
    with RawClient(port) if state == "before-connect" else connected(port) as client:
        client.send_bytes(struct.pack(">i", length) + b"x" * 100)
        assert bytes_until_closed(client) == b""


@pytest.mark.parametrize("length", [0, 1, 4, 7])
def test_frames_too_short_for_a_header_close(port, length):
    for client in (RawClient(port), connected(port)):
        with client:
            client.send_bytes(frame(b"\0" * length))
            assert bytes_until_closed(client) == b""


@pytest.mark.parametrize("length", range(0, 44, 3))
def test_truncated_connect_requests_close(port, length):
    with RawClient(port) as client:
        client.send_bytes(frame(encode_connect()[:length]))
        assert bytes_until_closed(client) == b""


@pytest.mark.parametrize("password_length", [-2, -(2**31), 1000, 2**31 - 1])
def test_connect_requests_with_a_false_password_length_close(port, password_length):
    payload = encode_connect()[:24] + struct.pack(">i", password_length) + bytes(17)
    with RawClient(port) as client:
        client.send_bytes(frame(payload))
        assert bytes_until_closed(client) == b""


def test_garbage_before_connect(port):
    rng = random.Random(1)
    for size in (1, 3, 4, 5, 16, 45, 1000, 100_000):
        for _ in range(10):
            with RawClient(port) as client:
                client.send_bytes(rng.randbytes(size))
                client.half_close()
                assert bytes_until_closed(client) == b""


def test_garbage_in_a_session(port):
    rng = random.Random(2)
    for size in (1, 3, 4, 5, 16, 45, 1000, 100_000):
        for _ in range(5):
            with connected(port) as client:
                client.send_bytes(rng.randbytes(size))
                client.half_close()
                bytes_until_closed(client)


def test_requests_before_connect_close(port):
    for name, request in valid_requests.all_kinds().items():
        with RawClient(port) as client:
            client.send_bytes(frame(encode_request(1, *request)))
            client.half_close()
            with contextlib.suppress(ConnectionClosed):
                # Long requests happen to decode as a ConnectRequest, so a session is no mistake.
                assert len(client.receive_payload()) in (36, 37), name
            bytes_until_closed(client)


def test_a_second_connect_request_closes(port):
    with connected(port) as client:
        client.send_bytes(frame(encode_connect()))
        # It is read as a request of type 0, which there is not: -6, then the end.
        (reply,) = client.receive_until_closed()
        assert (reply.zxid, reply.err) == (-1, Err.UNIMPLEMENTED)


# -- request bodies --------------------------------------------------------------------------------


def skipped(server_name, op):
    return server_name == "debian" and op in DEADLY_OPS


# Requests that may end the connection: for a body that does not decode, or because no client may
# send them at all.
MAY_CLOSE = {
    OpCode.AUTH,
    OpCode.SASL,
    OpCode.CLOSE_SESSION,
    OpCode.CREATE_SESSION,
    OpCode.CHECK,
    OpCode.DELETE_CONTAINER,
}


@pytest.mark.parametrize("kind", valid_requests.all_kinds())
def test_truncated_requests_are_answered_or_close(port, server_name, kind):
    op, *fields = valid_requests.all_kinds()[kind]
    if skipped(server_name, op):
        pytest.skip("this Apache does not survive it")
    whole = encode_request(1, op, *fields)
    client = connected(port)
    for length in range(8, len(whole)):
        client.send_bytes(frame(whole[:length]))
        payloads = answered_or_closed(client)
        if payloads is None:
            assert op in MAY_CLOSE, f"closed at {length}"
            client.disconnect()
            client = connected(port)
        else:
            assert len(payloads) >= 1, f"no answer at {length}"
            err = struct.unpack_from(">iqi", payloads[-1])[2]
            assert err == Err.MARSHALLING_ERROR or op in MAY_CLOSE, f"{err} at {length}"
    client.disconnect()


EXTREMES = [struct.pack(">i", n) for n in (-1, -2, -(2**31), 2**31 - 1, 0, 1, 0x10000, 0xFFFFF)]


def mutated(rng, payload):
    """One to three random changes; the first eight bytes (xid and type) stay."""
    payload = bytearray(payload)
    for _ in range(rng.randint(1, 3)):
        at = rng.randint(8, len(payload))
        kind = rng.randrange(5)
        if kind == 0 and at < len(payload):
            payload[at] ^= 1 << rng.randrange(8)
        elif kind == 1:
            payload[at : at + 4] = rng.choice(EXTREMES)
        elif kind == 2:
            payload[at:at] = rng.randbytes(rng.randint(1, 9))
        elif kind == 3:
            del payload[at : at + rng.randint(1, 9)]
        else:
            payload[at : at + 2] = rng.randbytes(2)
    return bytes(payload)


@pytest.mark.parametrize("seed", range(4))
def test_mutated_requests_are_answered_or_close(port, server_name, seed):
    rng = random.Random(seed)
    client = connected(port)
    for kind, (op, *fields) in valid_requests.all_kinds().items():
        if skipped(server_name, op):
            continue
        whole = encode_request(1, op, *fields)
        for _ in range(25):
            mutant = mutated(rng, whole)
            client.send_bytes(frame(mutant))
            try:
                payloads = answered_or_closed(client)
            except TimeoutError as error:
                raise AssertionError(f"{kind}: no answer to {mutant.hex()}") from error
            if payloads is None:
                client.disconnect()
                client = connected(port)
    client.disconnect()


def test_every_op_code_with_random_bodies(port, server_name):
    rng = random.Random(3)
    extremes = [-(2**31), -1000, 128, 888, 2**15, 2**31 - 1]
    client = connected(port)
    for op in itertools.chain(range(-15, 128), extremes):
        if skipped(server_name, op):
            continue
        for size in (0, 1, 4, 40, 200):
            client.send_bytes(frame(struct.pack(">ii", 1, op) + rng.randbytes(size)))
            if answered_or_closed(client) is None:
                client.disconnect()
                client = connected(port)
    client.disconnect()


HUGE = struct.pack(">i", 2**31 - 1)


@pytest.mark.parametrize(
    ("op", "body"),
    [
        (OpCode.CREATE, rawclient.ustring("/v") + rawclient.buffer(b"") + HUGE),
        (OpCode.SET_ACL, rawclient.ustring("/") + HUGE),
        (OpCode.SET_WATCHES, bytes(8) + HUGE),
        (OpCode.SET_WATCHES2, bytes(8) + HUGE + bytes(500)),
        (OpCode.GET_DATA, HUGE + b"/"),
        (OpCode.SET_DATA, rawclient.ustring("/v") + HUGE),
    ],
)
def test_huge_counts_are_not_believed(port, op, body):
    """A count that the frame cannot hold must not be reserved in memory."""
    with connected(port) as client:
        for _ in range(50):
            client.send_bytes(frame(struct.pack(">ii", 1, op) + body))
            (payload,) = answered_or_closed(client)
            assert struct.unpack_from(">iqi", payload)[2] == Err.MARSHALLING_ERROR


def test_paths_of_the_greatest_length(port):
    with connected(port) as client:
        for path in ("/" + "a" * 1_000_000, "/a" * 500_000, "/" * 1_000_000, "é" * 500_000):
            assert client.call(OpCode.EXISTS, path).err == Err.NO_NODE
            assert client.call(OpCode.CREATE, path).err in (Err.NO_NODE, Err.BAD_ARGUMENTS, Err.OK)
            assert client.call(OpCode.DELETE, path).err in (Err.NO_NODE, Err.BAD_ARGUMENTS, Err.OK)
        client.close_session()


# -- slow, silent and deaf peers -------------------------------------------------------------------


def test_slow_senders_are_served(port):
    """Fifty clients send a whole session byte by byte, in turn."""
    text = frame(encode_connect(timeout_ms=30_000))
    text += frame(encode_request(1, OpCode.EXISTS, FOLDER, False))
    text += frame(encode_request(2, OpCode.CLOSE_SESSION))
    with contextlib.ExitStack() as stack:
        clients = [stack.enter_context(RawClient(port)) for _ in range(50)]
        for at in range(len(text)):
            for client in clients:
                client.send_bytes(text[at : at + 1])
        for client in clients:
            client.receive_connect()
            client.expect(1, OpCode.EXISTS)
            client.expect(2, OpCode.CLOSE_SESSION)
            assert [reply.err for reply in client.receive_until_closed()] == [Err.OK, Err.OK]


HALF_OPEN = 3000


@pytest.mark.parametrize("sent", [b"", b"\0\0\0", b"\0\0\0\x2d\0\0", b"\0\x0f\xff\xff"])
def test_thousands_of_half_open_connections(port, sent):
    """They cost little and are closed after nio.sessionlessCnxnTimeout, at most twice of it."""
    count = HALF_OPEN if not sent else HALF_OPEN // 10
    connections = []
    try:
        for _ in range(count):
            connections.append(socket.create_connection(("127.0.0.1", port)))
            if sent:
                connections[-1].sendall(sent)
        with connected(port) as client:
            assert client.call(OpCode.EXISTS, FOLDER).err == Err.OK
        wait_until_all_are_closed(connections, seconds=30)
    finally:
        for connection in connections:
            connection.close()


def wait_until_all_are_closed(connections, seconds):
    """Waits for the end of every connection; TimeoutError when some stay."""
    poller = select.poll()
    open_ones = {connection.fileno(): connection for connection in connections}
    for number in open_ones:
        poller.register(number, select.POLLIN)
    deadline = time.monotonic() + seconds * sanitizers.patience()
    while open_ones:
        if time.monotonic() > deadline:
            raise TimeoutError(f"{len(open_ones)} connections still open after {seconds} s")
        for number, _ in poller.poll(1000):
            with contextlib.suppress(ConnectionResetError):
                assert open_ones[number].recv(1) == b""
            poller.unregister(number)
            del open_ones[number]


def test_replies_that_nobody_reads_do_not_fill_memory(port, server_name):
    if server_name != "drover":
        pytest.skip("Apache keeps every reply in memory")
    with connected(port) as client:
        assert client.call(OpCode.CREATE, f"{FOLDER}/big", b"x" * 1_000_000).err == Err.OK
    request = frame(encode_request(1, OpCode.GET_DATA, f"{FOLDER}/big", False))
    with contextlib.ExitStack() as stack:
        for _ in range(8):
            deaf = stack.enter_context(socket.create_connection(("127.0.0.1", port)))
            # Eight gigabytes of replies in all.
            send_what_is_taken(deaf, frame(encode_connect()) + request * 1000)
        with connected(port) as client:
            for _ in range(20):
                assert len(client.call(OpCode.GET_DATA, f"{FOLDER}/big").body[0]) == 1_000_000
            assert client.call(OpCode.DELETE, f"{FOLDER}/big").err == Err.OK


def send_what_is_taken(connection, data, patience_seconds=1.0):
    """Sends until the server takes no more for a while; it may also hang up."""
    connection.settimeout(patience_seconds)
    with contextlib.suppress(TimeoutError, ConnectionResetError, BrokenPipeError):
        connection.sendall(data)


def test_a_deaf_client_of_one_connection_gets_everything_once_it_reads(port):
    """Flow control, not loss: whoever starts to read is answered completely."""
    count, size = 300, 100_000
    with connected(port, timeout=60) as client:
        assert client.call(OpCode.CREATE, f"{FOLDER}/part", b"y" * size).err == Err.OK
        for _ in range(count):
            client.queue(OpCode.GET_DATA, f"{FOLDER}/part")
        client.flush()
        with connected(port) as other:  # the server has done a whole request since
            other.call(OpCode.SYNC, "/")
        replies = client.receive(count)
        assert all(len(reply.body[0]) == size for reply in replies)
        client.call(OpCode.DELETE, f"{FOLDER}/part")


def test_a_reply_larger_than_a_frame_can_be(port, server_name):
    """One multiRead of 20,000 times one megabyte."""
    if server_name != "drover":
        pytest.skip("Apache runs out of memory")
    with connected(port, timeout=60) as client:
        assert client.call(OpCode.CREATE, f"{FOLDER}/big", b"x" * 1_000_000).err == Err.OK
        reads = [(OpCode.GET_DATA, f"{FOLDER}/big", False)] * 20_000
        reply = client.call(OpCode.MULTI_READ, reads)
        assert (reply.err, reply.body) == (Err.MARSHALLING_ERROR, None)
        # Below the bound the answer is complete.
        results = client.call(OpCode.MULTI_READ, reads[:40]).body
        assert [len(result.body[0]) for result in results] == [1_000_000] * 40
    with connected(port) as client:
        assert client.call(OpCode.DELETE, f"{FOLDER}/big").err == Err.OK


def test_events_that_nobody_reads_do_not_fill_memory(port, server_name):
    if server_name != "drover":
        pytest.skip("Apache keeps every event in memory")
    path = f"{FOLDER}/" + "w" * 16_000
    sets = 10_000  # 160 MB of events for each watcher: more than the system's buffers and ours hold
    with contextlib.ExitStack() as stack:
        writer = stack.enter_context(connected(port, timeout=60))
        assert writer.call(OpCode.CREATE, path).err == Err.OK
        watchers = [stack.enter_context(connected(port)) for _ in range(4)]
        for deaf in watchers:
            assert deaf.call(OpCode.ADD_WATCH, path, 0).err == Err.OK
        for _ in range(sets // 50):
            replies = writer.pipeline([(OpCode.SET_DATA, path, b"")] * 50)
            assert all(reply.err == Err.OK for reply in replies)
        for deaf in watchers:  # an event may not be left out, so the connection had to end
            assert len(bytes_until_closed(deaf)) < sets * len(path)
        assert writer.call(OpCode.DELETE, path).err == Err.OK


# -- four-letter words -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    "data",
    [b"ruok" * 1000, b"ruok\n", b"ruok\0\0\0", b"ruok" + b"\xff" * 99],
    ids=["itself", "newline", "zeros", "junk"],
)
def test_bytes_behind_a_word_are_ignored(port, data):
    assert exchange(port, data) in (b"imok", b"")  # a reset may overtake the answer


def test_a_word_in_two_halves(port):
    with socket.create_connection(("127.0.0.1", port), timeout=15) as connection:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        connection.sendall(b"ru")
        connection.sendall(b"ok")
        assert connection.recv(100) == b"imok"


def test_words_that_are_none(port):
    for data in (b"RUOK", b"abcd", b"GET ", b"\x16\x03\x01\x02", b"ruo", b"stmk", b"stmk\0\0"):
        assert exchange(port, data, half_close=True) == b""


def test_a_thousand_words_at_once(port):
    words = [b"ruok", b"srvr", b"mntr", b"cons", b"wchp", b"dump", b"envi", b"conf", b"dirs"]
    connections = []
    try:
        for n in range(1000):
            connections.append(socket.create_connection(("127.0.0.1", port), timeout=60))
            connections[-1].sendall(words[n % len(words)])
        for connection in connections[::-1]:
            assert connection.recv(65536) or True
    finally:
        for connection in connections:
            connection.close()


def test_a_word_in_a_session_is_a_length(port):
    with connected(port) as client:
        client.send_bytes(b"ruok")
        assert bytes_until_closed(client) == b""


# -- sessions --------------------------------------------------------------------------------------


def test_sessions_opened_and_dropped_by_the_thousand(port):
    for _ in range(20):
        with contextlib.ExitStack() as stack:
            clients = [stack.enter_context(RawClient(port)) for _ in range(100)]
            for client in clients:
                client.send_bytes(frame(encode_connect(timeout_ms=1)))
            for client in clients:
                assert client.receive_connect().session_id != 0


def test_reattaching_to_sessions_that_are_none(port):
    rng = random.Random(4)
    for session_id in (1, -1, 2**63 - 1, -(2**63), rng.getrandbits(62)):
        for password in (bytes(16), rng.randbytes(16), b"", None, bytes(1000)):
            with RawClient(port) as client:
                response = client.connect(session_id, password)
                assert (response.session_id, response.timeout) == (0, 0)
                assert response.password == bytes(16)
                assert bytes_until_closed(client) == b""


# -- what Apache does not survive ------------------------------------------------------------------


@pytest.fixture
def own_server(start_server, server_name):
    if server_name == "debian":
        pytest.skip("this Apache does not survive it")
    return start_server(config=CONFIG)


def must_restart(server):
    """After SIGKILL the server starts on the log it has just written."""
    server.kill()
    server.start()
    with connected(server.port) as client:
        assert client.call(OpCode.EXISTS, "/").err == Err.OK
        assert client.call(OpCode.CREATE, "/after").err == Err.OK


@pytest.mark.parametrize("flags", [0, 1, 2, 3, 4])
@pytest.mark.parametrize("ttl", [-1, -(2**63)])
def test_a_ttl_create_without_a_ttl_mode(own_server, flags, ttl):
    with connected(own_server.port) as client:
        reply = client.call(OpCode.CREATE_TTL, "/deadly", b"", OPEN_ACL, flags, ttl)
        assert reply.err == Err.BAD_ARGUMENTS
        assert client.call(OpCode.EXISTS, "/deadly").err == Err.NO_NODE
    must_restart(own_server)


def test_a_check_on_its_own(own_server):
    with connected(own_server.port) as client:
        client.send(OpCode.CHECK, "/", -1)
        (reply,) = client.receive_until_closed()
        assert (reply.zxid, reply.err) == (-1, Err.UNIMPLEMENTED)
    must_restart(own_server)


@pytest.mark.parametrize("creates", [40, 8000])
def test_a_transaction_larger_than_a_log_record_may_be(own_server, creates):
    """`auth` in an ACL stands for every identity of the connection, so a short request can grow.

    Apache writes such a record and cannot read it back.
    """
    identities = 1500
    with connected(own_server.port, timeout=60) as client:
        for n in range(identities):
            client.queue(OpCode.AUTH, "digest", b"user%d:x" % n, xid=n + 1)
        client.flush()
        assert all(reply.err == Err.OK for reply in client.receive(identities))
        before = memory_kib(own_server.pid, "VmRSS")
        multi = [(OpCode.CREATE, f"/n{n}", b"", [(31, "auth", "")], 0) for n in range(creates)]
        reply = client.call(OpCode.MULTI, multi)
        refused = reply.err != Err.OK or reply.body[0].type == -1
    if memory_kib(own_server.pid, "VmHWM") - before > MEMORY_GROWTH_MAX_KIB:
        pytest.fail("the growth of ACLs is not bounded")
    own_server.kill()
    own_server.start()
    with connected(own_server.port) as client:
        assert client.call(OpCode.EXISTS, "/n0").err == (Err.NO_NODE if refused else Err.OK)
        assert client.call(OpCode.CREATE, "/after").err == Err.OK
