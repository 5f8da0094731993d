"""Do our scripts do and say what Apache's do?

Both zkServer.sh go through the same situations; words, exit codes and both streams are compared. What
differs on purpose (docs/scripts.md) has a test of its own, with what Apache's does in the comment.
"""

import os
import re
import shutil
import signal
import subprocess

import pytest

from script_run import SCRIPTS, ApacheSide, DroverSide
from support import sanitizers, servers
from support.ensembles import Ensemble
from support.rawclient import Err, OpCode, RawClient

NO_SUCH_PROCESS = 4_100_000  # beyond the largest that Linux gives by default


@pytest.fixture
def sides(tmp_path):
    """Apache's and ours, each in a folder of its own."""
    both = ApacheSide(tmp_path / "a"), DroverSide(tmp_path / "d")
    yield both
    for side in both:
        side.close()


@pytest.fixture
def ours(tmp_path):
    side = DroverSide(tmp_path / "drover")
    side.write_config()
    yield side
    side.close()


def no_verb(side):
    side.write_config()
    side.do()
    side.do("dance")


def not_running(side):
    side.write_config()
    side.do("status")
    side.do("stop")


def life(side):
    side.write_config()
    side.do("start")
    side.wait_until_serving()
    pid = side.pid()
    side.do("start")
    assert side.pid() == pid
    side.do("status")
    side.do("stop")
    side.wait_until_gone(pid)
    assert side.pid() is None
    side.do("stop")
    side.do("status")


def restart(side):
    side.write_config()
    side.run("start")
    side.wait_until_serving()
    pid = side.pid()
    outcome = side.run("restart")
    # Apache's says `Using config` once for each of the two.
    side.transcript.append([outcome.code, outcome.stdout])
    side.wait_until_serving()
    side.wait_until_gone(pid)
    side.do("stop")


def restart_when_stopped(side):
    side.write_config()
    outcome = side.run("restart")
    side.transcript.append([outcome.code, outcome.stdout.replace(str(side.folder), "")])
    side.wait_until_serving()


def pid_of_nobody(side):
    side.write_config()
    side.data.mkdir()
    side.pid_file.write_text(str(NO_SUCH_PROCESS))
    side.do("start")
    side.wait_until_serving()
    assert side.pid() != NO_SUCH_PROCESS


def pid_file_elsewhere(side):
    side.write_config()
    side.pid_file = side.folder / "run" / "zk.pid"
    side.do("start", ZOOPIDFILE=side.pid_file)
    side.wait_until_serving()
    pid = side.pid()
    assert pid
    side.do("stop", ZOOPIDFILE=side.pid_file)
    side.wait_until_gone(pid)
    assert not side.pid_file.exists()


def other_configurations(side):
    side.write_config(name="other.cfg")
    side.do("status", "other.cfg")
    side.do("status", config=side.conf / "other.cfg")
    side.do("status", ZOOCFG="other.cfg")


def no_folders(side):
    side.write_config()
    side.do("start", ZOO_DATADIR_AUTOCREATE_DISABLE=1)
    side.do("start-foreground", ZOO_DATADIR_AUTOCREATE_DISABLE=1)
    side.write_config("dataDir={data}\ndataLogDir={folder}/txns\nclientPort={port}\n")
    (side.data / "version-2").mkdir(parents=True)
    side.do("start", ZOO_DATADIR_AUTOCREATE_DISABLE=1)


def folders_were_made(side):
    side.write_config()
    (side.data / "version-2").mkdir(parents=True)
    (side.data / "initialize").touch()
    side.do("start", ZOO_DATADIR_AUTOCREATE_DISABLE=1)
    side.wait_until_serving()


def no_port_and_no_myid(side):
    side.write_config("dataDir={data}\nserver.1=127.0.0.1:1:2;127.0.0.1:{port}\n")
    side.do("status")


def port_in_member_line(side):
    side.data.mkdir()
    (side.data / "myid").write_text("2\n")
    for member in ["127.0.0.1:1:2;127.0.0.1:{port}", "127.0.0.1:1:2:observer;{port}",
                   "127.0.0.1:1:2;[::1]:{port}", "127.0.0.1:1:2"]:
        side.write_config("dataDir={data}\nserver.2=" + member + "\n")
        side.do("status")


