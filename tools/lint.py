"""clang-format and clang-tidy 19 over every source that the build directory compiles.

Run: lint.py BUILD_DIR [FILE...] [--jobs N] [--deep]. Exit code 1 when anything is to be said.

Clang's analyzer, which follows every path through a function, doubles the time: it runs with
--deep only, beside all the rest.

A source that passed is not looked at again until it, a header of ours that it includes, its command
line or .clang-tidy changes: what passed is kept in BUILD_DIR/lint (or lint-deep), one file per
source, as soon as it has. So a run that is interrupted goes on where it was.
"""

import argparse
import concurrent.futures
import hashlib
import json
import os
import pathlib
import re
import shlex
import subprocess
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
DEEP = ["clang-tidy-19", "--quiet", "--warnings-as-errors=*"]
SHALLOW = [*DEEP, "--checks=-clang-analyzer-*"]  # of what .clang-tidy names
FORMAT = "clang-format-19"
OTHERS_CODE = {"src/admin/boost_json.cc"}  # compiles Boost.JSON, and nothing of ours


def ours(commands):
    """{path from ROOT: its compile command}, without generated sources and other people's."""
    listed = subprocess.run(
        ["git", "ls-files", "*.cc"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout.split()
    by_file = {os.path.relpath(entry["file"], ROOT): entry for entry in commands}
    return {name: by_file[name] for name in listed if name in by_file and name not in OTHERS_CODE}


def headers(entry):
    """The headers of ours that a source includes, however deep."""
    words = shlex.split(entry["command"])
    at = words.index("-o")
    del words[at : at + 2]  # with -MM it would name the file of dependencies
    rule = subprocess.run(
        [*words, "-MM"], cwd=entry["directory"], capture_output=True, text=True, check=True
    ).stdout
    found = rule.partition(":")[2].replace("\\\n", " ").split()
    return [name for name in found if pathlib.Path(name).is_relative_to(ROOT)]


def fingerprint(argv, entry, files):
    """Of everything that the verdict on a source depends on and that we can change."""
    digest = hashlib.sha256(shlex.join([*argv, entry["command"]]).encode())
    for name in [ROOT / ".clang-tidy", *files]:
        digest.update(pathlib.Path(name).read_bytes())
    return digest.hexdigest()


def is_known_good(argv, entry, stamp):
    """True when the source passed, and nothing has changed since."""
    try:
        kept = json.loads(stamp.read_text())
        return kept["fingerprint"] == fingerprint(argv, entry, kept["files"])
    except (OSError, ValueError):
        return False


def tidy(argv, build, entry, stamp):
    """What clang-tidy has to say of one source: nothing when it passed, which is then kept."""
    files = [entry["file"], *headers(entry)]
    before = fingerprint(argv, entry, files)
    done = subprocess.run(
        [*argv, "-p", str(build), entry["file"]], capture_output=True, text=True, check=False
    )
    if done.returncode == 0:
        stamp.parent.mkdir(parents=True, exist_ok=True)
        stamp.write_text(json.dumps({"fingerprint": before, "files": files}))
        return ""
    # Its count of the warnings in system headers helps nobody.
    said = [line for line in done.stderr.splitlines() if not re.search(r"^\d+ warning|^Suppre", line)]
    return "\n".join([done.stdout.strip(), *said])


def check_tidy(build, jobs, wanted, deep):
    """Runs clang-tidy where it is due; True when all is well."""
    argv, kept = (DEEP, build / "lint-deep") if deep else (SHALLOW, build / "lint")
    sources = ours(json.loads((build / "compile_commands.json").read_text()))
    if wanted:
        sources = {name: sources[name] for name in wanted}
    stamps = {name: kept / f"{name}.json" for name in sources}
    due = [name for name in sources if not is_known_good(argv, sources[name], stamps[name])]
    print(f"clang-tidy: {len(due)} of {len(sources)} sources are due", flush=True)
    began = time.monotonic()
    bad = []
    with concurrent.futures.ThreadPoolExecutor(jobs) as pool:
        running = {pool.submit(tidy, argv, build, sources[name], stamps[name]): name for name in due}
        for n, future in enumerate(concurrent.futures.as_completed(running), start=1):
            name, said = running[future], future.result()
            seconds = time.monotonic() - began
            print(f"[{n}/{len(due)}, {seconds:.0f} s] {name}", flush=True)
            if said:
                bad.append(name)
                print(said, flush=True)
    if bad:
        print(f"clang-tidy: {len(bad)} sources to look at: {' '.join(sorted(bad))}")
    return not bad


def check_format():
    """True when clang-format would change nothing."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "*.cc", "*.h"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout.split("\0")[:-1]
    done = subprocess.run([FORMAT, "--dry-run", "--Werror", *listed], cwd=ROOT, check=False)
    print(f"clang-format: {len(listed)} files, {'none' if done.returncode == 0 else 'some'} to change")
    return done.returncode == 0


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("build", type=pathlib.Path, help="configured with Clang")
    parser.add_argument("--jobs", type=int, default=os.cpu_count())
    parser.add_argument("--deep", action="store_true", help="with Clang's analyzer")
    parser.add_argument("sources", nargs="*", metavar="FILE", help="as git names it; all when none")
    options = parser.parse_intermixed_args()
    formatted = check_format()
    tidied = check_tidy(options.build.resolve(), options.jobs, options.sources, options.deep)
    sys.exit(0 if formatted and tidied else 1)


if __name__ == "__main__":
    main()
