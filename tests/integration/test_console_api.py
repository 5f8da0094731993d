"""/console/api/...: what the web console asks, against real servers.

A world, a digest and a super identity look at and change the same tree, alone and in an ensemble;
what a client of ZooKeeper sees is the judge.
"""

import base64
import contextlib
import json
import socket
import threading
import time
import urllib.parse

import pytest
from kazoo.client import KazooClient
from kazoo.security import make_acl, make_digest_acl, make_digest_acl_credential

from support import sanitizers, servers, web
from support.ensembles import Ensemble

# super:secret
SUPER = make_digest_acl_credential("super", "secret")


class Console:
    """The API of one server, as one identity (`user:password`), or as nobody."""

    def __init__(self, port, who=None):
        self.port, self.who = port, who

    def be(self, who):
        return Console(self.port, who)

    def ask(self, method, name, body=None, **query):
        headers = {"Authorization": f"digest {self.who}"} if self.who else {}
        query = {key.rstrip("_"): value for key, value in query.items()}
        target = f"/console/api/{name}"
        if query:
            target += "?" + urllib.parse.urlencode(query)
        if body is not None and not isinstance(body, bytes):
            body = json.dumps(body).encode()
        answer = web.request(self.port, target, method=method, body=body, headers=headers)
        return answer.status, answer.json

    def get(self, name, **query):
        status, answer = self.ask("GET", name, **query)
        assert status == 200, answer
        return answer

    def error(self, method, name, body=None, **query):
        status, answer = self.ask(method, name, body, **query)
        assert status >= 400, answer
        assert answer["message"]
        return status, answer["error"]


def b64(data):
    return base64.b64encode(data).decode()


def with_admin(server):
    server.admin_port = servers.free_port()
    server.config.update(
        {
            "admin.enableServer": "true",
            "admin.serverPort": str(server.admin_port),
            "admin.serverAddress": "127.0.0.1",
        }
    )
    server.properties["DigestAuthenticationProvider.superDigest"] = SUPER
    return server


@contextlib.contextmanager
def kazoo(server, who=None):
    client = KazooClient(
        hosts=server.address, timeout=10, auth_data=[("digest", who)] if who else None
    )
    client.start(timeout=20 * sanitizers.patience())
    try:
        yield client
    finally:
        client.stop()
        client.close()


@pytest.fixture(scope="module")
def alone():
    server = with_admin(servers.Drover())
    with server:
        yield server


@pytest.fixture(scope="module")
def trio():
    ensemble = Ensemble(["drover"] * 3)
    for member in ensemble.members:
        with_admin(member)
    for member in ensemble.members:  # each knows where the others' clients go
        for other in ensemble.members:
            member.config[f"server.{other.sid}"] += f";127.0.0.1:{other.port}"
    with ensemble:
        yield ensemble


@pytest.fixture
def console(alone):
    return Console(alone.admin_port)


# ---- reading


def test_a_node_is_shown_as_a_client_sees_it(alone, console):
    with kazoo(alone) as client:
        client.create("/seen", b"\x00data\xff")
        client.set("/seen", b"\x00more\xff")
        client.create("/seen/child")
        _, stat = client.get("/seen")
    node = console.get("node", path="/seen")
    assert node["path"] == "/seen" and node["kind"] == "persistent" and node["ttl_ms"] is None
    assert base64.b64decode(node["data"]) == b"\x00more\xff"
    assert node["acl"] == [{"scheme": "world", "id": "anyone", "perms": "cdrwa"}]
    assert node["quota"] is None
    assert node["stat"] == {
        "czxid": hex(stat.czxid),
        "mzxid": hex(stat.mzxid),
        "pzxid": hex(stat.pzxid),
        "ctime": stat.ctime,
        "mtime": stat.mtime,
        "version": 1,
        "cversion": 1,
        "aversion": 0,
        "ephemeral_owner": "0x0",
        "data_length": 6,
        "num_children": 1,
    }
    assert console.error("GET", "node", path="/nowhere") == (404, "NONODE")


