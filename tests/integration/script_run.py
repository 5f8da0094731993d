"""Runs Apache's zkServer.sh and ours in the same situations, and makes what they say comparable.

Apache's is Debian's; of its zkEnv.sh, which knows Debian's folders only, the few lines that matter
stand here.
"""

import contextlib
import dataclasses
import os
import pathlib
import re
import signal
import subprocess

from support import sanitizers, servers

REPOSITORY = pathlib.Path(__file__).resolve().parents[2]
SCRIPTS = REPOSITORY / "bin"
APACHE_SCRIPTS = pathlib.Path("/usr/share/zookeeper/bin")
APACHE_ENVIRONMENT = """\
ZOOCFG="$ZOOCFGDIR/${ZOOCFG:-zoo.cfg}"
JAVA=java
"""
# Said by Apache's alone: there is no JMX here, and its greps complain of files that are not there.
APACHE_ONLY = re.compile(r"ZooKeeper (remote )?JMX|JMX disabled|grep:|mkdir:")
OURS_ONLY = re.compile(r"zkServer\.sh: ")  # reasons; Apache's gives none


@dataclasses.dataclass
class Outcome:
    """What a script did."""

    code: int
    stdout: str
    stderr: str


class Side:
    """One of the two zkServer.sh with a configuration, a data and a log folder of its own.

    What a situation does with it is kept in `transcript`, with folders, ports and process numbers
    replaced by their names.
    """

    def __init__(self, folder):
        self.folder = pathlib.Path(folder)
        self.conf = self.folder / "conf"
        self.data = self.folder / "data"
        self.logs = self.folder / "logs"
        self.conf.mkdir(parents=True)
        self.port = servers.free_port()
        self.pid_file = self.data / "zookeeper_server.pid"
        self.transcript = []

    def script(self, name="zkServer.sh"):
        """Path of a script."""
        raise NotImplementedError

    def environment(self):
        """What only this side needs in the environment."""
        raise NotImplementedError

    def write_config(self, text=None, name="zoo.cfg"):
        """zoo.cfg of a standalone server, or `text` with {data}, {port} and {folder} filled in."""
        text = text or "dataDir={data}\nclientPort={port}\n"
        keys = "tickTime=500\nadmin.enableServer=false\n4lw.commands.whitelist=*\n"
        text = keys + text.format(data=self.data, port=self.port, folder=self.folder)
        (self.conf / name).write_text(text)

    def run(self, *words, config=None, name="zkServer.sh", **variables):
        """One call, as it is. `config`: another zoo.cfg than this side's."""
        environment = {
            "PATH": "/usr/bin:/bin",
            "USER": "tester",
            "ZOOCFGDIR": str(self.conf),
            "ZOO_LOG_DIR": str(self.logs),
            **sanitizers.Reports.environment(),
            **self.environment(),
            **{key: str(value) for key, value in variables.items()},
        }
        argv = [str(self.script(name)), *words, *([str(config)] if config else [])]
        done = subprocess.run(
            argv, capture_output=True, text=True, env=environment, cwd=self.folder, check=False,
            stdin=subprocess.DEVNULL, timeout=60 * sanitizers.patience(),
        )
        return Outcome(done.returncode, done.stdout, done.stderr)

    def do(self, *words, **options):
        """One call that goes to the transcript: words, exit code, both streams."""
        outcome = self.run(*words, **options)
        errors = [line for line in outcome.stderr.splitlines() if not self._only_here(line)]
        self.transcript.append(
            [" ".join(words), outcome.code, self._named(outcome.stdout), self._named("\n".join(errors))]
        )
        return outcome

    def wait_until_serving(self):
        servers.wait_until(
            lambda: b"Mode:" in servers.four_letter_word(self.port, "srvr"), 60, "a server"
        )

    def pid(self):
        """The number in the pid file; None: there is none."""
        with contextlib.suppress(OSError, ValueError):
            return int(self.pid_file.read_text())
        return None

    def wait_until_gone(self, pid):
        servers.wait_until(lambda: not self._is_ours(pid), 30, f"the end of process {pid}")

    def close(self):
        """Ends what was started here and still runs."""
        for pid in {self.pid(), *self._pids_seen()} - {None}:
            if self._is_ours(pid):
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)

    def _pids_seen(self):
        """Every process whose command line names our zoo.cfg: those that no pid file knows."""
        for entry in pathlib.Path("/proc").iterdir():
            if entry.name.isdigit() and self._is_ours(int(entry.name)):
                yield int(entry.name)

    def _is_ours(self, pid):
        with contextlib.suppress(OSError):
            return str(self.conf).encode() in pathlib.Path(f"/proc/{pid}/cmdline").read_bytes()
        return False

    @staticmethod
    def _only_here(line):
        return APACHE_ONLY.match(line) or OURS_ONLY.match(line)

    def _named(self, text):
        for value, name in [
            (self.script(), "<script>"), (self.folder, "<folder>"), (self.port, "<port>"),
        ]:
            text = text.replace(str(value), name)
        return re.sub(r"process \d+", "process <pid>", text)


class ApacheSide(Side):
    """Debian's zkServer.sh, which runs Debian's server."""

    def __init__(self, folder):
        super().__init__(folder)
        self._server = servers.DebianApache(port=self.port)
        bin_folder = self.folder / "bin"
        bin_folder.mkdir()
        for name in ("zkServer.sh", "zkCleanup.sh"):
            (bin_folder / name).symlink_to(APACHE_SCRIPTS / name)
        (bin_folder / "zkEnv.sh").write_text(APACHE_ENVIRONMENT)

    def script(self, name="zkServer.sh"):
        return self.folder / "bin" / name

    def environment(self):
        return {
            "CLASSPATH": self._server.class_path(),
            "JVMFLAGS": " ".join(servers.FAST_START_JVM),
        }

    def close(self):
        super().close()
        self._server.close()


class DroverSide(Side):
    """Ours."""

    def script(self, name="zkServer.sh"):
        return SCRIPTS / name

    def environment(self):
        return {
            "DROVER_BINARY": str(servers.Drover.binary()),
            "JVMFLAGS": " ".join(servers.FAST_START_JVM),
        }
