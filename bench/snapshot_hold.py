#!/usr/bin/python3
"""How long snapshots hold the tree while clients write: Drover alone, a big tree, a write load.

The tree is filled, then setData of random znodes runs for a while; snapCount makes snapshots follow
each other. Each snapshot says in the server's log how often and how long it held the tree. The
longest hold is printed beside what the clients saw; exit status 1 when it is above --limit-us.
docs/bench.md has the figures.

    bench/snapshot_hold.py                     a million znodes of 100 bytes, 20 s of load
    bench/snapshot_hold.py --nodes 100000 --duration 5
"""

import argparse
import re
import sys

import compare  # also makes tests/support importable
from support import servers

LINE = re.compile(r"Snapshot taken in (\d+) ms: (\d+) znodes, (\d+) bytes; "
                  r"held the tree (\d+) times, (\d+) us at most")
SNAP_COUNT = 200_000  # txns; a snapshot follows after 100,000 to 200,000 of them


def parse_options():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--nodes", type=int, default=1_000_000)
    parser.add_argument("--sessions", type=int, default=50)
    parser.add_argument("--outstanding", type=int, default=32)
    parser.add_argument("--duration", type=float, default=20, help="seconds of load")
    parser.add_argument("--limit-us", type=int, default=1000)
    return parser.parse_args()


def main():
    options = parse_options()
    config = {**compare.CONFIG, "snapCount": SNAP_COUNT}
    with servers.server_by_name("drover", config=config) as server:
        compare.say(f"creating {options.nodes} znodes, then writing for {options.duration:g} s")
        report = compare.bench(server, workload="set", nodes=options.nodes, size=100, keep=True,
                               sessions=options.sessions, outstanding=options.outstanding,
                               warmup=0, duration=options.duration)
        taken = [row for row in LINE.findall(server.log.read_text())
                 if int(row[1]) >= options.nodes]  # the whole tree
    if not taken:
        print("no snapshot was taken: a longer --duration is needed")
        return 1
    rows = [[nodes, ms, times, longest] for ms, nodes, _, times, longest in taken]
    compare.print_table("snapshots under load", ["znodes", "ms", "holds", "longest hold, us"], rows)
    longest = max(int(row[3]) for row in rows)
    latency = report["latency_us"]
    print(f"\n{report['operations_per_second']:.0f} setData/s, {options.sessions} sessions x "
          f"{options.outstanding}; latency us p50 {latency['p50']:.0f}, p99 {latency['p99']:.0f}, "
          f"p99.9 {latency['p99_9']:.0f}, max {latency['max']:.0f}")
    print(f"longest hold of the tree: {longest} us")
    return 0 if longest <= options.limit_us else 1


if __name__ == "__main__":
    sys.exit(main())
