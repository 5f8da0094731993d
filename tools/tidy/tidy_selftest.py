"""tidy must be able to fail: each rule is broken once in a scratch tree and must be reported."""

import subprocess
import sys
import tempfile
from pathlib import Path

TIDY = Path(__file__).with_name("tidy.py")

CASES = {  # file -> (text, words the report must hold)
    "src/tree/up.h": ('#include "txn/apply.h"\n', "only lower floors"),
    "src/tree/neighbour.h": ('#include "session/session_table.h"\n', "only lower floors"),
    "src/txn/thread.h": ("#include <thread>\n", "threads live in server/"),
    "src/lane/clock.h": ("auto t = std::chrono::steady_clock::now();\n", "take an Instant"),
    "src/wire/random.h": ("std::random_device d;\n", "take a base::Prng&"),
    "src/watch/order.h": ("std::unordered_map<int, int> m_;\nfor (auto& x : m_) {}\n", "unordered `m_`"),
    "src/base/static.h": ("static int counter = 0;\n", "no mutable statics"),
    "src/net/note.h": ("int a;  // fine\nint FIXME;\n", "TODO(name)"),
    "include/drover/leak.h": ('#include "wire/zxid.h"\n', "public header"),
}


def report(files):
    with tempfile.TemporaryDirectory() as root:
        for name, text in files.items():
            path = Path(root, name)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        Path(root, "include").mkdir(exist_ok=True)
        return subprocess.run([sys.executable, TIDY, root], capture_output=True, text=True).stdout


def main() -> int:
    failures = 0
    for name, (text, words) in CASES.items():
        other = {"src/base/ok.cc": "int x;\n"}
        if words not in report(other | {name: text}):
            print(f"tidy did not report {name}: expected «{words}»")
            failures += 1
    clean = {"src/base/a.h": "#pragma once\n", "src/base/a.cc": '#include "base/a.h"\n', "src/base/README.md": "a\n"}
    if "0 breaches" not in report(clean):
        print("tidy complains about a clean tree:", report(clean))
        failures += 1
    print(f"{len(CASES) + 1 - failures} passed, {failures} failed")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
