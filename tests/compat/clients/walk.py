"""Runs a client's walk: a program in that client's language, driven over its stdin and stdout.

The program is started with two connect strings (the server's, and that of a gate in front of it)
and prints one line at a time; README.md lists the words. What it reports is compared with the
checks the test requires, so that a walk which forgets half of its checks does not pass.
"""

import contextlib
import os
import queue
import signal
import subprocess
import threading
import time

from compat.clients.gate import Gate
from support.servers import Drover

# What every client can do, and so every walk must show.
COMMON_CHECKS = frozenset(
    {
        "crud.create", "crud.get", "crud.set", "crud.children", "crud.errors", "crud.delete",
        "watch.data", "watch.exists", "watch.child",
        "multi.success", "multi.failure-at-0", "multi.failure-at-1", "multi.failure-at-2",
        "acl.creator-all", "acl.digest", "acl.ip", "acl.set", "acl.invalid",
        "node.ephemeral", "node.sequential",
        "restart.term", "restart.term.session", "restart.term.data",
        "restart.term.ephemeral", "restart.term.watches",
        "restart.kill", "restart.kill.session", "restart.kill.data",
        "restart.kill.ephemeral", "restart.kill.watches",
        "cut.missed-events",
        "expiry.ephemeral", "expiry.client",
    }
)  # fmt: skip

# What only some clients offer.
JAVA_CHECKS_SINCE_35 = COMMON_CHECKS | {
    "crud.null-data", "crud.large", "watch.own-change", "watch.remove", "multi.transaction",
    "multi.empty", "acl.auth-failed", "node.container", "node.ttl", "node.sync", "expiry.timeout",
}  # fmt: skip
JAVA_CHECKS_SINCE_37 = JAVA_CHECKS_SINCE_35 | {
    "watch.persistent", "watch.recursive", "watch.persistent-remove", "watch.persistent-restart",
    "multi.read", "node.ephemerals-of-session", "node.all-children-number", "acl.whoami",
}  # fmt: skip
CURATOR_CHECKS = frozenset(
    {
        "recipe.mutex", "recipe.read-write-lock", "recipe.semaphore", "recipe.leader-latch",
        "recipe.barrier", "recipe.double-barrier", "recipe.atomic-long",
        "recipe.curator-cache", "recipe.tree-cache", "recipe.path-children-cache",
        "recipe.persistent-watcher", "recipe.persistent-node", "recipe.persistent-ttl-node",
        "recipe.group-member", "recipe.shared-count", "framework.transaction", "framework.create",
        "restart.term", "restart.kill", "expiry.ephemeral", "expiry.client", "expiry.recovery",
    }
)  # fmt: skip
KAZOO_CHECKS = COMMON_CHECKS | {
    "crud.null-data", "acl.auth-failed", "node.sync",
    "recipe.lock", "recipe.lock-of-the-dead", "recipe.read-write-lock", "recipe.semaphore",
    "recipe.election", "recipe.party", "recipe.barrier", "recipe.double-barrier", "recipe.queue",
    "recipe.locking-queue", "recipe.counter", "recipe.lease", "recipe.data-watch",
    "recipe.children-watch", "recipe.tree-cache", "recipe.set-partitioner",
}  # fmt: skip
C_CHECKS = COMMON_CHECKS | {
    "crud.null-data", "watch.remove", "acl.auth", "acl.auth-failed", "node.container", "node.ttl",
}  # fmt: skip
GO_CHECKS = COMMON_CHECKS | {
    "crud.large", "acl.auth-failed", "acl.odd-digest", "node.container", "node.ttl", "node.sync",
    "recipe.lock",
}  # fmt: skip
NODE_CHECKS = COMMON_CHECKS | {"crud.mkdirp", "acl.auth-failed", "expiry.timeout"}
RUST_CHECKS = COMMON_CHECKS | {
    "watch.remove", "watch.persistent", "watch.recursive", "multi.check-writer", "multi.read",
    "acl.whoami", "acl.auth-failed", "node.container", "node.ttl", "node.sync", "recipe.lock",
    "expiry.timeout",
}  # fmt: skip

