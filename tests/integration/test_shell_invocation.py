"""How `drover shell` and bin/zkCli.sh are called: options, properties, variables, exit codes."""

import pathlib
import subprocess

import pytest

import shell_run
from support import sanitizers, servers

SCRIPT = pathlib.Path(__file__).resolve().parents[2] / "bin" / "zkCli.sh"


def shell(*words, lines=()):
    return shell_run.run_apart(shell_run.drover_shell(*words), lines)


def script(*words, lines=(), **variables):
    """bin/zkCli.sh with `variables` in its environment."""
    done = subprocess.run(
        [str(SCRIPT), *words],
        input="".join(f"{line}\n" for line in lines),
        capture_output=True,
        text=True,
        timeout=60 * sanitizers.patience(),
        check=False,
        env={
            **shell_run.environment(), "USER": "tester",
            "DROVER_BINARY": str(servers.Drover.binary()), **variables,
        },
    )
    out, events = shell_run.without_events(done.stdout.splitlines())
    return shell_run.Streams(out, done.stderr.splitlines(), events, done.returncode)


@pytest.fixture(scope="module", name="server")
def _server():
    with servers.Drover() as server:
        shell("-server", server.address, lines=["create /app inside", "create /big " + "x" * 5000])
        yield server


def configuration(folder, text):
    path = folder / "client.cfg"
    path.write_text(text)
    return str(path)


def test_several_hosts_one_of_them_there(server):
    nobody = servers.free_port()
    hosts = f"127.0.0.1:{nobody},{server.address},127.0.0.1:{nobody}/app"
    done = shell("-server", hosts, "-waitforconnection", "get", "/")
    assert (done.out[-1], done.code) == ("inside", 0)


def test_an_option_without_value_is_said_and_left_out(server):
    done = shell("-server", server.address, "-timeout")
    assert done.err == ["Error: no argument found for option -timeout"]
    assert done.code == 0


def test_words_with_a_dash_that_mean_nothing_are_passed_over(server):
    done = shell("-server", server.address, "-nonsense", "get", "/app")
    assert (done.out[-1], done.code) == ("inside", 0)


@pytest.mark.parametrize("timeout", ["x", "0", "-5", "99999999999", ""])
def test_a_timeout_that_is_none(timeout):
    done = shell("-timeout", timeout, "ls", "/")
    assert done.code == 1
    assert done.err == [f"drover shell: -timeout '{timeout}' is not a number of milliseconds above 0"]
    assert done.out == []


def test_wait_for_connection_waits(server):
    # Nobody answers until the process goes on; a shell that does not wait would fail at once.
    words = ("-server", server.address, "-timeout", "20000", "-waitforconnection", "get", "/app")
    with shell_run.frozen(server):
        talk = shell_run.Conversation(shell_run.drover_shell(*words))
        try:
            talk.hear(f"Connecting to {server.address}\n")
            with pytest.raises(subprocess.TimeoutExpired):
                talk.process.wait(0.3)
        except BaseException:
            talk.end()
            raise
    try:
        talk.hear("inside\n")
        assert talk.process.wait(30 * sanitizers.patience()) == 0
    finally:
        talk.end()


def test_configuration_that_is_not_there():
    done = shell("-client-configuration", "/no/such/file", "ls", "/")
    assert done.code == 2
    assert done.err == [
        "drover shell: -client-configuration '/no/such/file' cannot be read: "
        "No such file or directory"
    ]


def test_configuration_that_cannot_be_heeded(server, tmp_path):
    path = configuration(
        tmp_path,
        "zookeeper.sasl.client=false\nzookeeper.ssl.trustStore.location=/x\n\nzookeeper.kinit=y\n"
        "zookeeper.nonsense=1\nzookeeper.client.secure=false\n",
    )
    done = shell("-server", server.address, "-client-configuration", path, "get", "/app")
    assert done.code == 0
    assert done.err == [
        f"drover shell: {path}:2: zookeeper.ssl.trustStore.location has no effect: "
        "TLS is not spoken yet",
        f"drover shell: {path}:4: zookeeper.kinit has no effect: SASL is not spoken yet",
        f"drover shell: {path}:5: zookeeper.nonsense is no property of a client",
    ]


