"""`drover bench` against a real server: every workload runs, counts right, leaves nothing behind."""

import json
import re
import subprocess

import pytest

import shell_run
from support import sanitizers, servers

SHORT = ("--duration", "0.5", "--warmup", "0.1", "--sessions", "3", "--outstanding", "4")


def run_bench(*words):
    argv = [str(servers.Drover.binary()), "bench", *words]
    seconds = 60 * sanitizers.patience()
    return subprocess.run(argv, capture_output=True, text=True, timeout=seconds, check=False)


def bench(server, *words):
    return run_bench("--server", server.address, *words)


def children(server, path):
    outcome = shell_run.run(shell_run.drover_shell("-server", server.address, "ls", path))
    return outcome.lines[-1]


@pytest.fixture(name="server")
def _server(start_server):
    return start_server()


@pytest.mark.parametrize("workload", ["get", "set", "create", "mixed", "watch", "connect"])
def test_workload(server, workload):
    done = bench(server, "--workload", workload, *SHORT, "--json", "--server-pid", str(server.pid))
    assert done.returncode == 0, done.stderr
    report = json.loads(done.stdout)
    assert report["workload"] == workload
    assert report["operations"] > 0
    assert report["errors"] == {}
    assert report["connections_lost"] == 0
    assert 0.5 <= report["seconds"] < 10
    latencies = [report["latency_us"][name] for name in ("p50", "p90", "p99", "p99_9", "max")]
    assert latencies[0] > 0
    assert latencies == sorted(latencies)
    rate = report["operations"] / report["seconds"]
    assert report["operations_per_second"] == pytest.approx(rate)
    assert report["server_resident_bytes"] > 1_000_000
    # Every session was closed, not left to expire.
    assert re.search(rb"Session Sets \(\d+\)/\(0\)", server.four_letter_word("dump"))
    assert children(server, "/") == "[zookeeper]"


def test_a_count_of_creates_stays_when_asked_to(server):
    fill = ("--workload", "create", "--nodes", "2500", "--size", "10", "--keep", "--json")
    done = bench(server, *fill)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["operations"] == 2500
    assert children(server, "/drover-bench") == "[0000000, 0000001, 0000002]"
    node = shell_run.run(
        shell_run.drover_shell(
            "-server", server.address, "get", "/drover-bench/0000002/node-0000002499"
        )
    )
    assert node.lines[-1] == "v" * 10
    again = bench(server, "--workload", "get", *SHORT)
    assert again.returncode == 1
    assert "/drover-bench exists already" in again.stderr
    elsewhere = bench(server, "--workload", "get", *SHORT, "--root", "/other")
    assert elsewhere.returncode == 0, elsewhere.stderr
    assert children(server, "/") == "[drover-bench, zookeeper]"


def test_table_for_people(server):
    done = bench(server, *SHORT)
    assert done.returncode == 0, done.stderr
    rows = [line.split()[0] for line in done.stdout.splitlines()]
    assert rows == ["workload", "server", "throughput", "latency", "errors", "generator"]


def test_sizes_up_to_the_limit(server):
    done = bench(server, *SHORT, "--workload", "set", "--size", "1000000", "--nodes", "4", "--json")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["errors"] == {}


def test_nobody_there():
    port = servers.free_port()
    done = run_bench("--server", f"127.0.0.1:{port}")
    assert done.returncode == 1
    assert done.stderr.count("\n") == 1
    assert "Connection refused" in done.stderr


def test_a_server_that_goes_away_ends_the_run(server):
    argv = [str(servers.Drover.binary()), "bench", "--server", server.address, "--duration", "60"]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    with subprocess.Popen(argv, **pipes, text=True) as process:
        servers.wait_until(
            lambda: children(server, "/drover-bench") == "[" + ", ".join(
                f"{i:07}" for i in range(10)) + "]", 30, "the tree")
        server.kill()
        _, stderr = process.communicate(timeout=60 * sanitizers.patience())
        assert process.returncode == 1
        assert "no connection is left" in stderr


@pytest.mark.parametrize(
    "words",
    [
        ("--workload", "nonsense"), ("--sessions", "0"), ("--outstanding", "0"), ("--size", "-1"),
        ("--server", "host/chroot"), ("--server", "host:99999"), ("--root", "relative"),
        ("--root", "/"), ("--duration", "x"), ("--nonsense",),
    ],
)
def test_wrong_options_are_named(words):
    done = run_bench(*words)
    assert done.returncode == 2
    assert words[0] in done.stderr
