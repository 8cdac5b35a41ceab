"""NSEC records that deny one name or type and nothing else, made as they are asked for."""

from __future__ import annotations

from typing import Final

from pydns.dnssec.bitmap import bitmap
from pydns.dnssec.canonical import successor
from pydns.records import Class, Record, Type

NXNAME: Final = 128
"""A type in the bitmap that says: there is no such name (RFC 9824 section 3.1)."""

_NSEC, _IN, _DS = int(Type.NSEC), int(Class.IN), int(Type.DS)
_ALWAYS: Final = frozenset((int(Type.RRSIG), _NSEC))

_LIES: Final = frozenset(
    map(
        int,
        (
            Type.A, Type.HINFO, Type.TXT, Type.AAAA, Type.LOC, Type.SRV, Type.CERT, Type.SSHFP, Type.TLSA, Type.HIP,
            Type.OPENPGPKEY, Type.SPF,
        ),
    )
)  # fmt: skip
"""What a name may have, for all that its denial says: CoreDNS's list (its black lies)."""

_APEX_LIES: Final = _LIES | {int(Type.NS), int(Type.SOA), int(Type.MX), int(Type.DNSKEY)}


def no_name(name: bytes, ttl: int) -> Record:
    """The compact denial of a name (RFC 9824 section 3.1)."""
    return _nsec(name, ttl, frozenset((NXNAME,)))


def no_type(name: bytes, ttl: int, type_: int, types: frozenset[int] | None, apex: bool) -> Record:
    """The denial of a type, at a name whose types are these; None where they are not known, and many may be."""
    if types is None:
        types = _APEX_LIES if apex else _LIES
    return _nsec(name, ttl, types - {type_})


def insecure(cut: bytes, ttl: int) -> Record:
    """That there are no DS records at a delegation (RFC 4035 section 3.1.4.1)."""
    return _nsec(cut, ttl, frozenset((int(Type.NS),)))


def _nsec(name: bytes, ttl: int, types: frozenset[int]) -> Record:
    return Record(name, _NSEC, _IN, ttl, successor(name) + bitmap(types | _ALWAYS))
