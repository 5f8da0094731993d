"""Metrics: Apache's names and kinds in every state, and numbers that follow what happens."""

import contextlib
import re
from pathlib import Path

import pytest

from every_state import STATES, in_every_state, with_ports
from support import prometheus, servers, web
from support.rawclient import OPEN_ACL, Err, OpCode, RawClient

DOCS = Path(__file__).resolve().parents[2] / "docs" / "metrics.md"


def scrape(port):
    answer = web.request(port, "/metrics")
    assert answer.status == 200
    assert answer.headers["Content-Type"].replace(" ", "").startswith("text/plain;version=0.0.4")
    return prometheus.parse(answer.text)


def mntr(server):
    lines = server.four_letter_word("mntr").decode().splitlines()
    return dict(line.removeprefix("zk_").split("\t", 1) for line in lines)


@pytest.fixture(scope="module")
def drover():
    """{state: server}"""
    with contextlib.ExitStack() as stack:
        yield in_every_state("drover", True, stack)


# -- beside Apache -------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def apache():
    with contextlib.ExitStack() as stack:
        yield in_every_state("apache-3.9", False, stack)


@pytest.fixture(scope="module")
def apache_with_prometheus():
    with contextlib.ExitStack() as stack:
        yield in_every_state("apache-3.9", True, stack)


# Members of sets that we do not fill (docs/metrics.md).
NOT_OURS = re.compile(
    r"(avg|min|max|cnt|sum|p50|p95|p99|p999)_\w+_(read_per_namespace|write_per_namespace|"
    r"learner_handler_qp_size|learner_handler_qp_time_ms|ack_latency)$|quota_\w+_per_namespace|jvm_\w+"
)


@pytest.mark.compat
@pytest.mark.parametrize("state", STATES)
def test_mntr_has_apaches_names_in_apaches_form(drover, apache, state):
    theirs, ours = mntr(apache[state]), mntr(drover[state])
    assert [name for name in theirs if name not in ours and not NOT_OURS.match(name)] == []
    for name in theirs.keys() & ours.keys():
        assert ("." in theirs[name]) == ("." in ours[name]), f"{name}: integer or double"
    more = {name for name in ours.keys() - theirs.keys() if not NOT_OURS.match(name)}
    of_310 = r"(op_count_\w+|ttl_node_(created|deleted)_count)$"
    assert [name for name in more if not re.match(of_310, name) and "drover_" not in name] == []


@pytest.mark.compat
@pytest.mark.parametrize("state", STATES)
def test_what_is_counted_alike_has_apaches_value(drover, apache, state):
    """After the same history, as far as it is nothing but that history."""
    theirs, ours = mntr(apache[state]), mntr(drover[state])
    names = """
        server_state peer_state quorum_size learners synced_followers synced_observers
        synced_non_voting_followers pending_syncs ephemerals_count watch_count
        global_sessions connection_request_count node_changed_watch_count cnt_readlatency
        cnt_node_changed_watch_count sum_node_changed_watch_count cnt_updatelatency
        response_bytes watch_bytes min_client_response_size max_client_response_size
        stale_sessions_expired connection_drop_count looking_count
    """.split()
    if state == "leader":  # Sizes of txns: the membership's text has other ports.
        names += ["last_proposal_size"]
    values = {name: (theirs.get(name), ours.get(name)) for name in names if name in theirs}
    assert {name: pair for name, pair in values.items() if pair[0] != pair[1]} == {}


@pytest.mark.compat
@pytest.mark.parametrize("state", STATES)
def test_prometheus_families_are_apaches(drover, apache_with_prometheus, state):
    theirs = scrape(apache_with_prometheus[state].metrics_port)
    ours = scrape(drover[state].metrics_port)
    missing = [
        name
        for name, family in theirs.items()
        if name not in ours and not re.match(r"jvm_|quota_\w+_per_namespace", name)
    ]
    assert missing == []
    for name in theirs.keys() & ours.keys():
        assert ours[name].kind == theirs[name].kind, name


# -- our own -------------------------------------------------------------------------------------


