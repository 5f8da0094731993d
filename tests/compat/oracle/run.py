"""Same requests to two servers, every answer compared.

    run.py --seed 1 --requests 50000 --a apache-3.9 --b drover
    run.py --seed 1 --requests 50000 --b drover --shrink     # shortest sequence that still differs
    run.py --steps differs.steps --b drover                  # replay a saved sequence
"""

import argparse
import ast
import collections
import contextlib
import pathlib
import sys
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parents[1])]

import differences
from driver import Driver, Mismatch
from generator import Generator
from support.ensembles import Through
from support.servers import server_by_name

PROFILES = {
    "plain": {},
    "extended": {"extendedTypesEnabled": "true", "enforceQuota": "true"},
    "super": {},
}
SHOWN_STEPS = 8


def server(kind, profile):
    """A server of this kind, set up so that nothing happens by clock alone.

    `follower:KIND` or `leader:KIND` is a member of an ensemble of three, asked for all of it.
    """
    role, _, name = kind.rpartition(":")
    make = (lambda name, **options: Through(role, name, **options)) if role else server_by_name
    return make(
        name,
        config={
            "tickTime": 500,
            "minSessionTimeout": 100,
            "maxSessionTimeout": 60000,
            "forceSync": "no",
            # super:test
            "DigestAuthenticationProvider.superDigest": "super:D/InIHSb7yEEbrWz8b9l71RjZJU=",
            **PROFILES[profile],
        },
        properties={"znode.container.checkIntervalMs": 10**9},
        jvm_options=("-Xmx1g", "-XX:+UseSerialGC"),
        log_level="off",
    )


class Oracle:
    """A pair of server kinds, one configuration, and what may differ between them."""

    def __init__(self, a, b, profile="plain", without=()):
        self.kinds = (a, b)
        self.profile = profile
        self.without = tuple(without)
        bare = [kind.rpartition(":")[2] for kind in (a, b)]
        self.allowed = differences.between(*bare, without)
        if bare != [a, b]:
            self.allowed |= differences.in_ensembles() - set(without)
        self.coverage = collections.Counter()  # See Driver.coverage; summed over runs.

    def generate(self, seed, requests, burst_max=20):
        """Runs a seed. Returns None, or (steps so far, Mismatch)."""
        generator = Generator(seed, self.profile, self.allowed, burst_max)
        steps = []
        with self._driver() as driver:
            while generator.requests < requests:
                steps.append(generator.next_step())
                try:
                    generator.learn(steps[-1], driver.execute(steps[-1]))
                except Mismatch as mismatch:
                    return steps, mismatch
            steps.append(("audit",))
            return self._execute(driver, steps, len(steps) - 1)

    def replay(self, steps):
        """Runs given steps. Returns None, or (steps so far, Mismatch)."""
        with self._driver() as driver:
            return self._execute(driver, steps, 0)

    @staticmethod
    def _execute(driver, steps, start):
        for at in range(start, len(steps)):
            try:
                driver.execute(steps[at])
            except Mismatch as mismatch:
                return steps[: at + 1], mismatch
        return None

    @contextlib.contextmanager
    def _driver(self):
        first, second = (server(kind, self.profile) for kind in self.kinds)
        with first, second:
            driver = Driver(first, second, self.allowed)
            try:
                yield driver
            except Exception:
                for name, each in (("A", first), ("B", second)):
                    print(f"log of {name}:\n{each.log_tail()}", file=sys.stderr)
                raise
            finally:
                self.coverage += driver.coverage
                driver.close()

    def report(self, failure, command):
        """What to read when two servers differ."""
        steps, mismatch = failure
        lines = [
            f"{self.kinds[0]} (A) and {self.kinds[1]} (B) differ at step {len(steps) - 1}, "
            f"profile {self.profile}: {mismatch}",
            f"the last {min(SHOWN_STEPS, len(steps))} steps:",
        ]
        lines += [f"  {_short(step)}" for step in steps[-SHOWN_STEPS:]]
        lines.append(f"replay: {command}")
        return "\n".join(lines)

    def command(self, *arguments):
        """The command line that repeats a run."""
        parts = ["python3 tests/compat/oracle/run.py", f"--a {self.kinds[0]} --b {self.kinds[1]}",
                 f"--profile {self.profile}", *arguments]
        parts += [f"--without {name}" for name in self.without]
        return " ".join(parts)


def _short(value):
    # Long data says nothing; --save keeps the whole of it.
    if isinstance(value, bytes) and len(value) > 40:
        return value[:20] + b"..."
    if isinstance(value, (list, tuple)) and not hasattr(value, "_fields"):
        return type(value)(map(_short, value))
    return value


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--requests", type=int, default=20000)
    parser.add_argument("--a", default="apache-3.9", help="server kind; A also guides the seed")
    parser.add_argument("--b", default="drover")
    parser.add_argument("--profile", choices=PROFILES, default="plain")
    parser.add_argument("--burst-max", type=int, default=20, help="1: no pipelining")
    parser.add_argument("--without", action="append", default=[], metavar="NAME",
                        help="do not allow this entry of differences.py")
    parser.add_argument("--steps", type=pathlib.Path, help="replay a file of steps")
    parser.add_argument("--shrink", action="store_true", help="shorten a differing sequence")
    parser.add_argument("--coverage", action="store_true", help="print how often what was answered")
    parser.add_argument("--save", type=pathlib.Path, help="where differing steps go")
    options = parser.parse_args()

    oracle = Oracle(options.a, options.b, options.profile, options.without)
    started = time.monotonic()
    if options.steps:
        steps = ast.literal_eval(options.steps.read_text())
        failure = oracle.replay(steps)
        command = oracle.command(f"--steps {options.steps}")
    else:
        failure = oracle.generate(options.seed, options.requests, options.burst_max)
        command = oracle.command(
            f"--seed {options.seed} --requests {options.requests} --burst-max {options.burst_max}"
        )
    seconds = time.monotonic() - started
    if options.coverage:
        for (name, outcome), count in sorted(oracle.coverage.items(), key=str):
            print(f"{name:30} {outcome:5} {count:7}")
    if failure is None:
        done = len(steps) if options.steps else f"{options.requests} requests"
        print(f"equal: {options.a} and {options.b}, {done}, seed {options.seed}, "
              f"profile {options.profile}, {seconds:.1f} s")
        return 0
    print(oracle.report(failure, command))
    if options.shrink:
        from shrink import shrink
        failure = shrink(oracle, failure)
        saved = options.save or pathlib.Path("differs.steps")
        print("shortened:\n" + oracle.report(failure, oracle.command(f"--steps {saved}")))
        options.save = saved
    if options.save:
        steps = ",\n ".join(map(repr, failure[0]))
        options.save.write_text(f"[{steps}]\n")
    return 1


if __name__ == "__main__":
    sys.exit(main())
