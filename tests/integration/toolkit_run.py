"""Runs a tool of Apache's on files, and the script of ours that bears its name."""

import dataclasses
import pathlib
import re
import subprocess

from support import sanitizers, servers

SCRIPTS = pathlib.Path(__file__).resolve().parents[2] / "bin"
PACKAGE = "org.apache.zookeeper.server"
# Script -> main class.
TOOLS = {
    "zkTxnLogToolkit.sh": f"{PACKAGE}.persistence.TxnLogToolkit",
    "zkSnapShotToolkit.sh": f"{PACKAGE}.SnapshotFormatter",
    "zkSnapshotComparer.sh": f"{PACKAGE}.SnapshotComparer",
    "zkSnapshotRecursiveSummaryToolkit.sh": f"{PACKAGE}.SnapshotRecursiveSummary",
}

ENVIRONMENT = {"TZ": "UTC", "PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8"}


@dataclasses.dataclass
class Outcome:
    """What a tool did."""

    code: int
    out: str
    err: str


def _run(argv, stdin, folder, **environment):
    done = subprocess.run(
        [str(word) for word in argv],
        input=stdin.encode(),
        capture_output=True,
        timeout=60 * sanitizers.patience(),
        check=False,
        cwd=folder,
        env={**ENVIRONMENT, **environment},
    )
    # Bytes of any kind: U+FFFD stands where both tools write it, never for our decoding.
    return Outcome(done.returncode, done.stdout.decode(), done.stderr.decode())


def debian_class_path(folder):
    """Debian's 3.8.0, silent."""
    folder = pathlib.Path(folder)
    (folder / "log4j.properties").write_text("log4j.rootLogger=OFF\n")
    names = (
        "zookeeper", "slf4j-log4j12", "log4j-1.2", "netty-codec", "netty-resolver", "commons-cli"
    )
    return ":".join([str(folder), *(str(servers.DEBIAN_JARS / f"{name}.jar") for name in names)])


def apache(release, folder, script, *words, stdin=""):
    """Apache's tool, `debian` or a release from Maven; `folder` is where it runs."""
    path = debian_class_path(folder) if release == "debian" else servers.maven_class_path(release)
    argv = [
        "java", *servers.FAST_START_JVM, "-Dfile.encoding=UTF-8",
        "-Dorg.slf4j.simpleLogger.defaultLogLevel=off", "-cp", path, TOOLS[script], *words,
    ]
    return without_traces(_run(argv, stdin, folder))


def ours(folder, script, *words, stdin=""):
    """The script in bin/."""
    return _run(
        [SCRIPTS / script, *words], stdin, folder,
        DROVER_BINARY=str(servers.Drover.binary()), **sanitizers.Reports.environment(),
    )


def without_traces(outcome):
    """A stack trace becomes its exception: `java.io.EOFException`, `java.io.IOException: text`."""
    err = re.sub(r"\n\tat .*", "", outcome.err)
    err = re.sub(r"^Exception in thread \"main\" ", "", err, flags=re.M)
    return Outcome(outcome.code, outcome.out, err)
