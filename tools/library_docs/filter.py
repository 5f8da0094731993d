"""Doxygen's input filter: the comments of our headers, which are plain `//`, in the form that it reads.

Run: filter.py HEADER. The block that opens a header becomes the page of that file, a comment above a
declaration becomes its description, one behind a member becomes that member's.
"""

import re
import sys

BEHIND = re.compile(r"^(?P<code>\s*[^\s/].*[;,{)=]|\s*[A-Za-z_]\w*)\s+// (?P<text>.*)$")
ABOVE = re.compile(r"^(?P<indent>\s*)//(?P<text> .*|)$")
NOT_FOR_READERS = re.compile(r"^ (clang-format|NOLINT)")


def opening(lines):
    """The comment that tells what the file is, as a page; and where it ends."""
    begin = next((at for at, line in enumerate(lines) if line.startswith("//")), len(lines))
    end = begin
    while end < len(lines) and lines[end].startswith("//"):
        end += 1
    page = ["/** @file"]
    for line in lines[begin:end]:
        page.append(f" * {line[2:].removeprefix(' ')}")
        if line.startswith("// ## "):
            page.append(" *")  # or indented code below a heading is no code
    return [*lines[:begin], *page, " */"], end


def without_foreign_templates(lines):
    """Without the specialisations of Boost's templates, which Doxygen cannot place."""
    kept = []
    skipping = False
    for line in lines:
        if line.startswith("class boost::"):
            kept.pop()  # the template's parameters
            skipping = True
        if not skipping:
            kept.append(line)
        skipping = skipping and line != "};"
    return kept


def rewritten(lines):
    page, at = opening(lines)
    yield from page
    member_comment_goes_on = False
    for line in lines[at:]:
        behind, above = BEHIND.match(line), ABOVE.match(line)
        if above and NOT_FOR_READERS.match(above["text"]):
            yield ""
        elif behind and not NOT_FOR_READERS.match(" " + behind["text"]):
            member_comment_goes_on = True
            yield f"{behind['code']}  ///< {behind['text']}"
            continue
        elif above:
            # Further lines of a member's comment stand far to the right, below its beginning.
            mark = "///<" if member_comment_goes_on and len(above["indent"]) > 8 else "///"
            yield f"{above['indent']}{mark}{above['text']}"
            continue
        else:
            yield line
        member_comment_goes_on = False


if __name__ == "__main__":
    with open(sys.argv[1], encoding="utf-8") as header:
        print("\n".join(rewritten(without_foreign_templates(header.read().splitlines()))))
