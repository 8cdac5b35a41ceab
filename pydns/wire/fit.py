"""Cuts a message to what the client takes: whole RRsets only, and TC where it must know (RFC 2181 section 9)."""

from __future__ import annotations

from typing import Final

from pydns.names import is_within
from pydns.records import Type
from pydns.wire.scan import HEADER, Scan, owners, read_name, scan

AA: Final = 0x0400
TC: Final = 0x0200
_AUTHORITY: Final = 2
_ADDITIONAL: Final = 3
_ADDRESSES: Final = frozenset((Type.A, Type.AAAA))

RRset = tuple[int, int, int]
"""Its section (1 answer, 2 authority, 3 additional), and the indexes of its first and last entry."""


def cut(packed: bytes, limit: int, flags: int) -> bytes:
    """The message less the RRsets that go over `limit` octets, and all that stand behind the first of those.

    TC is set where one of answer or authority is missing, or glue that the client cannot do without. `flags` are those
    that will be sent. The question stays even where it goes over `limit` by itself.
    """
    if packed[4:6] != b"\0\1":  # no question, so there is nothing worth keeping
        return HEADER.pack(0, flags | TC, 0, 0, 0, 0)
    layout = scan(packed, limit)
    names = owners(packed, layout)
    sets = rrsets(layout, names)
    counts = [0, 0, 0]
    end, truncated = layout.question_end, False
    glue: frozenset[bytes] | None = None
    for section, first, last in sets:
        stop = layout.entries[last].end
        if stop <= limit:
            counts[section - 1] += last - first + 1
            end = stop
        elif section != _ADDITIONAL:
            truncated = True
        elif layout.entries[first].type in _ADDRESSES:
            if glue is None:
                glue = in_domain(packed, layout, names) if not flags & AA else frozenset()
            truncated = truncated or names[first] in glue
    return HEADER.pack(0, flags | (TC if truncated else 0), 1, *counts) + packed[12:end]


def rrsets(layout: Scan, names: list[bytes]) -> list[RRset]:
    """Runs of entries of one section, owner and type. An RRSIG makes a run of its own."""
    runs: list[RRset] = []
    previous: tuple[int, int, bytes] | None = None
    for i, (entry, name) in enumerate(zip(layout.entries, names, strict=True)):
        key = (entry.section, entry.type, name)
        if key == previous:
            section, first, _ = runs[-1]
            runs[-1] = (section, first, i)
        else:
            runs.append((entry.section, i, i))
            previous = key
    return runs


def in_domain(packed: bytes, layout: Scan, names: list[bytes]) -> frozenset[bytes]:
    """The name servers of a referral that lie within the delegated zone.

    Without their addresses nobody finds them, so a missing one must set TC (RFC 9471 section 3.1).
    """
    if packed[6:8] != b"\0\0":
        return frozenset()  # it answers
    found = set()
    for entry, zone in zip(layout.entries, names, strict=True):
        if entry.section == _AUTHORITY and entry.type == Type.NS:
            server, _ = read_name(packed, entry.rdata)
            if is_within(server, zone):
                found.add(server)
    return frozenset(found)