@pytest.mark.parametrize("path", ["", "a", "/a/", "//a", "/a/../b", "/a/./b", "/a\x00b"])
def test_what_is_no_path_is_refused(console, path):
    assert console.error("GET", "node", path=path) == (400, "BADARGUMENTS")
    assert console.error("GET", "children", path=path) == (400, "BADARGUMENTS")
    body = {"path": path, "data": "", "version": -1}
    assert console.be("u:p").error("PUT", "node", body) == (400, "BADARGUMENTS")


def test_the_same_acls_apply_as_to_any_client(alone, console):
    anna, berta = console.be("anna:secret"), console.be("berta:secret")
    with kazoo(alone, "anna:secret") as client:
        acl = [make_digest_acl("anna", "secret", all=True)]
        client.create("/closed", b"hers", acl=acl)
        client.create("/closed/below", b"needle in hers", acl=acl)
    for nobody in (console, berta, console.be("anna:wrong")):
        assert nobody.error("GET", "node", path="/closed") == (403, "NOAUTH")
        assert nobody.error("GET", "children", path="/closed") == (403, "NOAUTH")
        assert nobody.error("GET", "subtree", path="/closed") == (403, "NOAUTH")
        assert nobody.get("search", q="needle in hers", in_="data")["matches"] == []
        assert nobody.get("search", q="below", under="/closed")["matches"] == []
    for allowed in (anna, console.be("super:secret")):
        assert base64.b64decode(allowed.get("node", path="/closed")["data"]) == b"hers"
        assert allowed.get("children", path="/closed")["total"] == 1
        assert allowed.get("subtree", path="/closed")["count"] == 2
        assert allowed.get("search", q="needle in hers", in_="data")["matches"] == [
            {"path": "/closed/below", "where": "data"}
        ]
    body = {"path": "/closed", "data": b64(b"x"), "version": -1}
    assert berta.error("PUT", "node", body) == (403, "NOAUTH")
    assert berta.error("POST", "node", {"path": "/closed/b", "data": ""}) == (403, "NOAUTH")
    assert berta.error("DELETE", "node", path="/closed/below") == (403, "NOAUTH")
    assert anna.ask("PUT", "node", body)[0] == 200


def test_whoami_tells_a_wrong_password_by_its_being_unknown(alone, console):
    with kazoo(alone) as client:
        client.create("/known", acl=[make_digest_acl("carla", "right", read=True)])
    assert console.ask("GET", "whoami")[0] == 401
    right = console.be("carla:right").get("whoami")
    assert right["known"] and not right["super"]
    assert right["identities"] == [
        {"scheme": "digest", "id": make_digest_acl_credential("carla", "right")}
    ]
    assert not console.be("carla:wrong").get("whoami")["known"]
    assert console.be("super:secret").get("whoami")["super"]
    assert not console.be("super:wrong").get("whoami")["super"]
    # What curl -u says.
    basic = {"Authorization": "Basic " + b64(b"carla:right")}
    assert web.request(console.port, "/console/api/whoami", headers=basic).json["known"]
    for bad in ("Basic !!", "digest", "nosuch u:p"):
        answer = web.request(
            console.port, "/console/api/node?path=/", headers={"Authorization": bad}
        )
        assert answer.status == 401 and answer.json["error"] == "AUTHFAILED", bad


def test_children_come_in_pages_by_name(alone, console):
    names = sorted(f"child-{i}" for i in range(10_000))
    with kazoo(alone) as client:
        client.create("/many")
        for i in range(0, len(names), 500):
            transaction = client.transaction()
            for name in names[i : i + 500]:
                transaction.create(f"/many/{name}", name.encode())
            transaction.commit()
    seen, after, pages = [], "", 0
    while True:
        page = console.get("children", path="/many", after=after, limit=300)
        assert page["total"] == 10_000
        seen += [child["name"] for child in page["children"]]
        pages += 1
        after = page["next"]
        if after is None:
            break
    assert seen == names and pages == 34
    child = page["children"][-1]
    assert child["data_length"] == len(child["name"]) and child["kind"] == "persistent"
    some = console.get("children", path="/many", match="child-99?9")
    assert [child["name"] for child in some["children"]] == [f"child-99{i}9" for i in range(10)]
    assert some["total"] == 10 and some["next"] is None
    assert console.get("subtree", path="/many") == {
        "count": 10_001,
        "bytes": sum(len(name) for name in names),
        "ephemerals": 0,
    }


