"""Builds the walks: one function per language, each answers the command that runs its walk.

Run as a program it prepares everything that `make test-compat` needs (tests/compat/prepare.sh does
so). What is there and up to date is left alone, and then nothing reaches for the network. All that
is built goes to build/compat; versions are pinned in the files beside each walk.
"""

import hashlib
import os
import pathlib
import shutil
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parents[1]))

from support import servers  # noqa: E402  (the path above leads to it)

CACHE = servers.CACHE
BUILD_SECONDS = 900

# No client needs the JVM at full speed; started many times, it should start quickly.
JVM = ("java", "-Xmx256m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-Xshare:auto")


class BuildFailed(Exception):
    """A client could not be fetched or its walk not built; the text holds the tool's output."""


def run(command, **options):
    """Runs a build tool to its end; raises BuildFailed with its output if it fails."""
    done = subprocess.run(
        [str(word) for word in command], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT, text=True, timeout=BUILD_SECONDS, check=False, **options,
    )  # fmt: skip
    if done.returncode != 0:
        raise BuildFailed(f"{' '.join(map(str, command))}\n{done.stdout}")


class Stamp:
    """Remembers, beside a build, the inputs that it was made from."""

    def __init__(self, folder, *inputs):
        self._file = folder / "made-from"
        digest = hashlib.sha256()
        for each in inputs:
            digest.update(each.read_bytes() if isinstance(each, pathlib.Path) else each.encode())
            digest.update(b"\0")
        self._inputs = digest.hexdigest()

    def is_current(self):
        """True when the build was made from the same inputs."""
        return self._file.exists() and self._file.read_text() == self._inputs

    def put(self):
        """Called when the build is complete."""
        self._file.write_text(self._inputs)


# -- Java ------------------------------------------------------------------------------------


def debian_class_path():
    """Class path of Debian's Java client, 3.8.0."""
    return ":".join(str(servers.DEBIAN_JARS / jar) for jar in ("zookeeper.jar", "slf4j-simple.jar"))


def java(class_path, name, folders=("java",)):
    """Compiles the Java walk of these folders against a client."""
    sources = sorted(file for folder in folders for file in (HERE / folder).glob("*.java"))
    output = CACHE / f"java-{name}"
    output.mkdir(parents=True, exist_ok=True)
    stamp = Stamp(output, class_path, *sources)
    if not stamp.is_current():
        run(["javac", "-nowarn", "-d", output, "-cp", class_path, *sources])
        stamp.put()
    return [*JVM, "-Dorg.slf4j.simpleLogger.defaultLogLevel=error", "-cp", f"{output}:{class_path}"]


NEWER_THAN_35 = ("java", "java/since36", "java/since37")


def maven_java_walk(version):
    """The walk with Apache's Java client; `version` is a key of MAVEN_RELEASES."""
    folders = ("java",) if version == "3.5" else NEWER_THAN_35
    return [*java(servers.maven_class_path(version), version, folders), "Walk"]


def debian_java_walk():
    """The walk with Debian's Java client."""
    return [*java(debian_class_path(), "debian", NEWER_THAN_35), "Walk"]


def curator_class_path():
    """Class path of Apache Curator, as curator/pom.xml pins it."""
    folder = CACHE / "curator"
    folder.mkdir(parents=True, exist_ok=True)
    pom = HERE / "curator" / "pom.xml"
    class_path_file = folder / "class-path"
    stamp = Stamp(folder, pom)
    if not stamp.is_current() or not _all_there(class_path_file.read_text()):
        run(["mvn", "-q", "-B", "-f", pom, "dependency:build-classpath",
             f"-Dmdep.outputFile={class_path_file}"])  # fmt: skip
        stamp.put()
    return class_path_file.read_text().strip()


def curator_walk():
    """The walk with Apache Curator."""
    return [*java(curator_class_path(), "curator", ("java", "curator")), "CuratorWalk"]


def curator_recipes():
    """Curator's recipes under trouble (tests/compat/recipes)."""
    folders = ("java", "curator", "../recipes/curator")
    return [*java(curator_class_path(), "curator-recipes", folders), "RecipesUnderTrouble"]


INTEROP = HERE.parent / "interop"

# Curator's releases that peers run with: the newest, and the one that Debian 12 packages.
CURATOR_PEERS = ("5.9.0", "5.4.0")


def curator_peer(version):
    """The peer of tests/compat/interop with this Curator; ZooKeeper's queue recipe from Debian."""
    folder = CACHE / f"curator-peer-{version}"
    folder.mkdir(parents=True, exist_ok=True)
    pom = INTEROP / "pom.xml"
    sources = sorted((INTEROP / "curator").glob("*.java"))
    class_path_file = folder / "class-path"
    stamp = Stamp(folder, version, pom, *sources)
    if not stamp.is_current() or not _all_there(class_path_file.read_text()):
        run(["mvn", "-q", "-B", "-f", pom, "dependency:build-classpath",
             f"-Dcurator.version={version}", f"-Dmdep.outputFile={class_path_file}"])  # fmt: skip
        class_path = _peer_class_path(class_path_file)
        run(["javac", "-nowarn", "-d", folder, "-cp", class_path, *sources])
        stamp.put()
    options = ["-Dorg.slf4j.simpleLogger.defaultLogLevel=warn",
               "-Dorg.slf4j.simpleLogger.showDateTime=true",
               "-Dorg.slf4j.simpleLogger.dateTimeFormat=HH:mm:ss.SSS"]  # fmt: skip
    class_path = f"{folder}:{_peer_class_path(class_path_file)}"
    return [*JVM, *options, "-cp", class_path, "CuratorPeer"]


