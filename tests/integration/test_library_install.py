"""Does the installed client library work for a newcomer, word for word as docs/library/README.md says?"""

import os
import pathlib
import re
import shutil
import subprocess

import pytest

from support import sanitizers, servers

GUIDE = pathlib.Path(__file__).resolve().parents[2] / "docs" / "library" / "README.md"
BUILD_SECONDS = 600


def run(words, **options):
    done = subprocess.run(
        [str(word) for word in words], capture_output=True, text=True, check=False,
        timeout=BUILD_SECONDS, **options,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def files_of_the_guide():
    """{name: text} of the files that it tells the reader to write."""
    return dict(re.findall(r"^`([\w.]+)`:\n\n```\w+\n(.*?)^```", GUIDE.read_text(), re.M | re.S))


@pytest.fixture(scope="module", name="prefix")
def _prefix(tmp_path_factory):
    if sanitizers.built_in():
        pytest.skip("an instrumented library wants an instrumented program")
    folder = tmp_path_factory.mktemp("prefix")
    build = servers.Drover.binary().parents[1]
    run(["cmake", "--install", build, "--component", "library", "--prefix", folder])
    return folder


@pytest.fixture(name="program")
def _program(tmp_path):
    """The guide's program in an empty folder, told of a real server."""
    with servers.Drover() as server:
        for name, text in files_of_the_guide().items():
            (tmp_path / name).write_text(text.replace("127.0.0.1:2181", server.address))
        yield tmp_path


def test_find_package(prefix, program):
    run(["cmake", "-S", program, "-B", program / "build", "-G", "Ninja", f"-DCMAKE_PREFIX_PATH={prefix}"])
    run(["cmake", "--build", program / "build"])
    assert run([program / "build" / "hello"]) == "world\n"


def test_pkg_config(prefix, program):
    if not shutil.which("pkg-config"):
        pytest.skip("no pkg-config here")
    found = next(prefix.rglob("drover.pc")).parent
    flags = run(["pkg-config", "--cflags", "--libs", "--static", "drover"],
                env={**os.environ, "PKG_CONFIG_PATH": str(found)}).split()  # fmt: skip
    run(["g++", program / "hello.cc", "-o", program / "hello", *flags])
    assert run([program / "hello"]) == "world\n"


def test_no_server_is_one_clear_line(prefix, program):
    """The same program where nobody listens."""
    source = program / "hello.cc"
    nobody = f"127.0.0.1:{servers.free_port()}"
    text = re.sub(r'open\("[^"]+"\)', f'open("{nobody}", {{.connection_timeout = std::chrono::milliseconds(300)}})',
                  source.read_text())
    source.write_text(text)
    run(["cmake", "-S", program, "-B", program / "build", "-G", "Ninja", f"-DCMAKE_PREFIX_PATH={prefix}"])
    run(["cmake", "--build", program / "build"])
    done = subprocess.run([str(program / "build" / "hello")], capture_output=True, text=True, check=False,
                          timeout=60)
    assert done.returncode == 1
    assert done.stdout == ""
    assert len(done.stderr.splitlines()) == 1
    assert nobody in done.stderr


def test_only_the_interface_is_installed(prefix):
    """No header of the inside, nothing of the server."""
    files = {str(path.relative_to(prefix)) for path in prefix.rglob("*") if path.is_file()}
    assert "include/drover/client.h" in files
    assert "include/drover/recipes/mutex.h" in files
    for name in files:
        assert re.fullmatch(r"include/drover/.+\.h|lib/libdrover\.a|lib/cmake/drover/.+\.cmake|lib/pkgconfig/drover\.pc", name)
    for header in prefix.rglob("*.h"):
        for included in re.findall(r'#include [<"]([^>"]+)', header.read_text()):
            assert not re.match(r"(client|recipes|base|wire|net)/", included), header