# ---- writing


def test_nothing_is_written_without_an_identity(alone, console):
    for method, name, body, query in (
        ("POST", "node", {"path": "/w", "data": ""}, {}),
        ("PUT", "node", {"path": "/", "data": "", "version": -1}, {}),
        ("PUT", "acl", {"path": "/", "acl": [], "version": -1}, {}),
        ("DELETE", "node", None, {"path": "/w"}),
        ("DELETE", "node", None, {"path": "/", "recursive": "true", "expect": 1}),
    ):
        assert console.error(method, name, body, **query) == (401, "AUTHFAILED")
    with kazoo(alone) as client:
        assert client.exists("/w") is None


def test_a_node_is_made_changed_and_deleted(alone, console):
    dora = console.be("dora:d")
    acl = [{"scheme": "auth", "id": "", "perms": "cdrwa"}]
    status, made = dora.ask("POST", "node", {"path": "/dora", "data": b64(b"one"), "acl": acl})
    assert status == 201 and made["path"] == "/dora" and made["stat"]["version"] == 0
    credential = make_digest_acl_credential("dora", "d")
    assert dora.get("node", path="/dora")["acl"] == [
        {"scheme": "digest", "id": credential, "perms": "cdrwa"}
    ]
    assert dora.error("POST", "node", {"path": "/dora", "data": ""}) == (409, "NODEEXISTS")
    status, changed = dora.ask(
        "PUT", "node", {"path": "/dora", "data": b64(b"two"), "version": 0}
    )
    assert status == 200 and changed["stat"]["version"] == 1
    stale = {"path": "/dora", "data": b64(b"three"), "version": 0}
    assert dora.error("PUT", "node", stale) == (409, "BADVERSION")
    open_acl = [{"scheme": "world", "id": "anyone", "perms": "r"}]
    status, changed = dora.ask("PUT", "acl", {"path": "/dora", "acl": open_acl, "version": 0})
    assert status == 200 and changed["stat"]["aversion"] == 1
    with kazoo(alone) as client:
        assert client.get("/dora")[0] == b"two"
        assert client.get_acls("/dora")[0] == [make_acl("world", "anyone", read=True)]
    assert dora.error("DELETE", "node", path="/dora", version=7) == (409, "BADVERSION")
    assert dora.ask("DELETE", "node", path="/dora", version=1) == (200, {"deleted": 1})
    assert dora.error("DELETE", "node", path="/dora") == (404, "NONODE")


def test_the_kinds_of_node(alone, console):
    who = console.be("k:k")
    who.ask("POST", "node", {"path": "/kinds", "data": ""})
    for body, kind in (
        ({"path": "/kinds/c", "kind": "container"}, "container"),
        ({"path": "/kinds/s-", "sequential": True}, "persistent"),
    ):
        status, made = who.ask("POST", "node", {"data": "", **body})
        assert status == 201, made
        assert who.get("node", path=made["path"])["kind"] == kind
    assert made["path"] == "/kinds/s-0000000001"
    for body in (
        {"path": "/kinds/e", "kind": "ephemeral"},
        {"path": "/kinds/e", "kind": "nosuch"},
        {"path": "/kinds/e", "kind": "ttl"},
        {"path": "/kinds/e", "kind": "ttl", "ttl_ms": 0},
        {"path": "/kinds/e", "kind": "container", "sequential": True},
        {"path": "/kinds/e", "acl": "x"},
        {"path": "/kinds/e", "acl": [{"scheme": "world", "id": "anyone", "perms": "z"}]},
        {"path": 7},
        {},
        [],
        {"path": "/kinds/e", "data": "no base64"},
    ):
        full = {"data": "", **body} if isinstance(body, dict) else body
        assert who.error("POST", "node", full) == (400, "BADARGUMENTS"), body
    for bad in (b"", b"{", b"\xff\xfe", b'{"path": "/x"} x', b"[" * 5000):
        assert who.error("POST", "node", bad) == (400, "BADARGUMENTS"), bad[:20]
    invalid = [{"scheme": "nosuch", "id": "x", "perms": "r"}]
    body = {"path": "/kinds/e", "data": "", "acl": invalid}
    assert who.error("POST", "node", body) == (400, "INVALIDACL")


