"""The admin port's own pages: probes that say why not, a description that is true, and the dashboard
and alert rules in deploy/, which must not speak of metrics that nobody exports."""

import json
import re
import socket
import time
from pathlib import Path

import pytest

from support import prometheus, servers, web
from support.ensembles import Ensemble
from support.rawclient import AUTH_XID, OPEN_ACL, Acl, OpCode, RawClient

ROOT = Path(__file__).resolve().parents[2]


def admin(server):
    server.admin_port = servers.free_port()
    server.config["admin.enableServer"] = "true"
    server.config["admin.serverAddress"] = "127.0.0.1"
    server.config["admin.serverPort"] = str(server.admin_port)
    return server


@pytest.fixture
def server(make_server):
    return admin(make_server()).start()


# -- probes --------------------------------------------------------------------------------------


@pytest.mark.parametrize("probe", ["livez", "readyz", "startupz"])
def test_a_server_that_serves_is_all_three(server, probe):
    plain = web.request(server.admin_port, f"/{probe}")
    assert (plain.status, plain.text) == (200, "ok\n")
    as_json = web.request(server.admin_port, f"/{probe}?format=json")
    assert as_json.status == 200 and as_json.json["status"] == "ok"
    assert as_json.headers["Content-Type"] == "application/json"
    asked = web.request(server.admin_port, f"/{probe}", headers={"Accept": "application/json"})
    assert asked.json == as_json.json


def test_without_a_quorum_a_member_lives_and_says_why_it_is_not_ready():
    ensemble = Ensemble()
    for member in ensemble.members:
        admin(member)
    with ensemble:
        survivor = ensemble.followers()[0]
        for member in ensemble.members:
            if member is not survivor:
                member.kill()

        def not_ready():
            return web.request(survivor.admin_port, "/readyz").status == 503

        servers.wait_until(not_ready, 30, "not ready")
        assert web.request(survivor.admin_port, "/livez").status == 200
        assert web.request(survivor.admin_port, "/startupz").status == 200, "it has served"
        servers.wait_until(
            lambda: "no leader" in web.request(survivor.admin_port, "/readyz").text, 30, "why"
        )
        page = web.request(survivor.admin_port, "/readyz?format=json")
        [check] = [check for check in page.json["checks"] if not check["ok"]]
        assert check["name"] == "serving" and "3 voters" in check["why"]
        # One that starts into this has not started.
        fresh = next(member for member in ensemble.members if member is not survivor)
        survivor.kill()
        fresh.spawn()

        def startup():
            try:
                return web.request(fresh.admin_port, "/startupz").status
            except OSError:
                return None

        servers.wait_until(lambda: startup() == 503, 30, "a server that waits for others")
        assert web.request(fresh.admin_port, "/livez").status == 200


# -- the description -----------------------------------------------------------------------------


def test_the_description_is_true(server):
    description = web.request(server.admin_port, "/openapi.json").json
    assert description["openapi"].startswith("3.")
    listed = re.findall(r'href="([^"]+)"', web.request(server.admin_port, "/commands").text)
    assert set(listed) < set(description["paths"])
    assert {"/livez", "/readyz", "/startupz", "/metrics", "/openapi.json"} < set(
        description["paths"]
    )
    for path, methods in description["paths"].items():
        for method, operation in methods.items():
            assert operation["summary"]
            answer = web.request(
                server.admin_port, path, method=method.upper(), body=b"" if method == "post" else None
            )
            assert str(answer.status) in operation["responses"], f"{method} {path}"
            if "security" in operation:
                assert answer.status == 401
            elif any(parameter.get("required") for parameter in operation.get("parameters", [])):
                assert answer.status == 400
            else:
                assert answer.status == 200
        for other in {"get", "post", "put", "delete"} - methods.keys():
            body = b"" if other == "post" else None
            answer = web.request(server.admin_port, path, method=other.upper(), body=body)
            guarded = any("security" in operation for operation in methods.values())
            assert answer.status in ((401, 405) if guarded else (405,)), f"{other} {path}"


# -- deploy/ -------------------------------------------------------------------------------------

FUNCTIONS = {
    "sum", "max", "min", "count", "rate", "increase", "by", "unless", "label_replace", "label_values",
    "on", "and", "or", "avg", "job", "instance", "op", "quantile", "key",
}  # fmt: skip


def names_in(expression):
    """Names of metrics in a PromQL expression."""
    expression = re.sub(r'__name__=~"(\w+)\(([\w|]+)\)"', expand, expression)
    expression = re.sub(r'"[^"]*"', '""', expression)  # values of labels
    expression = re.sub(r"\[[^]]*\]", "", expression)
    expression = re.sub(r"\{(?!!)[^}]*\}", "", expression)
    words = set(re.findall(r"[a-zA-Z_][a-zA-Z0-9_]*", expression))
    return words - FUNCTIONS - {"up"}


def expand(match):
    prefix, ends = match.groups()
    return "} + " + " + ".join(prefix + end for end in ends.split("|")) + " + {"


def exported(families):
    names = set()
    for family in families.values():
        names |= {name for name, _ in family.samples}
    return names | families.keys()


@pytest.fixture(scope="module")
def exported_names():
    """Everything that servers in any role export."""
    ensemble = Ensemble(["drover"] * 3 + ["drover:observer"])
    for member in ensemble.members:
        admin(member)
    names = set()
    with ensemble:
        with RawClient(ensemble.leader().port) as client:
            client.connect()
            client.call(OpCode.CREATE, "/n", b"", OPEN_ACL, 0)
        for member in ensemble.members:
            names |= exported(prometheus.parse(web.request(member.admin_port, "/metrics").text))
    return names