def port_in_dynamic_file(side):
    side.data.mkdir()
    (side.data / "myid").write_text("2\n")
    side.write_config("dataDir={data}\ndynamicConfigFile={folder}/conf/zoo.cfg.dynamic.100000000\n")
    dynamic = side.conf / "zoo.cfg.dynamic.100000000"
    dynamic.write_text(f"server.2=127.0.0.1:1:2:participant;0.0.0.0:{side.port}\n")
    side.do("status")
    dynamic.write_text("server.1=127.0.0.1:1:2\n")
    side.do("status")


def logs_cannot_be_written(side):
    side.write_config()
    (side.folder / "file").write_text("in the way")
    outcome = side.run("start", ZOO_LOG_DIR=side.folder / "file" / "logs")
    # What the shell has to say of it names a line of the script.
    side.transcript.append([outcome.code, outcome.stdout])


def addresses(side):
    side.write_config("dataDir={data}\nclientPort={port}\nclientPortAddress=127.0.0.1\n")
    side.do("status")
    side.write_config("dataDir={data}\n  clientPort={port}\n# clientPort=1\n")
    side.do("status")


SITUATIONS = [
    no_verb, not_running, life, restart, restart_when_stopped, pid_of_nobody, pid_file_elsewhere,
    other_configurations, no_folders, folders_were_made, no_port_and_no_myid, port_in_member_line,
    port_in_dynamic_file, addresses, logs_cannot_be_written,
]


@pytest.mark.parametrize("situation", SITUATIONS, ids=lambda situation: situation.__name__)
def test_same_as_apache(sides, situation):
    for side in sides:
        situation(side)
    apache, drover = sides
    assert drover.transcript == apache.transcript
    assert drover.transcript


@pytest.mark.parametrize("kind", ["drover", "debian"])
def test_status_of_every_role(sides, kind):
    """Each script asks each member, whosever server that is."""
    said = {side: {} for side in sides}
    with Ensemble([kind] * 3 + [f"{kind}:observer"]) as ensemble:
        modes = ensemble.modes()
        for side in sides:
            for member in ensemble.members:
                said[side][member.sid] = side.run("status", config=member.config_file)
    apache, drover = sides
    assert sorted(modes.values()) == ["follower", "follower", "leader", "observer"]
    for sid, mode in modes.items():
        assert said[drover][sid].stdout == said[apache][sid].stdout
        assert said[drover][sid].code == said[apache][sid].code == 0
        assert said[drover][sid].stdout.endswith(f"Mode: {mode}\n")


@pytest.mark.parametrize("kind", ["drover", "debian"])
def test_status_without_a_majority(sides, kind):
    """A member that is alone answers, but serves nobody."""
    ensemble = Ensemble([kind] * 3)
    alone = ensemble.members[0]
    try:
        alone.spawn()
        servers.wait_until(lambda: alone.four_letter_word("srvr"), 60, "an answer")
        said = [side.run("status", config=alone.config_file) for side in sides]
    finally:
        ensemble.close()
    assert said[0].stdout == said[1].stdout
    assert said[0].code == said[1].code == 1
    assert said[1].stderr.splitlines()[-1] == (
        "zkServer.sh: This ZooKeeper instance is not currently serving requests"
    )


# -- on purpose otherwise ------------------------------------------------------------------------


def test_status_says_why(ours):
    """Apache's says that it is probably not running, whatever the reason."""
    assert "cannot connect: Connection refused" in ours.run("status").stderr
    ours.write_config("dataDir={data}\nsecureClientPort={port}\n")
    assert "TLS is not built yet" in ours.run("status").stderr


def test_a_start_that_fails_says_why(ours):
    """Apache's says STARTED when the JVM needs a second to find out, and never a reason."""
    ours.write_config("dataDir={data}\nclientPort=many\n")
    outcome = ours.run("start")
    assert (outcome.code, outcome.stdout) == (1, "Starting zookeeper ... FAILED TO START\n")
    assert "zoo.cfg:5: clientPort: must be" in outcome.stderr
    assert ours.pid() is None


@pytest.mark.parametrize("verb", ["start", "restart"])
def test_a_missing_configuration(ours, verb):
    """Apache's goes on, and leaves its pid file in the root folder."""
    (ours.conf / "zoo.cfg").unlink()
    outcome = ours.run(verb)
    assert outcome.code == 1
    assert outcome.stdout.endswith("Starting zookeeper ... FAILED TO START\n")
    assert outcome.stderr.splitlines()[-1] == f"zkServer.sh: {ours.conf}/zoo.cfg file is missing"