def test_what_is_too_large_is_refused(console):
    who = console.be("big:big")
    body = {"path": "/big", "data": b64(b"x" * 1_048_600)}
    assert who.error("POST", "node", body) == (413, "MARSHALLINGERROR")
    body["data"] = b64(b"x" * 1_000_000)
    assert who.ask("POST", "node", body)[0] == 201
    assert len(base64.b64decode(who.get("node", path="/big")["data"])) == 1_000_000


def test_a_subtree_is_deleted_when_its_size_is_named(alone, console):
    who = console.be("del:del")
    with kazoo(alone) as client:
        client.create("/trunk")
        for i in range(30):
            transaction = client.transaction()
            transaction.create(f"/trunk/{i}")
            for k in range(50):
                transaction.create(f"/trunk/{i}/{k}")
            transaction.commit()
        assert who.error("DELETE", "node", path="/trunk") == (409, "NOTEMPTY")
        status, asked = who.ask("DELETE", "node", path="/trunk", recursive="true")
        assert status == 409 and asked["count"] == 1 + 30 * 51
        status, asked = who.ask("DELETE", "node", path="/trunk", recursive="true", expect=5)
        assert status == 409 and asked["count"] == 1 + 30 * 51
        assert client.exists("/trunk/29/49")
        count = asked["count"]
        status, done = who.ask("DELETE", "node", path="/trunk", recursive="true", expect=count)
        assert (status, done) == (200, {"deleted": count})
        assert client.exists("/trunk") is None


# ---- sessions


def test_sessions_and_who_holds_a_node(alone, console):
    with kazoo(alone) as one, kazoo(alone) as two:
        one.create("/lock")
        paths = [
            client.create("/lock/_c_x-lock-", ephemeral=True, sequence=True)
            for client in (one, two)
        ]
        two.get(paths[0], watch=lambda event: None)
        two.get_children("/lock", watch=lambda event: None)
        ids = {hex(client.client_id[0]) for client in (one, two)}
        sessions = console.get("sessions")
        assert ids <= {session["id"] for session in sessions["sessions"]}
        assert sessions["total"] >= 2
        mine = console.get("sessions", match=hex(one.client_id[0]))["sessions"]
        assert [session["ephemerals"] for session in mine] == [1]
        assert mine[0]["server"] == "local" and mine[0]["address"].startswith("127.0.0.1:")
        seen, after = set(), None
        while True:
            page = console.get("sessions", limit=1, **({"after": after} if after else {}))
            seen |= {session["id"] for session in page["sessions"]}
            after = page["next"]
            if after is None:
                break
        assert ids <= seen
        detail = console.get("session", id=hex(two.client_id[0]))
        assert detail["ephemeral_paths"] == [paths[1]] and not detail["truncated"]
        assert {(watch["path"], watch["kind"]) for watch in detail["watch_paths"]} == {
            (paths[0], "data"),
            ("/lock", "child"),
        }
        holders = console.get("holders", path=paths[0])
        assert holders["owner"]["id"] == hex(one.client_id[0])
        assert holders["watchers"] == [{"session": hex(two.client_id[0]), "kind": "data"}]
        queue = console.get("holders", path="/lock")
        assert queue["owner"] is None
        assert [contender["path"] for contender in queue["contenders"]] == paths
        assert [contender["owner"] for contender in queue["contenders"]] == [
            hex(client.client_id[0]) for client in (one, two)
        ]
    assert console.error("GET", "session", id="0x1") == (404, "UNKNOWNSESSION")
    assert console.error("GET", "session", id="x") == (400, "BADARGUMENTS")


# ---- the ensemble


