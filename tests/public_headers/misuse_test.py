"""That misuse.cc is refused on every marked line, for the marked reason, and nowhere else.

    misuse_test.py COMPILER INCLUDE_FOLDER
"""

import collections
import pathlib
import re
import subprocess
import sys

SOURCE = pathlib.Path(__file__).with_name("misuse.cc")
FLAGS = ["-std=c++23", "-fsyntax-only", "-Werror=unused-result", "-fno-diagnostics-color"]
COMPILE_SECONDS = 200


def marks():
    """The pattern that each marked line has to be refused with."""
    lines = SOURCE.read_text().splitlines()
    parts = {number: line.partition("// error: ") for number, line in enumerate(lines, 1)}
    found = {number: pattern for number, (_, mark, pattern) in parts.items() if mark}
    assert found
    return found


def refusals(compiler, include):
    """The errors of each line, and what led to those that lie in a header."""
    version = subprocess.run([compiler, "--version"], capture_output=True, text=True, check=True)
    every_error = ["-ferror-limit=0"] if "clang" in version.stdout else ["-fmax-errors=0"]
    done = subprocess.run(
        [compiler, *FLAGS, *every_error, f"-I{include}", str(SOURCE)],
        capture_output=True, text=True, timeout=COMPILE_SECONDS, check=False,
    )  # fmt: skip
    found = collections.defaultdict(str)
    for text in done.stderr.splitlines():
        if match := re.search(r"misuse\.cc:(\d+):\d+: (?:fatal )?error: (.*)", text):
            found[int(match[1])] += match[2] + "\n"
    if not found:
        sys.exit(done.stderr or "everything compiles")
    return found


def main():
    expected, found = marks(), refusals(*sys.argv[1:3])
    wrong = [f"line {n}: {text}" for n, text in found.items() if n not in expected]
    for number, pattern in expected.items():
        if not re.search(pattern, found.get(number, "")):
            wrong.append(f"line {number}: no error like '{pattern}', but: {found.get(number)}")
    sys.exit("\n".join(wrong) if wrong else 0)


if __name__ == "__main__":
    main()