@pytest.mark.parametrize("state", STATES)
def test_both_ports_and_mntr_tell_the_same(drover, state):
    server = drover[state]
    on_admin, on_its_own = scrape(server.admin_port), scrape(server.metrics_port)
    assert on_admin.keys() == on_its_own.keys()
    monitor = web.request(server.admin_port, "/commands/monitor").json
    lines = mntr(server)
    assert monitor.keys() - {"command", "error"} == lines.keys()
    for name, family in on_admin.items():
        if name == "synced_observers" and state == "follower":
            continue  # As in Apache, where only a leader's mntr has it.
        if name.startswith("process_") or name.endswith("_total") and name[:-6] in on_admin:
            continue
        if family.kind == "summary":
            for _, labels in family.samples:
                key = dict(labels).get("key")
                assert f"cnt_{key}_{name}" in lines if key else f"cnt_{name}" in lines
        else:
            for _, labels in family.samples:
                key = dict(labels).get("key")
                assert (f"{key}_{name}" if key else name) in lines


def test_counts_follow_what_happens(make_server):
    server = with_ports(make_server()).start()
    with RawClient(server.port) as watcher, RawClient(server.port) as writer:
        watcher.connect()
        writer.connect()
        writer.call(OpCode.CREATE, "/n", b"")
        for _ in range(3):
            watcher.call(OpCode.GET_DATA, "/n", True)
            writer.call(OpCode.SET_DATA, "/n", b"x" * 100, -1)
        before = scrape(server.admin_port)
        for _ in range(50):
            writer.call(OpCode.SET_DATA, "/n", b"x" * 100, -1)
        after = scrape(server.admin_port)

        def grew(name):
            return prometheus.value(after, name) - prometheus.value(before, name)

        assert grew("updatelatency_count") == 50
        assert grew("op_count_set_data") == grew("op_count_set_data_total") == 50
        assert grew("readlatency_count") == 0
        assert grew("prep_processor_request_queued") == 50
        assert grew("outstanding_changes_queued") == grew("outstanding_changes_removed") == 50
        assert grew("propagation_latency_count") == 50
        assert grew("sync_processor_batch_size_sum") == 50
        assert 1 <= grew("fsynctime_count") <= 50
        assert grew("fsynctime_count") == grew("drover_fsync_microseconds_count")
        assert grew("drover_fsync_microseconds_sum") > 0
        assert grew("drover_log_bytes_total") > 50 * 100
        assert grew("packets_received") == 50
        assert grew("response_bytes") == 50 * (16 + 68)  # reply header and Stat
        assert prometheus.value(after, "node_changed_watch_count_count") == 3
        assert prometheus.value(after, "node_changed_watch_count_sum") == 3
        assert prometheus.value(after, "watch_bytes") > 0
        assert prometheus.value(after, "num_alive_connections") == 2
        of_lanes = after["drover_lane_connections"].samples.values()  # by reactor
        assert sum(of_lanes) == 2
        resident = prometheus.value(after, "drover_memory_bytes", key="resident")
        assert abs(resident - prometheus.value(after, "process_resident_memory_bytes")) < 2**24
        assert resident > 2**20
        server.four_letter_word("srst")
        reset = scrape(server.admin_port)
        for name in ("updatelatency_count", "fsynctime_count", "op_count_set_data"):
            assert prometheus.value(reset, name) == 0
        assert prometheus.value(reset, "znode_count") == prometheus.value(after, "znode_count")


