"""dns_status: the least busy of those that live."""

import re

from examples.programs import SESSION_SECONDS
from support import servers

# address: requests, load. The first has fewest requests, the third less load than the second.
STATES = {"10.0.0.1:80": (1, 0.9), "10.0.0.2:80": (3, 0.5), "10.0.0.3:80": (3, 0.25)}


def status(address):
    requests, load = STATES[address]
    return f"status {address} req={requests} load={load}"


def provide(start, address):
    program = start("dns_status", "provide", "web", address, *STATES[address])
    program.expect(re.escape(status(address)))
    return program


def picks(start, count):
    return start("dns_status", "pick", "web", count).finish()


def test_the_least_busy_is_picked(start, eye):
    collector = start("dns_status", "collect", "web")
    providers = {address: provide(start, address) for address in STATES}
    for address in STATES:
        collector.expect(re.escape(status(address)))
    assert eye.get("/dns2/web/10.0.0.2:80/status")[0] == b"req=3;load=0.5"
    assert set(picks(start, 50)) == {"pick 10.0.0.1:80"}

    providers["10.0.0.1:80"].kill()
    servers.wait_until(
        lambda: not eye.exists("/dns2/web/10.0.0.1:80/status"), SESSION_SECONDS + 2, "its session"
    )
    assert set(picks(start, 50)) == {"pick 10.0.0.3:80"}, "the dead one is never picked"
    servers.wait_until(lambda: not eye.exists("/dns2/web/10.0.0.1:80"), 10, "the reaper")
    assert set(picks(start, 5)) == {"pick 10.0.0.3:80"}

    assert providers["10.0.0.3:80"].terminate() == 0
    assert set(picks(start, 5)) == {"pick 10.0.0.2:80"}


def test_a_change_of_state_is_collected_and_counts(start, eye):
    collector = start("dns_status", "collect", "web")
    for address in STATES:
        provide(start, address)
    eye.set("/dns2/web/10.0.0.2:80/status", b"req=0;load=0.5")
    collector.expect(re.escape("status 10.0.0.2:80 req=0 load=0.5"))
    assert picks(start, 1) == ["pick 10.0.0.2:80"]


def test_nobody_to_pick(start, eye):
    eye.ensure_path("/dns2/web/10.0.0.9:80")  # listed, without a status
    program = start("dns_status", "pick", "web")
    assert program.wait() == 1
    assert program.lines.wait_over() == []
    assert "nobody provides web" in program.errors()
