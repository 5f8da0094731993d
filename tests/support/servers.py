"""Real ZooKeeper servers as child processes: Apache's from Debian or Maven, and Drover.

Each class is a context manager. A server listens on a free loopback port, keeps its data in a
temporary folder of its own (removed at the end unless the caller gave one), and can be stopped,
killed and started again on the same data and port:

    with MavenApache("3.9") as server:
        server.port, server.data_dir, server.pid, server.log
        server.kill()
        server.start()

`config` adds keys to zoo.cfg. `properties` are those which Apache reads only as -D system
properties (jute.maxbuffer, znode.container.*, readonlymode.enabled); Drover takes the same names
as plain zoo.cfg keys, so a test names them once and runs against either.
"""

import contextlib
import ctypes
import os
import pathlib
import random
import shutil
import signal
import socket
import subprocess
import tempfile
import threading
import time

from support import sanitizers

CACHE = sanitizers.REPOSITORY / "build" / "compat"
DEBIAN_JARS = pathlib.Path("/usr/share/java")

# Pinned releases from Maven Central. "3.9" is the reference for behaviour: the newest 3.9 whose
# every file could be resolved. slf4j and metrics follow what each release was built with.
MAVEN_RELEASES = {
    "3.5": {"zookeeper": "3.5.10", "slf4j": "1.7.36", "metrics": "3.2.6"},
    "3.8": {"zookeeper": "3.8.6", "slf4j": "2.0.13", "metrics": "4.1.12.1"},
    "3.9": {"zookeeper": "3.9.5", "slf4j": "2.0.13", "metrics": "4.1.12.1"},
}

# Tests start many servers and drive them for a short time: no time to pay for parallel garbage
# collection or the optimising compiler.
FAST_START_JVM = ("-Xmx512m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-Xshare:auto")

START_SECONDS = 60
STOP_SECONDS = 20


class ServerFailed(Exception):
    """The server did not start, stop or answer in time; the text ends with the tail of its log."""


def free_port():
    """A loopback TCP port nobody listens on now, and which this process is told of once only.

    It lies below those that connections get (ip_local_port_range): a server that was killed must
    find its port free when it comes back, whatever others dialled meanwhile.
    """
    for _ in range(1000):
        port = random.randrange(10_000, 32_768)
        if port in _given_ports:
            continue
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.bind(("127.0.0.1", port))
            _given_ports.add(port)
            return port
    raise ServerFailed("no free port")


_given_ports = set()


def four_letter_word(port, word, timeout=5.0):
    """The whole answer to a four-letter word, as bytes; b"" if nobody answers."""
    answer = bytearray()
    timeout *= sanitizers.patience()
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=timeout) as connection:
            connection.sendall(word.encode())
            while chunk := connection.recv(65536):
                answer += chunk
    except OSError:
        pass
    return bytes(answer)


def wait_until(condition, seconds, what):
    """Polls `condition` until it is true; raises TimeoutError naming `what` after `seconds`.

    A build that a sanitizer slows down gets more of them.
    """
    seconds *= sanitizers.patience()
    deadline = time.monotonic() + seconds
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > deadline:
            raise TimeoutError(f"{what}: not within {seconds} s")
        time.sleep(0.02)


def _die_with_parent():
    # PR_SET_PDEATHSIG: no server outlives a test run that was itself killed.
    ctypes.CDLL(None).prctl(1, signal.SIGKILL)


