"""Does `drover doctor` see what is wrong with configuration, disk, machine and network?

Every trouble is a real one: a port that somebody has, a name nobody knows, a member that was
killed, a folder of another user. Data directories of these tests lie in /tmp, so one warning about
that is always there.
"""

import contextlib
import email.utils
import http.server
import os
import pathlib
import re
import resource
import shutil
import socket
import subprocess
import tempfile
import threading
import time

import pytest

import txn_log_file
from file_tools import NOT_EXAMINED, OK, PROBLEMS, WARNINGS, Outcome, drover, write_directory
from support import sanitizers, servers
from support.ensembles import Ensemble


@pytest.fixture
def folder(tmp_path):
    """A data directory that is not there yet."""
    return tmp_path / "data"


class Config:
    """A zoo.cfg; `set` changes a key, None removes it."""

    def __init__(self, path, data_dir):
        self.path = path
        self.keys = {
            "tickTime": 2000, "initLimit": 10, "syncLimit": 5, "dataDir": data_dir,
            "clientPort": servers.free_port(), "admin.serverPort": servers.free_port(),
        }
        self.set()

    def set(self, **keys):
        return self.update(keys)

    def update(self, keys):
        self.keys.update(keys)
        self.path.write_text(
            "".join(f"{key}={value}\n" for key, value in self.keys.items() if value is not None)
        )
        return self.path


@pytest.fixture
def config(tmp_path, folder):
    return Config(tmp_path / "zoo.cfg", folder)


def doctor(path, *words):
    """Runs it; the JSON and the exit code agree."""
    said = drover("doctor", path, "--json", *words)
    assert said.code in (OK, WARNINGS, PROBLEMS), said.err
    assert said.json["verdict"] == said.code
    worst = {"ok": OK, "warning": WARNINGS, "problem": PROBLEMS}
    assert said.code == max(worst[found["severity"]] for found in said.json["findings"])
    for found in said.json["findings"]:
        needs_nothing = found["code"] in ("config.ignored", "snapshot.session")
        if found["severity"] != "ok" and not needs_nothing:
            assert found["next_step"], found
    return said


def all_of(said, code):
    return [found for found in said.json["findings"] if found["code"] == code]


def one(said, code, severity, words=""):
    """The single finding with that code."""
    found = all_of(said, code)
    assert len(found) == 1, f"{code}: {said.out}"
    assert found[0]["severity"] == severity, found
    assert re.search(words, found[0]["what"]), found
    return found[0]


# -- nothing wrong ---------------------------------------------------------------------------------


def test_a_fresh_machine(config, folder):
    said = doctor(config.path)
    assert said.code == WARNINGS  # /tmp
    assert not said.findings("problem")
    one(said, "config.read", "ok")
    one(said, "disk.new", "ok", "a start makes it")
    one(said, "net.port-free", "ok", str(config.keys["clientPort"]))
    # Whatever this disk is like, it was measured.
    [measured] = all_of(said, "disk.sync") + all_of(said, "disk.slow")
    assert re.search(r"median \d+\.\d\d ms, slowest \d+\.\d ms of \d+", measured["what"])
    assert not folder.exists(), "the doctor makes nothing"


def test_text_says_what_json_says(config):
    words = ("--no-measure",)
    said = doctor(config.path, *words)
    text = drover("doctor", config.path, *words)
    assert text.code == said.code
    flat = re.sub(r"\s+", " ", text.out)
    for found in said.json["findings"]:
        assert re.sub(r"\s+", " ", found["what"]) in flat
    quiet = drover("doctor", config.path, "--quiet", *words)
    assert quiet.code == said.code
    assert not re.search(r"^ok ", quiet.out, re.M) and "config.tmp" not in quiet.out
    assert re.search(r"^warning  dataDir=", quiet.out, re.M)


def test_without_a_file_it_looks_at_the_defaults(tmp_path):
    done = subprocess.run(
        [servers.Drover.binary(), "doctor", "--no-network", "--json"], capture_output=True,
        text=True, check=False, cwd=tmp_path, timeout=60 * sanitizers.patience(),
    )
    said = Outcome(done.returncode, done.stdout, done.stderr)
    one(said, "config.default", "ok")
    assert list(tmp_path.iterdir()) == []