def test_no_data_dir(ours):
    ours.write_config("clientPort={port}\n")
    outcome = ours.run("start")
    assert (outcome.code, outcome.stdout) == (1, "Starting zookeeper ... FAILED TO START\n")
    assert outcome.stderr.splitlines()[-1] == f"zkServer.sh: {ours.conf}/zoo.cfg: dataDir is not set"


def test_missing_myid(ours):
    """Apache's says STARTED, and the server ends a moment later."""
    ours.write_config(
        "dataDir={data}\nclientPort={port}\ninitLimit=5\nsyncLimit=2\n"
        "server.1=127.0.0.1:1:2\nserver.2=127.0.0.1:3:4\n"
    )
    outcome = ours.run("start")
    assert (outcome.code, outcome.stdout) == (1, "Starting zookeeper ... FAILED TO START\n")
    assert "myid file is missing" in outcome.stderr


def test_a_log_folder_that_cannot_be_written(ours):
    (ours.folder / "logs").write_text("a file")
    outcome = ours.run("start", ZOO_LOG_DIR=ours.folder / "logs" / "below")
    assert (outcome.code, outcome.stdout) == (1, "Starting zookeeper ... FAILED TO START\n")
    assert ours.pid() is None


def test_a_pid_file_that_cannot_be_written(ours):
    """Apache's leaves a server behind that no script can stop."""
    ours.pid_file = ours.folder / "taken"
    ours.pid_file.mkdir()
    outcome = ours.run("start", ZOOPIDFILE=ours.pid_file)
    assert (outcome.code, outcome.stdout) == (1, "Starting zookeeper ... FAILED TO WRITE PID\n")
    servers.wait_until(lambda: not list(ours._pids_seen()), 10, "the end of the server")


def test_stop_waits_for_the_end(ours):
    """Apache's waits a second, so that a start right after may find the folder in use."""
    ours.run("start")
    ours.wait_until_serving()
    pid = ours.pid()
    assert ours.run("stop").stdout == "Stopping zookeeper ... STOPPED\n"
    assert not os.path.exists(f"/proc/{pid}")


def test_stop_leaves_strangers_alone(ours):
    """Apache's stops whoever has the number by now, and takes any process for a running server."""
    with subprocess.Popen(["/usr/bin/tail", "-f", "/dev/null"]) as stranger:
        ours.data.mkdir()
        ours.pid_file.write_text(str(stranger.pid))
        outcome = ours.run("stop")
        assert (outcome.code, outcome.stdout) == (0, "Stopping zookeeper ... STOPPED\n")
        assert f"process {stranger.pid} is no server" in outcome.stderr
        ours.pid_file.write_text(str(stranger.pid))
        assert ours.run("start").stdout == "Starting zookeeper ... STARTED\n"
        assert stranger.poll() is None
        stranger.kill()


def test_stop_of_nobody(ours):
    """Apache's shows what kill says."""
    ours.data.mkdir()
    ours.pid_file.write_text(str(NO_SUCH_PROCESS))
    outcome = ours.run("stop")
    assert (outcome.code, outcome.stdout) == (0, "Stopping zookeeper ... STOPPED\n")
    assert not ours.pid_file.exists()


def test_stop_of_an_apache_server(sides):
    """A server that Apache's script started on the same folder can be stopped with ours."""
    apache, drover = sides
    apache.write_config()
    apache.run("start")
    apache.wait_until_serving()
    pid = apache.pid()
    outcome = drover.run("stop", config=apache.conf / "zoo.cfg")
    assert (outcome.code, outcome.stdout) == (0, "Stopping zookeeper ... STOPPED\n")
    assert not os.path.exists(f"/proc/{pid}")
    assert apache.pid() is None


@pytest.mark.parametrize("noexec", [False, True], ids=["exec", "noexec"])
def test_start_foreground(ours, noexec):
    """The server's own output and exit code; Apache's ends with 143 when it is stopped."""
    environment = {
        "PATH": "/usr/bin:/bin", "ZOOCFGDIR": str(ours.conf), **ours.environment(),
        **sanitizers.Reports.environment(), **({"ZOO_NOEXEC": "1"} if noexec else {}),
    }
    argv = [str(SCRIPTS / "zkServer.sh"), "start-foreground"]
    with subprocess.Popen(argv, env=environment, stderr=subprocess.PIPE) as process:
        ours.wait_until_serving()
        (server,) = [pid for pid in ours._pids_seen() if pid != process.pid or not noexec]
        assert (server == process.pid) is not noexec
        os.kill(server, signal.SIGTERM)
        log = process.stderr.read().decode()
        assert process.wait() == 0
    assert "binding to port" in log
    ours.write_config("dataDir={data}\nclientPort=many\n")
    assert ours.run("start-foreground").code == 2