class Server:
    """One server process; subclasses say which command runs it."""

    def __init__(self, *, config=None, properties=None, data_dir=None, port=None):
        self._own_folder = tempfile.mkdtemp(prefix="drover-test-")
        folder = pathlib.Path(self._own_folder)
        self.data_dir = pathlib.Path(data_dir) if data_dir else folder / "data"
        self.log = folder / "server.log"
        self.config_file = folder / "zoo.cfg"
        self.config = {
            "tickTime": "500",
            "dataDir": str(self.data_dir),
            "clientPortAddress": "127.0.0.1",
            "admin.enableServer": "false",
            "4lw.commands.whitelist": "*",
            "maxClientCnxns": "0",
        }
        self.config.update({key: str(value) for key, value in (config or {}).items()})
        self.properties = {key: str(value) for key, value in (properties or {}).items()}
        self._port_is_given = port is not None
        self.port = port or free_port()
        self.process = None

    # -- what a subclass tells ---------------------------------------------------------------

    def command(self):
        """argv of the server in the foreground."""
        raise NotImplementedError

    def config_keys(self):
        """Everything that goes to zoo.cfg."""
        return {**self.config, "clientPort": str(self.port)}

    def config_text(self):
        """zoo.cfg itself; override it to test the grammar. Written as ISO-8859-1."""
        return "".join(f"{key}={value}\n" for key, value in self.config_keys().items())

    # -- life --------------------------------------------------------------------------------

    @property
    def pid(self):
        """Process id of the running server."""
        return self.process.pid

    @property
    def address(self):
        """host:port as clients take it."""
        return f"127.0.0.1:{self.port}"

    def start(self, seconds=START_SECONDS):
        """Starts the process and waits until it serves. Raises ServerFailed otherwise."""
        for attempt in range(3):
            self._spawn()
            try:
                wait_until(self._is_ready_or_dead, seconds, f"{type(self).__name__} start")
            except TimeoutError as error:
                self.kill()
                raise ServerFailed(f"{error}\n{self.log_tail()}") from error
            if self.process.poll() is None:
                return self
            # Between free_port() and the server's bind someone else may take the port.
            taken = "Address already in use" in self.log_tail()
            if not taken or self._port_is_given or attempt == 2:
                break
            self.port = free_port()
        code = self.process.returncode
        raise ServerFailed(f"{type(self).__name__} exited with {code}\n{self.log_tail()}")

    def spawn(self):
        """Starts the process and waits for nothing: a member that needs others to serve."""
        self._spawn()

    def start_expecting_exit(self, seconds=None):
        """Starts a server that should refuse to run; returns its exit code."""
        self._spawn()
        try:
            return self.process.wait(seconds or START_SECONDS * sanitizers.patience())
        except subprocess.TimeoutExpired as error:
            self.kill()
            raise ServerFailed(f"still running\n{self.log_tail()}") from error

    def stop(self, seconds=STOP_SECONDS):
        """SIGTERM and wait; returns the exit code (None if it was not running)."""
        if self.process is None:
            return None
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        try:
            code = self.process.wait(seconds * sanitizers.patience())
        except subprocess.TimeoutExpired as error:
            self.kill()
            raise ServerFailed(f"ignored SIGTERM\n{self.log_tail()}") from error
        self.process = None
        self._port_is_given = True  # A server that comes back is looked for where it was.
        return code

    def kill(self):
        """SIGKILL and wait: the crash of a machine, as far as a process can show it."""
        if self.process is None:
            return
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait(STOP_SECONDS)
        self.process = None
        self._port_is_given = True

    def restart(self):
        """Clean stop, then start on the same data and port."""
        self.stop()
        return self.start()

    def close(self):
        """Ends the process and removes the server's own temporary folder."""
        self.kill()
        shutil.rmtree(self._own_folder, ignore_errors=True)

    def __enter__(self):
        try:
            return self.start()
        except BaseException:
            self.close()
            raise

    def __exit__(self, *_):
        self.close()

    # -- questions ---------------------------------------------------------------------------

    def four_letter_word(self, word):
        """Answer of this server to a four-letter word, as bytes."""
        return four_letter_word(self.port, word)

    def is_serving(self):
        """True when `srvr` answers with a mode, so requests will be served."""
        return b"Mode:" in four_letter_word(self.port, "srvr", timeout=2.0)

    def log_tail(self, size=4000):
        """The last `size` characters of the server's log."""
        with contextlib.suppress(OSError):
            return self.log.read_text(errors="replace")[-size:]
        return ""

    # -- inside ------------------------------------------------------------------------------

    def _spawn(self):
        if self.process is not None and self.process.poll() is None:
            raise ServerFailed("already running")
        self.data_dir.mkdir(parents=True, exist_ok=True)
        self.config_file.write_bytes(self.config_text().encode("latin-1"))
        # The death signal follows the thread that forked, so only the main thread may ask for it.
        in_main = threading.current_thread() is threading.main_thread()
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen(
                self.command(),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd=self._own_folder,
                preexec_fn=_die_with_parent if in_main else None,
            )

    def _is_ready_or_dead(self):
        return self.process.poll() is not None or self.is_serving()


class _Apache(Server):
    """Common to every Apache server: a JVM, main class and -D properties."""

    def __init__(self, *, jvm_options=FAST_START_JVM, log_level="info", **options):
        super().__init__(**options)
        self.jvm_options = tuple(jvm_options)
        self.log_level = log_level

    def class_path(self):
        raise NotImplementedError

    def log_options(self):
        raise NotImplementedError

    def command(self):
        return [
            "java",
            # Before Java 18 digests of the tree hash paths in the platform's charset.
            "-Dfile.encoding=UTF-8",
            *self.jvm_options,
            *self.log_options(),
            *(f"-D{key}={value}" for key, value in self.properties.items()),
            "-cp",
            self.class_path(),
            "org.apache.zookeeper.server.quorum.QuorumPeerMain",
            str(self.config_file),
        ]