def test_a_server_alone(alone, console):
    seen = console.get("ensemble")
    assert seen["state"] == "standalone" and seen["serving"] and seen["elections"] == []
    assert [member["role"] for member in seen["members"]] == ["standalone"]


def test_members_are_asked_and_one_that_is_gone_says_so(trio):
    leader = trio.leader()

    def roles(member):
        seen = Console(member.admin_port).get("ensemble")
        return {entry["id"]: entry["role"] for entry in seen["members"]}

    expected = {
        member.sid: "leader" if member is leader else "follower" for member in trio.members
    }
    for member in trio.members:
        assert roles(member) == expected
    seen = Console(leader.admin_port).get("ensemble")
    assert seen["state"] == "leader" and seen["self"] == leader.sid and seen["epoch"] >= 1
    assert seen["elections"][-1]["leader"] == leader.sid
    assert all(entry["reachable"] and entry["lag"] is not None for entry in seen["members"])
    gone = trio.followers()[0]
    gone.stop()

    def told():
        members = Console(leader.admin_port).get("ensemble")["members"]
        (entry,) = [entry for entry in members if entry["id"] == gone.sid]
        return not entry["reachable"] and entry["why"]

    servers.wait_until(told, 10, "the member that is gone")
    trio.restart(gone)


def test_a_follower_sends_writes_to_its_leader(trio):
    follower = Console(trio.followers()[0].admin_port, "f:f")
    for i in range(20):
        path = f"/through-{i}"
        status, made = follower.ask("POST", "node", {"path": path, "data": b64(b"x")})
        assert status == 201, made
        # Its own write is there at once.
        assert follower.get("node", path=path)["stat"]["czxid"] == made["stat"]["czxid"]
        assert follower.ask("DELETE", "node", path=path)[0] == 200
        assert follower.error("GET", "node", path=path) == (404, "NONODE")


def test_without_a_quorum_nothing_is_served(trio):
    members = list(trio.members)
    members[0].stop()
    members[1].stop()
    try:
        left = Console(members[2].admin_port, "q:q")

        def refused():
            status, answer = left.ask("GET", "node", path="/")
            return status == 503 and answer["error"] == "CONNECTIONLOSS"

        servers.wait_until(refused, 20, "503")
        body = {"path": "/q", "data": ""}
        assert left.error("POST", "node", body) == (503, "CONNECTIONLOSS")

        def looks():
            seen = left.get("ensemble")
            return not seen["serving"] and seen["state"] == "looking"

        servers.wait_until(looks, 20, "looking")
    finally:
        for member in members[:2]:
            member.spawn()
        trio.wait_until_all_serve()
    servers.wait_until(lambda: left.ask("POST", "node", body)[0] in (201, 409), 20, "a write")


# ---- history and heat


def changes_of(answer):
    return [
        (change["op"], change["version"], change["data"] and base64.b64decode(change["data"]))
        for change in answer["changes"]
    ]


def test_the_history_of_a_node_is_read_from_the_log(alone, console):
    who = console.be("his:his")
    with kazoo(alone) as client:
        client.create("/told", b"0")
        for i in range(1, 4):
            client.set("/told", str(i).encode())
        client.set_acls("/told", [make_acl("world", "anyone", all=True)])
        transaction = client.transaction()
        transaction.set_data("/told", b"4")
        transaction.create("/told/below", b"not its")
        transaction.commit()
        session = hex(client.client_id[0])
    answer = console.get("history", path="/told")
    assert changes_of(answer) == [
        ("setData", 4, b"4"),
        ("setACL", 1, None),
        ("setData", 3, b"3"),
        ("setData", 2, b"2"),
        ("setData", 1, b"1"),
        ("create", 0, b"0"),
    ]
    assert answer["complete"] and answer["changes"][0]["session"] == session
    zxids = [int(change["zxid"], 16) for change in answer["changes"]]
    assert zxids == sorted(zxids, reverse=True)
    assert int(answer["reaches_back_to"]["zxid"], 16) <= zxids[-1]
    page = console.get("history", path="/told", limit=2)
    assert changes_of(page) == changes_of(answer)[:2] and not page["complete"]
    before = page["changes"][-1]["zxid"]
    rest = console.get("history", path="/told", before=before)
    assert changes_of(rest) == changes_of(answer)[2:] and rest["complete"]
    with kazoo(alone) as client:
        client.delete("/told/below")
        client.delete("/told")
    # As long as / is open to all, everybody has all permissions on it.
    gone = who.get("history", path="/told")
    assert changes_of(gone)[0] == ("delete", 0, None)
    assert console.error("GET", "history", path="/told", before="7") == (400, "BADARGUMENTS")