def test_it_leaves_nothing_behind(config, folder):
    write_directory("drover", folder, runs=1)

    def contents():
        return {
            path: (path.stat().st_size, path.stat().st_mtime_ns) for path in folder.rglob("*")
            if path.is_file()
        }

    before = contents()
    said = doctor(config.path)
    assert contents() == before
    one(said, "data.starts", "ok", r"a start restores \d+ znodes up to 0x")


def test_bad_arguments_are_code_3():
    said = drover("doctor", "--nonsense")
    assert said.code == NOT_EXAMINED and "--nonsense" in said.err


# -- configuration ---------------------------------------------------------------------------------


def test_what_the_server_refuses_is_named_as_it_does(config, folder, make_server):
    path = config.set(clientPort="abc")
    said = doctor(path)
    assert said.code == PROBLEMS
    found = one(said, "config.refused", "problem", f"^{re.escape(str(path))}:5: clientPort")
    refused = subprocess.run(
        [servers.Drover.binary(), "serve", path], capture_output=True, text=True, check=False,
        timeout=60 * sanitizers.patience(),
    )
    assert refused.stderr == found["what"] + "\n"


def test_a_missing_file_is_a_problem(tmp_path):
    one(doctor(tmp_path / "nothing.cfg"), "config.refused", "problem", "missing")


@pytest.mark.parametrize(
    ("keys", "code", "words"),
    [
        ({"forceSync": "no"}, "config.force-sync", "power cut"),
        ({"autopurge.purgeInterval": 0}, "config.autopurge", "for ever"),
        ({"skipACL": "yes"}, "config.skip-acl", "everybody"),
    ],
)
def test_what_one_regrets_later(config, keys, code, words):
    one(doctor(config.update(keys), "--no-measure"), code, "warning", words)


def members(config, *hosts, myid=1):
    for sid, host in enumerate(hosts, start=1):
        config.keys[f"server.{sid}"] = f"{host}:{servers.free_port()}:{servers.free_port()}"
    folder = pathlib.Path(config.keys["dataDir"])
    folder.mkdir(exist_ok=True)
    if myid is not None:
        (folder / "myid").write_text(f"{myid}\n")
    return config.set()


@pytest.mark.parametrize("myid", [None, "one", "7"])
def test_a_wrong_myid(config, myid):
    said = doctor(members(config, "127.0.0.1", "127.0.0.1", "127.0.0.1", myid=myid))
    assert said.code == PROBLEMS
    found = one(said, "config.myid", "problem", "myid")
    assert f"{config.keys['dataDir']}/myid" in found["next_step"]
    # What else can be looked at is looked at.
    assert all_of(said, "net.dns")


def test_an_even_number_of_voters(config):
    one(doctor(members(config, "127.0.0.1", "127.0.0.1")), "config.even", "warning", "2 voters")


def test_localhost_among_others(config):
    said = doctor(members(config, "localhost", "192.0.2.1", "192.0.2.2"), "--timeout", "200")
    one(said, "config.loopback", "problem")


# -- disk ------------------------------------------------------------------------------------------


def test_a_folder_of_another_user(folder):
    """As nobody, on what root left behind."""
    if os.geteuid() != 0:
        pytest.skip("only root can make a file that is not its own")
    with tempfile.TemporaryDirectory() as place:
        place = pathlib.Path(place)
        place.chmod(0o755)
        binary = shutil.copy(servers.Drover.binary(), place / "drover")
        data = place / "data"
        (data / "version-2").mkdir(parents=True)
        snapshot = data / "version-2" / "snapshot.0"
        snapshot.write_bytes(b"")
        snapshot.chmod(0o600)
        config = Config(place / "zoo.cfg", data)
        config.path.chmod(0o644)
        done = subprocess.run(
            [binary, "doctor", config.path, "--json"], capture_output=True, text=True, check=False,
            user=65534, timeout=60 * sanitizers.patience(),
        )
        said = Outcome(done.returncode, done.stdout, done.stderr)
        assert said.code == PROBLEMS, said.err
        found = one(said, "disk.permissions", "problem", "may not read and write it, nor 2 other")
        assert "chown -R 65534" in found["next_step"]