class DebianApache(_Apache):
    """Apache 3.8.0 as Debian 12 packages it (libzookeeper-java)."""

    def class_path(self):
        folder = pathlib.Path(self._own_folder) / "log4j"
        folder.mkdir(exist_ok=True)
        (folder / "log4j.properties").write_text(
            f"log4j.rootLogger={self.log_level.upper()}, out\n"
            "log4j.appender.out=org.apache.log4j.ConsoleAppender\n"
            "log4j.appender.out.layout=org.apache.log4j.PatternLayout\n"
            "log4j.appender.out.layout.ConversionPattern=%d %-5p %c{1} %m%n\n"
        )
        # The manifest of zookeeper.jar forgets netty-codec, netty-resolver and servlet-api.
        jars = ("zookeeper", "slf4j-log4j12", "log4j-1.2", "netty-codec", "netty-resolver")
        return ":".join([str(folder), *(str(DEBIAN_JARS / f"{jar}.jar") for jar in jars)])

    def log_options(self):
        return ()


class MavenApache(_Apache):
    """An Apache release from Maven Central; `version` is a key of MAVEN_RELEASES."""

    def __init__(self, version, **options):
        super().__init__(**options)
        self.version = version

    def class_path(self):
        return maven_class_path(self.version)

    def log_options(self):
        return (
            f"-Dorg.slf4j.simpleLogger.defaultLogLevel={self.log_level}",
            "-Dorg.slf4j.simpleLogger.showDateTime=true",
            "-Dorg.slf4j.simpleLogger.dateTimeFormat=HH:mm:ss.SSS",
            "-Dzookeeper.jmx.log4j.disable=true",
        )


class Drover(Server):
    """Our server, as sanitizers.binary() says which."""

    def __init__(self, *, log_level="info", jvm_options=None, **options):
        # log_level and jvm_options belong to Apache; taken so that tests can treat all alike.
        del log_level, jvm_options
        super().__init__(**options)

    @staticmethod
    def binary():
        """Path of the drover binary under test."""
        return sanitizers.binary()

    def command(self):
        return [str(self.binary()), "serve", str(self.config_file)]

    def config_keys(self):
        keys = {**super().config_keys(), **self.properties}
        if "thread" in sanitizers.built_in():
            keys.setdefault("reactors", "3")  # One would leave nothing to race for.
        return keys

    def close(self):
        """Ends the process and removes its folder; a sanitizer sees leaks in a clean end only."""
        try:
            if "address" in sanitizers.built_in():
                self.stop()
        finally:
            super().close()


def maven_class_path(version):
    """Class path of a pinned release; resolved by Maven once, then kept in build/compat."""
    pins = MAVEN_RELEASES[version]
    kept = CACHE / f"classpath-zookeeper-{pins['zookeeper']}.txt"
    pom = pathlib.Path(__file__).parent / "apache" / "pom.xml"
    if kept.exists() and kept.stat().st_mtime >= pom.stat().st_mtime:
        class_path = kept.read_text().strip()
        if all(os.path.exists(jar) for jar in class_path.split(":")):
            return class_path
    CACHE.mkdir(parents=True, exist_ok=True)
    fresh = kept.with_suffix(f".{os.getpid()}")
    command = [
        "mvn", "-q", "-B", "-f", str(pom),
        "dependency:build-classpath", f"-Dmdep.outputFile={fresh}",
        *(f"-D{name}.version={pin}" for name, pin in pins.items()),
    ]
    done = subprocess.run(command, capture_output=True, text=True, timeout=600, check=False)
    if done.returncode != 0:
        raise ServerFailed(f"Maven could not resolve {pins}\n{done.stdout}{done.stderr}")
    fresh.replace(kept)
    return kept.read_text().strip()


def server_by_name(name, **options):
    """A server from its command-line name: apache-3.5, apache-3.8, apache-3.9, debian, drover."""
    if name == "drover":
        return Drover(**options)
    if name == "debian":
        return DebianApache(**options)
    if name.startswith("apache-") and name.removeprefix("apache-") in MAVEN_RELEASES:
        return MavenApache(name.removeprefix("apache-"), **options)
    known = ", ".join(["drover", "debian", *(f"apache-{key}" for key in MAVEN_RELEASES)])
    raise ValueError(f"unknown server {name!r}; known: {known}")
