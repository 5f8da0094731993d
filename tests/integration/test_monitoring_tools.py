"""Monitoring that was written for Apache, unmodified: zktop, what other scripts parse, Prometheus."""

import collections
import contextlib
import json
import os
import pathlib
import re
import shutil
import socket
import subprocess
import sys
import urllib.parse

import pytest

import shell_run
from every_state import STATES, in_every_state
from support import prometheus, servers, web
from support.rawclient import RawClient

ROOT = pathlib.Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module", name="drover")
def _drover():
    """{state: server}"""
    with contextlib.ExitStack() as stack:
        yield in_every_state("drover", True, stack)


@pytest.fixture(name="clients")
def _clients(drover):
    """{state: a client with a session there}"""
    with contextlib.ExitStack() as stack:
        by_state = {}
        for state, server in drover.items():
            by_state[state] = stack.enter_context(RawClient(server.port))
            by_state[state].connect(timeout_ms=300_000)
        yield by_state


def port_of(client):
    """The port at a client's own end of its connection."""
    with socket.socket(fileno=os.dup(client.fileno())) as connection:
        return connection.getsockname()[1]


# -- zktop ---------------------------------------------------------------------------------------


def as_zktop_reads(server):
    """What zktop's own code makes of one server: its attributes, and those of each session."""
    program = (
        "import json, zktop\n"
        f"server = zktop.ZKServer('{server.address}', 0)\n"
        "server.sessions = [vars(each) for each in server.sessions]\n"
        "print(json.dumps(vars(server)))\n"
    )
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", program], capture_output=True, text=True,
        check=True, timeout=60,
    )
    return json.loads(done.stdout)


@pytest.mark.parametrize("state", STATES)
def test_zktop_understands_every_role(drover, clients, state):
    seen = as_zktop_reads(drover[state])
    assert not seen["unavailable"]
    assert seen["mode"] == state
    assert re.fullmatch(r"\d+\.\d+\.\d+", seen["version"])
    assert int(seen["zxid"], 16) > 0
    assert int(seen["node_count"]) >= 5
    for figure in ("received", "sent", "outstanding", "connections"):
        assert int(seen[figure]) >= 0
    for latency in ("min_latency", "avg_latency", "max_latency"):
        assert float(seen[latency]) >= 0
    ports = {int(session["port"]) for session in seen["sessions"]}
    assert port_of(clients[state]) in ports
    for session in seen["sessions"]:
        assert session.keys() >= {"host", "port", "interest_ops", "queued", "recved", "sent"}


def test_zktop_reads_the_same_fields_from_apache(drover):
    with servers.DebianApache() as apache:
        theirs, ours = as_zktop_reads(apache), as_zktop_reads(drover["standalone"])
    assert ours.keys() == theirs.keys()
    assert ours["sessions"][0].keys() == theirs["sessions"][0].keys()


def test_zktop_on_the_screen(drover, clients):
    """One line for each server with the first letter of its role, and one for each connection."""
    addresses = [drover[state].address for state in STATES]
    rows = [
        rf"{number}\s*127\.0\.0\.1\s*{drover[state].port}\s*{state[0].upper()}\s*\d+"
        for number, state in enumerate(STATES)
    ]
    connections = [rf"127\.0\.0\.1\s*{port_of(client)}\s*\d" for client in clients.values()]
    argv = ["/usr/bin/zktop", "--servers", ",".join(addresses)]
    with shell_run.Terminal(argv, PYTHONWARNINGS="ignore") as screen:
        screen.hear_all([r"Ensemble -- nodecount:\d+\s*zxid:0x[0-9a-f]+", *rows, *connections])
        screen.type("r")  # asks every server to reset its figures
        screen.hear_all(["Server stats reset"])
        screen.type("q")
        assert screen.code() == 0


# -- other scripts -------------------------------------------------------------------------------


def figures_by_words(server):
    """As scripts of the `check_zookeeper` kind read srvr, cons and mntr; fails where they would."""
    srvr = dict(
        line.split(": ", 1) for line in server.four_letter_word("srvr").decode().splitlines()
    )
    connections = []
    for line in server.four_letter_word("cons").decode().splitlines():
        if not line.strip():
            continue
        found = re.fullmatch(r"\s*/([\d.:a-f]+):(\d+)\[(\d+)\]\((.*)\)", line)
        connections.append(dict(pair.split("=") for pair in found.group(4).split(",")))
    mntr = dict(
        line.split("\t", 1) for line in server.four_letter_word("mntr").decode().splitlines()
    )
    return srvr, connections, mntr


@pytest.mark.parametrize("state", STATES)
def test_words_read_as_scripts_read_them(drover, clients, state):
    srvr, connections, mntr = figures_by_words(drover[state])
    assert srvr["Mode"] == mntr["zk_server_state"] == state
    assert len(srvr["Latency min/avg/max"].split("/")) == 3
    assert int(srvr["Node count"]) == int(mntr["zk_znode_count"])
    assert int(mntr["zk_num_alive_connections"]) == int(srvr["Connections"]) >= 1
    with_session = [one for one in connections if "sid" in one]
    sid = f"0x{clients[state].session_id:x}"
    (ours,) = [one for one in with_session if one["sid"] == sid]
    for figure in ("queued", "recved", "sent", "to", "lresp", "llat", "minlat", "maxlat"):
        assert int(ours[figure]) >= 0
    for figure in ("packets_received", "packets_sent", "outstanding_requests", "watch_count",
                   "ephemerals_count", "approximate_data_size", "open_file_descriptor_count",
                   "max_file_descriptor_count"):
        assert int(mntr[f"zk_{figure}"]) >= 0
    for figure in ("avg_latency", "min_latency", "max_latency"):
        assert float(mntr[f"zk_{figure}"]) >= 0
    assert ("zk_followers" in mntr or "zk_synced_followers" in mntr) == (state == "leader")


