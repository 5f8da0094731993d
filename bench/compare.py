#!/usr/bin/python3
"""Drover and Apache ZooKeeper side by side on this machine: speed, CPU, memory, restart.

Every figure of one table comes from one run, because machines differ and neighbours come and go.
The servers are started together, the JVMs warmed, and each cell is measured in rounds that alternate
between them; a ratio is the median of the rounds' ratios. docs/bench.md tells how to read the tables.

    bench/compare.py                                Drover and Debian's Apache 3.8.0, 10 minutes
    bench/compare.py --servers drover apache-3.9    needs Maven once
    bench/compare.py --quick                        2 minutes, figures for a first look
    bench/compare.py --only memory --nodes 100000
"""

import argparse
import contextlib
import json
import os
import pathlib
import re
import statistics
import subprocess
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "tests"))

from support import servers  # noqa: E402  (the path above makes it importable)
from support.rawclient import ConnectionClosed, OpCode, RawClient  # noqa: E402

CELLS = [
    {"workload": workload, "sessions": sessions, "outstanding": outstanding}
    for workload in ("get", "set")
    for sessions in (1, 50)
    for outstanding in (1, 32)
]
JVM_OPTIONS = ("-Xmx4g",)  # for everybody the same: a million znodes must fit
CONFIG = {"tickTime": "2000"}
MIB = 1 << 20


def start_server(name):
    """A server as an operator would run it: defaults, but for the heap and for silence."""
    return servers.server_by_name(
        name, config=CONFIG, jvm_options=JVM_OPTIONS, log_level="warn"
    ).start()


def bench(server, **options):
    """One run of `drover bench` against `server`; its report as a dictionary."""
    argv = [str(servers.Drover.binary()), "bench", "--json", "--server", server.address,
            "--server-pid", str(server.pid)]
    for name, value in options.items():
        argv.append(f"--{name.replace('_', '-')}")
        if value is not True:
            argv.append(str(value))
    done = subprocess.run(argv, stdout=subprocess.PIPE, text=True, check=True)
    report = json.loads(done.stdout)
    if report["errors"] or report["connections_lost"]:
        raise RuntimeError(f"{server.address}: {report['errors']}")
    return report


def say(text):
    """Progress, apart from the tables."""
    print(text, file=sys.stderr, flush=True)


def measure_speed(names, options):
    """Reports of every cell: a list with, for each round, a dictionary from server to report."""
    results = []
    with contextlib.ExitStack() as stack:
        running = {}
        for name in names:
            running[name] = start_server(name)
            stack.callback(running[name].close)
        for name in names:
            seconds = 1 if name == "drover" else options.jvm_warmup
            say(f"warming {name} for {seconds:g} s")
            bench(running[name], workload="mixed", sessions=50, outstanding=8, read_percent=50,
                  duration=seconds, warmup=0)
        for cell in CELLS:
            rounds = []
            for number in range(options.rounds):
                say(f"{cell_name(cell)}, round {number + 1} of {options.rounds}")
                order = names if number % 2 == 0 else names[::-1]
                settings = {**cell, "size": 100, "duration": options.duration, "warmup": 1}
                rounds.append({name: bench(running[name], **settings) for name in order})
            results.append({"cell": cell, "rounds": rounds})
    return results


def read_one(server, path):
    """True once a session can be opened and `path` be read."""
    try:
        with RawClient(server.port) as client:
            client.connect()
            reply = client.call(OpCode.GET_DATA, path, False)
            client.close_session()
            return reply.err == 0
    except (OSError, ConnectionClosed):
        return False


