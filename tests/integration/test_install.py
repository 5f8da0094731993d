"""Does `cmake --install` put everything in its usual place, and does it work from there?"""

import os
import shutil
import subprocess

import pytest

from script_run import SCRIPTS, DroverSide
from support import sanitizers, servers


@pytest.fixture(scope="module", name="root")
def _root(tmp_path_factory):
    """/usr/local of an installation below a DESTDIR."""
    folder = tmp_path_factory.mktemp("destdir")
    build = servers.Drover.binary().parents[1]
    subprocess.run(
        ["cmake", "--install", str(build), "--prefix", "/usr/local"],
        env={**os.environ, "DESTDIR": str(folder)}, check=True, capture_output=True, timeout=120,
    )
    return folder / "usr" / "local"


class Installed(DroverSide):
    """The installed zkServer.sh, which finds binary and configuration by itself."""

    def __init__(self, folder, root):
        super().__init__(folder)
        self._root = root
        self.conf = root / "etc" / "zookeeper"

    def script(self, name="zkServer.sh"):
        return self._root / "bin" / name

    def environment(self):
        return {}

    def run(self, *words, **options):
        # An empty ZOOCFGDIR is none.
        return super().run(*words, ZOOCFGDIR="", **options)


def test_usual_places(root):
    files = {str(path.relative_to(root)) for path in root.rglob("*") if path.is_file()}
    assert {
        "bin/drover", "libexec/zkEnv.sh", "etc/zookeeper/zoo_sample.cfg", "share/doc/drover/LICENSE",
        "share/doc/drover/README.md", "share/man/man1/drover.1", "share/man/man1/drover-shell.1",
        "share/man/man5/zoo.cfg.5", "share/man/man8/drover-serve.8", "share/man/man8/zkServer.sh.8",
        "share/man/man1/zkCli.sh.1",
    } <= files
    scripts = {path.name for path in SCRIPTS.glob("*.sh")} - {"zkEnv.sh"}
    assert {f"bin/{name}" for name in scripts} <= files
    for path in (root / "bin").iterdir():
        assert os.access(path, os.X_OK)


def test_installed_server_lives(root, tmp_path):
    side = Installed(tmp_path / "side", root)
    side.write_config()
    try:
        assert side.run("start").stdout == "Starting zookeeper ... STARTED\n"
        side.wait_until_serving()
        assert side.run("status").stdout.endswith("Mode: standalone\n")
        argv = os.readlink(f"/proc/{side.pid()}/exe")
        assert argv == str(root / "bin" / "drover")
        assert side.run("stop").stdout == "Stopping zookeeper ... STOPPED\n"
    finally:
        side.close()
        (side.conf / "zoo.cfg").unlink()


def test_scripts_work_through_links(root, tmp_path):
    link = tmp_path / "zkServer.sh"
    link.symlink_to(root / "bin" / "zkServer.sh")
    done = subprocess.run([str(link), "version"], capture_output=True, text=True, check=True)
    assert done.stdout.startswith("Apache ZooKeeper, version 3.9.")


@pytest.mark.parametrize("name", sorted(path.name for path in SCRIPTS.glob("zk*.sh")))
def test_every_script_finds_what_it_needs(root, name):
    """Asked for nothing that makes sense, each complains of that and not of a file that is missing."""
    if name == "zkEnv.sh":
        pytest.skip("not a command")
    done = subprocess.run(
        [str(root / "bin" / name), "--no-such-word"], capture_output=True, text=True, check=False,
        stdin=subprocess.DEVNULL, timeout=60 * sanitizers.patience(),
    )
    assert "zkEnv.sh" not in done.stderr
    assert "drover is not found" not in done.stderr
    assert done.returncode != 127


def test_man_finds_the_pages(root):
    if not shutil.which("man"):
        pytest.skip("no man here")
    for page in ["drover", "drover-serve", "zoo.cfg"]:
        done = subprocess.run(
            ["man", "-M", str(root / "share" / "man"), "-w", page], capture_output=True, text=True,
            check=True,
        )
        assert f"{page}." in done.stdout
