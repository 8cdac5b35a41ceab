"""What to ask of a generated zone: names at, below, above and beside its own, and what they lead to."""

from __future__ import annotations

from random import Random
from typing import Final

from pydns import names
from pydns.names import NameSyntaxError
from pydns.records import type_from_text
from tests.differential.asking import Question
from tests.differential.zones import LONG, Case, child, fold

TYPES: Final = (
    "A",
    "A",
    "AAAA",
    "NS",
    "CNAME",
    "SOA",
    "DS",
    "MX",
    "TXT",
    "SRV",
    "HTTPS",
    "DNAME",
    "TYPE65280",
    "RRSIG",
    "NSEC",
)
SIGNED: Final = ("RRSIG", "DNSKEY", "CDS", "NSEC3PARAM", "DS", "NS")
"""To be asked of a signed zone as well."""


def questions(case: Case, origin: str, random: Random, count: int, *, signed: bool = False) -> list[Question]:
    """About `count`, each once."""
    pool = sorted(interesting(case))
    types = (*TYPES, *SIGNED) if signed else TYPES
    do = 0.7 if signed else 0.3
    found: dict[Question, None] = {}
    for _ in range(count):
        name = random.choice(pool)
        if random.random() < 0.1:
            name = name.swapcase()
        whole = origin if name == "@" else f"{name}.{origin}"
        try:
            folded = names.from_text(whole)
        except NameSyntaxError:
            continue  # longer than names may be
        wire = spelled(whole) if name != name.lower() else folded
        found[Question(wire, type_from_text(random.choice(types)), random.random() < do)] = None
    return list(found)


def interesting(case: Case) -> set[str]:
    own: set[str] = {"@"}
    for zone in case:
        for line in zone.lines:
            own.add(fold(line.owner))
            own.update(fold(word) for word in line.rdata.split()[-1:] if word.replace(".", "").isalpha())
    own = {name for name in own if not name.endswith(".")}
    for name in list(own):
        labels = name.split(".")
        own.update(".".join(labels[i:]) for i in range(1, len(labels)))
    found = set(own)
    for name in own:
        found.update(child(name, label) for label in ("q", "a", "*", "q.q", "q.*"))
    for zone in case:
        for line in zone.lines:
            if line.type == "DNAME":
                found.update(child(line.owner, label) for label in (LONG, f"{LONG}.{LONG}", f"a.{LONG[:40]}.{LONG}"))
    return found


def spelled(text: str) -> bytes:
    """The wire form of a name without escapes, its letters kept."""
    return b"".join(bytes((len(label),)) + label.encode() for label in text.rstrip(".").split(".")) + b"\0"