def _peer_class_path(file):
    recipe = servers.DEBIAN_JARS / "zookeeper-recipes-queue.jar"
    return f"{file.read_text().strip()}:{recipe}"


def _all_there(class_path):
    return all(os.path.exists(jar) for jar in class_path.strip().split(":"))


# -- Python ----------------------------------------------------------------------------------


def debian_kazoo_walk():
    """The walk with Debian's kazoo."""
    return ["/usr/bin/python3", HERE / "python" / "walk.py"]


def kazoo_interpreter():
    """A Python environment of its own with the kazoo of requirements.txt."""
    folder = CACHE / "kazoo"
    interpreter = folder / "bin" / "python"
    requirements = HERE / "python" / "requirements.txt"
    stamp = Stamp(folder, requirements)
    if not stamp.is_current():
        run(["/usr/bin/python3", "-m", "venv", "--clear", folder])
        run([interpreter, "-m", "pip", "install", "-q", "--require-hashes", "-r", requirements])
        stamp.put()
    return interpreter


def kazoo_walk():
    """The walk with the kazoo of requirements.txt."""
    return [kazoo_interpreter(), HERE / "python" / "walk.py"]


def _kazoo_recipes(interpreter):
    path = f"PYTHONPATH={HERE / 'python'}"  # conversation.py
    return ["env", path, interpreter, HERE.parent / "recipes" / "python" / "recipes.py"]


def debian_kazoo_recipes():
    """Recipes of Debian's kazoo under trouble (tests/compat/recipes)."""
    return _kazoo_recipes("/usr/bin/python3")


def kazoo_recipes():
    """Recipes of the kazoo of requirements.txt under trouble."""
    return _kazoo_recipes(kazoo_interpreter())


def debian_kazoo_peer():
    """The peer of tests/compat/interop with Debian's kazoo."""
    return ["/usr/bin/python3", INTEROP / "kazoo" / "kazoo_peer.py"]


def kazoo_peer():
    """The same with the kazoo of requirements.txt."""
    return [kazoo_interpreter(), INTEROP / "kazoo" / "kazoo_peer.py"]


# -- C ---------------------------------------------------------------------------------------


def c_walk():
    """The walk with Debian's C client."""
    folder = CACHE / "c"
    folder.mkdir(parents=True, exist_ok=True)
    sources = sorted((HERE / "c").glob("*.c"))
    stamp = Stamp(folder, *sources, *sorted((HERE / "c").glob("*.h")))
    if not stamp.is_current():
        warnings = ("-Wall", "-Wextra", "-Wconversion")
        run(["cc", "-std=gnu17", "-O1", "-g", *warnings, "-DTHREADED", *sources,
             "-o", folder / "walk", "-lzookeeper_mt", "-lpthread"])  # fmt: skip
        stamp.put()
    return [folder / "walk"]


# -- Go, Node, Rust --------------------------------------------------------------------------


def go_walk():
    """The walk with go-zookeeper, as go.sum pins it."""
    program = CACHE / "go" / "walk"
    run(["go", "build", "-mod=readonly", "-o", program, "."], cwd=HERE / "go")
    return [program]


def node_walk():
    """The walk with node-zookeeper-client, as package-lock.json pins it."""
    folder = CACHE / "node"
    folder.mkdir(parents=True, exist_ok=True)
    pins = [HERE / "node" / name for name in ("package.json", "package-lock.json")]
    stamp = Stamp(folder, *pins)
    if not stamp.is_current():
        for pin in pins:
            shutil.copy(pin, folder)
        run(["npm", "ci", "--no-audit", "--no-fund"], cwd=folder)
        stamp.put()
    return ["env", f"NODE_PATH={folder / 'node_modules'}", "node", HERE / "node" / "walk.js"]


def rust_walk():
    """The walk with the zookeeper-client crate, as Cargo.lock pins it."""
    folder = CACHE / "rust"
    build = ["cargo", "build", "--quiet", "--locked", "--target-dir", folder]
    try:
        run([*build, "--offline"], cwd=HERE / "rust")
    except BuildFailed:  # Not all crates are here yet, or the walk does not compile: it will tell.
        run(build, cwd=HERE / "rust")
    return [folder / "debug" / "walk"]


# -- all -------------------------------------------------------------------------------------

WALKS = {
    **{f"java-{version}": (maven_java_walk, version) for version in servers.MAVEN_RELEASES},
    "curator": (curator_walk,),
    "curator-recipes": (curator_recipes,),
    **{f"curator-peer-{version}": (curator_peer, version) for version in CURATOR_PEERS},
    "kazoo": (kazoo_walk,),
    "go": (go_walk,),
    "node": (node_walk,),
    "rust": (rust_walk,),
}


def main():
    """Prepares every walk; says which could not be, and why."""
    failed = []
    for name, (build, *arguments) in WALKS.items():
        try:
            build(*arguments)
        except (BuildFailed, servers.ServerFailed, OSError) as failure:
            failed.append(name)
            print(f"prepare: {name}: {failure}", file=sys.stderr)
        else:
            print(f"prepare: {name} is ready")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