def test_history_shows_data_by_the_acl_of_its_time(alone, console):
    hers = [make_digest_acl("hanna", "h", all=True)]
    world = [make_acl("world", "anyone", all=True)]
    with kazoo(alone, "super:secret") as root, kazoo(alone, "hanna:h") as client:
        root.set_acls("/", [make_acl("world", "anyone", read=True, create=True, delete=True)])
        try:
            client.create("/secret", b"first life", acl=hers)
            client.set("/secret", b"second thought")
            client.set_acls("/secret", world)
            client.set("/secret", b"open")
            seen = changes_of(console.get("history", path="/secret"))
            assert [data for _, _, data in seen] == [b"open", None, None, None]
            whole = changes_of(console.be("hanna:h").get("history", path="/secret"))
            assert [data for _, _, data in whole] == [
                b"open",
                None,
                b"second thought",
                b"first life",
            ]
            # A change from before the ACL was opened, asked for alone.
            opened = console.get("history", path="/secret")["changes"][1]["zxid"]
            early = changes_of(console.get("history", path="/secret", before=opened))
            assert [data for _, _, data in early] == [None, None]
            # Whoever makes the node again does not inherit what it was.
            client.delete("/secret")
            assert console.error("GET", "history", path="/secret") == (404, "NONODE")
            client.create("/secret", b"mine now", acl=world)
            again = changes_of(console.get("history", path="/secret"))
            assert [data for _, _, data in again] == [b"mine now", None, b"open", None, None, None]
            assert changes_of(console.be("super:secret").get("history", path="/secret"))[-1] == (
                "create",
                0,
                b"first life",
            )
        finally:
            root.set_acls("/", world)


def test_what_is_asked_for_most_is_told(alone, console):
    console.get("hot")
    with kazoo(alone) as client:
        client.ensure_path("/heat/hot")
        client.create("/heat/written")

        def told():
            for i in range(100):
                client.get("/heat/hot")
                if i % 3 == 0:
                    client.set("/heat/written", b"x")
            hot = console.get("hot")
            paths = {entry["path"]: entry for entry in hot["paths"]}
            found = paths.get("/heat/hot"), paths.get("/heat/written")
            return all(found) and (hot, *found)

        hot, read, written = servers.wait_until(told, 20, "the hot paths")
        assert read["reads_per_s"] > written["writes_per_s"] > 0 and read["writes_per_s"] == 0
        assert hex(client.client_id[0]) in {entry["session"] for entry in hot["clients"]}
        assert hot["sample_every"] >= 16 and hot["window_ms"] > 0


def test_a_search_of_100_000_nodes_leaves_the_clients_alone(alone, console):
    who = console.be("s:s")
    with kazoo(alone) as client:
        client.create("/wide")
        for i in range(100):
            transaction = client.transaction()
            transaction.create(f"/wide/{i}")
            for k in range(999):
                transaction.create(f"/wide/{i}/{k}", b"needle" if (i, k) == (3, 500) else b"hay")
            transaction.commit()
        assert client.get("/wide")[1].children_count == 100
        found = []

        def search():
            for _ in range(3):
                found.append(console.get("search", q="needle", in_="data", under="/wide"))

        searching = threading.Thread(target=search)
        searching.start()
        worst = 0
        while searching.is_alive():
            began = time.monotonic()
            client.set("/wide", b"x")
            client.get("/wide")
            worst = max(worst, time.monotonic() - began)
        searching.join()
        for answer in found:
            assert answer["complete"] and answer["visited"] == 100_001
            assert answer["matches"] == [{"path": "/wide/3/500", "where": "data"}]
        assert worst < 2 * sanitizers.patience(), worst
        # In pages, all are found once.
        pages, after = [], None
        while True:
            page = console.get(
                "search", q="99", under="/wide", limit=500, **({"after": after} if after else {})
            )
            pages += [match["path"] for match in page["matches"]]
            after = page["next"]
            if after is None:
                break
        wanted = {f"/wide/{i}/{k}" for i in range(100) for k in range(999) if "99" in str(k)}
        assert set(pages) == wanted | {"/wide/99"} and len(pages) == len(set(pages))
    status, asked = who.ask("DELETE", "node", path="/wide", recursive="true", expect=100_001)
    assert (status, asked) == (200, {"deleted": 100_001})