@pytest.mark.parametrize(
    "line, allowed",
    [
        ("zookeeper.client.secure=true", "possible yet: this shell does not speak TLS"),
        ("jute.maxbuffer=lots", "a number of bytes above 0"),
        ("zookeeper.request.timeout=-1", "a number of milliseconds, 0 (for ever) to 86400000"),
        ("zookeeper.disableAutoWatchReset=perhaps", "true or false"),
    ],
)
def test_a_property_with_a_wrong_value_ends_the_start(tmp_path, line, allowed):
    path = configuration(tmp_path, f"# one line\n{line}\n")
    done = shell("-client-configuration", path, "ls", "/")
    assert done.code == 2
    assert done.err == [f"drover shell: {path}:2: {line} is not {allowed}"]
    assert shell(f"-D{line}", "ls", "/").err == [f"drover shell: -D: {line} is not {allowed}"]


def test_jute_maxbuffer_limits_what_comes(server, tmp_path):
    path = configuration(tmp_path, "jute.maxbuffer=4096\n")
    address = ("-server", server.address)
    assert shell(*address, "get", "/big").code == 0
    done = shell(*address, "-client-configuration", path, "get", "/big")
    assert (done.err, done.code) == (["KeeperErrorCode = ConnectionLoss for /big"], 1)


def test_request_timeout(server):
    words = ("-server", server.address, "-waitforconnection", "-Dzookeeper.request.timeout=2000")
    talk = shell_run.Conversation(shell_run.drover_shell(*words))
    try:
        talk.say("get /app")
        talk.hear("inside\n")
        with shell_run.frozen(server):
            talk.say("get /app")
            talk.hear("KeeperErrorCode = RequestTimeout for /app\n")
    finally:
        talk.end()


@pytest.mark.parametrize("value", ["false", "true"])
def test_watches_stay_behind_when_told_so(start_server, value):
    server = start_server(config={"tickTime": "1000"})
    talk = shell_run.Conversation(
        shell_run.drover_shell(
            "-server", server.address, f"-Dzookeeper.disableAutoWatchReset={value}"
        )
    )
    try:
        talk.say("create /a inside")
        talk.say("get -w /a")
        talk.hear("inside\n")
        server.restart()
        talk.hear("state:Disconnected type:None")
        talk.hear("state:SyncConnected type:None")
        talk.say("getAllChildrenNumber /a")
        talk.hear("0\n")
        assert shell("-server", server.address, "set", "/a", "changed").code == 0
        talk.say("sync /a")
        # An event comes before the answer that could reveal what it tells.
        before = talk.hear("Sync is OK\n")
        assert ("type:NodeDataChanged path:/a" in before) == (value == "false")
    finally:
        talk.end()


def test_script_gives_its_words_to_the_shell(server):
    done = script("-server", server.address, "get", "/app")
    assert (done.out[-1], done.code) == ("inside", 0)
    assert script("-server", server.address, "get", "/none").code == 1
    assert script("-server", server.address, "nonsense").code == 127
    assert script("-server", server.address, "create", "/s", "two words").code == 0
    assert script("-server", server.address, lines=["get /s", "delete /s"]).out[-1] == "two words"


def test_script_takes_properties_from_the_flags_of_a_jvm(server, tmp_path):
    address = ("-server", server.address)
    done = script(*address, "ls", "/", CLIENT_JVMFLAGS="-Xmx512m -Dzookeeper.client.secure=true")
    assert (done.code, done.out) == (2, [])
    assert "zookeeper.client.secure=true is not possible yet" in done.err[0]
    (tmp_path / "java.env").write_text('export CLIENT_JVMFLAGS="-Djute.maxbuffer=no"\n')
    assert script(*address, "ls", "/", ZOOCFGDIR=str(tmp_path)).code == 2
    assert script("--config", str(tmp_path), *address, "ls", "/").code == 2
    assert script(*address, "ls", "/", CLIENT_JVMFLAGS="-Xmx512m -Dfile.encoding=UTF-8").code == 0


def test_script_says_where_to_find_the_binary(tmp_path):
    (tmp_path / "bin").mkdir()
    for name in ("zkCli.sh", "zkEnv.sh"):
        (tmp_path / "bin" / name).write_bytes((SCRIPT.parent / name).read_bytes())
    done = subprocess.run(
        ["bash", str(tmp_path / "bin" / "zkCli.sh"), "ls", "/"], capture_output=True, text=True,
        env={"PATH": "/usr/bin:/bin", "USER": "tester"}, check=False, timeout=30,
    )
    assert done.returncode == 1
    assert done.stderr.startswith("drover is not found")
