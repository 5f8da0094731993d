"""server_monitor: the list of servers follows those that come, leave and die."""

import re
import signal

from examples.programs import SESSION_SECONDS


def test_servers_come_leave_and_die(start):
    early = start("server_monitor", "client")
    early.expect(r"\[\]")
    servers = {}
    for host in ("h2", "h1", "h3"):
        servers[host] = start("server_monitor", "server", host)
        servers[host].expect(f"{host} is online")
    early.expect(r"\[h1, h2, h3\]")
    late = start("server_monitor", "client")
    late.expect(r"\[h1, h2, h3\]")
    monitors = (early, late)

    assert servers["h2"].terminate(1) == 0
    for each in monitors:
        each.expect(r"\[h1, h3\]", 1)

    # One monitor is frozen meanwhile, for about as long as its own session.
    late.send(signal.SIGSTOP)
    servers["h3"].kill()
    early.expect(r"\[h1\]", SESSION_SECONDS + 2, after=len(early.lines.all()))
    late.send(signal.SIGCONT)
    late.expect(r"\[h1\]")

    # A second one of the same host, as after a crash and a quick start.
    start("server_monitor", "server", "h1", id="-again").expect("h1 is online")
    for each in monitors:
        each.expect(r"\[h1, h1\]")

    for each in monitors:
        lines = each.lines.all()
        assert all(line != following for line, following in zip(lines, lines[1:])), lines
        for line in lines:
            hosts = re.findall(r"h\d", line)
            assert line == f"[{', '.join(sorted(hosts))}]"


def test_what_the_servers_leave_on_the_tree(start, eye):
    server = start("server_monitor", "server", "host-a", id="-a")
    server.expect("host-a is online")
    assert eye.get_children("/servers") == ["server-a0000000000"]
    data, stat = eye.get("/servers/server-a0000000000")
    assert (data, stat.ephemeralOwner != 0) == (b"host-a", True)
    assert server.terminate() == 0
    assert eye.get_children("/servers") == []