def test_print_cmd_is_what_start_runs(ours):
    command = ours.run("print-cmd", SERVER_JVMFLAGS="-Dzookeeper.snapCount=5 -Xmx1g").stdout
    assert command.endswith(
        f'serve -Dzookeeper.snapCount=5 "{ours.conf}/zoo.cfg" > '
        f'"{ours.logs}/zookeeper-tester-server-{os.uname().nodename}.out" 2>&1 < /dev/null\n'
    )
    assert command.startswith(f'"{servers.Drover.binary()}" ')


def test_version(sides):
    first = [side.run("version").stdout.split(" ")[:3] for side in sides]
    assert first[0] == first[1] == ["Apache", "ZooKeeper,", "version"]
    assert sides[1].run("version").stdout.split(" ")[3].startswith("3.9.")


# -- settings ------------------------------------------------------------------------------------


def test_properties_of_jvm_flags_are_settings(ours):
    """-D words count, the file overrides them, what is the JVM's means nothing."""
    ours.write_config("dataDir={data}\nclientPort={port}\nmaxClientCnxns=7\n")
    ours.run(
        "start",
        SERVER_JVMFLAGS="-Xmx1000m -Dzookeeper.maxClientCnxns=9 -Djava.awt.headless=true",
        JVMFLAGS="-Dzookeeper.clientPortListenBacklog=33",
    )
    ours.wait_until_serving()
    conf = servers.four_letter_word(ours.port, "conf").decode()
    assert "maxClientCnxns=7\n" in conf
    assert "clientPortListenBacklog=33\n" in conf


def test_a_wrong_property_is_named(ours):
    outcome = ours.run("start", JVMFLAGS="-Dzookeeper.snapCount=x")
    assert outcome.code == 1
    assert "command line: zookeeper.snapCount: must be" in outcome.stderr


def test_environment_files_are_read(ours):
    (ours.conf / "zookeeper-env.sh").write_text(  # and may use file patterns
        f"for folder in {ours.folder}/co*; do ZOO_LOG_DIR=$folder/../first; done\n"
    )
    (ours.conf / "java.env").write_text('export JVMFLAGS="-Dzookeeper.snapCount=11"\n')
    command = ours.run("print-cmd").stdout
    assert "-Dzookeeper.snapCount=11" in command
    assert f"{ours.conf}/../first/" in command


def test_config_folder_as_first_word(ours):
    outcome = ours.run("--config", str(ours.conf), "print-cmd", ZOOCFGDIR="/nowhere")
    assert f'"{ours.conf}/zoo.cfg"' in outcome.stdout


# -- the other scripts ---------------------------------------------------------------------------


def run_script(side, name, *words):
    environment = {"PATH": "/usr/bin:/bin", "ZOOCFGDIR": str(side.conf), **side.environment()}
    return subprocess.run(
        [str(SCRIPTS / name), *words], env=environment, capture_output=True, text=True, check=False,
        timeout=60 * sanitizers.patience(),
    )


def test_initialize(ours):
    ours.write_config("dataDir={data}\ndataLogDir={folder}/txns\nclientPort={port}\n")
    done = run_script(ours, "zkServer-initialize.sh", "--myid=3")
    assert (done.returncode, done.stdout) == (0, "Using myid of 3\n")
    assert (ours.data / "myid").read_text() == "3\n"
    assert (ours.data / "initialize").exists()
    assert (ours.data / "version-2").is_dir() and (ours.folder / "txns" / "version-2").is_dir()

    done = run_script(ours, "zkServer-initialize.sh", "--myid", "4")
    assert done.returncode == 1
    assert done.stdout == (
        f"ZooKeeper data directory already exists at {ours.data} "
        "(or use --force to force re-initialization)\n"
    )
    assert (ours.data / "myid").read_text() == "3\n"

    (ours.data / "version-2" / "snapshot.0").write_text("old")
    done = run_script(ours, "zkServer-initialize.sh", "--force")
    assert (done.returncode, done.stdout) == (
        0,
        "Force enabled, data/txnlog directories will be re-initialized\n"
        f"No myid provided, be sure to specify it in {ours.data}/myid if using non-standalone\n",
    )
    assert list((ours.data / "version-2").iterdir()) == []
    assert not (ours.data / "myid").exists()


