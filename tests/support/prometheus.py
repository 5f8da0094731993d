"""Prometheus' text format, read strictly."""

import re
from dataclasses import dataclass, field

NAME = r"[a-zA-Z_:][a-zA-Z0-9_:]*"
SAMPLE = re.compile(rf"({NAME})(?:\{{(.*)\}})? (\S+)$")
LABEL = re.compile(r'([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\]|\\.)*)",?')
# Of a summary, beside its quantiles.
PARTS = ("_count", "_sum")


@dataclass
class Family:
    kind: str
    help: str
    samples: dict = field(default_factory=dict)  # (name, labels as a frozenset) -> value


def parse(text):
    """{family name: Family}. Fails on anything that the format does not allow."""
    families, helps = {}, {}
    assert text.endswith("\n")
    for line in text.splitlines():
        if line.startswith("# HELP "):
            _, _, name, text_of = line.split(" ", 3)
            helps[name] = text_of
        elif line.startswith("# TYPE "):
            _, _, name, kind = line.split(" ")
            assert name not in families, f"{name} is described twice"
            assert kind in ("counter", "gauge", "summary"), line
            families[name] = Family(kind, helps[name])
        else:
            name, labels, value = SAMPLE.match(line).groups()
            family = name
            for part in PARTS:
                base = name.removesuffix(part)
                if base != name and families.get(base, Family("", "")).kind == "summary":
                    family = base
            key = (name, frozenset(LABEL.findall(labels or "")))
            assert key not in families[family].samples, f"{line}: twice"
            families[family].samples[key] = float(value)
    return families


def value(families, name, **labels):
    """One sample."""
    wanted = (name, frozenset((key, str(text)) for key, text in labels.items()))
    for family in families.values():
        if wanted in family.samples:
            return family.samples[wanted]
    raise KeyError(wanted)
