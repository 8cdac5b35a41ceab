"""Records as a person reads them, and as a master file has them (RFC 1035 section 5): what is printed can be read."""

from __future__ import annotations

from collections.abc import Callable
from socket import AF_INET, AF_INET6, inet_ntop
from struct import Struct, error
from typing import Final

from pydns.names import to_text
from pydns.records import Type, type_text

_SRV: Final = Struct("!HHH")
_DS: Final = Struct("!HBB")
_TIMES: Final = Struct("!IIIII")


def record_text(owner: bytes, type_: int, ttl: int, rdata: bytes) -> str:
    """One line: owner, TTL, class, type, data, parted by tabs."""
    return f"{to_text(owner)}\t{ttl}\tIN\t{type_text(type_)}\t{rdata_text(type_, rdata)}"


def rdata_text(type_: int, rdata: bytes) -> str:
    r"""Printable ASCII in one line; `\# LENGTH HEX` (RFC 3597 section 5) where the type or its form is not known."""
    write = _WRITERS.get(type_)
    try:
        text = write(rdata) if write is not None else _rare(type_, rdata)
    except (ValueError, IndexError, OSError, error):
        text = None
    if text and text.isascii() and text.isprintable():
        return text
    return f"\\# {len(rdata)} {rdata.hex()}".rstrip()


def _rare(type_: int, rdata: bytes) -> str | None:
    from pydns.zone.master import rare  # it imports dnspython

    return rare.text(type_, rdata)


def _ipv4(rdata: bytes) -> str:
    return inet_ntop(AF_INET, rdata)


def _ipv6(rdata: bytes) -> str:
    return inet_ntop(AF_INET6, rdata)


def _name(rdata: bytes) -> str:
    text, end = _name_at(rdata, 0)
    return _closed(text, rdata, end)


def _mx(rdata: bytes) -> str:
    text, end = _name_at(rdata, 2)
    return _closed(f"{int.from_bytes(rdata[:2])} {text}", rdata, end)


def _srv(rdata: bytes) -> str:
    priority, weight, port = _SRV.unpack_from(rdata)
    text, end = _name_at(rdata, 6)
    return _closed(f"{priority} {weight} {port} {text}", rdata, end)


def _soa(rdata: bytes) -> str:
    primary, end = _name_at(rdata, 0)
    mailbox, end = _name_at(rdata, end)
    numbers = " ".join(map(str, _TIMES.unpack_from(rdata, end)))
    return _closed(f"{primary} {mailbox} {numbers}", rdata, end + _TIMES.size)


def _texts(rdata: bytes) -> str:
    found, at = [], 0
    while at < len(rdata):
        end = at + 1 + rdata[at]
        if end > len(rdata):
            raise ValueError("a string is cut")
        found.append('"' + "".join(map(_escaped, rdata[at + 1 : end])) + '"')
        at = end
    return " ".join(found)


def _ds(rdata: bytes) -> str:
    tag, algorithm, kind = _DS.unpack_from(rdata)
    return f"{tag} {algorithm} {kind} {_hex(rdata[4:])}"


def _tlsa(rdata: bytes) -> str:
    usage, selector, kind = rdata[:3]
    return f"{usage} {selector} {kind} {_hex(rdata[3:])}"


def _hex(octets: bytes) -> str:
    if not octets:
        raise ValueError("nothing is there")
    return octets.hex()


def _escaped(octet: int) -> str:
    if octet in b'"\\':
        return "\\" + chr(octet)
    return chr(octet) if 32 <= octet < 127 else f"\\{octet:03d}"


def _name_at(rdata: bytes, at: int) -> tuple[str, int]:
    """A name without compression, and where it ends."""
    start = at
    while length := rdata[at]:
        if length > 63:
            raise ValueError("no label")
        at += 1 + length
    if at - start > 254:
        raise ValueError("a name of over 255 octets")
    return to_text(rdata[start : at + 1]), at + 1


def _closed(text: str, rdata: bytes, end: int) -> str:
    """The text, where the rdata ends as it says."""
    if end != len(rdata):
        raise ValueError("octets are left over")
    return text


_WRITERS: Final[dict[int, Callable[[bytes], str]]] = {
    Type.A: _ipv4,
    Type.AAAA: _ipv6,
    Type.NS: _name,
    Type.CNAME: _name,
    Type.DNAME: _name,
    Type.PTR: _name,
    Type.MX: _mx,
    Type.SRV: _srv,
    Type.SOA: _soa,
    Type.DS: _ds,
    Type.CDS: _ds,
    Type.TLSA: _tlsa,
    Type.SMIMEA: _tlsa,
    Type.TXT: _texts,
    Type.SPF: _texts,
}