def test_bad_questions_get_one_clear_answer(console):
    for name, query in (
        ("children", {"path": "/", "limit": "0"}),
        ("children", {"path": "/", "limit": "1001"}),
        ("children", {"path": "/", "limit": "ten"}),
        ("children", {}),
        ("search", {}),
        ("search", {"q": "x" * 257}),
        ("search", {"q": "x", "in_": "dreams"}),
        ("search", {"q": "x", "under": "/a", "after": "/b"}),
        ("sessions", {"after": "7"}),
        ("holders", {"path": "x"}),
    ):
        assert console.error("GET", name, **query) == (400, "BADARGUMENTS"), (name, query)
    assert console.error("GET", "search", q="x", under="/nowhere") == (404, "NONODE")
    assert console.error("GET", "holders", path="/nowhere") == (404, "NONODE")
    assert console.error("GET", "children", path="/nowhere") == (404, "NONODE")
    assert web.request(console.port, "/console/api/node", method="PATCH").status == 405


# ---- numbers


def test_a_point_every_five_seconds(alone, console):
    with kazoo(alone) as client:
        client.ensure_path("/series")

        def newest():
            for _ in range(50):
                client.set("/series", b"x")
            points = console.get("series")["points"]
            lively = points and points[-1]["connections"] > 0 and points[-1]["requests_per_s"] > 0
            return lively and points[-1]

        point = servers.wait_until(newest, 20, "a point")
    assert point["znodes"] >= 4 and point["memory_bytes"] > 1 << 20
    assert console.get("series", since=point["t"])["points"] in ([],) or (
        console.get("series", since=point["t"])["points"][0]["t"] > point["t"]
    )
    assert console.error("GET", "series", since="x") == (400, "BADARGUMENTS")


# -- who led the browser here --------------------------------------------------------------------


MUTATING = [
    ("POST", "/console/api/node"),
    ("PUT", "/console/api/node"),
    ("PUT", "/console/api/acl"),
    ("DELETE", "/console/api/node?path=/"),
    ("POST", "/commands/restore"),
    ("POST", "/commands/shed_connections"),
    ("GET", "/commands/snapshot"),
    ("GET", "/commands/stat_reset"),
]


@pytest.mark.parametrize("method, path", MUTATING)
def test_a_page_of_another_site_changes_nothing(alone, method, path):
    """Whatever identity its visitor's browser might add."""
    body = b"{}" if method in ("POST", "PUT") else None
    identity = {"Authorization": "digest any:body"}
    for header in (
        {"Origin": "http://evil.example"},
        {"Origin": "null"},
        {"Origin": f"http://127.0.0.1:{alone.port}"},  # another port is another site
        {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "no-cors"},
    ):
        answer = web.request(
            alone.admin_port, path, method=method, body=body, headers={**identity, **header}
        )
        assert answer.status == 403, header
        assert "another site" in answer.text


def test_every_write_asks_for_an_identity_and_no_challenge_is_a_browsers(alone):
    for method, path in MUTATING[:-1]:
        body = b"{}" if method in ("POST", "PUT") else None
        answer = web.request(alone.admin_port, path, method=method, body=body)
        assert answer.status == 401, path
        # `Basic` would make browsers ask for a password, keep it, and send it by themselves.
        assert not answer.headers.get("WWW-Authenticate", "").lower().startswith("basic")
        assert "Set-Cookie" not in answer.headers
        assert "Access-Control-Allow-Origin" not in answer.headers


