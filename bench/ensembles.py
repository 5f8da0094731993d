#!/usr/bin/python3
"""Ensembles of three side by side on this machine: how fast they write, how soon they are back.

    bench/ensembles.py                                  Drover and Debian's Apache 3.8.0
    bench/ensembles.py --servers drover apache-3.9      needs Maven once
    bench/ensembles.py --only failover --rounds 30

Failover is the time from SIGKILL (or SIGSTOP) of the leader to the next acknowledged write of a client
that asks the others all the time, with a new session each. Default settings: tickTime 2000, syncLimit 5.
docs/bench.md tells how to read the tables.
"""

import argparse
import json
import os
import pathlib
import signal
import statistics
import subprocess
import sys
import threading
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "tests"))

from support import servers  # noqa: E402  (the path above makes it importable)
from support.ensembles import Ensemble  # noqa: E402
from support.rawclient import OPEN_ACL, OpCode, RawClient  # noqa: E402

SIZE = 3
CELLS = [
    {"workload": workload, "sessions": sessions, "outstanding": outstanding}
    for workload in ("set", "get")
    for sessions, outstanding in ((1, 1), (50, 1), (50, 32))
]


def start(name):
    options = {"jvm_options": ("-Xmx1g",)} if name != "drover" else {}
    return Ensemble([name] * SIZE, config={"tickTime": "2000"}, log_level="warn", **options).start()


# -- failover --------------------------------------------------------------------------------


def first_write(server, path, give_up_at, written):
    """Asks `server` until one write of a new session is acknowledged; puts the time into `written`."""
    while time.monotonic() < give_up_at and not written:
        try:
            client = RawClient(server.port, timeout=1.0)
            try:
                client.connect(timeout_ms=10000)
                if client.call(OpCode.CREATE, path, b"", OPEN_ACL, 0).err == 0:
                    written.append(time.monotonic())
                client.close_session()
            finally:
                client.disconnect()
        except Exception:  # not served, closed, timed out: ask again
            time.sleep(0.001)


def failover(ensemble, how, number, limit=60):
    """Milliseconds without writes after `how` befell the leader."""
    leader = ensemble.wait_for_leader()
    others = [server for server in ensemble.running() if server is not leader]
    began = time.monotonic()
    if how == "kill":
        leader.kill()
    else:
        os.kill(leader.pid, signal.SIGSTOP)
    written = []
    threads = [
        threading.Thread(
            target=first_write,
            args=(server, f"/failover-{how}-{number}-{server.sid}", began + limit, written),
        )
        for server in others
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if how == "kill":
        ensemble.restart(leader)
    else:
        os.kill(leader.pid, signal.SIGCONT)
    ensemble.wait_until_all_serve()
    if not written:
        raise RuntimeError(f"no write for {limit} s after {how}")
    return (min(written) - began) * 1000


def measure_failover(names, rounds):
    result = {}
    for name in names:
        ensemble = start(name)
        try:
            for how in ("kill", "stop"):
                times = []
                for number in range(rounds):
                    print(f"\r{name} {how} {number + 1}/{rounds} ", end="", file=sys.stderr)
                    times.append(failover(ensemble, how, number))
                    time.sleep(2.0)
                result[name, how] = sorted(times)
        finally:
            ensemble.close()
    print(file=sys.stderr)
    return result


# -- throughput ------------------------------------------------------------------------------


def bench(ensemble, cell, duration):
    addresses = ",".join(server.address for server in ensemble.members)
    argv = [str(servers.Drover.binary()), "bench", "--json", "--server", addresses,
            "--duration", str(duration), "--warmup", "1", "--size", "100"]
    for name, value in cell.items():
        argv += [f"--{name}", str(value)]
    before = sum(cpu_seconds(server.pid) for server in ensemble.members)
    done = subprocess.run(argv, stdout=subprocess.PIPE, text=True, check=True)
    cpu = sum(cpu_seconds(server.pid) for server in ensemble.members) - before
    return json.loads(done.stdout), cpu


def cpu_seconds(pid):
    fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def measure_throughput(names, rounds, duration):
    ensembles = {name: start(name) for name in names}
    try:
        result = {}
        for name, ensemble in ensembles.items():  # the JVMs are warm before anything counts
            bench(ensemble, {"workload": "set", "sessions": 50, "outstanding": 8}, 5)
        for cell in CELLS:
            for number in range(rounds):
                for name, ensemble in ensembles.items():
                    print(f"\r{cell} {number + 1}/{rounds} {name}   ", end="", file=sys.stderr)
                    report, cpu = bench(ensemble, cell, duration)
                    result.setdefault((label(cell), name), []).append(
                        (report["operations_per_second"], cpu * 1e6 / report["operations"])
                    )
        print(file=sys.stderr)
        return result
    finally:
        for ensemble in ensembles.values():
            ensemble.close()


def label(cell):
    return f"{cell['workload']}, {cell['sessions']} x {cell['outstanding']}"


# -- tables ----------------------------------------------------------------------------------


def print_throughput(result, names):
    titles = (
        f"operations per second, {SIZE} servers, sessions spread over them",
        "CPU of all servers per operation, us (warm-up included)",
    )
    for column, title in enumerate(titles):
        print(f"\n{title}")
        print(f"{'sessions x outstanding':>24}" + "".join(f"{name:>14}" for name in names)
              + f"{'ratio':>8}")
        for cell in CELLS:
            rows = [[one[column] for one in result[label(cell), name]] for name in names]
            ratios = [a / b for a, b in zip(rows[0], rows[-1])]
            print(f"{label(cell):>24}" + "".join(f"{statistics.median(row):14.1f}" for row in rows)
                  + f"{statistics.median(ratios):8.2f}")


def print_failover(result, names):
    print("\nms from the leader's end to the next acknowledged write")
    print(f"{'':>8}{'':>12}{'rounds':>8}{'median':>9}{'min':>9}{'p90':>9}{'max':>9}")
    for how in ("kill", "stop"):
        for name in names:
            times = result[name, how]
            print(f"{'SIG' + how.upper():>8}{name:>12}{len(times):8d}{statistics.median(times):9.0f}"
                  f"{times[0]:9.0f}{times[int(len(times) * 0.9)]:9.0f}{times[-1]:9.0f}")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--servers", nargs="+", default=["drover", "apache-debian"])
    parser.add_argument("--only", choices=("throughput", "failover"))
    parser.add_argument("--rounds", type=int, help="default: 3 for throughput, 30 for failover")
    parser.add_argument("--duration", type=float, default=3.0, help="seconds of one cell")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    report = {}
    if options.only != "failover":
        result = measure_throughput(options.servers, options.rounds or 3, options.duration)
        report["throughput"] = {f"{cell}, {name}": values for (cell, name), values in result.items()}
        if not options.json:
            print_throughput(result, options.servers)
    if options.only != "throughput":
        result = measure_failover(options.servers, options.rounds or 30)
        report["failover_ms"] = {f"{name}, {how}": times for (name, how), times in result.items()}
        if not options.json:
            print_failover(result, options.servers)
    if options.json:
        print(json.dumps(report))
    print(f"load average {os.getloadavg()[0]:.1f} at the end", file=sys.stderr)


if __name__ == "__main__":
    main()
