"""/commands/...: our answers are those of Apache 3.9's AdminServer in the same state.

Both live through the same requests, standalone and as leader, follower and observer of an
ensemble; then every command is asked of both. Fields must be the same, and values too once what
differs between any two servers (ports, folders, ids, moments, sizes) has been given one name.
"""

import contextlib

import pytest

from support import servers, web
from support.ensembles import Ensemble
from support.rawclient import OPEN_ACL, OpCode, RawClient

STATES = ("standalone", "leader", "follower", "observer")

# Where we differ, and why.
OURS_ALONE = {
    "initial_configuration": "Apache 3.9 knows it standalone only (null in an ensemble)",
    "system_properties": "a JVM's properties; ours are zoo.cfg's keys and the environment",
    "environment": "3.10's names for memory, as in `envi`",
    "monitor": "test_metrics.py",
}
COMMANDS = """
    configuration connections dirs dump get_trace_mask hash is_read_only last_snapshot leader
    observers ruok server_stats stats voting_view watches watches_by_path watch_summary zabstate
    set_trace_mask set_trace_mask?traceMask=306 set_trace_mask?traceMask=x set_trace_mask?traceMask=
    conf config cons lead obsr srvr stat wchc wchp wchs isro lsnp gtmk nosuch connection_stat_reset
    crst observer_connection_stat_reset orst
""".split()


def admin(server):
    """Gives the server an admin port."""
    server.admin_port = servers.free_port()
    server.config["admin.enableServer"] = "true"
    server.config["admin.serverPort"] = str(server.admin_port)
    server.config["admin.serverAddress"] = "127.0.0.1"
    server.config["maxSessionTimeout"] = "300000"
    return server


class Lived:
    """Servers in every state that have lived through the same history."""

    def __init__(self, name, stack):
        self.by_state = {}
        self.clients = []
        alone = admin(servers.server_by_name(name))
        stack.callback(alone.close)
        self.by_state["standalone"] = alone.start()
        ensemble = Ensemble([name] * 3 + [f"{name}:observer"])
        stack.callback(ensemble.close)
        for member in ensemble.members:
            admin(member)
        ensemble.start()
        for member in ensemble.members:
            mode = member.four_letter_word("srvr").decode().split("Mode: ")[1].split()[0]
            self.by_state.setdefault(mode, member)
        for server in self.by_state.values():
            client = RawClient(server.port)
            stack.callback(client.disconnect)
            client.connect(timeout_ms=300_000)  # outlives the tests without a ping
            folder = f"/{len(self.clients)}"
            client.pipeline(
                [
                    (OpCode.CREATE, folder, b"data", OPEN_ACL, 1),
                    (OpCode.SET_DATA, folder, b"thirteen byte", 0),
                    (OpCode.GET_DATA, folder, True),
                    (OpCode.EXISTS, "/later", True),
                    (OpCode.GET_CHILDREN, "/", True),
                ]
            )
            self.clients.append(client)
        # What one wrote the others have seen.
        for client in self.clients:
            client.call(OpCode.SYNC, "/")

    def ask(self, state, command, **options):
        return web.request(self.by_state[state].admin_port, f"/commands/{command}", **options)


@pytest.fixture(scope="module")
def pair():
    with contextlib.ExitStack() as stack:
        yield [Lived(name, stack) for name in ("apache-3.9", "drover")]


VAGUE = {
    "client_port", "data_dir", "data_log_dir", "remote_socket_address", "session_id", "established",
    "last_response_time", "last_latency", "min_latency", "avg_latency", "max_latency",
    "datadir_size", "logdir_size", "data_dir_size", "log_dir_size", "timestamp", "version", "uptime",
    "packets_sent", "packets_received", "client_address", "server_addresses", "election_addresses",
    "quorum_address", "election_address", "queued_packets_size", "queued_packets", "last_zxid",
    "zxid", "last_processed_zxid", "zab_counter", "requests", "interest_ops",
    # Apache says how many bytes an answer had when it was encoded last, whoever asked.
    "client_response_stats", "client_response", "proposal_stats",
}  # fmt: skip
BY_SESSION = {
    "expiry_time_to_session_ids", "session_id_to_ephemeral_paths", "session_id_to_watched_paths",
}  # fmt: skip


def shape(value):
    """Types instead of values."""
    if isinstance(value, dict):
        return {key: shape(member) for key, member in value.items()}
    if isinstance(value, list):
        return [shape(member) for member in value[:1]]
    return type(value).__name__


def named(value):
    if isinstance(value, list):
        return [named(member) for member in value]
    if not isinstance(value, dict):
        return value
    result = {}
    for key, member in value.items():
        if key in VAGUE:
            result[key] = shape(member)
        elif key == "expiry_time_to_session_ids":
            # A bucket that is about to be empty may be there or not.
            result[key] = sum(len(sessions) for sessions in member.values())
        elif key in BY_SESSION:
            result[key] = sorted(sorted(paths) for paths in member.values())
        elif key == "path_to_session_ids":
            result[key] = {path: len(sessions) for path, sessions in member.items()}
        else:
            result[key] = named(member)
    return result


@pytest.mark.compat
@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize("command", COMMANDS)
def test_a_command_answers_as_apaches(pair, state, command):
    apache, ours = (lived.ask(state, command) for lived in pair)
    assert ours.status == apache.status
    assert ours.headers["Content-Type"] == apache.headers["Content-Type"]
    assert named(ours.json) == named(apache.json)
    # And as text: what depends on values aside, the same lines in the same form.
    for line in ('"error" : null', '  "command" : "'):
        assert (line in ours.text) == (line in apache.text)
    assert ours.text.endswith("\n}") and apache.text.endswith("\n}")


@pytest.mark.compat
def test_the_index_lists_apaches_commands(pair):
    apache, ours = (lived.ask("standalone", "").text for lived in pair)
    # shed_connections is 3.10's.
    assert ours.replace(
        '<a href="/commands/shed_connections">shed_connections</a>\n<br/>\n', ""
    ) == apache.removesuffix("\n") + ("\n" if not apache.endswith("\n\n") else "")


@pytest.mark.compat
@pytest.mark.parametrize(
    "header", [None, "nosuch x:y", "nosuch", "digest", "digest x:y", "ip"], ids=str
)
@pytest.mark.parametrize("command", ["snapshot?streaming=false", "restore"])
def test_who_may_do_what(pair, command, header):
    method = "POST" if command == "restore" else "GET"
    headers = {"Authorization": header} if header else {}
    answers = [
        lived.ask(
            "standalone", command, method=method, headers=headers, body=b"" if method == "POST" else None
        )
        for lived in pair
    ]
    refused = [answer.status for answer in answers if answer.status in (401, 403)]
    assert len(refused) in (0, 2)
    if refused:
        assert answers[1].status == answers[0].status
        assert answers[1].json == answers[0].json