# What a server needs so that a walk can see containers and TTLs go within its deadlines, and so
# that its sessions outlive a restart on a machine with a hundred other things to do.
SERVER_OPTIONS = {
    "config": {"tickTime": 500, "maxSessionTimeout": 60_000, "extendedTypesEnabled": "true"},
    "properties": {"znode.container.checkIntervalMs": 200},
}

WALK_SECONDS = 150


class Walk:
    """One run of a program against one server; `run` does everything."""

    def __init__(self, server, command, error_log, environment=None):
        self._server = server
        self._command = [str(word) for word in command]
        self._error_log = error_log
        self._environment = {**os.environ, **(environment or {})}
        self._lines = queue.Queue()
        self._passed = []
        self._failed = []
        # Apache takes connections before it serves, and never answers some of them: a client that
        # comes in that moment waits out its session. So before Apache stands a gate that opens
        # when it serves; Drover is met as it is.
        self._front = None

    def run(self, required, seconds=WALK_SECONDS):
        """Runs the program to its end; raises AssertionError with all that went wrong."""
        deadline = time.monotonic() + seconds
        with contextlib.ExitStack() as stack:
            gate = stack.enter_context(Gate(self._server.port))
            errors = stack.enter_context(open(self._error_log, "wb"))
            address = self._server.address
            if not isinstance(self._server, Drover):
                self._front = stack.enter_context(Gate(self._server.port))
                address = self._front.address
            process = subprocess.Popen(
                [*self._command, address, gate.address],
                stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=errors,
                env=self._environment, text=True, bufsize=1,
            )  # fmt: skip
            try:
                threading.Thread(target=self._read, args=(process.stdout,), daemon=True).start()
                self._converse(process, gate, deadline)
                code = process.wait(max(1.0, deadline - time.monotonic()))
            finally:
                process.kill()
                process.wait()
        self._judge(required, code)

    def _read(self, stream):
        for line in stream:
            self._lines.put(line.rstrip("\n"))
        self._lines.put(None)

    def _converse(self, process, gate, deadline):
        requests = {
            "restart term": lambda: self._restart(signal.SIGTERM),
            "restart kill": lambda: self._restart(signal.SIGKILL),
            "gate shut": gate.shut,
            "gate freeze": gate.freeze,
            "gate open": gate.open,
        }
        while (line := self._next_line(deadline)) is not None:
            word, _, rest = line.partition(" ")
            if word == "ok":
                self._passed.append(rest)
            elif word == "FAIL":
                self._failed.append(rest)
            elif line in requests:
                requests[line]()
                process.stdin.write("done\n")
                process.stdin.flush()
            else:
                self._failed.append(f"the program said {line!r}, which means nothing here")

    def _next_line(self, deadline):
        try:
            return self._lines.get(timeout=max(0.0, deadline - time.monotonic()))
        except queue.Empty:
            last = (self._passed or ["nothing"])[-1]
            raise AssertionError(
                f"the walk did not end in time; last check passed: {last}; failed: {self._failed}"
                f"\n{self._logs()}"
            ) from None

    def _restart(self, signal_number):
        if signal_number == signal.SIGKILL:
            self._server.kill()
        else:
            self._server.stop()
        if self._front is not None:
            self._front.shut()
        self._server.start()
        if self._front is not None:
            self._front.open()

    def _judge(self, required, code):
        missing = sorted(set(required) - set(self._passed))
        if not self._failed and not missing and code == 0:
            return
        report = [f"FAIL {failure}" for failure in self._failed]
        report += [f"never passed: {name}" for name in missing]
        report.append(f"exit code {code}; passed {len(self._passed)} checks")
        raise AssertionError("\n".join(report) + "\n" + self._logs())

    def _logs(self, size=5000):
        with open(self._error_log, errors="replace") as errors:
            said = errors.read()[-size:]
        return f"-- the walk's stderr --\n{said}\n-- the server's log --\n{self._server.log_tail()}"