def test_a_data_dir_that_is_a_file(config, folder):
    folder.write_text("")
    one(doctor(config.path), "disk.no-folder", "problem")


def test_a_data_dir_in_memory(config):
    if not os.access("/dev/shm", os.W_OK):
        pytest.skip("no /dev/shm")
    with tempfile.TemporaryDirectory(dir="/dev/shm") as memory:
        said = doctor(config.set(dataDir=memory))
        one(said, "disk.memory", "warning", "a reboot loses everything")


def test_too_little_room(config, folder):
    """A log that wants to be preallocated beyond what the disk has."""
    folder.mkdir()
    free_kb = shutil.disk_usage(folder).free // 1024
    said = doctor(config.set(preAllocSize=min(free_kb * 2, 2**40)), "--no-measure")
    found = one(said, "disk.full", "problem", "the next log and snapshot want")
    assert "zkCleanup.sh" in found["next_step"]


def test_a_disk_slower_than_it_must_be(config, folder):
    """No disk is as fast as 0 ms, the threshold here."""
    folder.mkdir()
    said = doctor(config.update({"fsync.warningthresholdms": 0}))
    one(said, "disk.slow", "problem", r"median \d+\.\d\d ms.*sessions will expire")


def test_the_measurement_is_bounded(config, folder):
    folder.mkdir()
    began = time.monotonic()
    doctor(config.path)
    assert time.monotonic() - began < 10 * sanitizers.patience()


def test_damaged_files_are_found(config, folder):
    write_directory("drover", folder, runs=2)
    for newer in txn_log_file.snapshot_files(folder)[1:]:
        newer.unlink()
    log = txn_log_file.log_files(folder)[0]
    entry = txn_log_file.read_entries(log)[4]
    with open(log, "r+b") as file:
        file.seek(entry.payload_offset + 40)
        file.write(b"\xff\xff")
    said = doctor(config.path)
    assert said.code == PROBLEMS
    found = one(said, "log.record", "problem")
    assert (found["file"], found["offset"]) == (str(log), entry.offset)
    one(said, "dir.refused", "problem")


# -- the machine -----------------------------------------------------------------------------------


@pytest.mark.parametrize(("files", "severity"), [(128, "problem"), (1024, "warning"), (8192, "ok")])
def test_how_many_files_may_be_open(config, files, severity):
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard < files:
        pytest.skip(f"at most {hard} files here")
    done = subprocess.run(
        [servers.Drover.binary(), "doctor", config.path, "--json", "--no-measure"],
        capture_output=True, text=True, check=False, timeout=60 * sanitizers.patience(),
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (files, hard)),
    )
    del soft
    said = Outcome(done.returncode, done.stdout, done.stderr)
    found = one(said, "host.files", severity)
    assert severity == "ok" or str(files) in found["what"]


def test_the_files_of_the_running_server_count(start_server):
    server = start_server()
    subprocess.run(["prlimit", f"--pid={server.pid}", "--nofile=300:"], check=True)
    said = doctor(server.config_file)
    one(said, "host.files", "warning", f"process {server.pid} may open 300 files")


# -- ports and other servers -----------------------------------------------------------------------


def test_a_running_server(start_server):
    server = start_server()
    said = doctor(server.config_file)
    one(said, "disk.running", "ok", f"process {server.pid}")
    one(said, "net.serving", "ok", "Mode: standalone")
    assert not said.findings("problem")
    assert server.is_serving(), "the doctor disturbs nobody"


def test_a_running_apache(config, folder):
    with servers.DebianApache(data_dir=folder, port=config.keys["clientPort"]) as apache:
        (folder / "zookeeper_server.pid").write_text(str(apache.pid))
        said = doctor(config.path)
        one(said, "disk.running", "ok", f"names process {apache.pid}, a running java")
        one(said, "net.serving", "ok", "Mode: standalone")


def test_a_port_that_somebody_has(config):
    with socket.create_server(("127.0.0.1", config.keys["clientPort"])):
        said = doctor(config.update({"clientPortAddress": "127.0.0.1"}), "--timeout", "300")
        found = one(said, "net.port-taken", "problem", str(config.keys["clientPort"]))
        assert "ss -ltnp" in found["next_step"]


