"""Runs `drover log`, `snapshot` and `doctor`, and makes real directories for them to look into."""

import contextlib
import dataclasses
import json
import subprocess

import sample_tree
import txn_log_file
from support import sanitizers, servers
from support.rawclient import Err, OpCode, RawClient

OK, WARNINGS, PROBLEMS, NOT_EXAMINED = range(4)  # exit codes

AUTHORS = ("debian", "drover")


@dataclasses.dataclass
class Outcome:
    """What a tool said and how it ended."""

    code: int
    out: str
    err: str

    @property
    def json(self):
        """Standard output as one JSON value."""
        return json.loads(self.out)

    @property
    def json_lines(self):
        """Standard output as a JSON value a line."""
        return [json.loads(line) for line in self.out.splitlines()]

    def findings(self, severity=None):
        """Findings of `--json`, by code."""
        return {
            found["code"]: found
            for found in self.json["findings"]
            if severity in (None, found["severity"])
        }


def drover(*words, stdin="", seconds=60, text=True):
    """Runs the binary under test; words are taken as they are."""
    done = subprocess.run(
        [str(servers.Drover.binary()), *(str(word) for word in words)],
        input=stdin if text else stdin.encode(),
        capture_output=True,
        timeout=seconds * sanitizers.patience(),
        check=False,
        env={
            "TZ": "UTC", "PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8",
            **sanitizers.Reports.environment(),
        },
        **({"text": True, "errors": "surrogateescape"} if text else {}),
    )
    return Outcome(done.returncode, done.stdout, done.stderr)


def write_directory(author, folder, runs=2, nodes=12, **options):
    """A directory as `author` leaves it after `runs` crashes: a log and a snapshot for each run."""
    options.setdefault("config", {"preAllocSize": 64})
    with contextlib.closing(
        servers.server_by_name(author, data_dir=folder, **options)
    ) as server:
        for run in range(runs):
            server.start()
            with RawClient(server.port) as client:
                client.connect()
                assert client.call(OpCode.CREATE, f"/run{run}").err == Err.OK
                # One by one: what was answered is durable, all but the last.
                for n in range(nodes):
                    reply = client.call(OpCode.CREATE, f"/run{run}/n{n}", b"data %d" % n * 9)
                    assert reply.err == Err.OK
            server.kill()
    return folder


def logs(folder):
    """Log files of a data directory, oldest first."""
    return txn_log_file.log_files(folder)


def snapshots(folder):
    """Snapshots of a data directory, oldest first."""
    return txn_log_file.snapshot_files(folder)


def write_sample_directory(author, folder):
    """A data directory with one of everything in its logs and its newest snapshot."""
    config = {**sample_tree.CONFIG, "preAllocSize": 64}
    server = servers.server_by_name(author, data_dir=folder, config=config)
    try:
        server.start()
        sample_tree.write_sample(server.port, "/sample")
        server.kill()
        server.start()  # A start after txns writes a snapshot.
        servers.wait_until(lambda: len(snapshots(folder)) > 1, 10, "a second snapshot")
        server.kill()
    finally:
        server.close()
    return folder
