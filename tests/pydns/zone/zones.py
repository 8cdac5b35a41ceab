"""Small zones for tests, and hypothesis's."""

from __future__ import annotations

from collections.abc import Iterable

from hypothesis import strategies as st

from pydns import names
from pydns.records import Record, Type, type_from_text, type_text
from pydns.steps import whole
from pydns.zone.builder import Builder
from pydns.zone.lookup import Found, find
from pydns.zone.zone import Zone

ORIGIN = names.from_text("example.org")


def soa(serial: int = 1, *, minimum: int = 300, ttl: int = 3600, origin: bytes = ORIGIN) -> Record:
    numbers = b"".join(number.to_bytes(4) for number in (serial, 7200, 900, 1_209_600, minimum))
    return Record(origin, 6, 1, ttl, b"\x02ns" + origin + b"\x05admin" + origin + numbers)


def record(owner: str, type_: str, rdata: bytes | str, ttl: int = 600) -> Record:
    """`rdata` as text is a name, as it is spelled; `owner` is relative to example.org unless it ends in a dot."""
    packed = spelled(rdata) if isinstance(rdata, str) else rdata
    return Record(absolute(owner), type_from_text(type_), 1, ttl, packed)


def absolute(name: str) -> bytes:
    if name == "@":
        return ORIGIN
    return names.from_text(name if name.endswith(".") else f"{name}.example.org")


def spelled(name: str) -> bytes:
    """A name in wire form with the letters as written; relative to example.org unless it ends in a dot."""
    text = "example.org." if name == "@" else name if name.endswith(".") else f"{name}.example.org."
    return b"".join(bytes((len(label),)) + label.encode() for label in text.split(".") if label) + b"\0"


def zone_of(*records: Record, origin: bytes = ORIGIN) -> Zone:
    return build([soa(origin=origin), *records], origin)


def build(records: Iterable[Record], origin: bytes = ORIGIN) -> Zone:
    builder = Builder(origin)
    for owner, type_, _, ttl, rdata in records:
        builder.add(owner, type_, ttl, rdata)
    return whole(builder.finish())


_LABELS = st.sampled_from(["a", "b", "*", "ns", "www"])
_OWNERS = st.lists(_LABELS, max_size=3).map(lambda labels: ".".join(labels) or "@")
_RECORDS = st.one_of(
    st.builds(record, _OWNERS, st.just("A"), st.binary(min_size=4, max_size=4).map(lambda b: bytes(3) + b[:1])),
    st.builds(record, _OWNERS, st.just("TXT"), st.sampled_from([b"\x01a", b"\x01b", b"\x01A"]), st.integers(0, 3)),
    st.builds(record, _OWNERS, st.sampled_from(["NS", "CNAME", "DNAME"]), st.sampled_from(["ns", "NS", "b.a", "www"])),
    st.builds(record, _OWNERS, st.just("RRSIG"), st.sampled_from([b"x", b"y"]), st.integers(0, 3)),
)


def sound(records: Iterable[Record]) -> list[Record]:
    """Less what no zone can have: a second CNAME or DNAME of a name."""
    found, single = [], {}
    for each in records:
        if each.type not in (Type.CNAME, Type.DNAME) or single.setdefault(each[:2], each.rdata) == each.rdata:
            found.append(each)
    return found


RECORDS = st.lists(_RECORDS, max_size=40).map(sound)
"""Records of example.org, without its SOA: with duplicates, cuts, DNAMEs, wildcards and empty non-terminals."""


def ask(zone: Zone, name: str, type_: str = "A", *, do: bool = False) -> Found:
    return find(zone, absolute(name), type_from_text(type_), do)


def said(records: Iterable[Record]) -> list[str]:
    """Owner, type, and the rdata of names and addresses, in few letters: `www A 1.1.1.1`."""
    return [f"{relative(each.owner)} {type_text(each.type)} {_shown(each)}".rstrip() for each in records]


def relative(name: bytes) -> str:
    text = names.to_text(name)
    return "@" if name == ORIGIN else text.removesuffix(".example.org.")


def _shown(each: Record) -> str:
    if each.type == Type.A:
        return ".".join(map(str, each.rdata))
    skipped = {int(Type.NS): 0, int(Type.CNAME): 0, int(Type.DNAME): 0, int(Type.MX): 2}.get(each.type)
    return "" if skipped is None else relative(each.rdata[skipped:])
