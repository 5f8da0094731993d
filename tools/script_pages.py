"""Manual pages of the scripts in bin/, from docs/scripts.md, which is all that is written about them.

    script_pages.py VERSION FOLDER      writes FOLDER/man8/zkServer.sh.8 and so on

Read are the sections `### name.sh(section)` and the table of `## Variables`. In a section the first
line says what the script does, the fenced block is the synopsis, "Exit codes: ..." a section of its
own; a table becomes a list of what its first column names. A variable is on the page of each script
that reads it.
"""

import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parents[1]
DOCUMENT = ROOT / "docs" / "scripts.md"
HEADING = re.compile(r"^### (\S+\.sh)\((\d)\)$", re.MULTILINE)


def roff(text):
    """A piece of Markdown as roff: code in bold, links as their text."""
    text = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", text)
    text = text.replace("\\|", "|").replace("\\", "\\e").replace("-", "\\-")
    text = re.sub(r"`([^`]*)`", r"\\fB\1\\fR", text)
    return re.sub(r"^(?=[.'])", r"\\&", text, flags=re.MULTILINE)


def rows(table):
    """The cells of each row below the head; a `|` in a cell is written \\|."""
    cells = [re.split(r"(?<!\\)\|", line.strip()[1:-1]) for line in table.splitlines()[2:]]
    return [[cell.strip() for cell in row] for row in cells]


def listed(table):
    """.TP entries: the first column, then what the others say."""
    lines = []
    for first, *others in rows(table):
        said = "; ".join(cell for cell in others if cell)
        lines += [".TP", roff(first if first.startswith("`") else f"`{first}`"), roff(said)]
    return lines


def variables_of(name, document):
    """The table of variables without those that this script never reads."""
    table = re.search(r"^## Variables\n+((?:\|.*\n)+)", document, re.MULTILINE).group(1)
    read = "".join((ROOT / "bin" / each).read_text() for each in (name, "zkEnv.sh"))
    head, rule, *entries = table.splitlines()
    is_read = [re.search(r"\b" + re.match(r"\| (\w+)", row).group(1) + r"\b", read) for row in entries]
    return "\n".join([head, rule, *(row for row, found in zip(entries, is_read) if found)])


def page(name, section, text, document, version):
    """One page. `text`: the section of the document."""
    what, _, text = text.strip().partition("\n")
    fence = re.search(r"^```\n(.*?)^```\n", text, re.MULTILINE | re.DOTALL)
    rest = (text[: fence.start()] + text[fence.end():]).strip()
    lines = [
        f'.TH "{name}" "{section}" "" "Drover {version}"',
        ".SH NAME", roff(name) + " \\- " + roff(what),
        ".SH SYNOPSIS", ".nf", roff(fence.group(1).rstrip()), ".fi", ".SH DESCRIPTION",
    ]
    codes = None
    for block in re.split(r"\n\n+", rest):
        if block.startswith("Exit codes: "):
            codes = block.removeprefix("Exit codes: ")
        elif block.startswith("|"):
            lines += listed(block)
        elif block:
            lines += [".PP", roff(block)]
    if codes:
        lines += [".SH EXIT STATUS", roff(codes)]
    lines += [".SH ENVIRONMENT", *listed(variables_of(name, document))]
    commands = sorted(set(re.findall(r"`drover (\w+)", text)))
    also = [f"\\fBdrover-{one}\\fR({'8' if one == 'serve' else '1'})" for one in commands]
    lines += [".SH SEE ALSO", ",\n".join([*also, "\\fBdrover\\fR(1)", "\\fBzoo.cfg\\fR(5)"])]
    return "\n".join(lines) + "\n"


def main():
    version, folder = sys.argv[1], pathlib.Path(sys.argv[2])
    document = DOCUMENT.read_text()
    for found in HEADING.finditer(document):
        name, section = found.groups()
        text = re.split(r"^##", document[found.end():], maxsplit=1, flags=re.MULTILINE)[0]
        path = folder / f"man{section}" / f"{name}.{section}"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(page(name, section, text, document, version))


if __name__ == "__main__":
    main()
