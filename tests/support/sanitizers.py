"""What a sanitizer that was built into the binary changes for the tests.

It watches every process of the binary that a test starts: what it reports goes to a file, whatever
becomes of the process and of its standard error, and tests/conftest.py fails the test that was
running. It also slows the binary down and takes memory of its own: patience() and memory_factor()
are the only places that know how much.
"""

import functools
import os
import pathlib
import re
import subprocess

REPOSITORY = pathlib.Path(__file__).resolve().parents[2]

# Times slower than the same build without it. Their documents say 2 for AddressSanitizer and 5 to
# 15 for ThreadSanitizer; this is for deadlines that only a failure should meet, so it is generous.
SLOWDOWN = {"address": 4, "thread": 10}
# Times the memory. ThreadSanitizer remembers who touched each byte last, in several times as many;
# AddressSanitizer's eighth is within the bounds of a plain build.
MEMORY = {"thread": 4}

VARIABLES = ("ASAN_OPTIONS", "LSAN_OPTIONS", "TSAN_OPTIONS", "UBSAN_OPTIONS")


def binary():
    """Path of the drover binary under test: env DROVER_BINARY, or this tree's release build."""
    built = REPOSITORY / "build" / "release" / "bin" / "drover"
    return pathlib.Path(os.environ.get("DROVER_BINARY", built))


@functools.cache
def built_in():
    """Names of the sanitizers in the binary under test, as it tells them itself."""
    if not binary().exists():
        return frozenset()  # another server is under test
    argv = [str(binary()), "--version"]
    text = subprocess.run(argv, capture_output=True, text=True, timeout=60, check=True).stdout
    found = re.search(r"sanitizers: ([a-z,]+)", text)
    return frozenset(found[1].split(",") if found else ())


def patience():
    """By how much to multiply a deadline."""
    return max(SLOWDOWN.get(name, 1) for name in {"none", *built_in()})


def memory_factor():
    """By how much to multiply a bound of memory."""
    return max(MEMORY.get(name, 1) for name in {"none", *built_in()})


class Reports:
    """The reports of all processes started while this environment holds, in `folder`."""

    def __init__(self, folder):
        self._folder = pathlib.Path(folder)
        for name in VARIABLES:
            options = [os.environ.get(name, ""), f"log_path={self._folder}/report"]
            if name == "ASAN_OPTIONS":
                # Freed memory that it holds back would count as ours where a bound is tested.
                options.append("quarantine_size_mb=8")
            os.environ[name] = ":".join(option for option in options if option)

    @staticmethod
    def environment():
        """The variables, for a process that gets nothing else of our environment."""
        return {name: os.environ[name] for name in VARIABLES if name in os.environ}

    def take(self):
        """All reports since the last call, as one text; empty when there is none."""
        texts = []
        for file in sorted(self._folder.iterdir()):
            texts.append(file.read_text(errors="replace"))
            file.unlink()
        return "\n".join(texts)
