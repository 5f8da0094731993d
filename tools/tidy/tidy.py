"""The house law as a test: floors, words that floors 0-4 may not use, public headers, small things.

Reads every C++ source and prints one line per breach: file:line: what, and what to do instead.
Run: tidy.py ROOT
"""

import re
import sys
from pathlib import Path

# Rooms by floor (STYLE.md). A room includes only rooms of lower floors; neighbours never meet.
FLOORS = {
    "base": 0,
    "wire": 1,
    "tree": 2, "session": 2, "zab": 2, "storage": 2,
    "watch": 3, "txn": 3,
    "replica": 4, "lane": 4,
    "net": 5, "admin": 5,
    "server": 6, "client": 6,
    "recipes": 7, "sim": 7, "load": 7, "toolbox": 7,
    "shell": 8, "file_tools": 8, "client_sim": 8,
    "doctor": 9,
    "cli": 10,
}
PURE_FLOOR_MAX = 4
DOORS = {"storage/posix_disk.cc", "storage/posix_disk.h"}

# On floors 0-4: what, and what to use instead.
BANNED = [
    (r"\b(boost/)?asio\b", "sockets and timers live in net/"),
    (r"\bspdlog\b", "take a base::Log&"),
    (r"#include <(thread|mutex|shared_mutex|condition_variable|future|atomic)>", "threads live in server/"),
    (r"\b\w+_clock::now\b", "take an Instant or WallTime"),
    (r"\b(rand|srand|random|drand48)\s*\(", "take a base::Prng&"),
    (r"\brandom_device\b", "take a base::Prng&"),
    (r"\bgetenv\b", "take an option"),
    (r"\bco_(await|return|yield)\b", "handlers run to completion"),
    (r"^\s*static (?!constexpr|const |_cast|assert|inline constexpr)[\w:<>,\s]+[\w_]+\s*(=|;|\{)", "no mutable statics: make it a member"),
    (r"\b(throw|try|catch)\b(?=\s*[\({\w])", "return a Result"),
]
EVERYWHERE = [
    (r"\b(FIXME|XXX)\b", "do it, or TODO(name): condition"),
    (r"\.value\(\)", "check, then use * or ->"),
]
COLUMNS = 120  # clang-format keeps code at 100; long literals may pass
INCLUDE = re.compile(r'^\s*#include\s+"([^"]+)"')
PUBLIC_INCLUDE = re.compile(r'^\s*#include\s+[<"]([^>"]+)[>"]')


def strip_comment(line: str) -> str:
    line = re.sub(r'"(\\.|[^"\\])*"', '""', line)
    return line.split("//", 1)[0]


def check_includes(room: str, line: str):
    match = INCLUDE.match(line)
    if not match:
        return None
    other = match.group(1).split("/", 1)[0]
    if other == room or other not in FLOORS:
        return None
    if FLOORS[other] >= FLOORS[room]:
        return f"{room} (floor {FLOORS[room]}) includes {other} (floor {FLOORS[other]}): only lower floors"
    return None


def breaches_of_file(root: Path, path: Path):
    relative = path.relative_to(root / "src")
    room = relative.parts[0]
    pure = FLOORS.get(room, 99) <= PURE_FLOOR_MAX and str(relative) not in DOORS
    if path.name.endswith("_test.cc"):
        pure = False
    if room not in FLOORS:
        yield 1, f"room {room} is on no floor: add it to STYLE.md and tools/tidy"
        return
    for number, raw in enumerate(path.read_text().splitlines(), 1):
        if len(raw) > COLUMNS:
            yield number, f"{len(raw)} columns, {COLUMNS} at most"
        if raw != raw.rstrip():
            yield number, "blanks at the end of the line"
        breach = check_includes(room, raw)
        if breach and not path.name.endswith("_test.cc"):
            yield number, breach
        include_line = raw.lstrip().startswith("#include")
        line = raw if include_line else strip_comment(raw)
        for pattern, instead in (BANNED if pure else []) + EVERYWHERE:
            if re.search(pattern, line):
                yield number, f"`{line.strip()[:60]}`: {instead}"


def breaches_of_unordered_iteration(path: Path):
    """Iteration over an unordered container makes order depend on hashing: banned on floors 0-4."""
    text = path.read_text()
    header = path.with_suffix(".h")
    declarations = text + (header.read_text() if path.suffix == ".cc" and header.exists() else "")
    names = set(re.findall(r"unordered_(?:map|set)<[^;{}()]*>\s+(\w+)\s*[;{=]", declarations))
    for number, line in enumerate(text.splitlines(), 1):
        match = re.search(r"for \(.*:\s*(?:\w+(?:\.|->))*(\w+)\)", line)
        if match and match.group(1) in names and "tidy: order does not matter" not in line:
            yield number, f"iterates over unordered `{match.group(1)}`: sort, or end the line with " \
                          "`// tidy: order does not matter` when it truly does not"


def main() -> int:
    root = Path(sys.argv[1])
    found = []
    sources = sorted(p for p in (root / "src").rglob("*") if p.suffix in (".cc", ".h"))
    for path in sources:
        found += [(path, n, what) for n, what in breaches_of_file(root, path)]
        room = path.relative_to(root / "src").parts[0]
        if FLOORS.get(room, 99) <= PURE_FLOOR_MAX and not path.name.endswith("_test.cc"):
            found += [(path, n, what) for n, what in breaches_of_unordered_iteration(path)]
    for path in sorted((root / "include").rglob("*.h")):
        for number, line in enumerate(path.read_text().splitlines(), 1):
            match = PUBLIC_INCLUDE.match(line)
            if match and match.group(1).split("/")[0] in FLOORS:
                found.append((path, number, "a public header includes src/: move the word down to include/drover"))
    for room in sorted({p.relative_to(root / "src").parts[0] for p in sources}):
        if not (root / "src" / room / "README.md").exists():
            found.append((root / "src" / room, 0, "a room needs a README.md: purpose, surface, invariants"))
    for path in sources:
        if path.suffix == ".h":
            name = str(path.relative_to(root / "src"))
            if not any(f'"{name}"' in other.read_text() for other in sources if other != path):
                found.append((path, 0, "nobody includes this header: delete it"))
    for path, number, what in found:
        print(f"{path.relative_to(root)}:{number}: {what}")
    print(f"tidy: {len(sources)} files, {len(found)} breaches")
    return 1 if found or not sources else 0


if __name__ == "__main__":
    sys.exit(main())
