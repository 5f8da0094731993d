#!/usr/bin/python3
"""Client libraries side by side, against one server: ours, the C client, the Java client.

    bench/clients.py                           against Drover
    bench/clients.py --server apache-3.9       needs Maven once
    bench/clients.py --rounds 9 --json figures.json

Each program (bench/clients/) keeps requests in flight on one session, each answer sending the next. Rounds
alternate between the programs; a figure is the median of the rounds, a ratio the median of the rounds' own
ratios. docs/bench.md tells how to read the table.
"""

import argparse
import json
import os
import pathlib
import statistics
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tests"))
sys.path.insert(0, str(ROOT / "tests" / "compat" / "clients"))

import builds  # noqa: E402  (the paths above make these importable)
from support import servers  # noqa: E402

CELLS = [(op, outstanding) for op in ("get", "set") for outstanding in (1, 32, 1000)]


def programs(folder):
    """{name: the words that run it}; Java is compiled into `folder`."""
    built = servers.Drover.binary().parent
    class_path = builds.debian_class_path()
    source = ROOT / "bench" / "clients" / "JavaClient.java"
    builds.run(["javac", "-nowarn", "-d", folder, "-cp", class_path, source])
    return {
        "drover": [str(built / "bench_cpp_client")],
        "c": [str(built / "bench_c_client")],
        "java": ["java", "-Xmx1g", "-Dorg.slf4j.simpleLogger.defaultLogLevel=error", "-cp",
                 f"{folder}:{class_path}", "JavaClient"],
    }  # fmt: skip


def measure(argv, address, op, outstanding, options):
    words = [*argv, address, op, str(outstanding), str(options.seconds), str(options.bytes)]
    done = subprocess.run(words, stdout=subprocess.PIPE, text=True, check=True, timeout=120)
    return json.loads(done.stdout)


def per_operation(run):
    return run["cpu_seconds"] / run["operations"] * 1e6


def per_second(run):
    return run["operations"] / run["seconds"]


def show(runs, names):
    """One table: a cell of the load a row, a client a column."""
    median = statistics.median
    print(f"\n{'':>9}" + "".join(f"{name:>34}" for name in names))
    print(f"{'':>9}" + "".join(f"{'op/s':>11}{'cpu us':>8}{'p50 us':>7}{'p99 us':>8}" for _ in names))
    for op, outstanding in CELLS:
        row = f"{op:>3} x{outstanding:<5}"
        for name in names:
            rounds = runs[op, outstanding][name]
            row += f"{median(map(per_second, rounds)):>11,.0f}{median(map(per_operation, rounds)):>8.2f}"
            row += f"{median(run['p50_us'] for run in rounds):>7.0f}{median(run['p99_us'] for run in rounds):>8.0f}"
        print(row)
    for other in names[1:]:
        print(f"\ndrover beside {other}: op/s ratio, CPU per operation ratio")
        for cell in CELLS:
            pairs = list(zip(runs[cell]["drover"], runs[cell][other]))
            speed = median(per_second(ours) / per_second(theirs) for ours, theirs in pairs)
            cpu = median(per_operation(ours) / per_operation(theirs) for ours, theirs in pairs)
            print(f"{cell[0]:>3} x{cell[1]:<5}{speed:>8.2f}{cpu:>8.2f}")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--server", default="drover", help="drover (default), debian, apache-3.9, ...")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=2, help="that count, behind as many that do not")
    parser.add_argument("--bytes", type=int, default=100, help="of the znode's data")
    parser.add_argument("--without", nargs="*", default=[], choices=["c", "java"])
    parser.add_argument("--json", metavar="FILE", help="every run's figures")
    options = parser.parse_args()

    print("load average:", *os.getloadavg())
    with tempfile.TemporaryDirectory() as folder, servers.server_by_name(
        options.server, config={"tickTime": "2000"}, log_level="warn"
    ).start() as server:
        chosen = {name: argv for name, argv in programs(folder).items() if name not in options.without}
        runs = {cell: {name: [] for name in chosen} for cell in CELLS}
        for number in range(options.rounds):
            order = list(chosen) if number % 2 == 0 else list(reversed(chosen))
            for op, outstanding in CELLS:
                for name in order:
                    print(f"\r{number + 1}/{options.rounds} {op} x{outstanding} {name}     ", end="", file=sys.stderr)
                    runs[op, outstanding][name].append(measure(chosen[name], server.address, op, outstanding, options))
        print(file=sys.stderr)
    show(runs, list(chosen))
    if options.json:
        flat = {f"{op} x{outstanding}": result for (op, outstanding), result in runs.items()}
        pathlib.Path(options.json).write_text(json.dumps(flat, indent=1))
    print("load average:", *os.getloadavg())


if __name__ == "__main__":
    main()
