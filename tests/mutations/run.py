"""Proves that `drover simulate` would notice: builds Drover with each patch of this folder in turn, and demands that
a checker of the simulator complains. A patch that does not apply or does not build fails as one that survives does.

    /usr/bin/python3 tests/mutations/run.py                      # all of them, and first the shipped sources
    /usr/bin/python3 tests/mutations/run.py zookeeper-2845 ...   # some of them
    /usr/bin/python3 tests/mutations/run.py --fit                # only: does every patch still apply?
"""

import argparse
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
SOURCES = HERE.parent.parent
BUILD = pathlib.Path("build/release")
SKIPPED = 77  # as tests/CMakeLists.txt knows it


class Verdict:
    """What became of one patch: who caught it, after how many seeds, in how many seconds of simulating."""

    def __init__(self, name, sentence, checker=None, seed=None, seeds=0, seconds=0.0, what=""):
        self.name = name
        self.sentence = sentence
        self.checker = checker
        self.seed = seed
        self.seeds = seeds
        self.seconds = seconds
        self.what = what


def run(command, tree, **more):
    # The folder is another one each time: without this the compiler cache would never hit.
    environment = dict(os.environ, CCACHE_BASEDIR=str(tree), CCACHE_NOHASHDIR="1")
    return subprocess.run(command, cwd=tree, env=environment, capture_output=True, text=True, **more)


def demand(result, what):
    if result.returncode != 0:
        raise RuntimeError(f"{what}:\n{(result.stdout + result.stderr)[-3000:]}")


def copy_sources(tree):
    def ignored(folder, names):
        top = pathlib.Path(folder) == SOURCES
        return [name for name in names if name == "__pycache__" or top and name in ("build", ".git", "drover-data")]

    shutil.copytree(SOURCES, tree, ignore=ignored, dirs_exist_ok=True)
    demand(run(["cmake", "--preset", "release"], tree), "cmake")


def build(tree, jobs):
    demand(run(["cmake", "--build", "--preset", "release", "--target", "drover", "--parallel", str(jobs)], tree),
           "does not build")


def scenario_of(name):
    return "recipes" if name.startswith("client-") else "servers"


def simulate(tree, name, sentence, first_seed, seeds, minutes, scenario):
    began = time.monotonic()
    command = [str(BUILD / "bin/drover"), "simulate", "--json", "--scenario", scenario, "--seed", str(first_seed),
               "--seeds", str(seeds)]
    result = run(command, tree, timeout=60 * minutes)
    seconds = time.monotonic() - began
    objects = [json.loads(line) for line in result.stdout.splitlines() if line.startswith("{")]
    for complaint in objects:
        if "checker" in complaint:
            seed = complaint["seed"]
            return Verdict(name, sentence, complaint["checker"], seed, seed - first_seed + 1, seconds,
                           complaint["what"] or result.stderr.strip()[-300:])
    if result.returncode != 0:
        raise RuntimeError(f"ended with {result.returncode} and without a complaint:\n{result.stderr[-1000:]}")
    return Verdict(name, sentence, seeds=seeds, seconds=seconds)


def try_patch(tree, patch, arguments):
    sentence = patch.read_text().splitlines()[0]
    demand(run(["git", "apply", "--check", str(patch)], tree), "does not apply")
    demand(run(["git", "apply", str(patch)], tree), "does not apply")
    try:
        build(tree, arguments.jobs)
        return simulate(tree, patch.stem, sentence, arguments.seed, arguments.seeds, arguments.minutes,
                        scenario_of(patch.stem))
    finally:
        demand(run(["git", "apply", "--reverse", str(patch)], tree), "cannot be taken back")


def print_row(verdict):
    caught = verdict.checker or "SURVIVED"
    print(f"| {verdict.name} | {verdict.sentence} | {caught} | {verdict.seeds} | {verdict.seconds:.1f} |", flush=True)


def check_fit(patches):
    """Changes nothing. Part of every test run, so that whoever moves code under a patch hears of it."""
    if shutil.which("git") is None:
        print("skipped: there is no git to apply the patches with")
        return SKIPPED
    os.environ["GIT_CEILING_DIRECTORIES"] = str(SOURCES.parent)
    rotten = 0
    for patch in patches:
        result = run(["git", "apply", "--check", str(patch)], SOURCES)
        if result.returncode != 0:
            rotten += 1
            print(f"{patch.name} no longer fits the sources, make it anew:\n{result.stderr}")
    print(f"{len(patches)} patches, {rotten} of them do not fit")
    return 1 if rotten else 0


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", help="of patches, without .patch; none: all of them")
    parser.add_argument("--seed", type=int, default=1, help="the first")
    parser.add_argument("--seeds", type=int, default=1000, help="a patch that passes so many has survived")
    parser.add_argument("--control", type=int, default=200, help="seeds that the shipped sources have to pass")
    parser.add_argument("--jobs", type=int, default=os.cpu_count())
    parser.add_argument("--minutes", type=int, default=15, help="for the seeds of one patch")
    parser.add_argument("--fit", action="store_true", help="build nothing, only see whether the patches apply")
    parser.add_argument("--verbose", action="store_true", help="say what each checker complained of")
    arguments = parser.parse_args()
    patches = sorted(HERE.glob("*.patch"))
    if arguments.names:
        unknown = set(arguments.names) - {patch.stem for patch in patches}
        if unknown:
            parser.error(f"no such patch: {', '.join(sorted(unknown))}")
        patches = [patch for patch in patches if patch.stem in arguments.names]

    if arguments.fit:
        return check_fit(patches)
    failed = 0
    # git apply looks for a repository above it, and leaves out what is outside.
    with tempfile.TemporaryDirectory(prefix="drover-mutations-") as folder:
        os.environ["GIT_CEILING_DIRECTORIES"] = str(pathlib.Path(folder).parent)
        tree = pathlib.Path(folder)
        copy_sources(tree)
        print("| ticket | mutation | caught by | seeds | seconds |\n|---|---|---|---|---|")
        if arguments.control:
            build(tree, arguments.jobs)
            for scenario in sorted({scenario_of(patch.stem) for patch in patches}):
                control = simulate(tree, f"none ({scenario})", "The shipped sources.", arguments.seed,
                                   arguments.control, arguments.minutes, scenario)
                if control.checker:
                    print_row(control)
                    print(f"seed {control.seed}: {control.what}", file=sys.stderr)
                    return 1
                print(f"| {control.name} | {control.sentence} | nothing, as it should be | {control.seeds} | "
                      f"{control.seconds:.1f} |", flush=True)
        for patch in patches:
            try:
                verdict = try_patch(tree, patch, arguments)
            except (RuntimeError, subprocess.TimeoutExpired) as error:
                failed += 1
                print(f"| {patch.stem} | FAILED: {str(error).splitlines()[0]} | | | |", flush=True)
                print(f"{patch.stem}: {error}", file=sys.stderr)
                continue
            failed += verdict.checker is None
            print_row(verdict)
            if arguments.verbose:
                print(f"  seed {verdict.seed}: {verdict.what}", flush=True)
    print(f"{len(patches)} mutations, {len(patches) - failed} caught, {failed} not")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
