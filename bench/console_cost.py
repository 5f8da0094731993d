#!/usr/bin/python3
"""What an open console and a scrape per second cost the clients of a server.

One server, one generator whose load goes on throughout, and a poller that asks what an open page
and a scraper ask, in slices with and without, in changing order. On two processors or more the
server has the first half for itself; generator and poller have the other, as they would have
machines of their own.

What a page costs is far below what a machine's speed wavers, so the poller asks `--faster` times
as often as a page does, and the cost is divided by as many times as it got through. The sampling of requests for the hot
paths goes on for a minute after it was asked for, in all slices: core_bench's BM_HotSampler tells
what that is per request.

    bench/console_cost.py                     6 cells, 20 pairs of slices, 8 minutes
    bench/console_cost.py --only get:50x32 --pairs 40

Not under chrt -f: the poller would wait for the generator.
"""

import argparse
import http.client
import json
import os
import pathlib
import statistics
import subprocess
import sys
import threading
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "tests"))

from support import servers  # noqa: E402  (the path above makes it importable)

CELLS = [
    (workload, sessions, outstanding)
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
ASKED_PER_SECOND = sum(1 / every for every, _ in ASKED)
SETTLE_SECONDS = 0.3


class Poller(threading.Thread):
    """Open consoles and scrapers, on one connection."""

    def __init__(self, server, faster):
        super().__init__(daemon=True)
        self.server, self.faster, self.over, self.asked = server, faster, threading.Event(), 0
        self.failed = []

    def run(self):
        due = [(time.monotonic() + i / 10 / self.faster, i) for i in range(len(ASKED))]
        connection = http.client.HTTPConnection("127.0.0.1", self.server.admin_port, timeout=10)
        while not self.over.is_set():
            at, which = min(due)
            if self.over.wait(max(0, at - time.monotonic())):
                break
            every, path = ASKED[which]
            due[which] = (at + every / self.faster, which)
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


def part_processors(server):
    """The first half is the server's, the rest ours and our children's."""
    processors = sorted(os.sched_getaffinity(0))
    half = len(processors) // 2
    if half == 0:
        return
    for task in pathlib.Path(f"/proc/{server.pid}/task").iterdir():
        os.sched_setaffinity(int(task.name), processors[:half])
    os.sched_setaffinity(0, processors[half:])


def requests_received(server):
    for line in servers.four_letter_word(server.port, "mntr").decode().splitlines():
        if line.startswith("zk_packets_received"):
            return int(line.split()[1])
    raise RuntimeError("mntr without zk_packets_received")


def throughput(server, seconds):
    """Requests per second of the load that is on."""
    began, before = time.monotonic(), requests_received(server)
    time.sleep(seconds)
    return (requests_received(server) - before) / (time.monotonic() - began)


def measure(cell, pairs, seconds, faster):
    """Per pair: the share of throughput lost; and how many pages were asked, per second."""
    workload, sessions, outstanding = cell
    losses, asked = [], 0
    everything = sorted(os.sched_getaffinity(0))
    with start_server() as server:
        part_processors(server)
        argv = [str(servers.Drover.binary()), "bench", "--json", "--server", server.address]
        argv += ["--workload", workload, "--sessions", str(sessions)]
        argv += ["--outstanding", str(outstanding), "--duration", "86400"]
        generator = subprocess.Popen(argv, stdout=subprocess.DEVNULL)
        try:
            with Poller(server, 1):  # the sampling is on from here
                time.sleep(5)
            for pair in range(pairs):
                rate = {}
                for watched in (False, True) if pair % 2 == 0 else (True, False):
                    if not watched:
                        time.sleep(SETTLE_SECONDS)
                        rate[watched] = throughput(server, seconds)
                        continue
                    with Poller(server, faster) as poller:
                        time.sleep(SETTLE_SECONDS)
                        rate[watched] = throughput(server, seconds)
                    asked += poller.asked
                losses.append(1 - rate[True] / rate[False])
            if generator.poll() is not None:
                raise RuntimeError("the generator ended early")
        finally:
            generator.terminate()
            generator.wait()
            os.sched_setaffinity(0, everything)
    return losses, asked / (pairs * (seconds + SETTLE_SECONDS))


def cell_named(name):
    for cell in CELLS:
        if name == "{}:{}x{}".format(*cell):
            return cell
    raise argparse.ArgumentTypeError(
        f"no cell {name}; there are " + ", ".join("{}:{}x{}".format(*cell) for cell in CELLS)
    )


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--pairs", type=int, default=20, help="of slices, in a cell")
    parser.add_argument("--seconds", type=float, default=1.5, help="of one slice")
    parser.add_argument("--faster", type=float, default=20, help="than a page asks, that often")
    parser.add_argument("--only", type=cell_named, action="append", metavar="WORKLOAD:SxO")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    rows, everything = [], []
    for cell in options.only or CELLS:
        losses, asked = measure(cell, options.pairs, options.seconds, options.faster)
        times = asked / ASKED_PER_SECOND
        everything += [loss / times for loss in losses]
        quarters = statistics.quantiles(losses, n=4)
        row = {
            "cell": "{}:{}x{}".format(*cell),
            "times_as_often": round(times, 1),
            "loss_percent": round(100 * statistics.median(losses), 2),
            "quarters_percent": [round(100 * quarters[0], 1), round(100 * quarters[2], 1)],
            "cost_percent": round(100 * statistics.median(losses) / times, 2),
        }
        rows.append(row)
        if not options.json:
            print(
                "{cell:10} costs {cost_percent:5} % ({times_as_often} times as often: "
                "{loss_percent} %, half of the pairs within {quarters_percent})".format(**row),
                flush=True,
            )
    cost = round(100 * statistics.median(everything), 2)
    rows.append({"cell": "all", "cost_percent": cost})
    print(json.dumps(rows) if options.json else f"all cells  costs {cost:5} %")
    return 0


if __name__ == "__main__":
    sys.exit(main())