def resident_bytes(pid):
    """Resident memory of a process."""
    pages = int(pathlib.Path(f"/proc/{pid}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGESIZE")


def heap_after_gc(pid):
    """Bytes that a JVM's live objects take, or None where jcmd cannot tell."""
    try:
        subprocess.run(["jcmd", str(pid), "GC.run"], capture_output=True, timeout=120, check=True)
        info = subprocess.run(["jcmd", str(pid), "GC.heap_info"], capture_output=True, text=True,
                              timeout=60, check=True).stdout
    except (OSError, subprocess.SubprocessError):
        return None
    # One line for G1 ("total 4194304K, used 321654K"), one per generation for the serial collector.
    used = re.findall(r"(?:heap|generation).*?used (\d+)K", info)
    return sum(int(kib) for kib in used) * 1024 if used else None


def measure_memory(name, options):
    """Loads a tree into a fresh server, then restarts it."""
    server = start_server(name)
    try:
        empty = resident_bytes(server.pid)
        say(f"{name}: creating {options.nodes} znodes of 100 bytes")
        created = bench(server, workload="create", nodes=options.nodes, size=100, sessions=4,
                        outstanding=128, keep=True)
        result = {
            "creates_per_second": created["operations_per_second"],
            "create_cpu_us": created["server_cpu_us_per_operation"],
            "resident_empty": empty,
            "resident_loaded": resident_bytes(server.pid),
            "heap_after_gc": None if name == "drover" else heap_after_gc(server.pid),
        }
        last = f"/drover-bench/{(options.nodes - 1) // 1000:07}/node-{options.nodes - 1:010}"
        restarts = []
        for _ in range(options.restarts):
            server.stop(seconds=120)
            say(f"{name}: restarting")
            begin = time.monotonic()
            server.start(seconds=300)
            servers.wait_until(lambda: read_one(server, last), 60, "the first read")
            restarts.append(time.monotonic() - begin)
        result["restart_seconds"] = statistics.median(restarts)
        result["resident_restarted"] = resident_bytes(server.pid)
        return result
    finally:
        server.close()


def cell_name(cell):
    return f"{cell['workload']}, {cell['sessions']} x {cell['outstanding']}"


def median_of(rounds, name, field):
    return statistics.median(one[name][field] for one in rounds)


def median_ratio(rounds, ours, theirs, field):
    """Median over rounds of ours / theirs, without rounds where theirs is too small to see."""
    ratios = [one[ours][field] / one[theirs][field] for one in rounds if one[theirs][field] > 0]
    return statistics.median(ratios) if ratios else float("nan")


def print_table(title, header, rows):
    widths = [max(len(str(row[i])) for row in [header, *rows]) for i in range(len(header))]
    print(f"\n{title}\n")
    for row in (header, ["-" * width for width in widths], *rows):
        fields = (str(field).rjust(width) for field, width in zip(row, widths))
        print(f"| {' | '.join(fields)} |")


def print_speed(results, names):
    ours, others = names[0], names[1:]
    shown = (("operations_per_second", "{:.0f}"), ("server_cpu_us_per_operation", "{:.2f}"))
    for field, form in shown:
        rows = []
        for result in results:
            rounds = result["rounds"]
            row = [cell_name(result["cell"])]
            row += [form.format(median_of(rounds, name, field)) for name in names]
            row += [f"{median_ratio(rounds, ours, other, field):.2f}" for other in others]
            rows.append(row)
        print_table(field.replace("_", " "), ["sessions x outstanding", *names,
                    *(f"{ours} / {other}" for other in others)], rows)
    rows = []
    for result in results:
        row = [cell_name(result["cell"])]
        for name in names:
            latencies = [one[name]["latency_us"] for one in result["rounds"]]
            row += [f"{statistics.median(l[p] for l in latencies):.0f}" for p in ("p50", "p99")]
        rows.append(row)
    print_table("latency, us", ["sessions x outstanding",
                *(f"{name} {p}" for name in names for p in ("p50", "p99"))], rows)


def print_memory(results, names, nodes):
    ours = names[0]
    fields = [
        ("creates_per_second", "creates/s", "{:.0f}", 1),
        ("create_cpu_us", "server CPU per create, us", "{:.2f}", 1),
        ("resident_empty", "resident when empty, MiB", "{:.0f}", MIB),
        ("resident_loaded", "resident after the load, MiB", "{:.0f}", MIB),
        ("heap_after_gc", "heap after GC, MiB", "{:.0f}", MIB),
        ("restart_seconds", "restart to first read, s", "{:.2f}", 1),
        ("resident_restarted", "resident after restart, MiB", "{:.0f}", MIB),
    ]
    rows = []
    for field, title, form, unit in fields:
        values = [results[name][field] for name in names]
        row = [title, *("-" if value is None else form.format(value / unit) for value in values)]
        for value in values[1:]:
            row.append("-" if value is None or values[0] is None else f"{values[0] / value:.3f}")
        rows.append(row)
    print_table(f"{nodes} znodes of 100 bytes",
                ["", *names, *(f"{ours} / {other}" for other in names[1:])], rows)


def parse_options():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--servers", nargs="+", default=["drover", "debian"],
                        help="drover, debian, apache-3.5, apache-3.8, apache-3.9; the first is "
                        "compared with the others")
    parser.add_argument("--only", choices=["speed", "memory"], help="leave the other part out")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--duration", type=float, default=5, help="seconds of one measurement")
    parser.add_argument("--jvm-warmup", type=float, default=20, help="seconds of load beforehand")
    parser.add_argument("--nodes", type=int, default=1_000_000, help="size of the tree for memory")
    parser.add_argument("--restarts", type=int, default=3)
    parser.add_argument("--quick", action="store_true", help="2 rounds of 2 s, 100000 znodes")
    parser.add_argument("--json", type=pathlib.Path, help="also write every figure to this file")
    options = parser.parse_args()
    if options.quick:
        options.rounds, options.duration, options.jvm_warmup = 2, 2, 10
        options.nodes, options.restarts = 100_000, 1
    return options


def main():
    options = parse_options()
    names = options.servers
    print(f"{os.cpu_count()} cores, load average {os.getloadavg()[0]:.1f} at the start; "
          f"{options.rounds} rounds of {options.duration:g} s; JVM {' '.join(JVM_OPTIONS)}")
    figures = {}
    if options.only != "memory":
        figures["speed"] = measure_speed(names, options)
        print_speed(figures["speed"], names)
    if options.only != "speed":
        figures["memory"] = {name: measure_memory(name, options) for name in names}
        print_memory(figures["memory"], names, options.nodes)
    print(f"\nload average {os.getloadavg()[0]:.1f} at the end")
    if options.json:
        options.json.write_text(json.dumps(figures, indent=1))


if __name__ == "__main__":
    main()