def test_every_metric_of_the_dashboard_is_exported(exported_names):
    dashboard = json.loads((ROOT / "deploy/grafana/drover.json").read_text())
    expressions = [
        target["expr"] for panel in dashboard["panels"] for target in panel.get("targets", [])
    ]
    expressions += [variable["query"] for variable in dashboard["templating"]["list"][1:]]
    assert len(expressions) > 30
    used = set().union(*(names_in(expression) for expression in expressions))
    assert len(used) > 30
    assert used - exported_names == set()


def test_every_metric_of_the_alerts_is_exported(exported_names):
    text = (ROOT / "deploy/prometheus/alerts.yml").read_text()
    rules = text.split("      - alert: ")[1:]
    assert len(rules) >= 10
    for rule in rules:
        [expression] = re.findall(r"(?m)^        expr: (.*)$", rule)
        assert names_in(expression) - exported_names == set(), rule
        assert re.search(r"severity: (warning|critical)}", rule)
        assert re.search(r'summary: ".+"', rule) and re.search(r'description: ".+"', rule)


def test_names_that_nobody_exports_would_be_noticed(exported_names):
    for wrong in ("rate(fsynctme_count{a=\"b\"}[1m])", "max by (job) (zk_znode_count)"):
        assert names_in(wrong) - exported_names


# -- clients are not disturbed -------------------------------------------------------------------


def test_slow_and_malformed_requests_disturb_nobody(server):
    slow = []
    try:
        for _ in range(100):  # more than there is room for
            connection = socket.create_connection(("127.0.0.1", server.admin_port), 10)
            connection.sendall(b"GET /livez HTTP/1.1\r\nHost:")
            slow.append(connection)
        with socket.create_connection(("127.0.0.1", server.admin_port), 10) as broken:
            broken.sendall(b"\0\xff\r\n\r\n" * 10)
            assert broken.recv(12).startswith(b"HTTP/1.1 400")
        with RawClient(server.port) as client:
            client.connect()
            began = time.monotonic()
            for i in range(200):
                assert client.call(OpCode.CREATE, f"/n{i}", b"").err == 0
            assert time.monotonic() - began < 60
        assert web.request(server.admin_port, "/livez").status == 200
    finally:
        for connection in slow:
            connection.close()


def test_a_port_that_was_asked_for_and_is_taken_is_exit_code_4(make_server):
    with socket.create_server(("127.0.0.1", 0)) as holder:
        port = holder.getsockname()[1]
        server = make_server()
        server.config["admin.enableServer"] = "true"
        server.config["admin.serverAddress"] = "127.0.0.1"
        server.config["admin.serverPort"] = str(port)
        assert server.start_expecting_exit() == 4
        assert str(port) in server.log_tail()
        del server.config["admin.enableServer"]  # Not asked for: it goes without.
        server.start()
        assert "no admin server" in server.log_tail()


def test_a_snapshot_is_streamed_as_it_lies_on_disk(server):
    with RawClient(server.port) as client:
        client.connect()
        client.pipeline([(OpCode.CREATE, f"/s{i}", b"x" * 1000) for i in range(500)])
        zxid = client.call(OpCode.SYNC, "/").zxid
    answer = web.request(
        server.admin_port, "/commands/snapshot", headers={"Authorization": "digest any:body"}
    )
    assert answer.status == 200
    assert answer.headers["Content-Type"] == "application/octet-stream"
    assert int(answer.headers["last_zxid"], 16) >= zxid
    name = f"snapshot.{int(answer.headers['last_zxid'], 16):x}"
    assert answer.body == (server.data_dir / "version-2" / name).read_bytes()
    assert len(answer.body) == int(answer.headers["snapshot_size"]) > 500 * 1000
    again = web.request(
        server.admin_port, "/commands/snapshot", headers={"Authorization": "digest any:body"}
    )
    assert again.status == 429
    shown = web.request(server.admin_port, "/commands/last_snapshot").json
    assert shown["zxid"] == f"{int(answer.headers['last_zxid'], 16):x}"


def test_shed_connections_closes_a_share(server):
    clients = [RawClient(server.port) for _ in range(10)]
    try:
        for client in clients:
            client.connect()

        def alive():
            stats = web.request(server.admin_port, "/commands/server_stats").json["server_stats"]
            return stats["num_alive_client_connections"]

        # Whoever asked before whether the server is there may only just have gone.
        servers.wait_until(lambda: alive() == len(clients), 10, "these clients alone")
        headers = {"Authorization": "digest any:body"}
        answer = web.request(
            server.admin_port,
            "/commands/shed_connections",
            method="POST",
            body=b'{"percentage": 30}',
            headers=headers,
        )
        assert answer.status == 200
        assert answer.json["connections_shed"] == 3
        assert alive() == 7
        for body in (b"", b"{}", b'{"percentage": 101}', b"[]", b"{"):
            answer = web.request(
                server.admin_port,
                "/commands/shed_connections",
                method="POST",
                body=body,
                headers=headers,
            )
            assert answer.status == 400 and answer.json["error"]
    finally:
        for client in clients:
            client.disconnect()


def test_the_root_acl_decides_who_may(server):
    """Narrowed to one user, nobody else takes a snapshot."""
    wanted = "digest admin:secret"
    with RawClient(server.port) as client:
        client.connect()
        assert client.call(OpCode.AUTH, "digest", b"admin:secret", xid=AUTH_XID).err == 0
        assert client.call(OpCode.SET_ACL, "/", [Acl(31, "auth", "")]).err == 0
    path = "/commands/snapshot?streaming=false"
    refused = web.request(server.admin_port, path, headers={"Authorization": "digest admin:wrong"})
    assert refused.status == 403 and refused.json["error"] == "Not authorized"
    assert web.request(server.admin_port, path).status == 401
    assert web.request(server.admin_port, path, headers={"Authorization": wanted}).status == 200