@pytest.mark.parametrize("method, path", [("GET", "/console/"), ("GET", "/console/api/node?path=/"), *MUTATING[:-1]])
def test_a_name_that_is_not_ours_leads_nowhere(alone, method, path):
    body = b"{}" if method in ("POST", "PUT") else None
    for host, foreign in [
        ("evil.example:8080", True),
        ("127.0.0.1.evil.example", True),
        (f"localhost:{alone.admin_port}", False),
        (f"[::1]:{alone.admin_port}", False),
        (socket.gethostname(), False),
    ]:
        answer = web.request(
            alone.admin_port, path, method=method, body=body, headers={"Host": host}
        )
        assert (answer.status == 403) == foreign, host
        assert ("admin.allowedHosts" in answer.text) == foreign


def test_scrapers_and_probes_come_by_any_name(alone):
    for path in ("/metrics", "/livez", "/commands/stats", "/openapi.json"):
        answer = web.request(alone.admin_port, path, headers={"Host": "zk1.internal.example"})
        assert answer.status == 200, path


def test_names_that_zoo_cfg_allows():
    server = with_admin(servers.Drover())
    server.config["admin.allowedHosts"] = "ZK.example.com, zk1"
    with server:
        for host, status in [("zk.EXAMPLE.com.:1", 200), ("zk1", 200), ("zk2", 403)]:
            path = "/console/api/ensemble"
            answer = web.request(server.admin_port, path, headers={"Host": host})
            assert answer.status == status, host


# -- members whose client port is not told -------------------------------------------------------


def members_of(server):
    try:
        answer = web.request(server.admin_port, "/console/api/ensemble")
    except OSError:
        return None
    if answer.status != 200 or not answer.json["serving"]:
        return None
    return {member["id"]: member for member in answer.json["members"]}


def test_members_whose_lines_name_no_client_port_are_asked_at_ours():
    ensemble = Ensemble(["drover"] * 3)
    port = servers.free_port()
    for member in ensemble.members:
        with_admin(member)
        member.port = port
        member.config["clientPortAddress"] = f"127.0.0.{member.sid}"
        for other in ensemble.members:
            line = member.config[f"server.{other.sid}"]
            member.config[f"server.{other.sid}"] = line.replace("127.0.0.1", f"127.0.0.{other.sid}")
    with contextlib.closing(ensemble):
        for member in ensemble.members:
            member.spawn()
        first = ensemble.members[0]

        def all_reachable():
            members = members_of(first)
            return members and all(member["reachable"] for member in members.values()) and members

        members = servers.wait_until(all_reachable, 60, "three members that answer")
        assert sorted(member["role"] for member in members.values()) == [
            "follower", "follower", "leader",
        ]  # fmt: skip
        assert members[3]["client_address"] == f"127.0.0.3:{port}"


def test_of_members_on_one_host_ours_would_be_ourselves():
    ensemble = Ensemble(["drover"] * 3)
    for member in ensemble.members:
        with_admin(member)
    with ensemble:
        for sid, member in members_of(ensemble.members[0]).items():
            if sid == 1:
                assert member["reachable"]
                continue
            assert not member["reachable"]
            assert "names no client port" in member["why"]
            assert member["client_address"] is None


# -- holds ---------------------------------------------------------------------------------------


def test_data_is_found_wherever_it_stands_in_a_large_znode(alone):
    big = bytearray(b"a" * 900_000)
    needle = b"needle-in-it"
    with kazoo(alone) as client:
        for at in (0, 64 * 1024 - 5, 64 * 1024, 500_001, len(big) - len(needle)):
            data = bytes(big[:at]) + needle + bytes(big[at + len(needle) :])
            client.create(f"/big-{at}", data)
        client.create("/big-none", bytes(big))
    found = Console(alone.admin_port).get("search", q=needle.decode(), in_="data")
    assert found["complete"]
    assert sorted(match["path"] for match in found["matches"]) == sorted(
        f"/big-{at}" for at in (0, 64 * 1024 - 5, 64 * 1024, 500_001, len(big) - len(needle))
    )
