"""Do backup and restore work as docs/operations.md says, with the commands that stand there?"""

import os
import pathlib
import re
import shutil
import subprocess
import threading

import pytest

import txn_log_file
from script_run import REPOSITORY
from support import servers
from support.ensembles import Ensemble, synced
from support.rawclient import Err, OpCode, RawClient

PAGE = (REPOSITORY / "docs" / "operations.md").read_text()
ROUNDS = 4


def on_the_page(name):
    """The commands of a `sh` block."""
    (block,) = re.findall(rf"^```sh {name}\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
    return block


def run(name, data, backup):
    subprocess.run(
        ["bash", "-euc", on_the_page(name)], check=True, timeout=120,
        env={"PATH": "/usr/bin:/bin", "DATA": str(data), "BACKUP": str(backup)},
    )


class Writer:
    """Creates /w/0, /w/1, ... until told to stop."""

    def __init__(self, port):
        self._client = RawClient(port)
        self._client.connect()
        assert self._client.call(OpCode.CREATE, "/w").err == Err.OK
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._write)
        self.acknowledged = 0
        self._thread.start()

    def _write(self):
        while not self._stopping.is_set():
            first = self.acknowledged
            calls = [(OpCode.CREATE, f"/w/{n}", b"x" * 300) for n in range(first, first + 20)]
            replies = self._client.pipeline(calls)
            if any(reply.err != Err.OK for reply in replies):
                return
            self.acknowledged += len(replies)

    def wait_for_more(self, count):
        goal = self.acknowledged + count
        servers.wait_until(lambda: self.acknowledged >= goal, 60, "writes")

    def stop(self):
        self._stopping.set()
        self._thread.join()
        self._client.disconnect()


def children(port, path):
    with RawClient(port) as client:
        client.connect()
        return set(synced(client).call(OpCode.GET_CHILDREN, path).body)


def is_logged(server, text):
    """A txn with these bytes is in its log."""
    return any(text in log.read_bytes() for log in txn_log_file.log_files(server.data_dir))


def test_copy_of_a_running_server(make_server, tmp_path):
    """Under load, with snapshots and logs that follow each other: everything that was acknowledged
    before the copy began is in it, and what is in it has no holes."""
    server = make_server(config={"snapCount": 300, "preAllocSize": 256}).start()
    writer = Writer(server.port)
    copies = []
    try:
        for number in range(ROUNDS):
            writer.wait_for_more(400)
            backup = tmp_path / f"backup-{number}"
            acknowledged = writer.acknowledged
            run("backup", server.data_dir, backup)
            copies.append((acknowledged, backup))
    finally:
        writer.stop()
    for acknowledged, backup in copies:
        with make_server(data_dir=backup) as restored:
            found = sorted(int(name) for name in children(restored.port, "/w"))
            assert found == list(range(len(found)))
            assert len(found) >= acknowledged


def test_restore_of_an_ensemble(tmp_path):
    """Back to the copy on every member; what came later is gone, and the ensemble goes on."""
    backup = tmp_path / "backup"
    with Ensemble(["drover"] * 3) as ensemble:
        with ensemble.connect(ensemble.leader()) as client:
            assert client.call(OpCode.CREATE, "/kept").err == Err.OK
        copied = ensemble.followers()[0]
        # A majority has it; whether this one has, its log tells.
        servers.wait_until(lambda: is_logged(copied, b"/kept"), 30, "the log of a follower")
        run("backup", copied.data_dir, backup)
        with ensemble.connect(ensemble.leader()) as client:
            assert client.call(OpCode.CREATE, "/mistake").err == Err.OK
        for member in ensemble.members:
            member.stop()
        for member in ensemble.members:
            run("restore", member.data_dir, backup)
        ensemble.start()
        for member in ensemble.members:
            names = children(member.port, "/")
            assert "kept" in names
            assert "mistake" not in names
        with ensemble.connect(ensemble.followers()[0]) as client:
            assert client.call(OpCode.CREATE, "/after").err == Err.OK


def test_replacing_a_broken_server():
    """With nothing but its myid it fetches everything from the leader."""
    with Ensemble(["drover"] * 3) as ensemble:
        with ensemble.connect(ensemble.leader()) as client:
            assert client.call(OpCode.CREATE, "/kept").err == Err.OK
        broken = ensemble.followers()[0]
        broken.kill()
        shutil.rmtree(pathlib.Path(broken.data_dir) / "version-2")
        assert os.listdir(broken.data_dir) == ["myid"]
        ensemble.restart(broken)
        assert "kept" in children(broken.port, "/")


@pytest.mark.parametrize("name", ["backup", "restore"])
def test_commands_stop_at_the_first_failure(name, tmp_path):
    """A backup without data is no backup."""
    with pytest.raises(subprocess.CalledProcessError):
        run(name, tmp_path / "nowhere", tmp_path / "backup")


def test_a_snapshot_alone_can_be_started(make_server, tmp_path):
    """What the admin port hands out is such a file."""
    server = make_server().start()
    with RawClient(server.port) as client:
        client.connect()
        assert client.call(OpCode.CREATE, "/kept").err == Err.OK
    server.restart()  # writes a snapshot of what it found
    newest = txn_log_file.snapshot_files(server.data_dir)[-1]
    (tmp_path / "version-2").mkdir()
    shutil.copy(newest, tmp_path / "version-2")
    with make_server(data_dir=tmp_path) as restored:
        assert "kept" in children(restored.port, "/")
