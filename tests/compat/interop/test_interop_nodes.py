"""Znodes that outlive trouble, registries, caches, compression and paths, among several kinds."""

import contextlib
import json
import random

import pytest

from compat.interop.conftest import ALL
from compat.interop.peers import SESSION_MS, PeerFailed
from support import servers
from support.fault_proxy import FaultProxy
from support.rawclient import OPEN_ACL, ConnectionClosed, OpCode, RawClient

pytestmark = pytest.mark.compat

CHANGES = 10_000 if ALL else 1_500


@pytest.fixture(name="proxy")
def _proxy(server):
    with FaultProxy(server.port) as proxy:
        yield proxy


def owner(eye, path):
    with contextlib.suppress(KeyError):
        return eye.get(path)[1].ephemeral_owner
    return None


def expire(proxy, session, eye, path):
    """Cuts the session off until the server has ended it, then lets the client come back."""
    proxy.refuse()
    seconds = session.session_ms / 1000 + 5
    servers.wait_until(lambda: not eye.exists(path), seconds, f"{path} goes with its session")
    session.await_state("LOST", seconds=3 * SESSION_MS / 1000)
    proxy.accept()


def test_persistent_node_is_back_after_restart_and_expiry(peers, server, pair, proxy, eye, root):
    path = f"{root}/node"
    session = peers.session(pair[0], proxy.address)
    node = session.new("persistent_node", path=path, data=b"mine".hex())
    assert node.ask("start") == path
    assert eye.get(path)[1].ephemeral_owner == session.id
    server.restart()
    session.await_state("RECONNECTED")
    assert eye.data(path) == b"mine"
    expire(proxy, session, eye, path)
    servers.wait_until(lambda: owner(eye, path) not in (None, session.id), 15, "it is back")
    assert eye.data(path) == b"mine"
    eye.call(OpCode.DELETE, path, -1)
    servers.wait_until(lambda: owner(eye, path), 10, "it is back once more")
    node.ask("set", data=b"other".hex())
    servers.wait_until(lambda: eye.data(path) == b"other", 10, "the new data")
    node.ask("close")
    assert not eye.exists(path)


def test_group_members_are_the_same_on_all_sides(peers, server, pair, proxy, eye, root):
    path = f"{root}/group"
    addresses = (proxy.address, server.address)
    sessions = [peers.session(letter, address) for letter, address in zip(pair, addresses)]
    members = [
        each.new("group", path=path, id=f"id{number}", data=f"data{number}".encode().hex())
        for number, each in enumerate(sessions)
    ]
    both = {f"id{number}": f"data{number}".encode().hex() for number in range(2)}
    for member in members:
        member.ask("start")

    def agree(expected, on):
        servers.wait_until(
            lambda: all(each.ask("members") == expected for each in on), 15, f"{expected}"
        )

    agree(both, members)
    server.restart()
    for session in sessions:
        session.await_state("RECONNECTED")
    agree(both, members)
    proxy.refuse()
    agree({"id1": both["id1"]}, members[1:])
    sessions[0].await_state("LOST", seconds=3 * SESSION_MS / 1000)
    proxy.accept()
    agree(both, members)
    members[0].ask("close")
    agree({"id1": both["id1"]}, members[1:])


SAMPLES = (b"", b"x", b"abc" * 40_000, random.Random(1).randbytes(50_000))


def test_compressed_data_is_read_by_the_other(two, eye, root):
    for way, (writer, reader) in enumerate((two, two[::-1])):
        for number, sample in enumerate(SAMPLES):
            path = f"{root}/{way}-{number}"
            writer.ask("create", path=path, data=sample.hex(), compress=True, parents=True)
            assert eye.data(path)[:3] == b"\x1f\x8b\x08"
            assert reader.ask("get", path=path, decompress=True)["data"] == sample.hex()
            reader.ask("set", path=path, data=sample.hex(), compress=True)
            assert writer.ask("get", path=path, decompress=True)["data"] == sample.hex()


