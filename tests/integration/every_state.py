"""A server in every state, with the ports that monitoring asks."""

from support import servers
from support.ensembles import Ensemble
from support.rawclient import OPEN_ACL, OpCode, RawClient

PROVIDER = "org.apache.zookeeper.metrics.prometheus.PrometheusMetricsProvider"
STATES = ("standalone", "leader", "follower", "observer")


def with_ports(server, provider=True):
    server.admin_port = servers.free_port()
    server.config["admin.enableServer"] = "true"
    server.config["admin.serverAddress"] = "127.0.0.1"
    server.config["admin.serverPort"] = str(server.admin_port)
    server.config["maxSessionTimeout"] = "300000"
    if provider:
        server.metrics_port = servers.free_port()
        server.config["metricsProvider.className"] = PROVIDER
        server.config["metricsProvider.httpHost"] = "127.0.0.1"
        server.config["metricsProvider.httpPort"] = str(server.metrics_port)
    return server


def some_history(port):
    """What one client does; the caller disconnects it."""
    client = RawClient(port)
    client.connect(timeout_ms=300_000)  # outlives the tests without a ping
    client.pipeline(
        [
            (OpCode.CREATE, "/m", b"data", OPEN_ACL, 0),
            (OpCode.SET_DATA, "/m", b"thirteen byte", 0),
            (OpCode.GET_DATA, "/m", True),
            (OpCode.EXISTS, "/later", True),
            (OpCode.GET_CHILDREN, "/", True),
            (OpCode.SET_DATA, "/m", b"again", 1),
        ]
    )
    return client


def in_every_state(name, provider, stack):
    """{state: server}; standalone and the leader have some history. `stack` ends them."""
    by_state = {}
    alone = with_ports(servers.server_by_name(name), provider)
    stack.callback(alone.close)
    by_state["standalone"] = alone.start()
    ensemble = Ensemble([name] * 3 + [f"{name}:observer"])
    stack.callback(ensemble.close)
    for member in ensemble.members:
        with_ports(member, provider)
    ensemble.start()
    for member in ensemble.members:
        by_state.setdefault(ensemble.mode(member), member)
    for state in ("standalone", "leader"):
        client = some_history(by_state[state].port)
        stack.callback(client.disconnect)
    return by_state
