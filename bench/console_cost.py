#!/usr/bin/python3
"""What an open console and a scrape per second cost the clients of a server.

Two servers of the same binary run side by side; one has an open console and a scraper while it is
measured, the other never has. Each round measures both, one after the other, in changing order;
after half of the rounds new servers are started and the other one is watched. A cost is the median
of the rounds' ratios. What the poller itself takes of the processor counts as a cost too.

    bench/console_cost.py                     6 cells, 8 rounds, 7 minutes
    bench/console_cost.py --rounds 4 --seconds 2
    chrt -f 10 bench/console_cost.py          on a machine that others use too
"""

import argparse
import contextlib
import http.client
import json
import pathlib
import statistics
import subprocess
import sys
import threading
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "tests"))

from support import servers  # noqa: E402  (the path above makes it importable)

CELLS = [
    {"workload": workload, "sessions": sessions, "outstanding": outstanding}
    for workload in ("get", "set")
    for sessions, outstanding in ((50, 1), (50, 32), (1, 1))
]
# What the page asks, and how often, seconds.
ASKED = [
    (1, "/metrics"),
    (2, "/console/api/ensemble"),
    (2, "/console/api/sessions?limit=100"),
    (2, "/console/api/hot"),
    (5, "/console/api/series?since=0"),
    (2, "/console/api/children?path=/&limit=200"),
    (2, "/console/api/node?path=/"),
]


class Watched(threading.Thread):
    """An open console and a scraper, on one connection."""

    def __init__(self, server):
        super().__init__(daemon=True)
        self.server, self.over, self.asked = server, threading.Event(), 0
        self.failed = []

    def run(self):
        due = [(time.monotonic() + i / 10, i) for i in range(len(ASKED))]
        connection = http.client.HTTPConnection("127.0.0.1", self.server.admin_port, timeout=10)
        while not self.over.is_set():
            at, which = min(due)
            if self.over.wait(max(0, at - time.monotonic())):
                break
            every, path = ASKED[which]
            due[which] = (at + every, which)
            connection.request("GET", path)
            answer = connection.getresponse()
            answer.read()
            self.asked += 1
            if answer.status != 200:
                self.failed.append((path, answer.status))
        connection.close()

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *_):
        self.over.set()
        self.join()
        assert not self.failed, self.failed[:3]


def start_server():
    server = servers.Drover(
        config={
            "tickTime": "2000",
            "admin.enableServer": "true",
            "admin.serverAddress": "127.0.0.1",
            "admin.serverPort": str(port := servers.free_port()),
        }
    )
    server.admin_port = port
    return server


def throughput(server, cell, seconds):
    argv = [str(servers.Drover.binary()), "bench", "--json", "--server", server.address]
    for name, value in {**cell, "warmup": 0.5, "duration": seconds}.items():
        argv += [f"--{name}", str(value)]
    done = subprocess.run(argv, stdout=subprocess.PIPE, text=True, check=True)
    report = json.loads(done.stdout)
    if report["errors"] or report["connections_lost"]:
        raise RuntimeError(report)
    return report["operations_per_second"]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=8, help="an even number")
    parser.add_argument("--seconds", type=int, default=3, help="of one measurement")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    ratios = {index: [] for index in range(len(CELLS))}
    asked = 0
    for half in (0, 1):
        with start_server() as one, start_server() as two:
            watched, other = (one, two) if half == 0 else (two, one)
            for server in (one, two):
                throughput(server, CELLS[0], 1)
            for turn in range(options.rounds // 2):
                for index, cell in enumerate(CELLS):
                    pair = {}
                    for server in (watched, other) if turn % 2 == 0 else (other, watched):
                        with contextlib.ExitStack() as stack:
                            if server is watched:
                                watcher = stack.enter_context(Watched(server))
                            pair[server] = throughput(server, cell, options.seconds)
                    asked += watcher.asked
                    ratios[index].append(pair[watched] / pair[other])
    rows = [
        {
            **cell,
            "cost_percent": round(100 * (1 - statistics.median(ratios[index])), 2),
            "rounds_percent": sorted(round(100 * (1 - ratio), 1) for ratio in ratios[index]),
        }
        for index, cell in enumerate(CELLS)
    ]
    everything = [ratio for some in ratios.values() for ratio in some]
    rows.append({"all": True, "cost_percent": round(100 * (1 - statistics.median(everything)), 2)})
    if not options.json:
        for row in rows[:-1]:
            print(
                "{workload} sessions={sessions} outstanding={outstanding}: costs {cost_percent} %, "
                "rounds {rounds_percent}".format(**row)
            )
        print(f"all cells: costs {rows[-1]['cost_percent']} %, {asked} pages asked")
    if options.json:
        print(json.dumps(rows))
    return 0


if __name__ == "__main__":
    sys.exit(main())