def test_rare_things_are_counted(make_server):
    server = make_server(config={"extendedTypesEnabled": "true", "enforceQuota": "true"})
    with_ports(server).start()
    with RawClient(server.port) as client:
        client.connect()
        client.call(OpCode.CREATE_TTL, "/lease", b"", OPEN_ACL, 5, 60_000)
        client.call(OpCode.CREATE_TTL, "/other", b"", OPEN_ACL, 5, 60_000)
        client.call(OpCode.DELETE, "/lease", -1)
        client.call(OpCode.CREATE, "/ns", b"")
        client.call(OpCode.CREATE, "/zookeeper/quota/ns", b"")
        limits = b"count=100,bytes=-1=;byteHardLimit=-1;countHardLimit=2"
        client.call(OpCode.CREATE, "/zookeeper/quota/ns/zookeeper_limits", limits)
        client.call(OpCode.CREATE, "/zookeeper/quota/ns/zookeeper_stats", b"count=1,bytes=0")
        assert client.call(OpCode.CREATE, "/ns/a", b"12345").err == Err.OK
        for _ in range(3):
            assert client.call(OpCode.CREATE, "/ns/b", b"").err == Err.QUOTA_EXCEEDED
        with RawClient(server.port) as stranger:
            stranger.connect()
            stranger.call(OpCode.AUTH, "nosuch", b"x", xid=-4)
        now = scrape(server.admin_port)
        assert prometheus.value(now, "ttl_node_created_count") == 2
        assert prometheus.value(now, "ttl_node_deleted_count") == 1
        assert prometheus.value(now, "quota_exceeded_error_per_namespace", key="ns") == 3
        assert prometheus.value(now, "quota_count_limit_per_namespace", key="ns") == 2
        assert prometheus.value(now, "quota_bytes_limit_per_namespace", key="ns") == -1
        assert prometheus.value(now, "quota_count_usage_per_namespace", key="ns") == 2
        assert prometheus.value(now, "quota_bytes_usage_per_namespace", key="ns") == 5
        assert prometheus.value(now, "auth_failed_count") == 1


def test_an_ensembles_counts(drover):
    leader, follower, observer = (drover[state] for state in STATES[1:])
    before = {server: scrape(server.admin_port) for server in (leader, follower, observer)}
    with RawClient(follower.port) as client:
        client.connect()
        client.call(OpCode.CREATE, "/ensemble", b"")
        for _ in range(20):
            client.call(OpCode.SET_DATA, "/ensemble", b"x", -1)
        client.call(OpCode.SYNC, "/")
    for server in (leader, follower, observer):
        with RawClient(server.port) as client:  # has seen what was written
            client.connect()
            client.call(OpCode.SYNC, "/")

    def grew(server, name, **labels):
        after = scrape(server.admin_port)
        return prometheus.value(after, name, **labels) - prometheus.value(
            before[server], name, **labels
        )

    assert grew(leader, "proposal_count") >= 22
    assert grew(leader, "commit_count") >= 22
    assert grew(leader, "quorum_ack_latency_count") >= 22
    assert grew(leader, "learner_proposal_received_count") == 0
    assert prometheus.value(before[leader], "diff_count") + prometheus.value(
        before[leader], "snap_count"
    ) >= 3
    keys = {dict(labels)["key"] for _, labels in before[leader]["ack_latency"].samples}
    assert keys <= {"1", "2", "3", "4"} and keys
    for server in (follower, observer):
        assert grew(server, "learner_proposal_received_count") >= 22
        assert grew(server, "learner_commit_received_count") >= 22
        assert grew(server, "proposal_latency_count") >= 22
        assert grew(server, "proposal_count") == 0
    # The others' acks suffice for a commit: our own may come later.
    servers.wait_until(
        lambda: grew(follower, "proposal_ack_creation_latency_count") >= 22, 20, "acks"
    )
    for server in (leader, follower, observer):
        assert grew(server, "propagation_latency_count") >= 22
        assert prometheus.value(before[server], "looking_count") >= 1
        assert prometheus.value(before[server], "election_time_count") >= 1
    assert prometheus.value(before[follower], "follower_sync_time_count") == 1
    assert prometheus.value(before[observer], "observer_sync_time_count") == 1


def documented(section):
    """{name: text} of one table of docs/metrics.md."""
    text = DOCS.read_text().split(f"## {section}\n", 1)[1].split("\n## ", 1)[0]
    rows = re.findall(r"(?m)^\| (\w+) \| [^|]+ \| (.*) \|$", text)
    return {name: what for name, what in rows if name != "name"}


def test_the_documentation_lists_what_is_exported(drover):
    families = scrape(drover["standalone"].admin_port)
    never = "Never moves here: "
    constant = {
        name: family.help.removeprefix(never)
        for name, family in families.items()
        if family.help.startswith(never) and not (name.endswith("_total") and name[:-6] in families)
    }
    assert documented("Never moving") == constant
    measured = documented("Measured") | documented("Drover's own")
    assert {name: families[name].help for name in measured} == measured
    described = {
        name
        for name, family in families.items()
        if family.help != name and name not in constant and name.removesuffix("_total") not in constant
    }
    twins = {name + "_total" for name in measured if not name.endswith("_total")}
    assert described - measured.keys() - twins == set()
