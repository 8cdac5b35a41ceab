"""The seam to dnslib: whole messages as objects, for the cases that are not worth a reader of our own."""

from __future__ import annotations

import dnslib

from pydns import names
from pydns.errors import WireError
from pydns.records import Record, Type
from pydns.wire.rdata import NAMES_AT, octets_ahead_in_naptr
from pydns.wire.scan import FIXED, MAX_DECOMPRESSED, Entry, owners, read_name, scan, spelled_name


def open_message(wire: bytes) -> dnslib.DNSRecord:
    """The message as dnslib's objects. Raises WireError.

    Each record is opened by itself with its names decompressed: dnslib follows chains of pointers for long.
    """
    layout = scan(wire)
    entries = (*layout.entries, *((layout.opt,) if layout.opt else ()))
    room = MAX_DECOMPRESSED
    try:
        name, end = spelled_name(wire, 12)
        header = dnslib.DNSHeader.parse(dnslib.DNSBuffer(wire[:12]))
        question = dnslib.DNSQuestion.parse(dnslib.DNSBuffer(name + wire[end : layout.question_end]))
        opened: tuple[list[dnslib.RR], ...] = ([], [], [])
        for entry in entries:
            owner, packed = spelled_name(wire, entry.owner)[0], rdata(wire, entry)
            room -= len(owner) + len(packed)
            if room < 0:
                raise WireError("names that decompress to too much")
            opened[entry.section - 1].append(_open_record(owner, entry, packed))
        return dnslib.DNSRecord(header, [question], opened[0], auth=opened[1], ar=opened[2])
    except WireError:
        raise
    except Exception as error:  # noqa: BLE001,RUF100 -- dnslib raises struct.error and others besides its own
        raise WireError(f"dnslib cannot read it: {error}") from error


def _open_record(owner: bytes, entry: Entry, packed: bytes) -> dnslib.RR:
    if not packed and entry.type != Type.OPT:
        # UPDATE deletes with records of no rdata (RFC 2136 section 2.5), which dnslib's reader refuses.
        return dnslib.RR(dnslib.DNSLabel(names.labels(owner)), entry.type, entry.class_, entry.ttl, dnslib.RD(b""))
    fixed = FIXED.pack(entry.type, entry.class_, entry.ttl, len(packed))
    return dnslib.RR.parse(dnslib.DNSBuffer(owner + fixed + packed))


def sections(wire: bytes) -> tuple[tuple[Record, ...], tuple[Record, ...], tuple[Record, ...]]:
    """Answer, authority and additional records, names in them decompressed. Raises WireError."""
    found: tuple[list[Record], list[Record], list[Record]] = ([], [], [])
    layout = scan(wire)
    room = MAX_DECOMPRESSED
    for entry, owner in zip(layout.entries, owners(wire, layout), strict=True):
        packed = rdata(wire, entry)
        room -= len(packed)
        if room < 0:
            raise WireError("names that decompress to too much")
        found[entry.section - 1].append(Record(owner, entry.type, entry.class_, entry.ttl, packed))
    return tuple(found[0]), tuple(found[1]), tuple(found[2])


def rdata(wire: bytes, entry: Entry) -> bytes:
    """A record's rdata with its names decompressed. Raises WireError."""
    if entry.rdata == entry.end:
        return b""
    if entry.type == Type.NAPTR:
        ahead, count = octets_ahead_in_naptr(wire, entry.rdata, entry.end), 1
    else:
        ahead, count = NAMES_AT.get(entry.type, (0, 0))
    if not count:
        return wire[entry.rdata : entry.end]
    offset = entry.rdata + ahead
    parts = [wire[entry.rdata : offset]]
    for _ in range(count):
        name, offset = read_name(wire, offset)
        parts.append(name)
    if offset > entry.end:
        raise WireError("a name runs out of its rdata")
    parts.append(wire[offset : entry.end])
    return b"".join(parts)


def record_text(record: Record) -> str:
    """A record's rdata as people write it; `\\# length hex` (RFC 3597) where it is of no form that we know.

    Printable ASCII, and one line, whatever the record holds.
    """
    packed = record.rdata
    text = _strings_text(packed) if record.type in (Type.TXT, Type.SPF) else _dnslib_text(record.type, packed)
    return text if text and text.isascii() and text.isprintable() else f"\\# {len(packed)} {packed.hex()}".rstrip()


def _strings_text(packed: bytes) -> str:
    """Character strings in quotes (RFC 1035 section 5.1); nothing where the last is cut."""
    found, offset = [], 0
    while offset < len(packed):
        end = offset + 1 + packed[offset]
        if end > len(packed):
            return ""
        found.append('"' + "".join(map(_escaped, packed[offset + 1 : end])) + '"')
        offset = end
    return " ".join(found)


def _escaped(octet: int) -> str:
    if octet in b'"\\':
        return "\\" + chr(octet)
    return chr(octet) if 32 <= octet < 127 else f"\\{octet:03d}"


def _dnslib_text(type_: int, packed: bytes) -> str:
    """Nothing where dnslib does not know the type, cannot read it, or leaves octets over."""
    kind = dnslib.RDMAP.get(dnslib.QTYPE.get(type_))
    if kind is None or not packed:
        return ""
    buffer = dnslib.DNSBuffer(packed)
    try:
        text = str(kind.parse(buffer, len(packed)).toZone())
    except Exception:  # noqa: BLE001,RUF100 -- dnslib raises struct.error and others besides its own
        return ""
    return "" if buffer.remaining() else text