def test_a_port_that_another_server_has(config, start_server):
    server = start_server()
    said = doctor(config.set(clientPort=server.port))
    one(said, "net.serving", "warning", "a server answers")


def test_a_server_whose_configuration_was_changed(start_server):
    server = start_server()
    port = servers.free_port()
    text = server.config_file.read_text().replace(str(server.port), str(port))
    server.config_file.write_text(text)
    one(doctor(server.config_file), "net.not-serving", "problem", f"clientPort {port}")


# -- members ---------------------------------------------------------------------------------------


def test_a_name_nobody_knows(config):
    path = members(config, "127.0.0.1", "no-such-host.invalid", "127.0.0.1")
    began = time.monotonic()
    said = doctor(path, "--timeout", "2000", "--no-measure")
    assert time.monotonic() - began < 20 * sanitizers.patience()
    unknown = [f for f in all_of(said, "net.dns") if f["severity"] == "problem"]
    assert len(unknown) == 1 and "server.2=no-such-host.invalid" in unknown[0]["what"]
    assert "getent hosts no-such-host.invalid" in unknown[0]["next_step"]


def test_an_address_that_is_not_here(config):
    """A myid that was copied from another member."""
    said = doctor(members(config, "192.0.2.1", "192.0.2.2", "192.0.2.3"), "--timeout", "100")
    one(said, "net.not-here", "warning", "server.1=192.0.2.1")


def test_an_ensemble_that_is_well_and_then_is_not():
    with Ensemble() as ensemble:
        follower = ensemble.followers()[0]
        said = doctor(follower.config_file)
        assert not said.findings("problem"), said.out
        answers = all_of(said, "net.peer")
        assert {found["severity"] for found in answers} == {"ok"} and len(answers) == 2
        assert sum("as a leader does" in found["what"] for found in answers) == 1

        other = next(s for s in ensemble.followers() if s is not follower)
        other.kill()
        said = doctor(follower.config_file)
        assert said.code == WARNINGS
        silent = [f for f in all_of(said, "net.peer") if f["severity"] == "warning"]
        assert len(silent) == 1
        assert f"server {other.sid} does not answer" in silent[0]["what"]
        assert str(other.election_port) in silent[0]["what"]


@contextlib.contextmanager
def peer_with_clock(seconds_ahead):
    """What can be seen of a member whose clock is off: the Date of its admin port."""

    class Page(http.server.BaseHTTPRequestHandler):
        def do_GET(self):  # pylint: disable=invalid-name
            self.send_response(200)
            self.end_headers()

        def date_time_string(self, timestamp=None):
            return email.utils.formatdate(time.time() + seconds_ahead, usegmt=True)

        def log_message(self, *args):
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Page) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server.server_address[1]
        server.shutdown()


@pytest.mark.parametrize(
    ("ahead", "severity", "words"),
    [
        (90, "warning", r"server 2 is (89|90|91) s ahead"),
        (-3600, "warning", "server 2 is .* behind"),
        (0, "ok", "server 2 agrees"),
    ],
)
def test_a_clock_that_differs(config, ahead, severity, words):
    path = members(config, "127.0.0.1", "127.0.0.1")
    election = int(config.keys["server.2"].split(":")[2])
    with peer_with_clock(ahead) as port, socket.create_server(("127.0.0.1", election)):
        said = doctor(config.update({"admin.serverPort": port}) or path, "--no-measure")
        one(said, "net.skew", severity, words)


def test_real_members_show_their_clocks():
    port = servers.free_port()
    with Ensemble(config={"admin.enableServer": "false"}) as ensemble:
        first, second = ensemble.members[:2]
        second.stop()
        second.config.update({"admin.enableServer": "true", "admin.serverPort": port})
        second.spawn()
        ensemble.wait_until_serves(second)
        first.config_file.write_text(
            first.config_file.read_text() + f"admin.serverPort={port}\n"
        )
        said = doctor(first.config_file)
        assert any("server 2 agrees" in f["what"] for f in all_of(said, "net.skew")), said.out