def change(server, root, count, chance):
    """Random creates, sets and deletes below `root`, a hundred in flight, restarts survived."""
    live = {root}
    for begun in range(0, count, 100):
        requests = [_random_change(root, live, chance) for _ in range(100)]
        while True:
            try:
                with RawClient(server.port) as client:
                    client.connect()
                    client.pipeline(requests)
                    client.close_session()
                break
            except (ConnectionClosed, OSError):
                continue  # The server went; all of them once more is as good as random.
        if begun in (count // 3 // 100 * 100, 2 * count // 3 // 100 * 100):
            server.restart()


def _random_change(root, live, chance):
    path = chance.choice(sorted(live))
    kind = chance.random()
    if kind < 0.4 and path.count("/") < 6:
        path = f"{path}/{chance.randrange(8)}"
        live.add(path)
        return OpCode.CREATE, path, chance.randbytes(4), OPEN_ACL, 0
    if kind < 0.8 or path == root:
        return OpCode.SET_DATA, path, chance.randbytes(4), -1
    return OpCode.DELETE, path, -1


def test_caches_end_equal_to_the_tree(two, server, eye, root):
    """A third client changes the tree all the time, and the server restarts twice."""
    path = f"{root}/tree"
    eye.create(path, b"top")
    caches = [each.new("cache", path=path) for each in two]
    for cache in caches:
        cache.ask("start")
        cache.await_event("initialized")
    change(server, path, CHANGES, random.Random(CHANGES))
    tree = {at: data.hex() for at, (data, _) in eye.tree(path).items()}
    assert len(tree) > 10
    for cache in caches:

        def snapshot():
            return {at: data for at, (data, _) in cache.ask("snapshot").items()}

        with contextlib.suppress(TimeoutError):
            servers.wait_until(lambda: snapshot() == tree, 30, "its snapshot is the tree")
        assert snapshot() == tree, cache.session.letter
        # Curator tells a change by the data's version alone: of a znode that was created anew
        # between two looks, and has come as far, it tells nothing.
        told = set if cache.session.letter.startswith("J") else dict
        cache.await_events(
            lambda events: told(replay(events)) == told(tree), "its events make the tree", 10
        )


def replay(events):
    """What stands after all events of a cache; an event that contradicts those before is wrong."""
    nodes = {}
    for _, event, value in events:
        if event != "cache":
            continue
        at = value["path"]
        if value["type"] == "deleted":
            assert at in nodes, f"{at} was deleted, and had never come"
            del nodes[at]
        else:
            assert (at in nodes) == (value["type"] == "changed"), value
            nodes[at] = value["data"]
    return nodes


GOLDEN = (
    '{"name":"web","id":"id1","address":"10.0.0.1","port":80,"sslPort":null,"payload":"pl",'
    '"registrationTimeUTC":123,"serviceType":"DYNAMIC","uriSpec":{"parts":['
    '{"value":"scheme","variable":true},{"value":"://","variable":false},'
    '{"value":"address","variable":true}]}}'
)
INSTANCE = {
    "name": "web", "id": "id1", "address": "10.0.0.1", "port": 80, "payload": "pl",
    "registered_ms": 123, "type": "DYNAMIC", "uri_spec": "{scheme}://{address}",
}  # fmt: skip
PAYLOADS = (None, "text", 7, 1.5, True, {"k": "v"}, "\u4e2d\"\\\n")


def told(instance):
    """The fields that an instance was registered with, as the other side tells them."""
    wanted = ("name", "id", "address", "port", "payload", "registered_ms", "type", "enabled")
    return {key: instance[key] for key in wanted}


def test_service_is_written_as_curator_writes_it(two, eye, root):
    for way, each in enumerate(two):
        discovery = each.new("discovery", path=f"{root}/{way}")
        discovery.ask("register", instance=INSTANCE)
        assert eye.data(f"{root}/{way}/web/id1").decode() == GOLDEN
        discovery.ask("unregister", id="id1")
        assert eye.children(f"{root}/{way}/web") == []


def test_services_are_found_by_the_other(two, eye, root):
    for way, (giver, taker) in enumerate((two, two[::-1])):
        writer, reader = [each.new("discovery", path=f"{root}/{way}") for each in (giver, taker)]
        reader.ask("provider", name="svc")
        for number, payload in enumerate(PAYLOADS):
            if giver.letter.startswith("J") and isinstance(payload, dict):
                payload = None  # Java would write its own map class beside it.
            given = {**INSTANCE, "name": "svc", "id": f"i{number}", "payload": payload}
            writer.ask("register", instance=given)
            expected = {**told({**given, "enabled": True})}
            (found,) = [
                each for each in reader.ask("instances", name="svc") if each["id"] == f"i{number}"
            ]
            assert told(found) == expected
            assert found["uri"] == "http://10.0.0.1"
        assert reader.ask("names") == ["svc"]
        ids = [f"i{number}" for number in range(len(PAYLOADS))]

        def provided():
            return sorted(each["id"] for each in reader.ask("provided", name="svc"))

        servers.wait_until(lambda: provided() == ids, 10, "the provider knows all")
        picked = sorted(reader.ask("pick", name="svc")["id"] for _ in ids)
        assert picked == ids  # round robin
        writer.ask("update", instance={**INSTANCE, "name": "svc", "id": "i0", "port": 81})
        ports = {each["id"]: each["port"] for each in reader.ask("instances", name="svc")}
        assert ports["i0"] == 81
        writer.ask("unregister", id="i0")
        servers.wait_until(lambda: provided() == ids[1:], 10, "the provider has forgotten it")
        writer.ask("close")
        servers.wait_until(lambda: provided() == [], 10, "the provider has none")
        assert eye.children(f"{root}/{way}/svc") == []


def test_foreign_service_json_is_read(two, eye, root):
    """Unknown fields are nothing to stumble over; `enabled` says no when it says no."""
    written = {**json.loads(GOLDEN), "shard": 4, "enabled": False}
    eye.create(f"{root}/web/id1", json.dumps(written).encode())
    eye.create(f"{root}/web/bare", b"{}")
    for each in two:
        found = each.new("discovery", path=root).ask("instances", name="web")
        assert {one["id"]: one["enabled"] for one in found} == {"id1": False, None: True} or (
            sorted(one["enabled"] for one in found) == [False, True]
        )


MIGRATIONS = [
    [
        {"op": "create", "path": "/m/a", "data": b"1".hex()},
        {"op": "create", "path": "/m/b", "data": b"x".hex()},
        {"op": "set", "path": "/m/a", "data": b"22".hex()},
        {"op": "check", "path": "/m/a", "version": 1},
        {"op": "delete", "path": "/m/b"},
    ]
]
MIGRATION_HASH = "e84035e6c4fd6c285818f94541745d7139eb8ac1f7e995eb3f6f882cff431949"


def test_migrations_leave_the_same_hash(two, eye, server, root):
    """Who comes second finds the first one's hash, and has nothing to do."""
    eye.create(f"{root}/chroot/m")
    for each in two:
        each.ask("connect", connect=f"{server.address}{root}/chroot")
        migration = each.new("migration", lock_path="/locks", meta_path="/meta")
        migration.ask("migrate", id="set", migrations=MIGRATIONS)
        (name,) = eye.children(f"{root}/chroot/meta/set")
        assert name == "meta-0000000000"
        assert eye.data(f"{root}/chroot/meta/set/{name}").hex() == MIGRATION_HASH
        assert eye.data(f"{root}/chroot/m/a") == b"22"


def test_paths_are_relative_below_chroot_and_namespace(peers, server, pair, eye, root):
    eye.create(f"{root}/chroot")
    sessions = [
        peers.session(letter, f"{server.address}{root}/chroot", namespace="name/space")
        for letter in pair
    ]
    below = f"{root}/chroot/name/space"
    for number, (one, other) in enumerate((sessions, sessions[::-1])):
        path = f"/node{number}"
        other.ask("watch", path=path, of="exists")
        assert one.ask("create", path=path, data=b"x".hex()) == path
        assert eye.data(below + path) == b"x"
        *_, event = other.await_event("watch")
        assert event == {"type": "NodeCreated", "path": path}
        assert path[1:] in other.ask("children", path="/")
        sequential = one.ask(
            "create", path=f"{path}/s-", mode="EPHEMERAL_SEQUENTIAL", protect=True
        )
        assert sequential.startswith(f"{path}/_c_") and sequential.endswith("-s-0000000000")
        for session in (one, other):
            # Curator's errors keep the namespace.
            kept = "/name/space" if session.letter.startswith("J") else ""
            with pytest.raises(PeerFailed) as refused:
                session.ask("create", path=path)
            assert (refused.value.code, refused.value.path) == (-110, kept + path)
            with pytest.raises(PeerFailed) as missing:
                session.ask("get", path="/none")
            assert (missing.value.code, missing.value.path) == (-101, f"{kept}/none")
        results = one.ask(
            "transaction",
            ops=[
                {"op": "create", "path": f"{path}/t", "data": ""},
                {"op": "delete", "path": f"{path}/t"},
            ],
        )
        assert [each["path"] for each in results] == [f"{path}/t"] * 2
        # Java's client leaves the chroot in the results of a transaction.
        kept = below if one.letter.startswith("J") else ""
        assert results[0]["result_path"] == f"{kept}{path}/t"


def test_ttl_node_is_touched_and_taken_over(two, eye, root):
    """Who comes second adopts it, with its own data, and keeps it when the first one has died."""
    path, touch = f"{root}/node", f"{root}/node/touch"
    data = [b"first", b"second"]
    nodes = [
        session.new("persistent_node", path=path, ttl_ms=1000, data=value.hex())
        for session, value in zip(two, data, strict=True)
    ]

    def is_touched(times):
        before = eye.get(touch)[1].version if eye.exists(touch) else 0
        servers.wait_until(
            lambda: eye.exists(touch) and eye.get(touch)[1].version >= before + times, 10, "touched"
        )

    nodes[0].ask("start")
    assert eye.data(path) == data[0]
    is_touched(3)
    nodes[1].ask("start")
    servers.wait_until(lambda: eye.data(path) == data[1], 10, "adopted")
    two[0].peer.kill()
    is_touched(3)
    assert eye.children(path) == ["touch"]
    nodes[1].ask("close")
    assert eye.data(path) == data[1]