# -- Prometheus ----------------------------------------------------------------------------------

# The form of the configuration in Apache's guide to monitoring (zookeeperMonitor.md), with the
# ports of the test and no ten seconds to wait for.
SCRAPE = """global:
  scrape_interval: 1s
rule_files:
  - {rules}
scrape_configs:
  - job_name: test-zk
    static_configs:
    - targets: [{targets}]
"""
# What dashboards and alerts for Apache's metrics ask, a sample for each server expected.
EXPRESSIONS = """
    znode_count  watch_count  num_alive_connections  outstanding_requests  ephemerals_count
    approximate_data_size  open_file_descriptor_count  packets_received  packets_sent
    avg_latency  max_latency  min_latency  uptime
    fsynctime_sum  fsynctime_count  snapshottime_count  election_time_count  readlatency_count
    readlatency{quantile="0.5"}  updatelatency{quantile="0.99"}  connection_drop_count
    rate(packets_received[5s])  process_resident_memory_bytes
""".split("  ")


def prometheus_binary(name):
    """Debian's; what tests/compat/prepare.sh unpacked, where it is not installed."""
    unpacked = servers.CACHE / "prometheus" / "usr" / "bin" / name
    found = shutil.which(name) or (str(unpacked) if unpacked.exists() else None)
    assert found, f"{name} is not there: run tests/compat/prepare.sh"
    return found


class Prometheus:
    """Debian's Prometheus on a free port, with one configuration."""

    def __init__(self, folder, text):
        self.folder = folder
        self.port = servers.free_port()
        (folder / "prometheus.yml").write_text(text)

    def __enter__(self):
        self._log = (self.folder / "prometheus.log").open("wb")
        self.process = subprocess.Popen(
            [
                prometheus_binary("prometheus"), f"--config.file={self.folder / 'prometheus.yml'}",
                f"--storage.tsdb.path={self.folder / 'tsdb'}",
                f"--web.listen-address=127.0.0.1:{self.port}",
            ],
            stdout=self._log, stderr=subprocess.STDOUT,
        )
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait(30)
        self._log.close()

    def ask(self, path):
        """`data` of an answer; None as long as nobody answers."""
        assert self.process.poll() is None, (self.folder / "prometheus.log").read_text()
        try:
            answer = web.request(self.port, f"/api/v1/{path}")
        except OSError:
            return None
        return answer.json["data"] if answer.status == 200 else None

    def query(self, expression):
        """{instance: number}"""
        data = self.ask(f"query?query={urllib.parse.quote(expression)}") or {"result": []}
        return {
            one["metric"].get("instance"): float(one["value"][1]) for one in data["result"]
        }


@pytest.fixture(scope="module", name="scraping")
def _scraping(drover, tmp_path_factory):
    targets = ",".join(f"'127.0.0.1:{server.metrics_port}'" for server in drover.values())
    rules = ROOT / "deploy/prometheus/alerts.yml"
    folder = tmp_path_factory.mktemp("prometheus")
    with Prometheus(folder, SCRAPE.format(targets=targets, rules=rules)) as running:
        servers.wait_until(
            lambda: len(running.query("up == 1")) == len(STATES),
            60, "all targets up",
        )
        yield running


@pytest.mark.compat
def test_prometheus_takes_every_sample(drover, scraping):
    targets = scraping.ask("targets")["activeTargets"]
    assert [target["lastError"] for target in targets] == [""] * len(STATES)
    for server in drover.values():
        text = web.request(server.metrics_port, "/metrics").text
        samples = sum(len(family.samples) for family in prometheus.parse(text).values())
        address = f"127.0.0.1:{server.metrics_port}"
        assert samples > 300
        servers.wait_until(
            lambda: scraping.query("scrape_samples_scraped").get(address) == samples,
            30, f"{samples} samples of {address}",
        )


@pytest.mark.compat
@pytest.mark.parametrize("expression", [one.strip() for one in EXPRESSIONS if one.strip()])
def test_expressions_written_for_apache_find_their_figures(scraping, expression):
    servers.wait_until(
        lambda: len(scraping.query(expression)) == len(STATES), 30, expression
    )


@pytest.mark.compat
def test_roles_are_told_as_alerts_want_them(drover, scraping):
    leader = f"127.0.0.1:{drover['leader'].metrics_port}"
    assert list(scraping.query("learners > 0")) == [leader]
    assert scraping.query("quorum_size")[leader] == 3


@pytest.mark.compat
def test_our_alert_rules_evaluate(scraping):
    subprocess.run(
        [prometheus_binary("promtool"), "check", "rules", ROOT / "deploy/prometheus/alerts.yml"],
        check=True, capture_output=True, timeout=60,
    )
    subprocess.run(
        [prometheus_binary("promtool"), "check", "config", ROOT / "deploy/prometheus/scrape.yml"],
        check=True, capture_output=True, timeout=60,
    )
    (group,) = scraping.ask("rules")["groups"]
    assert len(group["rules"]) >= 10
    assert collections.Counter(rule["type"] for rule in group["rules"]).keys() == {"alerting"}
    assert [rule for rule in group["rules"] if rule["health"] == "err"] == []