def test_initialize_refuses(ours):
    for words, said in [
        (["--configfile=/nowhere/zoo.cfg"], "Unable to find config file at /nowhere/zoo.cfg\n"),
        (["--dance"], "Unknown option: --dance\nusage: "),
        (["--help"], "usage: "),
        (["--myid=one"], "myid must be a number, not 'one'\n"),
    ]:
        done = run_script(ours, "zkServer-initialize.sh", *words)
        assert done.returncode == 1
        assert done.stdout.startswith(said)
    ours.write_config("clientPort={port}\n")
    done = run_script(ours, "zkServer-initialize.sh")
    assert (done.returncode, done.stdout) == (
        1, f"Unable to determine dataDir from {ours.conf}/zoo.cfg\n"
    )
    assert not ours.data.exists()


def test_initialize_spares_a_running_server(ours):
    ours.run("start")
    ours.wait_until_serving()
    done = run_script(ours, "zkServer-initialize.sh", "--force")
    assert done.returncode == 1
    assert done.stdout == (
        f"A server is running on {ours.data} as process {ours.pid()}: stop it first\n"
    )
    assert list((ours.data / "version-2").iterdir())


@pytest.fixture(scope="module", name="crowded")
def _crowded(tmp_path_factory):
    """The version-2 folder of a server that was started and changed again and again."""
    side = DroverSide(tmp_path_factory.mktemp("crowded") / "side")
    side.write_config("dataDir={data}\nclientPort={port}\nautopurge.purgeInterval=0\n")
    try:
        for number in range(6):
            side.run("start")
            side.wait_until_serving()
            with RawClient(side.port) as client:
                client.connect()
                assert client.call(OpCode.CREATE, f"/n-{number}").err == Err.OK
            side.run("stop")
    finally:
        side.close()
    folder = side.data / "version-2"
    assert len(list(folder.glob("snapshot.*"))) > 5
    return folder


def removals(outcome, side):
    """{name: moment} of what a cleanup says it removed."""
    found = {}
    for line in outcome.stdout.splitlines():
        said = re.fullmatch(r"Removing file: (.*)\t(.*)", line)
        if said:
            assert said[2].startswith(f"{side.data}/version-2/")
            found[said[2].split("/")[-1]] = said[1]
    return found


def test_cleanup(sides, crowded):
    """The same files go, with the same words; a server starts on what stays."""
    removed = []
    for side in sides:
        side.write_config()
        shutil.copytree(crowded, side.data / "version-2")
        outcome = side.run("-n", "3", name="zkCleanup.sh", TZ="UTC", LC_ALL="C.UTF-8")
        assert outcome.code == 0
        removed.append(removals(outcome, side))
        assert set(removed[-1]) == {f.name for f in crowded.iterdir()} - {
            f.name for f in (side.data / "version-2").iterdir()
        }
    apache, drover = removed
    assert drover == apache
    assert any(name.startswith("log.") for name in drover)
    sides[1].run("start")
    sides[1].wait_until_serving()


@pytest.mark.parametrize("words", [["-n", "2"], ["-n", "few"], ["-n", "3"]])
def test_cleanup_refuses(sides, words):
    """Too few, no number, no folder: the same sentence and exit code, then how it is used."""
    said = []
    for side in sides:
        side.write_config()
        if words != ["-n", "3"]:
            side.data.mkdir()
        outcome = side.run(*words, name="zkCleanup.sh")
        assert outcome.code == 1
        assert "dataLogDir [snapDir] -n count" in outcome.stdout
        said.append([line for line in outcome.stderr.splitlines() if not line.startswith("log4j")])
    apache, drover = [[line.replace(str(s.folder), "") for line in lines] for s, lines in zip(sides, said)]
    assert drover == apache


def test_cleanup_without_sense(sides):
    """One line instead of Apache's usage; the exit code is the same."""
    for words in [], ["3", "-n"], ["-n"]:
        codes = set()
        for side in sides:
            side.write_config()
            side.data.mkdir(exist_ok=True)
            codes.add(side.run(*words, name="zkCleanup.sh").code)
        assert codes == {1}
