"""Canonical forms and orders (RFC 4034 section 6): what is signed must be the same octets for everybody."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from pydns.names import LOWER, MAX_LABEL, MAX_LENGTH, labels
from pydns.records import Type


def rdata(type_: int, octets: bytes) -> bytes:
    """The rdata with the names in it in small letters, of those types that ask for it (RFC 6840 section 5.1)."""
    start = _NAMES_FROM.get(type_)
    if start is not None:
        return octets[:start] + octets[start:].translate(LOWER)
    fold = _FOLDERS.get(type_)
    return octets if fold is None else fold(octets)


def _soa(octets: bytes) -> bytes:
    return octets[:-20].translate(LOWER) + octets[-20:]


def _naptr(octets: bytes) -> bytes:
    at = 4
    for _ in range(3):
        at += 1 + octets[at] if at < len(octets) else 0
    return octets[:at] + octets[at:].translate(LOWER)


_NAMES_FROM: Final[dict[int, int]] = {
    # Where names begin that are all of the rest.
    **dict.fromkeys((Type.NS, 3, 4, Type.CNAME, 7, 8, 9, Type.PTR, 14, Type.RP, Type.DNAME), 0),
    **dict.fromkeys((Type.MX, Type.AFSDB, 21, 26, Type.KX), 2),
    Type.SRV: 6,
}

_FOLDERS: Final[dict[int, Callable[[bytes], bytes]]] = {Type.SOA: _soa, Type.NAPTR: _naptr}


def order(name: bytes) -> bytes:
    """A key that sorts names in canonical order (RFC 4034 section 6.1): by labels, the rightmost first.

    An octet of 0 is lower than any other, and the end of a label is lower still.
    """
    parts = labels(name)
    parts.reverse()
    if b"\0" in name[:-1] or b"\1" in name:  # length octets among them, which does no harm
        parts = [part.replace(b"\1", b"\1\2").replace(b"\0", b"\1\1") for part in parts]
    return b"\0".join(parts) + b"\0" if parts else b""


def successor(name: bytes) -> bytes:
    r"""The first name that can come after another one: `\000` below it (RFC 4470 section 4).

    Of one that is too long for that, the first beside it.
    """
    return b"\1\0" + name if len(name) + 2 <= MAX_LENGTH else _beside(name)


def _beside(name: bytes) -> bytes:
    label, rest = name[1 : 1 + name[0]], name[1 + name[0] :]
    if len(label) < MAX_LABEL and len(name) < MAX_LENGTH:
        return bytes((len(label) + 1,)) + label + b"\0" + rest
    grown = bytearray(label.rstrip(b"\xff"))
    if not grown:
        return _beside(rest)
    grown[-1] = 0x5B if grown[-1] == 0x40 else grown[-1] + 1  # capital letters sort as small ones
    return bytes((len(grown),)) + bytes(grown) + rest
